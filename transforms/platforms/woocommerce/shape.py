"""Orders, lines, taxes and refunds of WooCommerce as order frames.

Belongs here: what the rows of `connectors/channels/woocommerce/*.sql` mean. Does not belong here: decoding, parcels.
"""

from __future__ import annotations

import datetime as dt
import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from transforms.frames import Frame, OrderFrames, as_text, order_frames, table_of
from transforms.money import AmountError, parse_amount
from transforms.platforms.woocommerce.refunds import WHOLE, given_back, part, refunded
from transforms.platforms.woocommerce.serialised import moment, tax_amounts
from transforms.platforms.woocommerce.shipments import Shipments, shipments
from transforms.rows import Rows, rows_by, rows_of

STATUSES: Mapping[str, str] = {
    "wc-pending": "AWAITING_PAYMENT",
    "wc-on-hold": "AWAITING_PAYMENT",
    "wc-processing": "AWAITING_SHIPMENT",
    "wc-partial-shipped": "AWAITING_SHIPMENT",
    "wc-completed": "SHIPPED",
    "wc-shipped": "SHIPPED",
    "wc-delivered": "DELIVERED",
    "wc-cancelled+unpaid": "CLOSED/PAYMENT_TIMEOUT",
    "wc-cancelled": "CLOSED/CANCELED",
    "trash": "CLOSED/CANCELED",
    "wc-failed": "CLOSED/REFUSED_PAYMENT",
    "wc-refunded": "CLOSED/REFUNDED",
}
_NEVER_ORDERED = frozenset({"wc-checkout-draft", "auto-draft", "draft"})
# WooCommerce itself takes orders in these for paid, whether a date of payment was kept or not (imports keep none).
_PAID = frozenset({"wc-processing", "wc-completed", "wc-partial-shipped", "wc-shipped", "wc-delivered"})
_UTC = "UTC"

Cells = dict[str, Any]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/woocommerce/*.sql` into order frames.

    `timezone` is used for shop-local times where the site names no zone of its own.
    """
    shop = _Shop(rows, timezone)
    frames: dict[str, Frame] = {name: table_of(cells) for name, cells in shop.tables.items() if cells}
    if "addresses" in rows:
        frames["addresses"] = rows["addresses"]
    return order_frames(frames, read_at)


class _Shop:
    def __init__(self, rows: Rows, timezone: str) -> None:
        self.zone = _site_zone(rows, timezone)
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.items: dict[Any, list[Any]] = defaultdict(list)
        self.refunded_items: dict[str, list[Any]] = defaultdict(list)
        for item in rows_of(rows, "items"):
            if item.refund_id is None:
                self.items[item.order_id].append(item)
            else:
                self.refunded_items[str(item.refund_id)].append(item)
        self.refunds = rows_by(rows, "refunds", "order_id")
        self.fulfillments = rows_by(rows, "fulfillments", "order_id")
        self.meta: dict[Any, dict[str, str]] = defaultdict(dict)
        for row in rows_of(rows, "order_meta"):
            self.meta[row.order_id].setdefault(row.meta_key, row.meta_value)
        self.unpaid = {row.order_id for row in rows_of(rows, "order_notes")}
        self.products = {str(row.product_id): row for row in rows_of(rows, "product_meta")}
        self.products |= {str(row.product_id): row for row in rows_of(rows, "products") if row.sku or row.is_virtual}
        self.rates = {str(row.tax_rate_id): row for row in rows_of(rows, "tax_rates")}
        for order in rows_of(rows, "orders"):
            if self.meta[order.order_id].pop("_wp_trash_meta_status", None) not in _NEVER_ORDERED:
                self._order(order)

    def _order(self, order: Any) -> None:
        items = self.items[order.order_id]
        refunds = self.refunds[order.order_id]
        taxes = {str(item.rate_id): item for item in items if item.order_item_type == "tax"}
        shipping = [item for item in items if item.order_item_type == "shipping"]
        coupons = [item.order_item_name for item in items if item.order_item_type == "coupon"]
        sent = shipments(order, items, self.fulfillments[order.order_id], self.meta[order.order_id], self.zone)
        goods = sum(item.order_item_type == "line_item" for item in items)
        for item in items:
            if item.order_item_type == "line_item" and not _is_negative(item.line_total):
                if goods == 1 or not _is_nothing(item):
                    self._line(order, item, taxes, sent)
            elif item.order_item_type in {"line_item", "fee"}:
                self._fee(order, item, taxes)
            elif item.order_item_type == "shipping":
                self._taxes(order.order_id, None, None, item, taxes)
        for refund in refunds:
            self._refund(order, refund, taxes)
        if coupons:
            value = orjson.dumps(coupons).decode()
            self._add("custom_attributes", order.order_id, id="coupon-codes", type="LIST", value=value)
        paid = order.status in _PAID or moment(order.date_paid_gmt, _UTC) is not None
        unpaid = order.status == "wc-cancelled" and not paid and order.order_id in self.unpaid
        self._add(
            "orders",
            order.order_id,
            created_at=order.date_created_gmt,
            updated_at=_newest(order, refunds),
            status=order.status,
            status_hint="wc-cancelled+unpaid" if unpaid else None,
            currency=order.currency,
            total=order.total_amount,
            total_paid=order.total_amount if paid else "0",
            total_refunded=_sum([refunded(refund) for refund in refunds]),
            shipping_price=_sum([item.cost for item in shipping]),
            shipped_at=sent.at,
            email=order.billing_email,
            carrier=sent.carrier,
            shipping_method=_shown(shipping[0].order_item_name) if shipping else None,
            shipping_method_code=_method_code(shipping[0]) if shipping else None,
        )

    def _line(self, order: Any, item: Any, taxes: Mapping[str, Any], sent: Shipments) -> None:
        product_id = str(item.product_id if item.variation_id in {None, "", "0"} else item.variation_id)
        product = self.products.get(product_id)
        # Nobody delivers a virtual product: it has arrived when its order is done.
        virtual = product is not None and str(product.is_virtual) == "1" and order.status == "wc-completed"
        self._add(
            "lines",
            order.order_id,
            channel_order_line_id=item.order_item_id,
            kind="product",
            quantity=item.qty,
            price=item.line_total or "0",
            product_id=_product_id(item, product_id, product),
            product_title=_shown(item.order_item_name),
            quantity_shipped=sent.units(item),
            quantity_delivered=item.qty if virtual else sent.delivered(item),
            shipped_at=sent.sent_at(item),
        )
        self._taxes(order.order_id, item.order_item_id, None, item, taxes)

    def _fee(self, order: Any, item: Any, taxes: Mapping[str, Any]) -> None:
        """Write a fee; a negative one, or a negative line (a trade-in), is a discount that nobody ships."""
        discount = _is_negative(item.line_total)
        self._add(
            "lines",
            order.order_id,
            channel_order_line_id=item.order_item_id,
            kind="discount" if discount else "fee",
            quantity="1",
            price=item.line_total or "0",
            product_id="fee",
            product_title=_shown(item.order_item_name),
        )
        self._taxes(order.order_id, None if discount else item.order_item_id, None, item, taxes)

    def _taxes(
        self,
        order_id: Any,
        line_id: Any,
        adjustment_id: str | None,
        item: Any,
        taxes: Mapping[str, Any],
        share: Decimal = WHOLE,
    ) -> None:
        """Write one row a rate from the serialised split, or one row in all where the split says nothing."""
        shipping = item.order_item_type == "shipping"
        total = (item.total_tax if shipping else item.line_tax) or ""
        amounts = tax_amounts(item.taxes if shipping else item.line_tax_data) or ()
        named = [(rate_id, amount) for rate_id, amount in amounts if amount]
        if not named and total.strip(" 0."):
            named = [(next(iter(taxes)) if len(taxes) == 1 else "", total)]
        for rate_id, amount in named:
            tax, known = taxes.get(rate_id), self.rates.get(rate_id)
            code = (tax.label if tax else None) or (known.tax_rate_name if known else None)
            self._add(
                "taxes",
                order_id,
                channel_order_line_id=line_id,
                channel_adjustment_id=adjustment_id,
                applies_to="shipping" if shipping else "price",
                code=code or (tax.order_item_name if tax else None) or "TAX",
                rate=(tax.rate_percent if tax else None) or (known.tax_rate if known else None),
                amount=part(amount, share),
            )

    def _refund(self, order: Any, refund: Any, taxes: Mapping[str, Any]) -> None:
        common = {
            "refund_id": refund.refund_id,
            "refund_total": refunded(refund),
            "created_at": refund.date_created_gmt,
            "reason": refund.refund_reason,
        }
        items = [
            item
            for item in self.refunded_items[str(refund.refund_id)]
            if item.order_item_type in {"line_item", "fee", "shipping"}
        ]
        items, share = given_back(items)
        for item in items:
            adjustment_id = f"{refund.refund_id}-{item.order_item_id}"
            shipping = item.order_item_type == "shipping"
            self._add(
                "adjustments",
                order.order_id,
                channel_adjustment_id=adjustment_id,
                channel_order_line_id=None if shipping else item.refunded_item_id,
                quantity=item.qty if item.order_item_type == "line_item" else "0",
                price=None if shipping else part(item.line_total, share),
                shipping_price=part(item.cost, share) if shipping else None,
                **common,
            )
            self._taxes(order.order_id, None, adjustment_id, item, taxes, share)
        if not items:
            self._add("adjustments", order.order_id, channel_adjustment_id=refund.refund_id, **common)

    def _add(self, name: str, order_id: Any, **cells: Any) -> None:
        cells["channel_order_id"] = order_id
        self.tables[name].append(cells)


def _site_zone(rows: Rows, timezone: str) -> str:
    """Return the site's zone: its name, else its offset in hours, as WordPress itself decides."""
    options = {row.option_name: row.option_value for row in rows_of(rows, "site")}
    name, offset = options.get("timezone_string"), options.get("gmt_offset")
    try:
        if name:
            return ZoneInfo(name).key
        if offset is not None:
            minutes = int(parse_amount(offset) * 60)
            return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    except (ValueError, KeyError, OSError):
        pass
    return timezone


def _newest(order: Any, refunds: Sequence[Any]) -> Any:
    own = moment(order.date_updated_gmt, _UTC) or moment(order.date_created_gmt, _UTC)
    known = [own, *(moment(refund.date_updated_gmt, _UTC) for refund in refunds)]
    return max((stamp for stamp in known if stamp is not None), default=order.date_updated_gmt)


def _product_id(item: Any, product_id: str, product: Any) -> str:
    sku = (product.sku or "").strip() if product is not None else ""
    # A line typed in by hand has no product at all.
    return sku or (f"item-{item.order_item_id}" if product_id in {"None", "", "0"} else product_id)


def _sum(values: list[Any]) -> str | None:
    """Add amounts up; a broken one is passed on as it is, so that the order is rejected for it."""
    total = Decimal(0)
    for value in values:
        try:
            total += parse_amount(as_text(value))
        except AmountError:
            return as_text(value)
    return format(total, "f")


def _is_negative(amount: str | None) -> bool:
    text = (amount or "").strip()
    return text.startswith("-") and bool(text.strip("-0."))


def _is_nothing(item: Any) -> bool:
    """Say whether a line has neither units nor money: edits leave such lines behind, and Mirakl takes none."""
    return not any((cell or "").strip(" -0.") for cell in (item.qty, item.line_total, item.line_tax))


def _shown(name: str | None) -> str | None:
    # Names may be stored as HTML (WordPress's filters, the REST API): the buyer saw an ampersand, not its entity.
    return None if name is None else html.unescape(name)


def _method_code(item: Any) -> str | None:
    # Old rows hold `method:instance` in one value.
    method = item.method_id or ""
    return f"{method}:{item.instance_id}" if item.instance_id and ":" not in method else method or None
