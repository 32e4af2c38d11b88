"""One reader for all shops: a window selects changed orders, then whole orders are read, chunk by chunk.

A window selects orders, never rows: Mirakl replaces an order as a whole, so half of one would destroy the rest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from connectors.channels.database import begin_snapshot, known_clock, open_engine
from connectors.channels.driver_errors import driver_errors
from connectors.channels.errors import ShopError
from connectors.channels.platform import SETTINGS_FILE, load_platform, with_prefix
from connectors.channels.queries import load_queries
from connectors.channels.schema import Schema
from connectors.channels.snapshot import Rows
from connectors.channels.snapshot import Snapshot as Snapshot
from connectors.channels.source import ShopSource as ShopSource
from connectors.channels.stamps import with_changes
from transforms import platforms
from transforms.frames import FRAME_NAMES, FrameError, OrderFrames, order_frames

DISTRIBUTION = "channel-to-mirakl"
_PREFIX = re.compile(r"[A-Za-z0-9_]*")


class ShopReader:
    """Reads whole orders of one shop.

    Raises:
        ShopError: the platform is unknown, its settings or the prefix are wrong, or the URL is not a database's.
    """

    def __init__(self, source: ShopSource) -> None:
        self.source = source
        self.platform = load_platform(source.channel, source.platform)
        settings = self.platform.settings
        self.prefix = settings.table_prefix if source.table_prefix is None else source.table_prefix
        if not _PREFIX.fullmatch(self.prefix):
            raise ShopError(
                "bad_prefix",
                f"channel {source.channel!r}: table_prefix {self.prefix!r} may hold only letters, digits and _",
            )
        self._engine = open_engine(source.channel, source.database_url)

    def dispose(self) -> None:
        """Close what is still open."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open one consistent read-only snapshot of the shop, after making sure that it is the right shop.

        Raises:
            ShopError: it cannot be reached, lacks what the platform requires, or a query's text is wrong.
        """
        with self.opened() as (snapshot, _, faults):
            if faults:
                raise faults[0]
            yield snapshot

    @contextmanager
    def opened(self) -> Iterator[tuple[Snapshot, Schema, list[ShopError]]]:
        """Open a snapshot whatever is wrong with the queries and requirements; yield those faults beside it.

        Raises:
            ShopError: the database cannot be reached, or is not the shop's.
        """
        channel, settings = self.source.channel, self.platform.settings
        anchor = with_prefix(settings.anchor, self.prefix)
        # Only what asks the shop stands inside `driver_errors`: the caller's block may use another database.
        try:
            with driver_errors(channel):
                connection = self._engine.connect()
        except TypeError as error:
            # What stands behind the ? of an address is given to the driver as it is.
            raise ShopError(
                "bad_url", f"channel {channel!r}: database_url has an option that its driver does not know ({error})"
            ) from None
        with connection:
            if not settings.clock and not known_clock(connection):
                raise ShopError(
                    "bad_platform",
                    f"channel {channel!r}: {self.platform.folder / SETTINGS_FILE} must give `clock`, the query of the "
                    f"time in UTC, for a database of kind {connection.dialect.name}",
                )
            with driver_errors(channel):
                schema = Schema(connection)
                self._require_anchor(schema, anchor)
                queries, faults = load_queries(channel, self.platform, self.prefix, schema, self.source.fee_columns)
                connection.rollback()
                read_at = begin_snapshot(connection, schema.quoted(anchor), settings.session, settings.clock)
                snapshot = Snapshot(self.source, settings.change_times, connection, read_at, queries)
                faults += self._unmet(schema, snapshot)
                if self.source.store is not None and not any("store" in query.parameters for query in queries.values()):
                    faults.append(self._no_stores())
            yield snapshot, schema, faults

    def fingerprint(self, snapshot: Snapshot) -> str:
        """Digest what decides about an order's frames beside its own rows: source, SQL, settings, shared rows, code.

        The platform's own code and the version of this software stand for how rows are shaped.
        """
        source = self.source
        database = self._engine.url.set(username=None, password=None).render_as_string()
        digest = hashlib.sha256(f"{version(DISTRIBUTION)}\n{source.platform}\n{database}\n".encode())
        digest.update(f"{self.prefix}\n{source.timezone}\n{source.store}\n".encode())
        for name, query in sorted(snapshot.queries.items()):
            digest.update(f"{name}\n{query.statement.text}\n".encode())
        for name, table in sorted(snapshot.once().items()):
            digest.update(f"{name}\n{[list(table[column]) for column in table.columns]}\n".encode())
        if self.platform.shape is not None:
            for path in sorted((Path(platforms.__file__).parent / source.platform).rglob("*.py")):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def frames(self, rows: Rows, read_at: dt.datetime) -> OrderFrames:
        """Turn the rows of one chunk into order frames; orders without a stamp of their own have that of their change.

        Raises:
            ShopError: a query of a custom channel lacks a required column.
        """
        platform, zone = self.platform, self.source.timezone
        if platform.shape is not None:
            frames = platform.shape(rows, read_at, zone)
        else:
            own = {name: rows[name] for name in FRAME_NAMES if name in rows}
            try:
                frames = order_frames(own, read_at, drop_unknown=True)
            except FrameError as error:
                raise ShopError("bad_frame", f"channel {self.source.channel!r}: {error}") from None
        if "changes" not in rows:
            return frames
        change_zone = zone if platform.settings.change_times == "local" else "UTC"
        return with_changes(frames, rows["changes"], change_zone, platform.naive_timezone(zone))

    def _require_anchor(self, schema: Schema, anchor: str) -> None:
        if schema.has_table(anchor):
            return
        name = with_prefix(self.platform.settings.anchor, "")
        seen = sorted(table.removesuffix(name) for table in schema.table_names() if table.endswith(name))
        if name != self.platform.settings.anchor and seen:
            hint = f"prefixes seen: {', '.join(map(repr, seen))}; set table_prefix"
        else:
            hint = "check database_url: this database holds no such shop, or the user may not see it"
            # A shop of this platform may lack the table all the same: the platform says how it comes to have it.
            for need in self.platform.settings.require:
                if need.table == self.platform.settings.anchor and need.column is None:
                    hint += f"; {with_prefix(need.message, self.prefix)}"
        raise ShopError("missing_table", f"channel {self.source.channel!r}: no table {anchor}; {hint}")

    def _no_stores(self) -> ShopError:
        return ShopError(
            "unsupported",
            f"channel {self.source.channel!r}: `store` is set, but no query of {self.source.platform} binds :store; "
            "the orders of all stores would be sent",
        )

    def _unmet(self, schema: Schema, snapshot: Snapshot) -> Iterator[ShopError]:
        for need in self.platform.settings.require:
            name = with_prefix(need.table or "", self.prefix)
            met = (
                (not name or schema.has_table(name))
                and (not need.column or schema.has_column(name, need.column))
                and (not need.query or need.query not in snapshot.queries or snapshot.probe(need.query))
            )
            if not met:
                message = with_prefix(need.message, self.prefix)
                yield ShopError("unsupported", f"channel {self.source.channel!r}: {message}")
