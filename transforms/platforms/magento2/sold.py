"""Products sold of one order as objects, for the orders of which something was cancelled or given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from transforms.platforms.magento2.items import Products
from transforms.platforms.magento2.money import Money, Prices
from transforms.rowsets import ZERO


@dataclass(frozen=True, slots=True)
class Sold:
    """A product sold: `row` is the item row with its money, `shippers` are (item row, units per unit)."""

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
        """Return the units of which at least some part has left, where `count` returns what left of an item row."""
        most = max((count(row) / per_unit for row, per_unit in self.shippers), default=ZERO)
        return min(ceil(most), self.quantity)


@dataclass(slots=True)
class Line:
    """A product sold with its money; `gone` counts units cancelled or refunded so far.

    `reduced` counts units that credit memos name although they gave back a part of their price only.
    """

    product: Sold
    money: Money
    gone: int = 0
    reduced: int = 0


class SoldLines:
    """The products sold of all orders of a chunk, made objects for those orders that are asked for."""

    def __init__(self, products: Products, prices: Prices) -> None:
        item_ids, shippers = products.items["item_id"], products.shippers
        self._of_order, self._shippers_of = products.groups.bounds.tolist(), shippers.groups.bounds.tolist()
        self._item_ids, self._prices = item_ids[products.row].tolist(), prices
        self._shippers = list(zip(item_ids[shippers.row].tolist(), shippers.per_unit.tolist(), strict=True))
        self._by_weight, self._quantity = products.by_weight.tolist(), products.quantity.tolist()
        self._cancelled, self._left = products.cancelled.tolist(), products.left.tolist()

    def of(self, order: int, rows: Mapping[Any, Any]) -> dict[Any, Line]:
        """Return an order's lines by id; `rows` are its item rows by id."""
        lines = {}
        for product in range(*self._of_order[order : order + 2]):
            ships = self._shippers[slice(*self._shippers_of[product : product + 2])]
            sold = Sold(
                row=rows[self._item_ids[product]],
                shippers=tuple((rows[item_id], per_unit) for item_id, per_unit in ships),
                by_weight=bool(self._by_weight[product]),
                quantity=int(self._quantity[product]),
                cancelled=int(self._cancelled[product]),
                left=int(self._left[product]),
            )
            lines[sold.row.item_id] = Line(sold, self._prices.money(product))
        return lines
