"""Lines of Medusa orders over their versions, and what each cost.

Each confirmed change of an order writes its lines anew under the next version; an edit that takes units away leaves
fewer, or no row at all. A line here holds every unit that was ever ordered, with what was taken away again beside it:
so nothing vanishes, and a cancellation that was sent once is sent always.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.groups import Bools, Groups, Ints
from transforms.platforms.medusa.prices import (
    Broken,
    Discounts,
    Prices,
    Taxes,
    discounts_of,
    prices,
    taxes_of,
)
from transforms.rows import Rows
from transforms.rowsets import (
    ABSENT,
    ZERO,
    Objects,
    Rowset,
    choose,
    each,
    is_absent,
    is_true,
    numbered,
    numbering,
    rowset,
    whole,
    zeros,
)


@dataclass(frozen=True, slots=True)
class Removals:
    """Units that edits took off lines, grouped by line: in the version that lacks them, and what they cost."""

    groups: Groups
    version: Ints
    units: Objects
    prices: Prices


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of all orders of a chunk, grouped by order, and in the order in which they came.

    `quantity` and `prices` are of all units ever ordered; `rows` are the newest rows of `items.sql`, `items` what was
    bought. `is_removed`: the order's version has no row of the line, or one of no units. `returned` units came back.
    """

    groups: Groups
    rows: Rowset
    items: Rowset
    is_removed: Bools
    quantity: Objects
    prices: Prices
    returned: Objects
    removals: Removals


def lines(rows: Rows, orders: Rowset, numbers: dict[object, int], broken: Broken) -> Lines:
    """Read the lines of these orders; those with a quantity, price, discount or rate that is no number are noted."""
    versions = rowset(rows, "items", "order_id", numbers)
    of_order, item_ids = versions.groups.owners, versions["item_id"]
    number: dict[tuple[int, object], int] = {}
    line = np.array(
        [number.setdefault(key, len(number)) for key in zip(of_order.tolist(), item_ids, strict=True)], dtype=np.int64
    )
    count = len(number)
    newest = np.zeros(count, dtype=np.int64)
    newest[line] = np.arange(len(line))
    groups = Groups(of_order[newest], len(numbers))
    own_version = orders["version"].astype(np.int64)
    ids = {item_id: index for (_, item_id), index in number.items()}
    taxes = taxes_of(rowset(rows, "line_taxes", "item_id", ids), broken, groups.owners)
    quantity = broken.numbers(versions["quantity"], of_order)
    version = versions["version"].astype(np.int64)
    is_removed = (version[newest] != own_version[groups.owners]) | (quantity[newest] == 0)
    priced = _Priced(rows, versions, line, quantity, ids, taxes, broken)
    left = np.flatnonzero(~is_removed)
    units = zeros(count)
    units[left] = quantity[newest[left]]
    total = _added(Prices(zeros(count), taxes, zeros(len(taxes.rate))), priced.prices(newest[left]), left)
    removals = _removals(priced, line, version, quantity, of_order, own_version, count)
    np.add.at(units, removals.groups.owners, removals.units)
    now = versions.take(newest)
    returned = broken.numbers(now["return_received_quantity"], groups.owners) + broken.numbers(
        now["return_dismissed_quantity"], groups.owners
    )
    return Lines(
        groups=groups,
        rows=now,
        items=priced.items.take(priced.item_of(newest)),
        is_removed=is_removed,
        quantity=units,
        prices=_added(total, removals.prices, removals.groups.owners),
        returned=returned,
        removals=removals,
    )


class _Priced:
    """Prices of rows of `items.sql`: of a line in one version of its order."""

    def __init__(
        self,
        rows: Rows,
        versions: Rowset,
        line: Ints,
        quantity: Objects,
        ids: dict[object, int],
        taxes: Taxes,
        broken: Broken,
    ) -> None:
        self.items = whole(rows, "line_items")
        self._item_of = numbering(self.items["item_id"])
        self._versions, self._line, self._quantity = versions, line, quantity
        self._taxes, self._broken = taxes, broken
        self._discounts = rowset(rows, "line_adjustments", "item_id", ids)

    def item_of(self, rows: Ints) -> Ints:
        """Return what was bought in these rows, as numbers of `items`."""
        return numbered(self._versions["item_id"][rows], self._item_of)

    def prices(self, rows: Ints) -> Prices:
        """Return what these rows cost."""
        versions, broken = self._versions.take(rows), self._broken
        of_order = self._versions.groups.owners[rows]
        of_item = self.item_of(rows)
        for row in np.flatnonzero(of_item == ABSENT).tolist():
            broken.setdefault(int(of_order[row]), f"no order_line_item {versions['item_id'][row]}")
        items = self.items.take(of_item)
        own_price, usual_price = versions["unit_price"], items["unit_price"]
        unit_price = choose(is_absent(own_price), usual_price, own_price)
        amount = broken.numbers(unit_price, of_order) * self._quantity[rows]
        taxes, _ = self._taxes.like(self._line[rows])
        return prices(amount, is_true(items["is_tax_inclusive"]), taxes, self._off(rows, of_order), broken, of_order)

    def _off(self, rows: Ints, of_order: Ints) -> Discounts:
        chosen, groups = each(self._discounts.groups, self._line[rows])
        discounts = self._discounts.take(chosen, groups)
        version = self._versions["version"][rows]
        return discounts_of(discounts, version, is_true(discounts["is_tax_inclusive"]), self._broken, of_order)


def _removals(
    priced: _Priced,
    line: Ints,
    version: Ints,
    quantity: Objects,
    of_order: Ints,
    own_version: Ints,
    count: int,
) -> Removals:
    """Find the units that a line had in one version of its order, and not in the next."""
    order_versions = np.unique(
        np.concatenate((_keys(of_order, version), _keys(np.arange(len(own_version)), own_version)))
    )
    rows = np.lexsort((version, line))
    # Of two rows of a line in one version the last holds.
    rows = rows[np.append((np.diff(line[rows]) != 0) | (np.diff(version[rows]) != 0), True)[: len(rows)]]
    own = np.searchsorted(order_versions, _keys(of_order[rows], version[rows]))
    following = np.append(order_versions, -1)[own + 1]
    has_next = following >> _VERSION_BITS == of_order[rows]
    later = np.append(rows[1:], ABSENT)[: len(rows)]
    has_row = (line[later] == line[rows]) & (_keys(of_order[later], version[later]) == following) & (later != ABSENT)
    before = quantity[rows]
    units = before - choose(has_row, quantity[later], ZERO)
    gone = np.flatnonzero(has_next & (units > 0) & (before > 0))
    lost = rows[gone]
    return Removals(
        groups=Groups(line[lost], count),
        version=following[gone] & ((1 << _VERSION_BITS) - 1),
        units=units[gone],
        prices=priced.prices(lost).times(units[gone] / before[gone]),
    )


_VERSION_BITS = 32


def _keys(orders: Ints, versions: Ints) -> Ints:
    return (orders << _VERSION_BITS) + versions


def _added(total: Prices, others: Prices, lines: Ints) -> Prices:
    """Add the prices of some lines, a line as often as `lines` names it."""
    _, taxes = total.taxes.like(lines)
    np.add.at(total.net, lines, others.net)
    np.add.at(total.amounts, taxes, others.amounts)
    return total
