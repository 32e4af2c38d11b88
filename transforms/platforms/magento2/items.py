"""What of Magento's item rows is a thing sold: one line each, with the row that has its money and those that ship it.

A configurable product is two rows, a bundle one and its parts. Two flags of the parent decide: whether it or its
children carry the money, and whether it or its children are shipped; either may stand with either.

Belongs here: composites and units. Does not belong here: money, frames.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.packed import structure

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sold:
    """A thing sold: `row` is the item row with its money; `shippers` are (item row, its units per unit sold).

    Nothing ships virtual goods: they have no shippers.
    """

    row: Any
    shippers: tuple[tuple[Any, Decimal], ...]

    @property
    def by_weight(self) -> bool:
        """Say whether it was sold in fractions of a unit, which Mirakl cannot tell: all of it counts as one unit."""
        return bool((self.row.qty_ordered or _ZERO) % 1)

    @property
    def quantity(self) -> int:
        """Return the units ordered."""
        return self.units(self.row.qty_ordered or _ZERO)

    def units(self, quantity: Decimal) -> int:
        """Return whole units: what is less than a unit has not happened to one."""
        if self.by_weight:
            return int(quantity >= self.row.qty_ordered)
        return int(quantity)

    def shipped(self, count: Callable[[Any], Decimal]) -> int:
        """Return the units of which every part has left, where `count` tells what left of an item row."""
        return self.units(min((count(row) / per_unit for row, per_unit in self.shippers), default=_ZERO))


def sold(items: Iterable[Any]) -> list[Sold]:
    """Resolve the item rows of one order into things sold."""
    rows = {row.item_id: row for row in items}
    children: dict[Any, list[Any]] = defaultdict(list)
    for row in rows.values():
        if row.parent_item_id in rows:
            children[row.parent_item_id].append(row)
    things: list[Sold] = []
    for row in rows.values():
        if row.parent_item_id not in rows:
            things += _composite(row, children[row.item_id]) if row.item_id in children else [Sold(row, _ships(row))]
    return things


def line_of(things: Iterable[Sold], items: Iterable[Any]) -> Mapping[Any, Any]:
    """Return item id -> the id of the line it belongs to: itself, or its parent's; none for the sum of its children."""
    lines = {thing.row.item_id for thing in things}
    found = {item.item_id: item.item_id if item.item_id in lines else item.parent_item_id for item in items}
    return {item_id: line_id for item_id, line_id in found.items() if line_id in lines}


def _composite(parent: Any, children: list[Any]) -> list[Sold]:
    options = structure(parent.product_options)
    options = options if isinstance(options, dict) else {}
    priced_by_parts = str(options.get("product_calculations")) == "0"
    shipped_by_parts = str(options.get("shipment_type")) == "1"
    if priced_by_parts and shipped_by_parts:
        return [Sold(child, _ships(child)) for child in children]
    if priced_by_parts:
        # The children's counters stay at zero: their parent's parcel holds them.
        return [Sold(child, _ships(parent, _per_unit(parent, child))) for child in children]
    if shipped_by_parts:
        return [Sold(parent, tuple(part for child in children for part in _ships(child, _per_unit(child, parent))))]
    return [Sold(parent, _ships(parent))]


def _ships(row: Any, per_unit: Decimal = Decimal(1)) -> tuple[tuple[Any, Decimal], ...]:
    return () if str(row.is_virtual) == "1" or not per_unit else ((row, per_unit),)


def _per_unit(part: Any, whole: Any) -> Decimal:
    return (part.qty_ordered or _ZERO) / whole.qty_ordered if whole.qty_ordered else _ZERO
