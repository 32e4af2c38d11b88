"""The order frames: the canonical raw columns that every channel delivers.

A platform module (or a user's own SQL) yields these frames; everything after them is common to all shops.
Columns carry the contract's words, cells carry the *shop's own words as text*: a status as the shop spells it,
an amount as the shop stored it, broken values included. Nothing is judged here; `transforms.normalise` does that,
so that one bad cell costs one order and is named, never the whole chunk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from transforms.columns import COLUMNS as COLUMNS
from transforms.database_values import Cell, cells_of
from transforms.errors import UserError
from transforms.spelling import did_you_mean

FRAME_NAMES = tuple(COLUMNS)
SCHEMAS: Mapping[str, pa.Schema] = {
    name: pa.schema([(column.name, pa.string()) for column in columns]) for name, columns in COLUMNS.items()
}
# Work on columns pays from some thousand orders on; memory goes by rows, and some orders have a thousand lines.
CHUNK_ORDERS = 2_500
CHUNK_ROWS = 20_000
FrameRow: TypeAlias = dict[str, Any]
"""One row of an order frame while a platform puts it together, by the names of its columns (`Any`: as in `rows`)."""


class FrameError(UserError, ValueError):
    """A frame is not what `COLUMNS` asks for. The message names the frame and the column."""


class Frame(Protocol):
    """Rows column by column: names, and the cells of a name, as a driver or a platform made them."""

    @property
    def columns(self) -> Iterable[str]:
        """The names of the columns."""

    def __getitem__(self, name: str, /) -> Iterable[Cell]:
        """Return the cells of one column."""

    def __len__(self) -> int:
        """Count the rows."""


class Table:
    """A frame of database rows; values stay as the driver gave them."""

    def __init__(self, cells: Mapping[str, Sequence[Cell]]) -> None:
        self._cells = cells
        self._arrays: dict[str, npt.NDArray[np.object_]] = {}

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._cells)

    def __getitem__(self, name: str) -> Sequence[Cell]:
        """Return the cells of one column."""
        return self._cells[name]

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self._cells.values()), ()))

    def array(self, name: str) -> npt.NDArray[np.object_]:
        """Return the cells of one column, made an array once, with None behind the last: the cell of an absent row."""
        if name not in self._arrays:
            cells = self._cells[name]
            self._arrays[name] = np.fromiter((*cells, None), dtype=np.object_, count=len(cells) + 1)
        return self._arrays[name]


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    """Turn rows into columns."""
    return Table(dict(zip(columns, zip(*rows, strict=True) if rows else [()] * len(columns), strict=True)))


def table_of(rows: Sequence[Mapping[str, Cell]]) -> Table:
    """Turn rows of named cells into columns; a cell that a row does not name is absent."""
    names = dict.fromkeys(name for row in rows for name in row)
    return Table({name: [row.get(name) for row in rows] for name in names})


@dataclass(frozen=True, slots=True)
class OrderFrames:
    """Whole orders of one chunk, as six frames of text cells (`str` or null), read at one instant.

    `read_at` is the instant of the snapshot by the shop database's own clock, in UTC: the order of truth.
    """

    orders: pa.RecordBatch
    lines: pa.RecordBatch
    adjustments: pa.RecordBatch
    taxes: pa.RecordBatch
    addresses: pa.RecordBatch
    custom_attributes: pa.RecordBatch
    read_at: dt.datetime

    def items(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield (frame name, frame), in the order of `COLUMNS`."""
        for field in fields(self):
            if field.name in COLUMNS:
                yield field.name, getattr(self, field.name)

    def rows(self) -> int:
        """Count the rows of all frames: what a chunk costs in memory goes by them."""
        return sum(len(frame) for _, frame in self.items())


def together(chunks: Iterable[OrderFrames]) -> Iterator[OrderFrames]:
    """Join small chunks of one snapshot up to `CHUNK_ORDERS` orders or `CHUNK_ROWS` rows; none is divided."""
    gathered: list[OrderFrames] = []
    for chunk in chunks:
        gathered.append(chunk)
        rows = sum(frames.rows() for frames in gathered)
        if rows >= CHUNK_ROWS or sum(len(frames.orders) for frames in gathered) >= CHUNK_ORDERS:
            yield _joined(gathered)
            gathered = []
    if gathered:
        yield _joined(gathered)


def _joined(chunks: Sequence[OrderFrames]) -> OrderFrames:
    frames = {name: pa.concat_batches([getattr(chunk, name) for chunk in chunks]) for name in FRAME_NAMES}
    return OrderFrames(**frames, read_at=chunks[0].read_at)


def order_frames(frames: Mapping[str, Frame], read_at: dt.datetime, *, drop_unknown: bool = False) -> OrderFrames:
    """Complete `frames` to canonical order frames: all columns, in order, every cell text or null.

    Absent frames and absent optional columns become empty. Unknown columns are an error, or are left out where
    `drop_unknown` says so: a user's SQL may yield what nobody reads, a platform that does has misspelt it. Bytes in an
    id column are written as a UUID if there are 16 of them, else as hexadecimal.

    Raises:
        FrameError: a required column is missing, or a column is unknown.
    """
    if not drop_unknown:
        _require_known(frames)
    return OrderFrames(**{name: _canonical(name, frames.get(name)) for name in FRAME_NAMES}, read_at=read_at)


def _require_known(frames: Mapping[str, Frame]) -> None:
    for name, frame in frames.items():
        if name not in COLUMNS:
            raise FrameError(f"there is no frame {name!r}{did_you_mean(name, COLUMNS)}")
        known = [column.name for column in COLUMNS[name]]
        for column in frame.columns:
            if column not in known:
                raise FrameError(f"frame {name!r} has no column {column!r}{did_you_mean(column, known)}")


def _canonical(name: str, frame: Frame | None) -> pa.RecordBatch:
    schema = SCHEMAS[name]
    if frame is None:
        return pa.RecordBatch.from_pylist([], schema)
    given = set(frame.columns)
    for column in COLUMNS[name]:
        if column.required and column.name not in given:
            raise FrameError(f"frame {name!r} lacks the required column {column.name!r}: {column.meaning}")
    size = len(frame)
    cells = [
        cells_of(column.kind, frame[column.name]) if column.name in given else pa.nulls(size, pa.string())
        for column in COLUMNS[name]
    ]
    return pa.RecordBatch.from_arrays(cells, schema=schema)
