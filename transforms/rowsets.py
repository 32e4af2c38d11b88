"""A platform's own rows column by column: each row belongs to an order (or a line), cells are as the driver gave them.

Columns are numpy arrays of objects: amounts stay exact decimals, and rules are arithmetic over columns all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress, repeat
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from transforms.database_values import Cell
from transforms.frames import Frame, Table
from transforms.groups import Bools, Groups, Ints
from transforms.rows import Rows, when

Objects = npt.NDArray[np.object_]
_Cell = TypeVar("_Cell", bound=np.generic)
ABSENT = -1
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rowset:
    """Rows of a query, sorted by the group they belong to; an absent row (of an outer join) has cells that are None.

    `rows` are the numbers of the rows in `frame`; `frame` is None where the query was left out.
    """

    frame: Frame | None
    rows: Ints
    groups: Groups

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    def __getitem__(self, column: str) -> Objects:
        """Return the cells of one column."""
        if self.frame is None:
            return np.full(len(self.rows), None, dtype=object)
        cells = self.frame.array(column) if isinstance(self.frame, Table) else objects([*self.frame[column], None])
        found: Objects = cells[self.rows]
        return found

    @property
    def columns(self) -> Iterable[str]:
        """The names of the columns; none where the query was left out."""
        return () if self.frame is None else self.frame.columns

    def where(self, wanted: Bools) -> Rowset:
        """Keep some of the rows, in the same groups."""
        return Rowset(self.frame, self.rows[wanted], self.groups.of(wanted))

    def take(self, rows: Ints, groups: Groups | None = None) -> Rowset:
        """Return rows by their numbers here, `ABSENT` ones too; each a group of its own, unless `groups` are given."""
        groups = groups or Groups(np.arange(len(rows)), len(rows))
        return Rowset(self.frame, at(self.rows, rows, ABSENT), groups)

    def first(self) -> Rowset:
        """Return the first row of each group; absent where a group has none."""
        return self.take(np.where(self.groups.counts > 0, self.groups.bounds[:-1], ABSENT))

    def last(self) -> Rowset:
        """Return the last row of each group; absent where a group has none."""
        return self.take(np.where(self.groups.counts > 0, self.groups.bounds[1:] - 1, ABSENT))


def rowset(rows: Rows, query: str, key: str, numbers: Mapping[Hashable, int]) -> Rowset:
    """Read the rows of a query that belong to one of the groups numbered by `key`, in the query's order a group."""
    frame = rows.get(query)
    owners = np.zeros(0, dtype=np.int64) if frame is None else numbered(frame[key], numbers)
    own = np.arange(len(owners))
    if len(owners) and (owners[0] < 0 or bool((owners[1:] < owners[:-1]).any())):
        own = np.argsort(owners, kind="stable")
        own = own[np.searchsorted(owners[own], 0) :]
    return Rowset(frame, own, Groups(owners[own], len(numbers)))


def whole(rows: Rows, query: str) -> Rowset:
    """Read all rows of a query, each a group of its own."""
    frame = rows.get(query)
    size = 0 if frame is None else len(frame)
    return Rowset(frame, np.arange(size), Groups(np.arange(size), size))


def at(cells: npt.NDArray[_Cell], rows: Ints, absent: object) -> npt.NDArray[_Cell]:
    """Return the cells of some rows, and `absent` for absent ones."""
    found: npt.NDArray[_Cell] = np.append(cells, np.array([absent], dtype=cells.dtype))[rows]
    return found


def numbering(keys: Iterable[Hashable]) -> dict[Hashable, int]:
    """Number keys by where they stand; one that comes again stands where it came last."""
    return {key: number for number, key in enumerate(keys)}


def numbered(keys: Iterable[object], numbers: Mapping[Hashable, int]) -> Ints:
    """Return the number of each key, `ABSENT` where it has none."""
    return np.fromiter(map(numbers.get, keys, repeat(ABSENT)), dtype=np.int64)


def objects(cells: Sequence[object]) -> Objects:
    """Make a column of cells as they are."""
    return np.fromiter(cells, dtype=np.object_, count=len(cells))


def is_absent(cells: Objects) -> Bools:
    """Return which cells are None."""
    return np.fromiter((cell is None for cell in cells), dtype=np.bool_, count=len(cells))


def is_true(cells: Objects) -> Bools:
    """Return which cells are neither absent, empty, nor zero."""
    flags: Bools = cells.astype(np.bool_)
    return flags


def choose(flags: Bools, yes: object, no: object) -> Objects:
    """Return a cell of `yes` where the flag is set, else of `no`; each is a column, or one cell for all rows."""
    chosen: Objects = np.where(flags, np.asarray(yes, dtype=np.object_), np.asarray(no, dtype=np.object_))
    return chosen


def or_else(cells: Objects, others: object) -> Objects:
    """Return the cells, and others where they are absent, empty, or zero."""
    return choose(is_true(cells), cells, others)


def one_of(cells: Objects, words: Iterable[str]) -> Bools:
    """Return which cells are one of some words."""
    known = frozenset(words)
    return np.fromiter((cell in known for cell in cells), dtype=np.bool_, count=len(cells))


def zeros(size: int) -> Objects:
    """Return a column of exact zeros."""
    return np.full(size, ZERO, dtype=np.object_)


def framed(columns: Mapping[str, Objects]) -> Table:
    """Make columns a frame."""
    return Table({name: cells.tolist() for name, cells in columns.items()})


def stacked(parts: Sequence[Frame]) -> Table:
    """Put the rows of some frames below each other; a column that one of them lacks is absent there."""
    rows = [part for part in parts if len(part)]
    names = dict.fromkeys(name for part in rows for name in part.columns)
    columns: dict[str, list[Cell]] = {name: [] for name in names}
    for part in rows:
        given = set(part.columns)
        for name, cells in columns.items():
            cells.extend(part[name] if name in given else [None] * len(part))
    return Table(columns)


def rows_where(frame: Frame, wanted: Sequence[bool]) -> Table:
    """Keep some rows of a frame."""
    return Table({name: list(compress(frame[name], wanted)) for name in frame.columns})


def sums(values: Objects, groups: Groups) -> Objects:
    """Add up exact decimals, group by group, in the order of the rows."""
    totals = zeros(groups.size)
    np.add.at(totals, groups.owners, values)
    return totals


def filled(cells: Objects) -> Objects:
    """Let absent and empty numbers be zero."""
    return objects([cell or ZERO for cell in cells])


def earliest(stamps: Objects, owners: Ints, size: int) -> Objects:
    """Return the first moment of each group, None of one without rows; what is no time is before all others."""
    found: list[object] = [None] * size
    first: list[object] = [None] * size
    are_alike = all(type(stamp) is dt.datetime for stamp in stamps) and len({stamp.tzinfo for stamp in stamps}) < 2
    moments = stamps if are_alike else map(when, stamps)
    for owner, stamp, moment in zip(owners.tolist(), stamps, moments, strict=True):
        known = first[owner]
        if known is None or moment < known:
            found[owner], first[owner] = stamp, moment
    return objects(found)


def each(groups: Groups, wanted: Ints) -> tuple[Ints, Groups]:
    """Return the rows of these groups, of a group as often as it is wanted, and their new groups."""
    counts = groups.counts[wanted]
    owners = np.repeat(np.arange(len(wanted)), counts)
    own = Groups(owners, len(wanted))
    return groups.bounds[wanted][owners] + own.index, own
