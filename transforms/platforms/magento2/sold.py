"""Things sold of one order as objects, for the orders of which something was cancelled or given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from transforms.platforms.magento2.items import Things
from transforms.platforms.magento2.money import Money, Prices
from transforms.rowsets import ZERO


@dataclass(frozen=True, slots=True)
class Sold:
    """A thing sold, see `Things`: `row` is the item row with its money, `shippers` are (item row, units per unit)."""

    row: Any
    shippers: tuple[tuple[Any, Decimal], ...]
    by_weight: bool
    quantity: int
    cancelled: int
    left: int

    def units(self, quantity: Decimal) -> int:
        """Return whole units: what is less than a unit has not happened to one."""
        if self.by_weight:
            return int(quantity >= self.row.qty_ordered)
        return int(quantity)

    def touched(self, count: Callable[[Any], Decimal]) -> int:
        """Return the units of which at least some part has left, where `count` tells what left of an item row."""
        most = max((count(row) / per_unit for row, per_unit in self.shippers), default=ZERO)
        return min(ceil(most), self.quantity)


@dataclass(slots=True)
class Line:
    """A thing sold with its money; `gone` counts units cancelled or refunded so far.

    `reduced` counts units that credit memos name although they gave back a part of their price only.
    """

    thing: Sold
    money: Money
    gone: int = 0
    reduced: int = 0


def lines_of(things: Things, prices: Prices, order: int, rows: Mapping[Any, Any]) -> dict[Any, Line]:
    """Return an order's lines by id; `rows` are its item rows by id."""
    item_ids, shippers = things.items["item_id"], things.shippers
    lines = {}
    for thing in range(*things.groups.rows(order).indices(len(things.row))):
        own = shippers.groups.rows(thing)
        ships = zip(item_ids[shippers.row[own]], shippers.per_unit[own], strict=True)
        sold = Sold(
            row=rows[item_ids[things.row[thing]]],
            shippers=tuple((rows[item_id], per_unit) for item_id, per_unit in ships),
            by_weight=bool(things.by_weight[thing]),
            quantity=int(things.quantity[thing]),
            cancelled=int(things.cancelled[thing]),
            left=int(things.left[thing]),
        )
        lines[sold.row.item_id] = Line(sold, prices.money(thing))
    return lines
