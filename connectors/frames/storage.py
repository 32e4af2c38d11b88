"""Frames at rest: one Parquet file a day and asset, written whole or not at all, read chunk by chunk.

`<FRAMES_URL>/<channel>/<asset>/<day>.parquet`. The files hold personal data: on a local disk they are private to their
owner, and they are removed some time after they were written.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.frames.memory import let_go, spare_collector
from connectors.frames.tables import SOURCE_KEY, STORED, columns_of, is_readable, with_later_columns
from transforms.errors import UserError

let_go()
# Those of fsspec's drivers.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci"}
# <channel>/<asset>/<day>.parquet, or one that was never finished.
_FRAMES = re.compile(
    r"(?:^|/)[A-Za-z][A-Za-z0-9_]*/[a-z_]+/(?:\d{4}-\d\d-\d\d\.parquet|\.\d{4}-\d\d-\d\d\.[0-9a-f]{32})$"
)

_TRIAL_BYTES = 64 * 1024


class StorageError(UserError):
    """Frames cannot be written or read. The message names the place, what is wrong and what to do."""


class FrameStorage:
    """The frames at a folder or fsspec URL.

    Raises:
        StorageError: no such file system.
    """

    def __init__(self, url: str) -> None:
        # Whoever opens it has loaded what it works with, and is about to move chunks.
        spare_collector()
        try:
            self._files, self._root = fsspec.url_to_fs(url)
        except (ValueError, ImportError, OSError) as error:
            raise StorageError(f"FRAMES_URL: {error}; expected a folder, or for example s3://bucket/frames") from None
        protocols = _protocols(self._files)
        self._local = "file" in protocols
        # They have no folders, and what makes one makes a bucket where the address is mistyped.
        self._has_folders = not _OBJECT_STORES & protocols
        self._errors = _driver_errors(protocols)

    @property
    def root(self) -> str:
        """Where the frames are, without a user or password that the URL may hold."""
        return str(self._root)

    def path(self, channel: str, asset: str, day: str) -> str:
        """Return where the frames of a day are."""
        return f"{self._root}/{channel}/{asset}/{day}.parquet"

    def write(self, channel: str, asset: str, day: str, schema: pa.Schema, chunks: Iterable[pa.Table]) -> None:
        """Write the chunks of one day, each as a row group, in place of what was there. All of them, or nothing.

        Raises:
            StorageError: the disk is full, or the place is not writable.
        """
        path = self.path(channel, asset, day)
        folder = path.rpartition("/")[0]
        unfinished = f"{folder}/.{day}.{uuid.uuid4().hex}"
        try:
            self._make(folder)
            try:
                self._write(unfinished, schema, chunks)
                self._files.mv(unfinished, path)
            except BaseException:
                if self._files.exists(unfinished):
                    self._files.rm(unfinished)
                raise
        except self._errors as error:
            raise StorageError(
                f"the frames of {day} cannot be written to {path} ({_words(error)}); "
                "make room there, or let FRAMES_URL name another place"
            ) from None

    def read(self, channel: str, asset: str, day: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield one day chunk by chunk. Optional columns that a later version of this software added are without cells.

        Raises:
            StorageError: the day was never written, or was removed since, or has columns of another version.
        """
        with self._opened(channel, asset, day) as parquet:
            complete = columns is not None or columns_of(parquet.schema_arrow) == columns_of(STORED[asset])
            for group in range(parquet.num_row_groups):
                table = parquet.read_row_group(group, columns=columns)
                yield table if complete else with_later_columns(table)

    @contextmanager
    def _opened(self, channel: str, asset: str, day: str) -> Iterator[pq.ParquetFile]:
        path = self.path(channel, asset, day)
        try:
            file = self._files.open(path, "rb")
        except FileNotFoundError:
            raise StorageError(
                f"there are no {asset} of channel {channel!r} for {day} (never read, or removed after the retention "
                f"time); materialise {channel}/{asset} for that day first"
            ) from None
        except self._errors as error:
            raise StorageError(f"the frames of {day} cannot be read from {path} ({_words(error)})") from None
        with file, pq.ParquetFile(file) as parquet:
            if not is_readable(parquet.schema_arrow, asset):
                raise StorageError(
                    f"the {asset} of channel {channel!r} for {day} were stored by another version of this software; "
                    f"materialise {channel}/raw_orders for that day again, and what follows from it"
                )
            yield parquet

    def read_chosen(
        self,
        channel: str,
        asset: str,
        day: str,
        columns: Sequence[str],
        asked: Sequence[str],
        choose: Callable[[pa.Table], pa.BooleanArray],
    ) -> Iterator[pa.Table]:
        """Yield `columns` of the rows that `choose` takes by the columns it is `asked` by; the others are not read.

        Raises:
            StorageError: as `read`.
        """
        with self._opened(channel, asset, day) as parquet:
            for group in range(parquet.num_row_groups):
                chosen = choose(parquet.read_row_group(group, columns=list(asked)))
                if pc.any(chosen).as_py():
                    yield parquet.read_row_group(group, columns=list(columns)).filter(chosen)

    def made_from(self, channel: str, asset: str, day: str) -> str | None:
        """Return what a day's frames say they were made from; None where there are none that can be read."""
        try:
            with self._files.open(self.path(channel, asset, day), "rb") as file:
                schema = pq.read_schema(file)
        except (*self._errors, pa.ArrowException):
            return None
        metadata: dict[bytes, bytes] = schema.metadata or {}
        current = columns_of(schema) == columns_of(STORED[asset])
        return metadata[SOURCE_KEY].decode() if current and SOURCE_KEY in metadata else None

    def probe(self) -> None:
        """Make sure that frames can be written.

        Raises:
            StorageError: they cannot.
        """
        trial = f"{self._root}/.{uuid.uuid4().hex}"
        try:
            self._make(self._root)
            try:
                # A full disk still takes an empty file.
                self._files.pipe(trial, bytes(_TRIAL_BYTES))
            finally:
                if self._files.exists(trial):
                    self._files.rm(trial)
        except self._errors as error:
            raise StorageError(f"FRAMES_URL: nothing can be written to {self._root} ({_words(error)})") from None

    def remove_old(self, days: int) -> int:
        """Remove the frames, of whatever channel, that were written more than `days` days ago; return how many.

        A channel that is renamed, removed or broken leaves its frames behind, with all their personal data.

        Raises:
            StorageError: they cannot be listed or removed.
        """
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        removed = 0
        try:
            for path in self._files.find(self._root):
                # What else lies there is not ours.
                if _FRAMES.search(path):
                    # Runs side by side finish and remove files while this one looks at them.
                    with suppress(FileNotFoundError):
                        if self._files.modified(path).astimezone(dt.UTC) < before:
                            self._files.rm(path)
                            removed += 1
        except self._errors as error:
            raise StorageError(f"FRAMES_URL: old frames cannot be removed ({_words(error)})") from None
        return removed

    def _make(self, folder: str) -> None:
        if not self._has_folders:
            return
        for place in (self._root, folder.rpartition("/")[0], folder):
            if not self._files.exists(place):
                self._files.makedirs(place, exist_ok=True)
                if self._local:
                    self._files.chmod(place, 0o700)

    def _write(self, path: str, schema: pa.Schema, chunks: Iterable[pa.Table]) -> None:
        with self._files.open(path, "wb") as file:
            if self._local:
                self._files.chmod(path, 0o600)
            # Nobody looks for values by statistics, and compressed texts are smaller than numbers of a dictionary.
            options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
            with pq.ParquetWriter(file, schema, **options) as writer:
                for chunk in chunks:
                    if chunk.num_rows:
                        writer.write_table(chunk, row_group_size=chunk.num_rows)


def _protocols(files: fsspec.AbstractFileSystem) -> set[str]:
    protocol = files.protocol
    return {protocol} if isinstance(protocol, str) else set(protocol)


def _driver_errors(protocols: set[str]) -> tuple[type[Exception], ...]:
    """Return what the driver of a file system raises for what a user can cause."""
    if "s3" in protocols:
        from botocore.exceptions import BotoCoreError  # comes with the driver

        return OSError, BotoCoreError
    return (OSError,)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
