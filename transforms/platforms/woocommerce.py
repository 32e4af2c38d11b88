"""WooCommerce (HPOS) rows to order frames.

What is peculiar here: refunds are rows of the orders table and their items negative copies; all line and shipping
amounts are net, whatever the shop displays; amounts live as text in item meta, taxes per rate as serialised PHP;
shipments are plugin meta (serialised) or native tables whose times are wall time of the site.

Belongs here: WooCommerce's own words and shapes. Does not belong here: Mirakl's, and anything a second platform needs.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import orjson
import pandas as pd
import phpserialize

from transforms.frames import OrderFrames, as_text, order_frames
from transforms.money import AmountError, parse_amount
from transforms.times import TimeError, parse_time

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

Rows = Mapping[str, pd.DataFrame]
Cells = dict[str, Any]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/woocommerce/*.sql` into order frames.

    `timezone` is used for fulfilment times where the site names no zone of its own.
    """
    shop = _Shop(rows, timezone)
    frames = {name: pd.DataFrame(cells, dtype=object) for name, cells in shop.tables.items() if cells}
    return order_frames(frames, read_at)


class _Shop:
    def __init__(self, rows: Rows, timezone: str) -> None:
        self.zone = _zone(rows, timezone)
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.items: dict[Any, list[SimpleNamespace]] = defaultdict(list)
        self.refunded_items: dict[Any, list[SimpleNamespace]] = defaultdict(list)
        for item in _rows(rows, "items"):
            (self.items[item.order_id] if item.refund_id is None else self.refunded_items[int(item.refund_id)]).append(
                item
            )
        self.refunds = _by(rows, "refunds", "order_id")
        self.fulfillments = _by(rows, "fulfillments", "order_id")
        self.meta: dict[Any, Cells] = defaultdict(dict)
        for row in _rows(rows, "order_meta"):
            self.meta[row.order_id].setdefault(row.meta_key, row.meta_value)
        self.unpaid = {row.order_id for row in _rows(rows, "order_notes")}
        self.skus = {str(row.product_id): row.sku for row in _rows(rows, "skus")}
        self.rates = {str(row.tax_rate_id): row for row in _rows(rows, "tax_rates")}
        for row in _rows(rows, "addresses"):
            self._address(row)
        for order in _rows(rows, "orders"):
            if self.meta[order.order_id].get("_wp_trash_meta_status") not in _NEVER_ORDERED:
                self._order(order)

    def _address(self, row: SimpleNamespace) -> None:
        self.tables["addresses"].append(
            {
                "channel_order_id": row.order_id,
                "street": row.address_1,
                "street_additional_info": row.address_2,
                "zip_code": row.postcode,
                **{
                    name: getattr(row, name)
                    for name in (
                        "address_type",
                        "first_name",
                        "last_name",
                        "company",
                        "city",
                        "state",
                        "country",
                        "phone",
                    )
                },
            }
        )

    def _order(self, order: SimpleNamespace) -> None:
        items = self.items[order.order_id]
        taxes = {str(item.rate_id): item for item in items if item.order_item_type == "tax"}
        shipping = [item for item in items if item.order_item_type == "shipping"]
        shipped = _Shipped(self, order)
        for item in items:
            if item.order_item_type in {"line_item", "fee"}:
                self._line(order, item, taxes, shipped)
            elif item.order_item_type == "shipping":
                self._taxes(order.order_id, None, None, "shipping", item, taxes)
        refunds = self.refunds[order.order_id]
        for refund in refunds:
            self._refund(order, refund, taxes)
        paid = _moment(order.date_paid_gmt, "UTC") is not None
        method = shipping[0] if shipping else None
        cancelled_unpaid = order.status == "wc-cancelled" and not paid and order.order_id in self.unpaid
        self.tables["orders"].append(
            {
                "channel_order_id": order.order_id,
                "created_at": order.date_created_gmt,
                "updated_at": self._newest(order, refunds, shipped),
                "status": order.status,
                "status_hint": "wc-cancelled+unpaid" if cancelled_unpaid else None,
                "currency": order.currency,
                "total": order.total_amount,
                "total_paid": order.total_amount if paid else "0",
                "total_refunded": _text_sum([_refunded(refund) for refund in refunds]),
                "shipping_price": _text_sum([item.cost for item in shipping]),
                "shipped_at": shipped.at,
                "email": order.billing_email,
                "carrier": shipped.carrier,
                "shipping_method": method.order_item_name if method else None,
                "shipping_method_code": _method_code(method) if method else None,
            }
        )

    def _newest(self, order: SimpleNamespace, refunds: list[SimpleNamespace], shipped: _Shipped) -> Any:
        known = [_moment(order.date_updated_gmt, "UTC"), *shipped.stamps]
        known += [_moment(refund.date_updated_gmt, "UTC") for refund in refunds]
        return max((moment for moment in known if moment is not None), default=order.date_updated_gmt)

    def _line(self, order: SimpleNamespace, item: SimpleNamespace, taxes: Cells, shipped: _Shipped) -> None:
        fee = item.order_item_type == "fee"
        kind = "product" if not fee else "discount" if (item.line_total or "").strip().startswith("-") else "fee"
        product = "fee" if fee else item.variation_id if item.variation_id not in {None, "", "0"} else item.product_id
        self.tables["lines"].append(
            {
                "channel_order_id": order.order_id,
                "channel_order_line_id": item.order_item_id,
                "kind": kind,
                "quantity": "1" if fee else item.qty,
                "price": item.line_total,
                "product_id": self.skus.get(str(product), product),
                "product_title": item.order_item_name,
                "quantity_shipped": None if fee else shipped.units(item),
            }
        )
        owner = None if kind == "discount" else item.order_item_id
        self._taxes(order.order_id, owner, None, "price", item, taxes)

    def _taxes(
        self,
        order_id: Any,
        line_id: Any,
        adjustment_id: str | None,
        applies_to: str,
        item: SimpleNamespace,
        taxes: Cells,
    ) -> None:
        """Write one row a rate from the serialised split, or one row in all where the split cannot be read."""
        shipping = applies_to == "shipping"
        amounts = _tax_amounts(item.taxes if shipping else item.line_tax_data)
        total = item.total_tax if shipping else item.line_tax
        if amounts is None:
            amounts = {} if not total else {next(iter(taxes), ""): total}
        for rate_id, amount in amounts.items():
            if amount == "":
                continue
            tax = taxes.get(rate_id)
            known = self.rates.get(rate_id)
            self.tables["taxes"].append(
                {
                    "channel_order_id": order_id,
                    "channel_order_line_id": line_id,
                    "channel_adjustment_id": adjustment_id,
                    "applies_to": applies_to,
                    "code": (tax.label if tax else None) or (known.tax_rate_name if known else None) or "TAX",
                    "rate": (tax.rate_percent if tax else None) or (known.tax_rate if known else None),
                    "amount": amount,
                }
            )

    def _refund(self, order: SimpleNamespace, refund: SimpleNamespace, taxes: Cells) -> None:
        rest = _number(_refunded(refund))
        common = {
            "channel_order_id": order.order_id,
            "refund_id": refund.refund_id,
            "created_at": refund.date_created_gmt,
            "reason": refund.refund_reason,
        }
        for item in self.refunded_items[int(refund.refund_id)]:
            shipping = item.order_item_type == "shipping"
            if item.order_item_type == "tax":
                continue
            adjustment_id = f"{refund.refund_id}-{item.order_item_id}"
            amount, tax = (item.cost, item.total_tax) if shipping else (item.line_total, item.line_tax)
            rest -= abs(_number(amount)) + abs(_number(tax))
            self.tables["adjustments"].append(
                {
                    **common,
                    "channel_adjustment_id": adjustment_id,
                    "channel_order_line_id": None if shipping else item.refunded_item_id,
                    "quantity": item.qty if item.order_item_type == "line_item" else "0",
                    "shipping_price" if shipping else "price": amount,
                }
            )
            self._taxes(order.order_id, None, adjustment_id, "shipping" if shipping else "price", item, taxes)
        # Below half a cent is what rounding leaves; above, it is money that was given back without naming an item.
        if rest > Decimal("0.004"):
            self.tables["adjustments"].append(
                {**common, "channel_adjustment_id": str(refund.refund_id), "gross_amount": rest}
            )


class _Shipped:
    """What is known of an order's shipments: native fulfilments, or the tracking plugin's meta."""

    def __init__(self, shop: _Shop, order: SimpleNamespace) -> None:
        self.stamps: list[dt.datetime | None] = []
        self.carrier: str | None = None
        self._units: dict[str, int] | None = None
        dates: list[dt.datetime | None] = [_moment(order.date_completed_gmt, "UTC")]
        for fulfillment in shop.fulfillments[order.order_id]:
            self.stamps.append(_moment(fulfillment.date_updated, shop.zone))
            if str(fulfillment.is_fulfilled) == "1":
                dates.append(_moment(_unquoted(fulfillment.date_fulfilled), shop.zone))
                self.carrier = self.carrier or _unquoted(fulfillment.shipment_provider)
                self._add(_fulfilled_units(fulfillment.items))
        self._everything = False
        for tracking in _php_list(shop.meta[order.order_id].get("_wc_shipment_tracking_items")):
            self.carrier = self.carrier or tracking.get("custom_tracking_provider") or tracking.get("tracking_provider")
            dates.append(_epoch(tracking.get("date_shipped")))
            products = tracking.get("products_list")
            if isinstance(products, dict) and products:
                self._add({str(p.get("item_id")): p.get("qty") for p in products.values() if isinstance(p, dict)})
            else:
                self._everything = True
        self.at = min((date for date in dates if date is not None), default=None)

    def _add(self, units: Mapping[str, Any]) -> None:
        self._units = self._units or {}
        for item_id, quantity in units.items():
            self._units[item_id] = self._units.get(item_id, 0) + int(_number(as_text(quantity)))

    def units(self, item: SimpleNamespace) -> Any:
        """Return the shipped units of a line, None where nothing is known of shipments."""
        if self._everything:
            return item.qty
        return None if self._units is None else self._units.get(str(item.order_item_id), 0)


def _rows(rows: Rows, name: str) -> Iterator[SimpleNamespace]:
    frame = rows.get(name)
    if frame is None:
        return
    names = list(frame.columns)
    for cells in zip(*(frame[column].tolist() for column in names), strict=True):
        yield SimpleNamespace(**dict(zip(names, cells, strict=True)))


def _by(rows: Rows, name: str, key: str) -> dict[Any, list[SimpleNamespace]]:
    groups: dict[Any, list[SimpleNamespace]] = defaultdict(list)
    for row in _rows(rows, name):
        groups[getattr(row, key)].append(row)
    return groups


def _zone(rows: Rows, timezone: str) -> str:
    options = {row.option_name: row.option_value for row in _rows(rows, "site")}
    return options.get("timezone_string") or timezone


def _moment(value: Any, zone: str) -> dt.datetime | None:
    try:
        return parse_time(as_text(value), zone)
    except TimeError:
        return None


def _epoch(value: Any) -> dt.datetime | None:
    text = as_text(value) or ""
    return dt.datetime.fromtimestamp(int(text), dt.UTC) if text.isdecimal() and len(text) <= 10 else None


def _number(value: Any) -> Decimal:
    try:
        return parse_amount(as_text(value))
    except AmountError:
        return Decimal(0)


def _text_sum(values: list[Any]) -> str | None:
    """Add amounts up; a broken one is passed on as it is, so that the order is rejected for it."""
    total = Decimal(0)
    for value in values:
        try:
            total += parse_amount(as_text(value))
        except AmountError:
            return as_text(value)
    return format(total, "f")


def _refunded(refund: SimpleNamespace) -> Any:
    return refund.refund_amount if refund.refund_amount not in {None, ""} else abs(_number(refund.total_amount))


def _method_code(item: SimpleNamespace) -> str | None:
    # Old rows hold `method:instance` in one value.
    method = item.method_id or ""
    return f"{method}:{item.instance_id}" if item.instance_id and ":" not in method else method or None


def _tax_amounts(serialised: str | None) -> dict[str, str] | None:
    """Read rate id -> amount from WooCommerce's serialised tax data, None where it cannot be read."""
    data = _php(serialised)
    totals = data.get("total") if isinstance(data, dict) else None
    if not isinstance(totals, dict):
        return None
    return {str(rate_id): as_text(amount) or "" for rate_id, amount in totals.items()}


def _php_list(serialised: str | None) -> list[Cells]:
    data = _php(serialised)
    return [item for item in data.values() if isinstance(item, dict)] if isinstance(data, dict) else []


def _php(serialised: str | None) -> Any:
    # Lengths count bytes, so text is unserialised as bytes (a UTF-8 label would break it otherwise).
    if not serialised:
        return None
    try:
        return phpserialize.loads(serialised.encode(), decode_strings=True)
    except (ValueError, TypeError, OverflowError, RecursionError, UnicodeError):
        return None


def _unquoted(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None else text.strip('"') or None


def _fulfilled_units(value: Any) -> dict[str, Any]:
    try:
        items = orjson.loads(as_text(value) or "[]")
    except orjson.JSONDecodeError:
        return {}
    entries = items if isinstance(items, list) else []
    return {str(item.get("item_id")): item.get("qty") for item in entries if isinstance(item, dict)}
