"""Orders of WooCommerce as order frames: each put together of what the other modules here say of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from transforms.frames import Frame, OrderFrames, as_text, order_frames, table_of
from transforms.money import AmountError, parse_amount
from transforms.platforms.woocommerce.adjustments import adjustments
from transforms.platforms.woocommerce.credits import credit, wallet_fees
from transforms.platforms.woocommerce.lines import (
    NO_META,
    Cells,
    Lines,
    attribute,
    fee_cells,
    first_values,
    is_negative,
    is_nothing,
    shown,
)
from transforms.platforms.woocommerce.notes import NOTHING_NOTED, cancelation
from transforms.platforms.woocommerce.origins import order_number, source
from transforms.platforms.woocommerce.pickups import Place, place
from transforms.platforms.woocommerce.places import Addresses, attributes
from transforms.platforms.woocommerce.products import Products
from transforms.platforms.woocommerce.refunds import (
    MONEY_REASON,
    REFUNDABLE,
    Document,
    is_money_alone,
    of_items,
    refunded,
    units_by_item,
    units_given_up,
)
from transforms.platforms.woocommerce.serialised import moment, site_zone
from transforms.platforms.woocommerce.shipments import TRACKING, shipments
from transforms.platforms.woocommerce.states import STATUSES as STATUSES
from transforms.platforms.woocommerce.states import state
from transforms.platforms.woocommerce.suborders import Families, is_balance, shared, vendor
from transforms.platforms.woocommerce.taxes import tax_rows
from transforms.rows import Rows, number, rows_by, rows_of

_NEVER_ORDERED = frozenset({"wc-checkout-draft", "auto-draft", "draft"})
_UTC = "UTC"


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/woocommerce/*.sql` into order frames.

    `timezone` is used for shop-local times where the site names no zone of its own.
    """
    shop = _Shop(rows, timezone)
    frames: dict[str, Frame] = {name: table_of(cells) for name, cells in shop.tables.items() if cells}
    if "addresses" in rows:
        frames["addresses"] = shop.addresses.frame() if shop.has_places else rows["addresses"]
    return order_frames(frames, read_at)


class _Shop:
    def __init__(self, rows: Rows, timezone: str) -> None:
        self.rows, self.zone = rows, site_zone(rows_of(rows, "site"), timezone)
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.has_places = False
        self.items: dict[Any, list[Any]] = defaultdict(list)
        self.refunded_items: dict[str, list[Any]] = defaultdict(list)
        for item in rows_of(rows, "items"):
            if item.refund_id is None:
                self.items[item.order_id].append(item)
            else:
                self.refunded_items[str(item.refund_id)].append(item)
        self.item_meta: dict[Any, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for row in rows_of(rows, "item_meta"):
            self.item_meta[row.order_id][row.order_item_id].append(row)
        self.refunds = rows_by(rows, "refunds", "order_id")
        self.fulfillments = rows_by(rows, "fulfillments", "order_id")
        # Most orders that have meta have that of a parcel, and nothing else.
        self.tracking: dict[Any, dict[str, str]] = defaultdict(dict)
        self.meta: dict[Any, dict[str, str]] = defaultdict(dict)
        for row in rows_of(rows, "order_meta"):
            meta = self.tracking if row.meta_key in TRACKING else self.meta
            meta[row.order_id].setdefault(row.meta_key, row.meta_value)
        self.notes = rows_by(rows, "order_notes", "order_id")
        self.products = Products(rows)
        self.rates = {str(row.tax_rate_id): row for row in rows_of(rows, "tax_rates")}
        self.families = Families(rows)
        for order in rows_of(rows, "orders"):
            if self.meta[order.order_id].get("_wp_trash_meta_status") not in _NEVER_ORDERED:
                self._order(order)

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self.rows["addresses"])

    def _order(self, order: Any) -> None:
        order_id = order.order_id
        items, meta = self.items[order_id], self.meta[order_id]
        meta_rows = self.item_meta.get(order_id, NO_META)
        item_meta = first_values(meta_rows) if meta_rows else {}
        documents = [Document(row, self._items_of(row), refunded(row)) for row in self.refunds[order_id]]
        total = order.total_amount
        if self.families:
            if self.families.is_split(order, items, meta):
                items, total = self.families.rest(order, items)
                if not any(item.order_item_type == "line_item" for item in items):
                    return
                documents = [of_items(document, items) for document in documents]
            documents += self._shared(order, items, item_meta, documents)
        taxes = {str(item.rate_id): item for item in items if item.order_item_type == "tax"}
        shipping = [item for item in items if item.order_item_type == "shipping"]
        sent = shipments(order, items, self.fulfillments[order_id], self.tracking[order_id], self.zone)
        notes = self.notes.get(order_id)
        noted = cancelation(notes) if notes else NOTHING_NOTED
        told = state(order, meta.get("_wp_trash_meta_status"), noted.out_of_time)
        if meta or item_meta:
            wallet = wallet_fees(items, item_meta)
            items = [item for item in items if item not in wallet]
            paid_otherwise = credit(order, items, item_meta, meta) - sum(number(fee.line_total) for fee in wallet)
            total = number(total) + paid_otherwise if paid_otherwise else total
        lines = Lines(told.word, items, meta_rows, self.products, sent)
        by_id = {str(item.order_item_id): item for item in items} if documents else {}
        units = units_by_item(documents, by_id)
        given_up = units_given_up(documents, units) if lines.bundles else {}
        self._lines(order, items, lines, taxes, given_up, balance=is_balance(order, item_meta))
        given_back_before = Decimal(0)
        for document in documents:
            alone = is_money_alone(document, given_back_before, number(total))
            reason = MONEY_REASON if alone else None
            for cells, item, share in adjustments(document, by_id, units, lines.bundles, reason):
                self._add("adjustments", order_id, cells)
                if item is not None:
                    adjustment_id = cells["channel_adjustment_id"]
                    self._taxes(order_id, item, taxes, adjustment_id=adjustment_id, share=share)
            given_back_before += document.amount
        where = place(shipping, item_meta, meta)
        if number_of_buyer := order_number(order, meta) if meta else None:
            self._add("custom_attributes", order_id, attribute("order-number", number_of_buyer))
        if coupons := [item.order_item_name for item in items if item.order_item_type == "coupon"]:
            self._add("custom_attributes", order_id, attribute("coupon-codes", coupons))
        cells = {
            "created_at": order.date_created_gmt,
            "updated_at": _newest(order, documents),
            "status": told.word,
            "status_hint": told.hint,
            "status_proved": told.proved,
            "cancelled_at": noted.at,
            "cancel_reason": noted.reason,
            "currency": order.currency,
            "total": total,
            "total_paid": total if told.is_paid else "0",
            "total_refunded": sum((document.amount for document in documents), Decimal(0)),
            "shipping_price": _sum([item.cost for item in shipping]),
            "shipped_at": sent.at,
            "store": vendor(meta, item_meta.values()) if meta or item_meta else None,
            "source": source(order, meta),
            "email": order.billing_email,
            "carrier": sent.carrier,
            "shipping_method": shown(shipping[0].order_item_name) if shipping else None,
            "shipping_method_code": _method_code(shipping[0]) if shipping else None,
            "pudo_id": where.point_id if where else None,
            "pickup": "1" if where and self._is_fetched(order_id, where) else None,
        }
        self._add("orders", order_id, cells)

    def _items_of(self, refund: Any) -> list[Any]:
        return [item for item in self.refunded_items[str(refund.refund_id)] if item.order_item_type in REFUNDABLE]

    def _shared(
        self, order: Any, items: Sequence[Any], item_meta: Mapping[Any, Any], own: Sequence[Document]
    ) -> list[Document]:
        """Return what refunds of the split order gave back of this vendor's order, unless the plugin copied them."""
        documents = []
        known = Counter(document.amount for document in own)
        brothers = self.families.brothers(order)
        lines = [item for item in items if item.order_item_type == "line_item"]
        for refund in self.refunds[order.parent_order_id] if brothers else ():
            document = shared(
                order, brothers, lines, Document(refund, self._items_of(refund), refunded(refund)), item_meta
            )
            if known[document.amount]:
                known[document.amount] -= 1
            elif document.amount:
                documents.append(document)
        return documents

    def _lines(
        self,
        order: Any,
        items: Sequence[Any],
        lines: Lines,
        taxes: Mapping[str, Any],
        given_up: Mapping[str, Decimal],
        *,
        balance: bool,
    ) -> None:
        order_id = order.order_id
        goods = sum(item.order_item_type == "line_item" for item in items)
        for item in items:
            kind = item.order_item_type
            if kind == "line_item" and not is_negative(item.line_total) and not balance:
                if (goods == 1 or not is_nothing(item)) and lines.is_told(item):
                    self._add("lines", order_id, lines.cells(item, given_up))
                    self._taxes(order_id, item, taxes, line_id=item.order_item_id)
                    for cells in lines.attributes(item) if lines.has_attributes else ():
                        self._add("custom_attributes", order_id, {"channel_order_line_id": item.order_item_id, **cells})
            elif kind in {"line_item", "fee"}:
                # A negative fee, or a negative line (a trade-in), is a discount that nobody ships.
                discount = is_negative(item.line_total)
                self._add("lines", order_id, fee_cells(item, "discount" if discount else "fee"))
                self._taxes(order_id, item, taxes, line_id=None if discount else item.order_item_id)
            elif kind == "shipping":
                self._taxes(order_id, item, taxes)

    def _taxes(
        self,
        order_id: Any,
        item: Any,
        taxes: Mapping[str, Any],
        *,
        line_id: Any = None,
        adjustment_id: str | None = None,
        share: Decimal = Decimal(1),
    ) -> None:
        for cells in tax_rows(item, taxes, self.rates, share):
            cells["channel_order_line_id"], cells["channel_adjustment_id"] = line_id, adjustment_id
            self._add("taxes", order_id, cells)

    def _is_fetched(self, order_id: Any, where: Place) -> bool:
        """Tell the place; say whether the buyer's address is not where the parcel goes, and there is no other."""
        for name, value in attributes(where).items():
            if value:
                self._add("custom_attributes", order_id, attribute(name, shown(value) or ""))
        if where.is_counter:
            return True
        if where.street and where.city:
            self.has_places = True
            self.addresses.send_to(order_id, where)
            return False
        return self.addresses.is_home(order_id)

    def _add(self, name: str, order_id: Any, cells: Cells) -> None:
        cells["channel_order_id"] = order_id
        self.tables[name].append(cells)


def _newest(order: Any, documents: Sequence[Document]) -> Any:
    own = moment(order.date_updated_gmt, _UTC) or moment(order.date_created_gmt, _UTC)
    known = [own, *(moment(document.row.date_updated_gmt, _UTC) for document in documents)]
    return max((stamp for stamp in known if stamp is not None), default=order.date_updated_gmt)


def _sum(values: list[Any]) -> str | None:
    """Add amounts up; a broken one is passed on as it is, so that the order is rejected for it."""
    total = Decimal(0)
    for value in values:
        try:
            total += parse_amount(as_text(value))
        except AmountError:
            return as_text(value)
    return format(total, "f")


def _method_code(item: Any) -> str | None:
    # Old rows hold `method:instance` in one value.
    method = item.method_id or ""
    return f"{method}:{item.instance_id}" if item.instance_id and ":" not in method else method or None
