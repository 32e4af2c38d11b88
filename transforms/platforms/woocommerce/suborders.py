"""Orders about orders: what a marketplace plugin split by vendor, and what is paid later for an order of before.

A split order stays in the shop beside its vendors' orders, which hold copies of its lines. The vendors' orders are
sent; of the split one only what no vendor has. It may be refunded all the same: the refund is then shared out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from transforms.money import from_minor, spread, to_minor
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item, Meta, Order, rows_as
from transforms.platforms.woocommerce.products import NOTHING
from transforms.platforms.woocommerce.refunds import Document, documents_of, of_items
from transforms.rows import Rows, number

_SPLIT = ("has_sub_order", "has_mvx_sub_order", "has_wcmp_sub_order", "has_multivendorx_sub_order")
_VENDOR = (
    "_dokan_vendor_id",
    "_vendor_id",
    "_wcmp_vendor_id",
    "_mvx_vendor_id",
    "multivendorx_store_id",
    "_wcfm_vendor",
    "_yith_vendor_id",
)
_VENDORS_ORDER = frozenset(
    {"dokan", "wcmp_vendor_order", "mvx_vendor_order", "multivendorx", "yith_wcmv_vendor_suborder"}
)
_BALANCE = frozenset({"wc_deposits", "yith_wcdp_balance_order"})
_LINK = ("_vendor_order_item_id", "store_order_item_id")
# Of every currency's smallest coin; the rounding of a record brings it to the order's own.
_DIGITS = 2


class _Child(NamedTuple):
    order_id: Cell
    parent_order_id: Cell
    total_amount: Cell
    created_via: Cell
    vendor_key: Cell


class _Copy(NamedTuple):
    parent_order_id: Cell
    order_item_type: Cell
    product_id: Cell
    variation_id: Cell
    qty: Cell
    cost: Cell


def is_balance(order: Order, keys: Collection[str]) -> bool:
    """Return whether an order is the balance of a deposit: money for units that another order holds.

    `keys` are the keys of its items' meta.
    """
    return order.created_via in _BALANCE or "_original_order_id" in keys


def vendor(meta: Meta, item_meta: Iterable[Meta]) -> Cell:
    """Return the key of the vendor whose order it is, None where there is none or more than one."""
    own = next((meta[key] for key in _VENDOR if meta.get(key) not in NOTHING), None)
    if own is not None:
        return own
    of_lines = {value for cells in item_meta if (value := cells.get("_vendor_id"))}
    return of_lines.pop() if len(of_lines) == 1 else None


class Families:
    """The orders of one chunk that have parents or children."""

    def __init__(self, rows: Rows) -> None:
        self._children: dict[Cell, list[_Child]] = defaultdict(list)
        for row in rows_as(_Child, rows, "suborders"):
            if row.created_via not in _BALANCE:
                self._children[row.parent_order_id].append(row)
        self._items: dict[Cell, list[_Copy]] = defaultdict(list)
        for copy in rows_as(_Copy, rows, "suborder_items") if self._children else ():
            self._items[copy.parent_order_id].append(copy)

    def parents(self, chunk: Chunk) -> list[int]:
        """List the orders of a chunk that have children."""
        numbers = chunk.orders.numbers
        return [numbers[parent] for parent in self._children if parent is not None and parent in numbers]

    def children(self, chunk: Chunk) -> list[int]:
        """List the orders of a chunk that have parents."""
        numbers = chunk.orders.numbers
        ids = [child.order_id for children in self._children.values() for child in children]
        return [numbers[child] for child in ids if child is not None and child in numbers]

    def is_split(self, order: Order, items: Sequence[Item], meta: Meta) -> bool:
        """Return whether vendors' orders hold copies of what this order holds."""
        children = self._children.get(order.order_id)
        if not children:
            return False
        if any(meta.get(key) not in {*NOTHING, "no"} for key in _SPLIT) or any(map(_is_vendors, children)):
            return True
        # An unknown plugin's: they are copies if they hold all that it holds, to the unit and to the cent.
        total = sum((number(child.total_amount) for child in children), Decimal(0))
        return total == number(order.total_amount) and _units(items) == _units(self._items.get(order.order_id, ()))

    def rest(self, order: Order, items: Sequence[Item]) -> tuple[list[Item], Decimal]:
        """Return the items of a split order that no vendor has, and what of its total is theirs."""
        copies = self._items.get(order.order_id, ())
        units, costs = (
            _units(copies),
            Counter(number(item.cost) for item in copies if item.order_item_type == "shipping"),
        )
        rest = []
        for item in items:
            if item.order_item_type == "line_item" and units[_product(item)] >= number(item.qty) > 0:
                units[_product(item)] -= number(item.qty)
            elif item.order_item_type == "shipping" and costs[number(item.cost)]:
                costs[number(item.cost)] -= 1
            else:
                rest.append(item)
        theirs = sum((number(child.total_amount) for child in self._children[order.order_id]), Decimal(0))
        return rest, number(order.total_amount) - theirs

    def brothers(self, order: Order) -> list[_Child]:
        """List the vendors' orders of the split order that this one belongs to, itself among them; empty for others."""
        children = self._children.get(order.parent_order_id, ()) if order.parent_order_id not in NOTHING else ()
        own = next((child for child in children if child.order_id == order.order_id), None)
        # Nobody knows here what an unmarked parent is: only a vendor's order takes part in its refunds.
        return [*children] if own is not None and _is_vendors(own) else []


@dataclass(frozen=True)
class Divided:
    """A chunk without what vendors' orders hold.

    `documents` are the refunds of what is left, those of split orders shared out; `totals` is what of the totals of
    split orders is left. Of orders that are `gone` nothing is left to ship.
    """

    chunk: Chunk
    documents: dict[int, list[Document]]
    totals: dict[int, Decimal]
    gone: frozenset[int]


def divide(chunk: Chunk, rows: Rows, documents: dict[int, list[Document]]) -> Divided:
    """Take away what vendors' orders hold, and share out the refunds of split orders."""
    families = Families(rows)
    totals, taken, gone = {}, [], set()
    for order in families.parents(chunk):
        row, items = chunk.orders.rows[order], chunk.items_of(order)
        if families.is_split(row, items, chunk.meta.get(order, {})):
            left, totals[order] = families.rest(row, items)
            if not any(item.order_item_type == "line_item" for item in left):
                gone.add(order)
                left = []
            taken += [item.row for item in items if item not in left]
            documents[order] = [of_items(document, left) for document in documents.get(order, ())]
    if taken:
        chunk = chunk.without(gone, taken)
    for order in families.children(chunk):
        if more := _shared(chunk, order, families, documents.get(order, ())):
            documents[order] = [*documents.get(order, ()), *more]
    return Divided(chunk, {order: of for order, of in documents.items() if order not in gone}, totals, frozenset(gone))


def _shared(chunk: Chunk, order: int, families: Families, own: Sequence[Document]) -> list[Document]:
    """Return what refunds of the split order gave back of this vendor's order, unless the plugin copied them."""
    row = chunk.orders.rows[order]
    brothers = families.brothers(row)
    if not brothers:
        return []
    documents = []
    known = Counter(document.amount for document in own)
    lines = [item for item in chunk.items_of(order) if item.order_item_type == "line_item"]
    item_meta = chunk.meta_of(chunk.items_of(order))
    for of_parent in documents_of(chunk, row.parent_order_id):
        document = shared(row, brothers, lines, of_parent, item_meta)
        if known[document.amount]:
            known[document.amount] -= 1
        elif document.amount:
            documents.append(document)
    return documents


def shared(
    order: Order, brothers: Sequence[_Child], lines: Sequence[Item], document: Document, item_meta: Mapping[str, Meta]
) -> Document:
    """Return what of a refund of the split order is this vendor's; its items name the lines of the vendor's order.

    Money that the refund does not name a line for is shared out in proportion to what the vendors' orders cost.
    """
    items, own, named = [], Decimal(0), Decimal(0)
    for item in document.items:
        if item.order_item_type == "line_item":
            amount = abs(number(item.line_total) + number(item.line_tax))
            named += amount
            line = _line(item, lines, item_meta)
            if line is not None:
                items.append(item._replace(refunded_item_id=line.order_item_id))
                own += amount
    unnamed = to_minor(max(document.amount - named, Decimal(0)), _DIGITS)
    weights = [to_minor(number(brother.total_amount), _DIGITS) for brother in brothers]
    shares = zip(brothers, spread(unnamed, weights), strict=True)
    share = sum(part for brother, part in shares if brother.order_id == order.order_id)
    return Document(document.row, items, own + from_minor(share, _DIGITS))


def _line(item: Item, lines: Sequence[Item], item_meta: Mapping[str, Meta]) -> Item | None:
    for line in lines:
        meta = item_meta.get(line.order_item_id, {})
        if any(meta.get(key) == item.refunded_item_id for key in _LINK):
            return line
    return next((line for line in lines if _product(line) == _product(item)), None)


def _is_vendors(child: _Child) -> bool:
    return child.vendor_key is not None or child.created_via in _VENDORS_ORDER


def _units(items: Iterable[Item | _Copy]) -> dict[tuple[str, str], Decimal]:
    units: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in items:
        if item.order_item_type == "line_item":
            units[_product(item)] += number(item.qty)
    return units


def _product(item: Item | _Copy) -> tuple[str, str]:
    return item.product_id or "0", item.variation_id or "0"
