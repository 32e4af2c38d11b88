"""PrestaShop's queries as columns: rows sorted by what they belong to, amounts as whole micros.

PrestaShop keeps amounts with six decimals; one of these is a micro. What has more decimals, a module's own column or
what was converted from another currency, is rounded to them.

Belongs here: reading columns of any query, and writing them as text. Does not belong here: what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.frames import Frame, Table, as_text, text_cells
from transforms.groups import Bools, Exact, Groups, Ints, narrow
from transforms.money import from_minor
from transforms.parsing import mask, whole_numbers
from transforms.rows import Rows, number, rows_of

SCALE = 6  # decimals of PrestaShop's money columns
MICROS = 10**SCALE
CENT = MICROS // 100
_MONEY = pa.decimal128(38, SCALE)
_NOTHING = Table({})

Block = Mapping[str, pa.StringArray]
"""Some rows of an order frame, column by column."""


@dataclass(frozen=True, slots=True)
class Children:
    """The rows of a query that belong to something of the chunk, sorted by it, else as the query yields them."""

    frame: Frame
    rows: Ints | None  # where they are in the query; None: as they stand
    groups: Groups

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.groups.owners)

    @property
    def owners(self) -> Ints:
        """What each row belongs to."""
        return self.groups.owners

    def cells(self, column: str) -> Sequence[Any]:
        """Return a column as the driver gave it."""
        cells = _sequence(self.frame[column]) if self.frame is not _NOTHING else ()
        return cells if self.rows is None else [cells[row] for row in self.rows.tolist()]

    def text(self, column: str) -> pa.StringArray:
        """Return a column as text."""
        return text_cells(self.cells(column))

    def amounts(self, column: str) -> Exact:
        """Return a column of amounts in micros; absent and broken ones are zero."""
        return micros(self.cells(column))

    def told(self, column: str) -> Bools:
        """Say where a column holds anything but nothing, zero and empty text."""
        return np.fromiter(map(bool, self.cells(column)), np.bool_, len(self))

    def of(self, owner: int) -> list[Any]:
        """Return the rows of one owner as objects."""
        rows = self.groups.rows(owner)
        return self.rows_at(range(rows.start, rows.stop))

    def objects(self, owners: Ints) -> dict[int, list[Any]]:
        """Return the rows of some owners as objects, by owner."""
        wanted = np.zeros(self.groups.size, np.bool_)
        wanted[owners] = True
        places = np.flatnonzero(wanted[self.owners])
        found: dict[int, list[Any]] = {}
        for owner, row in zip(self.owners[places].tolist(), self.rows_at(places.tolist()), strict=True):
            found.setdefault(owner, []).append(row)
        return found

    def rows_at(self, places: Sequence[int]) -> list[Any]:
        """Return some rows as objects."""
        if not places:
            return []
        places = places if self.rows is None else self.rows[list(places)].tolist()
        columns = {name: _sequence(self.frame[name]) for name in self.frame.columns}
        some = Table({name: [cells[row] for row in places] for name, cells in columns.items()})
        return list(rows_of({"some": some}, "some"))


def children(rows: Rows, query: str, key: str, index: Mapping[Any, int]) -> Children:
    """Find the owner of each row of a query: what `index` knows by the column `key`; rows of nobody are left out."""
    frame = rows.get(query)
    if frame is None:  # the shop lacks the query's tables
        return Children(_NOTHING, None, Groups(np.zeros(0, np.int64), len(index)))
    return owned(frame, [index.get(cell, -1) for cell in frame[key]], len(index))


def owned(frame: Frame, owners: Sequence[int], size: int) -> Children:
    """Sort the rows of a frame by their owners; those of -1 are left out."""
    of_rows = np.array(owners, np.int64)
    if not len(of_rows) or (of_rows[0] >= 0 and bool((np.diff(of_rows) >= 0).all())):
        return Children(frame, None, Groups(of_rows, size))
    order = np.argsort(of_rows, kind="stable")
    order = order[np.searchsorted(of_rows[order], 0) :]
    return Children(frame, order, Groups(of_rows[order], size))


def micros(cells: Sequence[Any]) -> Exact:
    """Read amounts as whole micros; absent and broken ones are zero."""
    try:
        return whole_numbers(pc.fill_null(pa.array(cells, _MONEY), Decimal(0)))
    except (pa.ArrowException, OverflowError):
        return narrow(np.array([micro(number(cell)) for cell in cells], dtype=object))


def micro(amount: Decimal) -> int:
    """Round one amount to whole micros."""
    return int((amount * MICROS).to_integral_value())


def decimal(amount: Any) -> Decimal:
    """Return whole micros as an amount."""
    return from_minor(int(amount), SCALE)


def put(values: Exact, place: int, amount: Decimal) -> Exact:
    """Put one amount into a column of micros; return the column, which is a wider one where that needs room."""
    value = micro(amount)
    if values.dtype != object and abs(value) * len(values) >= 2**62:
        values = values.astype(object)
    values[place] = value
    return values


def amounts(values: Exact) -> pa.StringArray:
    """Write whole micros as amounts."""
    if values.dtype == object:
        return pa.array([as_text(decimal(value)) for value in values], pa.string())
    words = np.empty((len(values), 2), np.int64)
    words[:, 0], words[:, 1] = values, values >> 63
    return pa.Array.from_buffers(_MONEY, len(values), [None, pa.py_buffer(words)]).cast(pa.string())


def is_told(cells: pa.StringArray) -> Bools:
    """Say where a text is more than blanks."""
    return mask(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))


def repeated(word: str, times: int) -> pa.StringArray:
    """Return a column of one word."""
    return pa.repeat(pa.scalar(word, pa.string()), times)


def joined(blocks: Sequence[Block]) -> Table:
    """Put blocks of a frame under each other; a column that a block does not name is absent there."""
    names = dict.fromkeys(name for block in blocks for name in block)
    sizes = [len(next(iter(block.values()))) for block in blocks]
    return Table({name: _joined(name, blocks, sizes) for name in names})


def block_of(cells: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Yield the block of rows of named cells, if there are any."""
    if cells:
        names = dict.fromkeys(name for row in cells for name in row)
        yield {name: text_cells([row.get(name) for row in cells]) for name in names}


def _joined(name: str, blocks: Sequence[Block], sizes: Sequence[int]) -> pa.StringArray:
    parts = zip(blocks, sizes, strict=True)
    return pa.concat_arrays([block[name] if name in block else pa.nulls(size, pa.string()) for block, size in parts])


def _sequence(cells: Any) -> Sequence[Any]:
    return cells if isinstance(cells, list | tuple) else list(cells)
