"""Columns of PrestaShop's queries: amounts as whole micros, and rows as objects where a column is not enough.

PrestaShop keeps amounts with six decimals; one of these is a micro. What has more decimals, a module's own column or
what was converted from another currency, is rounded to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text, text_cells
from transforms.frames import Table
from transforms.groups import Bools, Exact, Ints, narrow
from transforms.money import from_minor
from transforms.parsing import mask, whole_numbers
from transforms.rows import number, rows_of
from transforms.rowsets import Objects, Rowset

SCALE = 6  # decimals of PrestaShop's money columns
MICROS = 10**SCALE
CENT = MICROS // 100
_MONEY = pa.decimal128(38, SCALE)

Block = Mapping[str, pa.StringArray]
"""Some rows of an order frame, column by column."""


def row_objects(rows: Rowset, places: Sequence[int]) -> list[Any]:
    """Return some rows as objects."""
    if rows.frame is None or not len(places):
        return []
    taken = rows.rows[np.asarray(places)].tolist()
    columns = {name: rows.frame[name] for name in rows.frame.columns}
    cells = {name: column if isinstance(column, Sequence) else list(column) for name, column in columns.items()}
    some = Table({name: [column[row] for row in taken] for name, column in cells.items()})
    return list(rows_of({"some": some}, "some"))


def own_objects(rows: Rowset, owner: int) -> list[Any]:
    """Return the rows of one owner as objects."""
    own = rows.groups.rows(owner)
    return row_objects(rows, range(own.start, own.stop))


def objects_of(rows: Rowset, owners: Ints) -> dict[int, list[Any]]:
    """Return the rows of some owners as objects, by owner."""
    wanted = np.zeros(rows.groups.size, np.bool_)
    wanted[owners] = True
    places = np.flatnonzero(wanted[rows.groups.owners])
    found: dict[int, list[Any]] = {}
    for owner, row in zip(rows.groups.owners[places].tolist(), row_objects(rows, places.tolist()), strict=True):
        found.setdefault(owner, []).append(row)
    return found


def micros(cells: Objects) -> Exact:
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
    halves = np.empty((len(values), 2), np.int64)
    halves[:, 0], halves[:, 1] = values, values >> 63
    return pa.Array.from_buffers(_MONEY, len(values), [None, pa.py_buffer(halves)]).cast(pa.string())


def is_filled(cells: pa.StringArray) -> Bools:
    """Return where a text is more than blanks."""
    return mask(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))


def repeated(word: str, times: int) -> pa.StringArray:
    """Return a column of one word."""
    return pa.repeat(pa.scalar(word, pa.string()), times)


def joined(blocks: Sequence[Block]) -> Table:
    """Put blocks of a frame under each other; a column that a block does not name is absent there."""
    names = dict.fromkeys(name for block in blocks for name in block)
    sizes = [len(next(iter(block.values()))) for block in blocks]
    return Table({name: _joined(name, blocks, sizes) for name in names})


def frame_of(columns: Mapping[str, Iterable[Any]]) -> Table:
    """Make columns of cells, as they are or as text, a frame."""
    return Table({name: cells if isinstance(cells, pa.StringArray) else list(cells) for name, cells in columns.items()})


def block_of(cells: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Yield the block of rows of named cells, if there are any."""
    if cells:
        names = dict.fromkeys(name for row in cells for name in row)
        yield {name: text_cells([row.get(name) for row in cells]) for name in names}


def _joined(name: str, blocks: Sequence[Block], sizes: Sequence[int]) -> pa.StringArray:
    parts = zip(blocks, sizes, strict=True)
    return pa.concat_arrays([block[name] if name in block else pa.nulls(size, pa.string()) for block, size in parts])
