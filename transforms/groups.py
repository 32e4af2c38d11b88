"""Rows that belong to orders (or lines): sums, firsts and shares a group, without a loop over rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Exact = npt.NDArray[Any]
"""Whole numbers of any size: 64 bits wide where all sums fit, else Python's own integers (`Any`: either of the two)."""

_ROOM = 2**62


@dataclass(frozen=True)
class Groups:
    """Rows sorted by group: row `i` belongs to group `owners[i]` of `size`."""

    owners: Ints
    size: int

    @cached_property
    def bounds(self) -> Ints:
        """Where each group begins; the last entry is where the last one ends."""
        bounds: Ints = np.searchsorted(self.owners, np.arange(self.size + 1))
        return bounds

    @cached_property
    def counts(self) -> Ints:
        """How many rows each group has."""
        return np.diff(self.bounds)

    @cached_property
    def index(self) -> Ints:
        """Which row of its group a row is, from 0."""
        return np.arange(len(self.owners)) - self.bounds[self.owners]

    def rows(self, group: int) -> slice:
        """Return where the rows of a group are."""
        return slice(int(self.bounds[group]), int(self.bounds[group + 1]))

    def sum(self, values: Exact) -> Exact:
        """Add up a column, group by group."""
        if values.dtype != object:
            values = values.astype(np.int64)
        sums = np.concatenate((np.zeros(1, values.dtype), np.cumsum(values)))
        added: Exact = sums[self.bounds[1:]] - sums[self.bounds[:-1]]
        return added

    def any(self, flags: Bools) -> Bools:
        """Return for each group whether a row of it is so."""
        some: Bools = self.sum(flags) > 0
        return some

    def least(self, values: Ints, default: int) -> Ints:
        """Return the least value of each group, or `default` of one without rows."""
        found = np.full(self.size, default, dtype=np.int64)
        np.minimum.at(found, self.owners, values)
        return found

    def first(self, wanted: Bools) -> Ints:
        """Return the first row of each group that is so; -1 where none is."""
        rows = np.flatnonzero(wanted)
        found = np.full(self.size, -1, dtype=np.int64)
        found[self.owners[rows][::-1]] = rows[::-1]
        return found

    def of(self, rows: Exact) -> Groups:
        """Keep some of the rows, in the same groups."""
        return Groups(self.owners[rows], self.size)

    def among(self, groups: Ints) -> tuple[Exact, Groups]:
        """Return the rows of these groups only, and their groups numbered as they stand here."""
        numbers = np.full(self.size, -1, dtype=np.int64)
        numbers[groups] = np.arange(len(groups))
        owners = numbers[self.owners]
        rows = np.flatnonzero(owners >= 0)
        order = np.argsort(owners[rows], kind="stable")
        return rows[order], Groups(owners[rows][order], len(groups))


def sort_order(*keys: Exact) -> Ints:
    """Return the order of rows by these keys, the first deciding, equals as they stand."""
    order = np.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[np.argsort(key[order], kind="stable")]
    return order


def roomy(values: Exact, factor: int) -> Exact:
    """Let numbers be of any size where `factor` times the largest would not fit into 64 bits."""
    if values.dtype == object or not len(values):
        return values
    largest = max(int(values.max()), -int(values.min()))
    return values.astype(object) if largest * factor >= _ROOM else values


def narrow(values: Exact) -> Exact:
    """Let numbers be 64 bits wide again where even their sum fits."""
    if values.dtype != object or not len(values):
        return values if values.dtype != object else values.astype(np.int64)
    largest = max(max(values), -min(values))
    return values.astype(np.int64) if largest * len(values) < _ROOM else values


def spread(totals: Exact, weights: Exact, groups: Groups) -> Exact:
    """Divide each group's total in proportion to its rows' weights, so that the parts add up to it exactly.

    As `money.spread`: largest remainder, ties to the first; weights that are all zero or negative count as equal.
    """
    owners = groups.owners
    weights = np.maximum(weights, 0)
    weights = np.where((groups.sum(weights) == 0)[owners], 1, weights)
    totals = roomy(totals, int(weights.max(initial=1)))
    scale = groups.sum(weights)[owners]
    product = np.abs(totals)[owners] * weights
    parts, remainders = product // scale, product % scale
    missing = np.abs(totals) - groups.sum(parts)
    rows = np.flatnonzero((missing > 0)[owners])
    order = rows[sort_order(owners[rows], -remainders[rows])]
    short = groups.of(order)
    parts[order[short.index < missing[short.owners]]] += 1
    return narrow(np.where(totals < 0, -1, 1)[owners] * parts)


def round_to_total(exact: Exact, units: Exact, totals: Exact, known: Bools, groups: Groups) -> tuple[Exact, Bools]:
    """Round amounts to whole minor units (of `units` each) that add up to their group's total where rounding allows.

    As `money.round_to_total`: half up; what was not whole may move by one, what rounding moved furthest first, of
    equals the last gives up. Returns the rounded amounts, and of each group whether they add up to its total, if it is
    `known`.
    """
    owners = groups.owners
    rounded = np.where(exact < 0, -1, 1) * ((2 * np.abs(exact) + units) // (2 * units))
    missing = np.where(known, totals - groups.sum(rounded), 0)
    step = np.where(missing > 0, 1, -1)[owners]
    moved = rounded * units - exact
    movable = (missing != 0)[owners] & (moved != 0) & ((rounded + step >= 0) | (exact < 0))
    adds_up = np.abs(missing) <= groups.sum(movable)
    rows = np.flatnonzero(movable & adds_up[owners])
    order = rows[sort_order(owners[rows], (step * moved)[rows], step[rows] * rows)]
    tried = groups.of(order)
    taken = order[tried.index < np.abs(missing)[tried.owners]]
    rounded[taken] += step[taken]
    return narrow(rounded), adds_up
