"""Orders about orders: what a marketplace plugin split by vendor, and what is paid later for an order of before.

A split order stays in the shop beside its vendors' orders, which hold copies of its lines. The vendors' orders are
sent; of the split one only what no vendor has. It may be refunded all the same: the refund is then shared out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from transforms.money import from_minor, spread, to_minor
from transforms.platforms.woocommerce.refunds import Document
from transforms.rows import Rows, number, rows_by, rows_of

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


def is_balance(order: Any, item_meta: Mapping[Any, Mapping[str, str | None]]) -> bool:
    """Say whether an order is the balance of a deposit: money for units that another order holds."""
    return order.created_via in _BALANCE or any("_original_order_id" in meta for meta in item_meta.values())


def vendor(meta: Mapping[str, str], item_meta: Iterable[Mapping[str, str | None]]) -> str | None:
    """Return the key of the vendor whose order it is, None where there is none or more than one."""
    own = next((meta[key] for key in _VENDOR if meta.get(key) not in {None, "", "0"}), None)
    if own is not None:
        return own
    of_lines = {value for cells in item_meta if (value := cells.get("_vendor_id"))}
    return of_lines.pop() if len(of_lines) == 1 else None


class Families:
    """The orders of one chunk that have parents or children."""

    def __init__(self, rows: Rows) -> None:
        self._children: dict[Any, list[Any]] = defaultdict(list)
        for row in rows_of(rows, "suborders"):
            if row.created_via not in _BALANCE:
                self._children[row.parent_order_id].append(row)
        self._items = rows_by(rows, "suborder_items", "parent_order_id") if self._children else {}

    def __bool__(self) -> bool:
        return bool(self._children)

    def is_split(self, order: Any, items: Sequence[Any], meta: Mapping[str, str]) -> bool:
        """Say whether vendors' orders hold copies of what this order holds."""
        children = self._children.get(order.order_id)
        if not children:
            return False
        if any(meta.get(key) not in {None, "", "0", "no"} for key in _SPLIT) or any(map(_is_vendors, children)):
            return True
        # An unknown plugin's: they are copies if they hold all that it holds, to the unit and to the cent.
        total = sum((number(child.total_amount) for child in children), Decimal(0))
        return total == number(order.total_amount) and _units(items) == _units(self._items.get(order.order_id, ()))

    def rest(self, order: Any, items: Sequence[Any]) -> tuple[list[Any], Decimal]:
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

    def brothers(self, order: Any) -> list[Any]:
        """List the vendors' orders of the split order that this one belongs to, itself among them; empty for others."""
        children = self._children.get(order.parent_order_id, ()) if order.parent_order_id else ()
        own = next((child for child in children if child.order_id == order.order_id), None)
        # Nobody knows here what an unmarked parent is: only a vendor's order takes part in its refunds.
        return [*children] if own is not None and _is_vendors(own) else []


def shared(
    order: Any,
    brothers: Sequence[Any],
    lines: Sequence[Any],
    document: Document,
    item_meta: Mapping[Any, Mapping[str, str | None]],
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
                items.append(item._replace(refunded_item_id=str(line.order_item_id)))
                own += amount
    unnamed = to_minor(max(document.amount - named, Decimal(0)), _DIGITS)
    weights = [to_minor(number(brother.total_amount), _DIGITS) for brother in brothers]
    shares = zip(brothers, spread(unnamed, weights), strict=True)
    share = sum(part for brother, part in shares if brother.order_id == order.order_id)
    return Document(document.row, items, own + from_minor(share, _DIGITS))


def _line(item: Any, lines: Sequence[Any], item_meta: Mapping[Any, Mapping[str, str | None]]) -> Any:
    for line in lines:
        meta = item_meta.get(line.order_item_id, {})
        if any(meta.get(key) == item.refunded_item_id for key in _LINK):
            return line
    return next((line for line in lines if _product(line) == _product(item)), None)


def _is_vendors(child: Any) -> bool:
    return child.vendor_key is not None or child.created_via in _VENDORS_ORDER


def _units(items: Iterable[Any]) -> dict[tuple[str, str], Decimal]:
    units: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in items:
        if item.order_item_type == "line_item":
            units[_product(item)] += number(item.qty)
    return units


def _product(item: Any) -> tuple[str, str]:
    return item.product_id or "0", item.variation_id or "0"
