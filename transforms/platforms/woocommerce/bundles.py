"""Bundles, kits and composites: which line is the container of which parts, who packs what, and what has left of it.

Plugins write a container and its parts as lines of one order, tied by keys of the cart in hidden meta. Usually the
parts are what is packed, and the container is only the offer; parts that do not ship of their own are inside an
assembled container.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item
from transforms.platforms.woocommerce.products import Products
from transforms.rows import number

# Meta of a part -> meta of its container that holds the same key; then what marks a container whose key is not kept.
TIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "_bundled_by": (("_bundle_cart_key", "_yith_bundle_cart_key"), ("_bundled_items", "_cartstamp")),
    "_composite_parent": (("_composite_cart_key",), ("_composite_children",)),
    "_mnm_container": (("_mnm_cart_key",), ("_mnm_config",)),
    "_woosb_parent_id": ((), ("_woosb_ids",)),
    "_wooco_parent_id": ((), ("_wooco_ids", "wooco_ids")),
    "wooco_parent_id": ((), ("_wooco_ids", "wooco_ids")),
    # Chained products: the other meta holds a product, not a key, see `_chain`.
    "_chained_product_of": ((), ()),
}
_NEEDS_SHIPPING = ("_bundled_item_needs_shipping", "_composite_item_needs_shipping", "_mnm_child_item_needs_shipping")
Meta = Mapping[str, Mapping[str, Cell]]
# The units of a line: a number, the cell that says how many were ordered, or None where nothing is known.
Units = Callable[[Item], str | Decimal | None]


def bundles_of(chunk: Chunk, products: Products) -> dict[int, Bundles]:
    """Return the bundles of the orders that hold any, by the order's row."""
    found = {}
    for order in (order for order, keys in chunk.keys.items() if not keys.isdisjoint(TIES)):
        items = chunk.items_of(order)
        goods = [item for item in items if item.order_item_type == "line_item"]
        found[order] = Bundles(
            goods, chunk.meta_of(items), lambda item: products.is_virtual(item.product_id, item.variation_id)
        )
    return found


class Bundles:
    """The containers and parts among the lines of one order; `is_virtual`: whether nobody ships a line."""

    def __init__(self, lines: Sequence[Item], meta: Meta, is_virtual: Callable[[Item], bool]) -> None:
        self._is_virtual = is_virtual
        self.container_of: dict[str, Item] = {}
        self._parts: dict[str, list[Item]] = defaultdict(list)
        for line in lines:
            container = _container(line, lines, meta) or self._chain(line, lines, meta)
            if container is not None:
                self.container_of[line.order_item_id] = container
                self._parts[container.order_item_id].append(line)
        self._inside = {line.order_item_id for line in lines if self._is_inside(line, meta)}
        self.left_out = {line.row for line in lines if self._is_left_out(line)}

    def is_container(self, line: Item) -> bool:
        """Return whether a line is only the offer: others pack its parts, nobody packs it."""
        parts = self._parts.get(line.order_item_id, ())
        inside = [part for part in parts if part.order_item_id in self._inside]
        return len(inside) < len(parts) and (not inside or self._is_virtual(line))

    def contents(self, line: Item) -> list[str]:
        """List the parts of a line, as `8 x Leg`."""
        return [f"{part.qty} x {part.order_item_name}" for part in self._parts.get(line.order_item_id, ())]

    def units(self, line: Item, known: Units, refunded: Mapping[str, Decimal]) -> tuple[Decimal | None, bool]:
        """Return how many units of a line went there (left, arrived), and whether something of it did but not all.

        `known` counts the units of a line by itself, None where nothing is known; a container is as far as its parts.
        """
        if not self.is_container(line):
            return self._part_units(line, known), False
        ordered = number(line.qty)
        parts = self._packed(line)
        there = [(part, self.units(part, known, refunded)[0]) for part in parts]
        counted = [(part, units) for part, units in there if units is not None]
        if not counted:
            return _counted(known, line), False
        given_up = refunded.get(line.order_item_id, Decimal(0)) / ordered if ordered else Decimal(0)

        def waiting(part: Item) -> Decimal:
            own = refunded.get(part.order_item_id, Decimal(0))
            return number(part.qty) - max(own, number(part.qty) * given_up)

        if all(units >= waiting(part) for part, units in counted):
            return (ordered, False) if any(units for _, units in counted) else (Decimal(0), False)
        share = min(units / number(part.qty) for part, units in counted if number(part.qty))
        return Decimal(int(ordered * share)), any(units for _, units in counted)

    def given_back_with(self, line: Item, quantity: Decimal, named: Collection[Cell]) -> Iterator[tuple[Item, Decimal]]:
        """Yield the parts that go back with so many units of their container, and how many of each.

        `named` are the lines that the refund names itself: only the others go with their container.
        """
        if self.is_container(line) and number(line.qty):
            for part in self._packed(line):
                units = number(part.qty) * quantity / number(line.qty)
                if part.order_item_id not in named and units == int(units):
                    yield part, units

    def given_up_with_parts(self, given_up: Mapping[str, Decimal]) -> Iterator[tuple[Item, Decimal]]:
        """Yield the containers that are given up as their parts are, and how many units more than they are themselves.

        `given_up` are units by the item's id.
        """
        for container in {line.order_item_id: line for line in self.container_of.values()}.values():
            more = self._given_up(container, given_up) - given_up.get(container.order_item_id, Decimal(0))
            if more > 0 and container.row not in self.left_out:
                yield container, more

    def holder(self, line: Item) -> Item | None:
        """Return the container whose price is that of a part without one of its own."""
        container = self.container_of.get(line.order_item_id)
        if container is None or holds_money(line):
            return None
        return container if holds_money(container) else self.holder(container)

    def _given_up(self, line: Item, given_up: Mapping[str, Decimal]) -> Decimal:
        own = given_up.get(line.order_item_id, Decimal(0))
        parts = [part for part in self._packed(line) if number(part.qty)] if self.is_container(line) else []
        if not parts:
            return own
        share = min(self._given_up(part, given_up) / number(part.qty) for part in parts)
        return max(own, Decimal(int(number(line.qty) * share)))

    def _is_left_out(self, line: Item) -> bool:
        # Nobody packs it: a container of priced parts, a part inside another.
        return not holds_money(line) and (self.is_container(line) or line.order_item_id in self._inside)

    def _packed(self, line: Item) -> list[Item]:
        return [part for part in self._parts[line.order_item_id] if not self._is_nothing_to_pack(part)]

    def _chain(self, line: Item, lines: Sequence[Item], meta: Meta) -> Item | None:
        # Chained products come with a product that is packed as well, unless it is only the offer.
        main = meta.get(line.order_item_id, {}).get("_chained_product_of")
        offers = [other for other in lines if main and main in {other.product_id, other.variation_id}]
        return next((offer for offer in offers if offer is not line and self._is_virtual(offer)), None)

    def _part_units(self, line: Item, known: Units) -> Decimal | None:
        """Count a part as gone with its container, where a parcel names only that."""
        units, container = _counted(known, line), self.container_of.get(line.order_item_id)
        if units is None or container is None or not number(container.qty):
            return units
        with_container = _counted(known, container) or Decimal(0)
        return max(units, number(line.qty) * with_container / number(container.qty))

    def _is_nothing_to_pack(self, part: Item) -> bool:
        return part.order_item_id in self._inside or (
            self._is_virtual(part) and not self._parts.get(part.order_item_id)
        )

    def _is_inside(self, line: Item, meta: Meta) -> bool:
        container = self.container_of.get(line.order_item_id)
        if container is None:
            return False
        own = meta.get(line.order_item_id, {})
        if any(own.get(key) == "no" for key in _NEEDS_SHIPPING):
            return True
        return meta.get(container.order_item_id, {}).get("_non_bundled_shipping") == "no"


def _container(line: Item, lines: Sequence[Item], meta: Meta) -> Item | None:
    own = meta.get(line.order_item_id, {})
    for tie, (keys, marks) in TIES.items():
        value = own.get(tie)
        if not value:
            continue
        others = [other for other in lines if other.order_item_id != line.order_item_id]
        for other in others:
            if any(meta.get(other.order_item_id, {}).get(key) == value for key in keys):
                return other
        marked = [other for other in others if meta.get(other.order_item_id, {}).keys() & set(marks)]
        before = [other for other in marked if other.row < line.row]
        named = [other for other in before if value in {other.product_id, other.variation_id}]
        if nearest := named or before:
            return nearest[-1]
        if marked:
            return marked[0]
    return None


def holds_money(line: Item) -> bool:
    """Return whether an item has a price, or gives one back."""
    return any((cell or "").strip(" -0.") for cell in (line.line_total, line.line_tax))


def _counted(known: Units, line: Item) -> Decimal | None:
    units = known(line)
    return None if units is None else number(units)
