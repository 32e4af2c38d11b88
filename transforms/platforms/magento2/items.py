"""What of Magento's item rows is a thing sold: one line each, with the row that has its money and those that ship it.

A configurable product is two rows, a bundle one and its parts. Two flags of the parent decide: whether it or its
children carry the money, and whether it or its children are shipped; either may stand with either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any

from transforms.platforms.magento2.options import Options, bundle_option, chosen, options_of

_ZERO = Decimal(0)


@dataclass(slots=True)
class Sold:
    """A thing sold: `row` is the item row with its money; `shippers` are (item row, its units per unit sold).

    Nothing ships virtual goods: they have no shippers. `options` are the row's own, `bundle` is the container that a
    part was sold in, with its options; `variant` is the product that a configurable one turned into. `by_weight`: it
    was sold in fractions of a unit, which Mirakl cannot tell, so all of it is one. `quantity`: the units ordered.
    """

    row: Any
    shippers: tuple[tuple[Any, Decimal], ...]
    options: Options
    bundle: tuple[Any, Options] | None = None
    variant: Any = None
    by_weight: bool = field(init=False)
    quantity: int = field(init=False)

    def __post_init__(self) -> None:
        ordered = self.row.qty_ordered or _ZERO
        self.by_weight = bool(ordered % 1)
        self.quantity = self.units(ordered)

    @property
    def product_id(self) -> Any:
        """Name the product: by SKU; the ids of variants tell variants apart, that of their parent does not."""
        row, variant = self.row, self.variant
        if variant is None or row.sku:
            return row.sku or row.product_id or row.item_id
        return variant.sku or variant.product_id or row.product_id or row.item_id

    @property
    def cancelled(self) -> int:
        """Count cancelled units; Magento counts them on the row with the money, or on those that ship."""
        by_parts = min(((row.qty_canceled or _ZERO) / per_unit for row, per_unit in self.shippers), default=_ZERO)
        return min(self.units(max(self.row.qty_canceled or _ZERO, by_parts)), self.quantity)

    def units(self, quantity: Decimal) -> int:
        """Return whole units: what is less than a unit has not happened to one."""
        if self.by_weight:
            return int(quantity >= self.row.qty_ordered)
        return int(quantity)

    def shipped(self, count: Callable[[Any], Decimal]) -> int:
        """Return the units of which every part has left, where `count` tells what left of an item row."""
        return self.units(min((count(row) / per_unit for row, per_unit in self.shippers), default=_ZERO))

    def touched(self, count: Callable[[Any], Decimal]) -> int:
        """Return the units of which at least some part has left."""
        most = max((count(row) / per_unit for row, per_unit in self.shippers), default=_ZERO)
        return min(ceil(most), self.quantity)

    def has_left(self) -> int:
        """Return the units of which every part has left by now, as Magento counts them."""
        return self.shipped(lambda shipper: shipper.qty_shipped or _ZERO)

    def has_begun(self) -> bool:
        """Say whether at least some part of some unit has left."""
        return any((shipper.qty_shipped or _ZERO) > 0 for shipper, _ in self.shippers)

    def choices(self) -> Iterator[tuple[Any, Any]]:
        """Yield (label, value) of what the buyer chose: of the thing itself, and of the bundle it is a part of."""
        yield from chosen(self.options)
        if self.bundle is not None:
            row, options = self.bundle
            if option := bundle_option(self.options):
                yield from (("bundle", row.name or row.sku), ("bundle-option", option))
            yield from chosen({name: value for name, value in options.items() if name != "bundle_options"})


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
            options = options_of(row)
            if row.item_id in children:
                things += _composite(row, options, children[row.item_id])
            else:
                things.append(Sold(row, _ships(row), options))
    return things


def line_of(things: Iterable[Sold], items: Iterable[Any]) -> Mapping[Any, Any]:
    """Return item id -> the id of the line it belongs to: itself, or its parent's; none for the sum of its children."""
    lines = {thing.row.item_id for thing in things}
    found = {item.item_id: item.item_id if item.item_id in lines else item.parent_item_id for item in items}
    return {item_id: line_id for item_id, line_id in found.items() if line_id in lines}


def _composite(parent: Any, options: Options, children: list[Any]) -> list[Sold]:
    shipped_by_parts = str(options.get("shipment_type")) == "1"
    # Other software counts what it ships on the products, where Magento counts it on what they were sold as.
    counted_by_parts = not parent.qty_shipped and any(row.qty_shipped for row in children)
    by_parts = shipped_by_parts or counted_by_parts
    if _priced_by_parts(parent, options, children):
        return [
            Sold(
                child,
                # The children's counters stay at zero where their parent's parcel holds them.
                _ships(child) if by_parts or _is_virtual(child) else _ships(parent, _per_unit(parent, child)),
                options_of(child),
                (parent, options),
            )
            for child in children
        ]
    variant = children[0] if len(children) == 1 else None
    if by_parts:
        parts = tuple(part for child in children for part in _ships(child, _per_unit(child, parent)))
        return [Sold(parent, parts, options, variant=variant)]
    return [Sold(parent, _ships(parent), options, variant=variant)]


def _priced_by_parts(parent: Any, options: Options, children: list[Any]) -> bool:
    told = options.get("product_calculations")
    # Imports may lack the flag: then the money tells.
    return not parent.row_total and any(row.row_total for row in children) if told is None else str(told) == "0"


def _ships(row: Any, per_unit: Decimal = Decimal(1)) -> tuple[tuple[Any, Decimal], ...]:
    return () if _is_virtual(row) or not per_unit else ((row, per_unit),)


def _is_virtual(row: Any) -> bool:
    return str(row.is_virtual) == "1"


def _per_unit(part: Any, whole: Any) -> Decimal:
    return (part.qty_ordered or _ZERO) / whole.qty_ordered if whole.qty_ordered else _ZERO
