"""What of Magento's item rows is a product sold: one line each, with the row that has its money and those that ship it.

A configurable product is two rows, a bundle one and its parts. Two flags of the parent decide: whether it or its
children carry the money, and whether it or its children are shipped; each may be combined with each.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from transforms.groups import Bools, Groups, Ints
from transforms.platforms.magento2.options import PackedOptions
from transforms.rowsets import (
    ABSENT,
    ZERO,
    Objects,
    Rowset,
    at,
    filled,
    numbered,
    numbering,
    objects,
    or_else,
)

_ONE = Decimal(1)
_NEVER = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Shippers:
    """The item rows that ship products, grouped by product, and how many units of each make a unit of the product.

    Nothing ships virtual goods: they have no shippers.
    """

    row: Ints
    per_unit: Objects
    groups: Groups

    def complete(self, counts: Objects) -> Objects:
        """Return the units of which every part was counted, by `counts` of item rows; they may be fractions."""
        least = np.full(self.groups.size, _NEVER, dtype=np.object_)
        np.minimum.at(least, self.groups.owners, counts[self.row] / self.per_unit)
        least[self.groups.counts == 0] = ZERO
        return least


@dataclass(frozen=True, slots=True)
class Products:
    """The products sold of a chunk, grouped by order; rows are numbers of item rows.

    `row` has the product's money; `container` is the bundle that it was sold in as a part, and `variant` the product
    that a configurable one turned into. `by_weight`: it was sold in fractions of a unit, which Mirakl does not have, so
    all of it is one. `quantity`, `cancelled` and `left` are units ordered, cancelled, and shipped by now, as Magento
    counts them; `has_begun`: at least some part of some unit has left.
    """

    items: Rowset
    options: PackedOptions
    groups: Groups
    row: Ints
    container: Ints
    variant: Ints
    shippers: Shippers
    by_weight: Bools
    quantity: Ints
    cancelled: Ints
    left: Ints
    has_begun: Bools
    of_item: Ints

    def is_shipped(self) -> Bools:
        """Return which products somebody ships."""
        return self.shippers.groups.counts > 0

    def cells(self, column: str) -> Objects:
        """Return the cells of a column in the rows that have the products' money."""
        return self.items[column][self.row]

    def units(self, quantity: Objects) -> Ints:
        """Return whole units: what is less than a unit has not happened to one."""
        return whole_units(quantity, self.by_weight, filled(self.cells("qty_ordered")))

    def product_ids(self) -> Objects:
        """Name the products: by SKU; the ids of variants distinguish them, those of their parents do not."""
        variants = self.items.take(self.variant)
        named = or_else(variants["sku"], variants["product_id"])
        fallback = or_else(self.cells("product_id"), self.cells("item_id"))
        return or_else(self.cells("sku"), or_else(named, fallback))

    def of_cells(self, item_ids: Objects, orders: Ints) -> Ints:
        """Return which product of its order each of some item ids belongs to: to itself, or to its parent."""
        number = numbering(self.items["item_id"])
        row = numbered(item_ids, number)
        own = (row != ABSENT) & (at(self.items.groups.owners, row, ABSENT) == orders)
        return np.where(own, at(self.of_item, row, ABSENT), ABSENT)


def whole_units(quantity: Objects, by_weight: Bools, ordered: Objects) -> Ints:
    """Return whole units: what is less than a unit has not happened to one."""
    units = np.array([int(one) for one in quantity], dtype=np.int64)
    if by_weight.any():
        units[by_weight] = quantity[by_weight] >= ordered[by_weight]
    return units


def products(items: Rowset) -> Products:
    """Resolve the item rows of orders into products sold."""
    options = PackedOptions(items["product_options"])
    resolved = _resolved(items, options)
    row, shippers = resolved.row, resolved.shippers
    ordered = filled(items["qty_ordered"])[row]
    by_weight = np.array([bool(quantity % 1) for quantity in ordered], dtype=np.bool_)
    quantity = whole_units(ordered, by_weight, ordered)
    cancelled, shipped = filled(items["qty_canceled"]), filled(items["qty_shipped"])
    # Magento counts cancelled units on the row with the money, or on those that ship.
    most = np.maximum(cancelled[row], shippers.complete(cancelled))
    of_item = np.full(len(items), ABSENT, dtype=np.int64)
    of_item[row] = np.arange(len(row))
    own_or_parents = np.where(of_item == ABSENT, at(of_item, resolved.parent, ABSENT), of_item)
    return Products(
        items=items,
        options=options,
        groups=Groups(items.groups.owners[row], items.groups.size),
        row=row,
        container=resolved.container,
        variant=resolved.variant,
        shippers=shippers,
        by_weight=by_weight,
        quantity=quantity,
        cancelled=np.minimum(whole_units(most, by_weight, ordered), quantity),
        left=whole_units(shippers.complete(shipped), by_weight, ordered),
        has_begun=shippers.groups.any(shipped[shippers.row] > 0),
        of_item=own_or_parents,
    )


@dataclass(frozen=True, slots=True)
class _Resolved:
    row: Ints
    container: Ints
    variant: Ints
    shippers: Shippers
    parent: Ints


def _resolved(items: Rowset, options: PackedOptions) -> _Resolved:
    count, rows = len(items), np.arange(len(items))
    parent = _parents(items)
    is_child = parent != ABSENT
    is_top = ~is_child
    # What is sold as a part of a part has neither.
    is_part = is_child & at(is_top, parent, False)
    children = np.bincount(parent[is_part], minlength=count)
    composites = np.flatnonzero(is_top & (children > 0))
    by_parts, priced_by_parts = _flags(items, options, composites, parent, is_part)
    virtual = np.array([str(cell) == "1" for cell in items["is_virtual"]], dtype=np.bool_)
    is_product = (is_top & ~priced_by_parts) | (is_part & at(priced_by_parts, parent, False))
    top = np.where(is_part, parent, rows)
    row = np.flatnonzero(is_product)
    row = row[np.argsort(top[row], kind="stable")]
    container = np.where(is_part[row], parent[row], ABSENT)
    only_child = np.full(count, ABSENT, dtype=np.int64)
    only_child[parent[is_part]] = rows[is_part]
    variant = np.where(is_top[row] & (children[row] == 1), only_child[row], ABSENT)
    return _Resolved(
        row, container, variant, _shippers(items, row, container, parent, is_part, by_parts, virtual), parent
    )


def _parents(items: Rowset) -> Ints:
    """Return each item's parent row, if it is of the same order."""
    parent = numbered(items["parent_item_id"], numbering(items["item_id"]))
    owners = items.groups.owners
    return np.where(at(owners, parent, ABSENT) == owners, parent, ABSENT)


def _flags(
    items: Rowset, options: PackedOptions, composites: Ints, parent: Ints, is_part: Bools
) -> tuple[Bools, Bools]:
    """Return of which composites the parts are shipped, and of which they are priced."""
    by_parts, priced = np.zeros(len(items), dtype=np.bool_), np.zeros(len(items), dtype=np.bool_)
    if not len(composites):
        return by_parts, priced
    of_parts = np.flatnonzero(is_part)
    shipped, total = items["qty_shipped"].astype(np.bool_), items["row_total"].astype(np.bool_)
    part_shipped, part_priced = np.zeros(len(items), dtype=np.bool_), np.zeros(len(items), dtype=np.bool_)
    part_shipped[parent[of_parts][shipped[of_parts]]] = True
    part_priced[parent[of_parts][total[of_parts]]] = True
    for row in composites.tolist():
        own = options.of(row)
        # Other software counts what it ships on the products, where Magento counts it on what they were sold as.
        counted_by_parts = not shipped[row] and part_shipped[row]
        by_parts[row] = str(own.get("shipment_type")) == "1" or counted_by_parts
        flag = own.get("product_calculations")
        # Imports may lack the flag: then the money decides.
        priced[row] = (not total[row] and part_priced[row]) if flag is None else str(flag) == "0"
    return by_parts, priced


def _shippers(
    items: Rowset, row: Ints, container: Ints, parent: Ints, is_part: Bools, by_parts: Bools, virtual: Bools
) -> Shippers:
    """Find what ships each product: its own row, its container's, or those of its parts."""
    ordered = filled(items["qty_ordered"])
    # The children's counters stay at zero where their parent's parcel holds them.
    with_container = (container != ABSENT) & ~at(by_parts, container, False) & ~virtual[row]
    shipper = np.where(with_container, container, row)
    per_unit = np.full(len(row), _ONE, dtype=np.object_)
    per_unit[with_container] = _per_unit(ordered[container[with_container]], ordered[row[with_container]])
    by_own_parts = (container == ABSENT) & by_parts[row]
    product = np.full(len(items), ABSENT, dtype=np.int64)
    product[row[by_own_parts]] = np.flatnonzero(by_own_parts)
    part = np.flatnonzero(is_part & (at(product, parent, ABSENT) != ABSENT))
    one = np.flatnonzero(~by_own_parts)
    owner = np.concatenate((one, product[parent[part]]))
    shipper = np.concatenate((shipper[one], part))
    per_unit = np.concatenate((per_unit[one], _per_unit(ordered[part], ordered[parent[part]])))
    ships = np.flatnonzero(~virtual[shipper] & per_unit.astype(np.bool_))
    ships = ships[np.argsort(owner[ships], kind="stable")]
    return Shippers(shipper[ships], per_unit[ships], Groups(owner[ships], len(row)))


def _per_unit(part: Objects, whole: Objects) -> Objects:
    return objects([own / of if of else ZERO for own, of in zip(part, whole, strict=True)])
