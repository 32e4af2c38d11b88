"""An order of the example shop as the rows WooCommerce keeps of it.

Refunds are orders of their own with negative copies of the items; amounts of items are net, text, and in item meta;
taxes and tracking are serialised PHP; the tables of native shipments hold JSON and the site's wall time.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import phpserialize

from examples.buyers import Buyer
from examples.goods import CENT, DELETED_PRODUCT_ID, PRODUCTS, RATES, Rate, split, text
from examples.woocommerce_orders import Line, Order, Refund, Shipment, Shipping

Row = tuple[Any, ...]

SITE_ZONE = ZoneInfo("Europe/Paris")
COLUMNS: Mapping[str, str] = {
    "wp_wc_product_meta_lookup": "product_id, sku",
    "wp_woocommerce_tax_rates": "tax_rate_id, tax_rate_country, tax_rate, tax_rate_name, tax_rate_class",
    "wp_wc_orders": (
        "id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, date_created_gmt, "
        "date_updated_gmt, parent_order_id, payment_method, payment_method_title"
    ),
    "wp_wc_order_addresses": (
        "id, order_id, address_type, first_name, last_name, company, address_1, address_2, city, state, postcode, "
        "country, email, phone"
    ),
    "wp_wc_order_operational_data": (
        "id, order_id, created_via, woocommerce_version, prices_include_tax, order_stock_reduced, date_paid_gmt, "
        "date_completed_gmt, shipping_tax_amount, shipping_total_amount, discount_tax_amount, discount_total_amount"
    ),
    "wp_wc_orders_meta": "id, order_id, meta_key, meta_value",
    "wp_woocommerce_order_items": "order_item_id, order_item_name, order_item_type, order_id",
    "wp_woocommerce_order_itemmeta": "meta_id, order_item_id, meta_key, meta_value",
    "wp_wc_order_fulfillments": "fulfillment_id, entity_type, entity_id, status, is_fulfilled, date_updated",
    "wp_wc_order_fulfillment_meta": "meta_id, fulfillment_id, meta_key, meta_value",
    "wp_comments": "comment_ID, comment_post_ID, comment_content, comment_type",
}


class Rows:
    """Collects rows, table by table, until they are taken."""

    def __init__(self) -> None:
        self._tables: dict[str, list[Row]] = defaultdict(list)
        self._ids: dict[str, Iterable[int]] = {}
        # Items that nobody else refers to; those of lines come with the order, far below.
        self._item_ids = count(500_000_001)

    def take(self) -> dict[str, list[Row]]:
        """Return what was collected, table -> rows, and begin anew."""
        taken, self._tables = self._tables, defaultdict(list)
        return taken

    def add_catalogue(self) -> None:
        """Write the products and the tax table."""
        for product in PRODUCTS:
            if product.product_id != DELETED_PRODUCT_ID:
                self._tables["wp_wc_product_meta_lookup"].append(
                    (product.variation_id or product.product_id, product.sku)
                )
        for rate in RATES:
            self._tables["wp_woocommerce_tax_rates"].append(
                (rate.rate_id, rate.country, f"{rate.percent / 1000:.4f}", rate.label, rate.tax_class)
            )

    def add_order(self, order: Order) -> None:
        """Write one order with everything that hangs on it."""
        taxes: dict[Rate, list[int]] = defaultdict(lambda: [0, 0])
        for line in order.lines:
            self._line(order, line, taxes)
        if order.shipping is not None:
            self._shipping(order.order_id, order.shipping, taxes)
        self._taxes(order.order_id, taxes)
        self._head(order, taxes)
        self._address(order.order_id, "billing", order.buyer)
        if order.shipping is not None or order.ship_to is not order.buyer:
            self._address(order.order_id, "shipping", order.ship_to)
        else:
            self._numbered("wp_wc_order_addresses", order.order_id, "shipping", *[""] * 9, None, "")
        self._order_meta(order)
        for shipment in order.shipments:
            if shipment.native:
                self._fulfillment(order, shipment)
        for note in order.notes:
            self._numbered("wp_comments", order.order_id, note, "order_note")
        for refund in order.refunds:
            self._refund(order, refund)

    def _numbered(self, table: str, *cells: Any) -> int:
        number = next(self._ids.setdefault(table, count(1)))  # type: ignore[call-overload]
        self._tables[table].append((number, *cells))
        return int(number)

    def _item(self, item_id: int, name: str, kind: str, owner: int, meta: Mapping[str, str]) -> None:
        self._tables["wp_woocommerce_order_items"].append((item_id, name, kind, owner))
        for key, value in meta.items():
            self._numbered("wp_woocommerce_order_itemmeta", item_id, key, value)

    def _head(self, order: Order, taxes: Mapping[Rate, list[int]]) -> None:
        method = ("bacs", "Virement bancaire") if order.status == "wc-on-hold" else ("stripe", "Carte bancaire")
        self._tables["wp_wc_orders"].append(
            (
                order.order_id,
                order.status,
                order.currency,
                "shop_order",
                text(sum(cart for cart, _ in taxes.values())),
                text(order.total * CENT),
                order.customer_id,
                order.buyer.email,
                _utc(order.created),
                _utc(order.updated),
                0,
                *method,
            )
        )
        net, tax = (0, 0) if order.shipping is None else (order.shipping.net, order.shipping.tax)
        discounts = [
            (before[0] - after[0], before[1] - after[1])
            for line in order.lines
            for before, after in [(split(line.before, line.rate), split(line.after, line.rate))]
        ]
        off, off_tax = sum(part for part, _ in discounts), sum(part for _, part in discounts)
        paid, completed = _utc(order.paid), _utc(order.completed)
        reduced = int(order.paid is not None)
        self._operational(order.order_id, order.created_via, reduced, paid, completed, tax, net, off_tax, off)
        if order.coupon:
            info = orjson.dumps([7, f"bienvenue{order.coupon}", "percent", order.coupon]).decode()
            amounts = {"discount_amount": text(off), "discount_amount_tax": text(off_tax), "coupon_info": info}
            self._item(next(self._item_ids), f"bienvenue{order.coupon}", "coupon", order.order_id, amounts)

    def _operational(
        self, owner: int, via: str, reduced: int, paid: str | None, completed: str | None, *millionths: int
    ) -> None:
        amounts = map(text, millionths)
        self._numbered("wp_wc_order_operational_data", owner, via, "10.3.5", 1, reduced, paid, completed, *amounts)

    def _address(self, owner: int, kind: str, buyer: Buyer) -> None:
        self._numbered(
            "wp_wc_order_addresses",
            owner,
            kind,
            buyer.first_name,
            buyer.last_name,
            buyer.company,
            buyer.address_1,
            buyer.address_2,
            buyer.city,
            "",
            buyer.postcode,
            buyer.country,
            buyer.email if kind == "billing" else None,
            buyer.phone,
        )

    def _order_meta(self, order: Order) -> None:
        meta = {
            "is_vat_exempt": "yes" if order.buyer.vat_number and not any(line.rate for line in order.lines) else "no",
            "_billing_address_index": f"{order.buyer.first_name} {order.buyer.last_name} {order.buyer.city}",
        }
        if order.buyer.vat_number:
            meta["_billing_vat_number"] = order.buyer.vat_number
        if order.trashed_from is not None:
            meta["_wp_trash_meta_status"] = order.trashed_from
            meta["_wp_trash_meta_time"] = str(int(order.updated.timestamp()))
        if parcels := [shipment for shipment in order.shipments if not shipment.native]:
            meta["_wc_shipment_tracking_items"] = _php([_tracking(order, parcel) for parcel in parcels])
        for key, value in meta.items():
            self._numbered("wp_wc_orders_meta", order.order_id, key, value)

    def _line(self, order: Order, line: Line, taxes: dict[Rate, list[int]]) -> None:
        net, tax = split(line.after, line.rate)
        if line.rate is not None:
            taxes[line.rate][0] += tax
        if line.product is None:
            meta = {"_fee_amount": text(net), "_tax_class": "", "_tax_status": "taxable", "_line_total": text(net)}
            meta |= {"_line_tax": text(tax), "_line_tax_data": _tax_data(line.rate, tax, None)}
            self._item(line.item_id, line.title, "fee", order.order_id, meta)
            return
        net_before, tax_before = split(line.before, line.rate)
        meta = {
            "_product_id": str(line.product.product_id),
            "_variation_id": str(line.product.variation_id),
            "_qty": line.quantity_text or str(line.quantity),
            "_tax_class": line.product.tax_class,
            "_line_subtotal": text(net_before),
            "_line_subtotal_tax": text(tax_before),
            "_line_total": line.total_text or text(net),
            "_line_tax": text(tax),
            "_line_tax_data": _tax_data(line.rate, tax, tax_before),
        }
        if order.paid is not None:
            meta["_reduced_stock"] = str(line.quantity)
        self._item(line.item_id, line.title, "line_item", order.order_id, meta)

    def _shipping(self, owner: int, shipping: Shipping, taxes: dict[Rate, list[int]]) -> None:
        if shipping.rate is not None:
            taxes[shipping.rate][1] += shipping.tax
        meta = {
            "method_id": shipping.method.method_id,
            "instance_id": str(shipping.method.instance_id),
            "cost": text(shipping.net),
            "total_tax": text(shipping.tax),
            "taxes": _tax_data(shipping.rate, shipping.tax, None),
            "tax_status": "taxable",
        }
        self._item(shipping.item_id, shipping.method.title, "shipping", owner, meta)

    def _taxes(self, owner: int, taxes: Mapping[Rate, list[int]]) -> None:
        for rate, (cart, shipping) in taxes.items():
            meta = {
                "rate_id": str(rate.rate_id),
                "label": rate.label,
                "compound": "",
                "tax_amount": text(cart),
                "shipping_tax_amount": text(shipping),
                "rate_percent": rate.percent_text,
            }
            self._item(next(self._item_ids), f"{rate.country}-{rate.label}-1".upper(), "tax", owner, meta)

    def _fulfillment(self, order: Order, shipment: Shipment) -> None:
        wall = shipment.sent_at.astimezone(SITE_ZONE).strftime("%Y-%m-%d %H:%M:%S")
        number = self._numbered("wp_wc_order_fulfillments", "WC_Order", order.order_id, "fulfilled", 1, wall)
        items = [{"item_id": line.item_id, "qty": units} for line, units in shipment.items or []]
        meta = {"_items": items, "_date_fulfilled": wall, "_shipment_provider": shipment.carrier}
        for key, value in meta.items():
            self._numbered("wp_wc_order_fulfillment_meta", number, key, orjson.dumps(value).decode())

    def _refund(self, order: Order, refund: Refund) -> None:
        """Write a refund: amounts are typed in by people, so its items have two decimals."""
        owner, made_at = refund.refund_id, _utc(refund.made_at)
        taxes: dict[Rate, list[int]] = defaultdict(lambda: [0, 0])
        for line, units, cents in refund.items:
            self._refunded_line(owner, line, units, cents, taxes)
        shipping = (0, 0)
        if refund.shipping and order.shipping is not None:
            kept = order.shipping
            gross = refund.cents - sum(cents for _, _, cents in refund.items)
            net, tax = split(gross, kept.rate, CENT)
            shipping = (-tax, -net)
            item = Shipping(next(self._item_ids), kept.method, -net, -tax, kept.rate)
            self._shipping(owner, item, taxes)
            self._numbered("wp_woocommerce_order_itemmeta", item.item_id, "_refunded_item_id", str(kept.item_id))
        self._taxes(owner, taxes)
        tax_amount = text(sum(cart for cart, _ in taxes.values()))
        head = (owner, "wc-completed", order.currency, "shop_order_refund", tax_amount, text(-refund.cents * CENT))
        self._tables["wp_wc_orders"].append(
            (*head, order.customer_id, None, made_at, made_at, order.order_id, None, None)
        )
        self._operational(owner, "", 0, None, None, *shipping, 0, 0)
        meta = {"_refund_amount": text(refund.cents * CENT), "_refund_reason": refund.reason}
        for key, value in {**meta, "_refunded_by": "1", "_refunded_payment": "1"}.items():
            self._numbered("wp_wc_orders_meta", owner, key, value)

    def _refunded_line(self, owner: int, line: Line, units: int, cents: int, taxes: dict[Rate, list[int]]) -> None:
        net, tax = split(cents, line.rate, CENT)
        if line.rate is not None:
            taxes[line.rate][0] -= tax
        meta = {"_line_total": text(-net), "_line_tax": text(-tax), "_line_tax_data": _tax_data(line.rate, -tax, -tax)}
        meta["_refunded_item_id"] = str(line.item_id)
        if line.product is not None:
            meta |= {"_product_id": str(line.product.product_id), "_variation_id": str(line.product.variation_id)}
            meta["_qty"] = str(-units)
        self._item(next(self._item_ids), line.title, "fee" if line.product is None else "line_item", owner, meta)


@lru_cache(maxsize=100_000)
def _tax_data(rate: Rate | None, total: int, subtotal: int | None) -> str:
    """Write taxes as WooCommerce does: rate id -> amount; lines also keep what it was before the coupon."""

    def amounts(millionths: int) -> dict[int, str]:
        return {} if rate is None else {rate.rate_id: text(millionths)}

    data = {"total": amounts(total)}
    return _php(data if subtotal is None else {**data, "subtotal": amounts(subtotal)})


def _tracking(order: Order, shipment: Shipment) -> dict[str, Any]:
    tracking: dict[str, Any] = {
        "tracking_provider": shipment.carrier.lower().replace(" ", "-"),
        "custom_tracking_provider": shipment.carrier,
        "custom_tracking_link": "",
        "tracking_number": f"6A{order.order_id:011}",
        "date_shipped": str(int(shipment.sent_at.timestamp())),
        "tracking_id": f"{order.order_id:032x}",
    }
    if shipment.items is not None:
        tracking["products_list"] = [
            {"product": line.product.product_id if line.product else 0, "item_id": line.item_id, "qty": units}
            for line, units in shipment.items
        ]
    return tracking


def _php(value: Any) -> str:
    return phpserialize.dumps(value).decode()  # type: ignore[no-any-return]


def _utc(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
