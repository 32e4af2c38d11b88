"""An order of Medusa's, put together.

Belongs here: Medusa's own words, and an order put together. Does not belong here: Mirakl's words, versions and prices
(`lines`), what was given back (`refunds`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from transforms.fetched import Places
from transforms.frames import OrderFrames, order_frames, table_of
from transforms.platforms.medusa.chosen import chosen
from transforms.platforms.medusa.lines import BrokenNumber, Line, LineBook, Price, Tax, exact, price
from transforms.platforms.medusa.places import address, places
from transforms.platforms.medusa.refunds import Cells, Order, RefundBook
from transforms.rows import Rows, rows_by, rows_of, when
from transforms.visible_text import visible_options

_UNPAID = ("not_paid", "awaiting", "requires_action", "partially_authorized")
_REFUSED = ("canceled", "failed")
_PAID = frozenset({"authorized", "partially_captured", "completed"})
_LIVE = ("pending", "completed", "archived")

# An order's status, or with a plus: that and what its payment collections (or, where archived, its lines) say.
STATUSES: Mapping[str, str] = {
    **dict.fromkeys(_LIVE, "AWAITING_SHIPMENT"),
    **{f"{status}+{payment}": "AWAITING_PAYMENT" for status in _LIVE for payment in _UNPAID},
    **{f"{status}+{payment}": "CLOSED/REFUSED_PAYMENT" for status in _LIVE for payment in _REFUSED},
    "archived+delivered": "CLOSED/AUTOMATICALLY_CLOSED",
    "requires_action": "AWAITING_PAYMENT",
    "canceled": "CLOSED/CANCELED",
    "removed": "CLOSED/CANCELED",  # a line that the order's version no longer has
}


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/medusa/*.sql` into order frames.

    `timezone` is not needed: all times of Medusa have an offset.
    """
    shop = _Shop(rows)
    frames = {name: table_of(cells) for name, cells in shop.tables.items() if cells}
    return order_frames(frames, read_at)


class _Shop:
    def __init__(self, rows: Rows) -> None:
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.lines, self.refunds = LineBook(rows), RefundBook(rows)
        self.shipping = rows_by(rows, "shipping", "order_id")
        self.shipping_taxes = rows_by(rows, "shipping_taxes", "shipping_method_id")
        self.shipping_discounts = rows_by(rows, "shipping_adjustments", "shipping_method_id")
        self.payments = rows_by(rows, "payments", "order_id")
        self.fulfillments = rows_by(rows, "fulfillments", "order_id")
        self.stamps = {row.order_id: row.changed_at for row in rows_of(rows, "stamps")}
        self.addresses = rows_by(rows, "addresses", "order_id")
        self.locations = rows_by(rows, "pickup_locations", "order_id")
        for row in rows_of(rows, "orders"):
            try:
                self._order(row)
            except BrokenNumber as broken:
                # Its money cannot be told. Passed on as it is, the cell makes the order's reject.
                self.tables["orders"].append(self._head(row))
                self.tables["lines"].append(
                    {"channel_order_id": row.order_id, "channel_order_line_id": row.order_id, "quantity": "1"}
                    | {"price": broken.cell or "?", "product_id": None, "product_title": None}
                )

    def _order(self, row: Any) -> None:
        lines, came = self.lines.lines(row.order_id, row.version)
        methods = [(method, *self._shipping(row, method)) for method in self.shipping[row.order_id]]
        charges = [(line.item.created_at, line.price.gross) for line in lines]
        charges += [(method.created_at, money.gross) for method, _, money in methods]
        history = self.refunds.history(Order(row, lines, came, charges))
        shipped = self._shipped(row)
        self.tables["adjustments"] += history.adjustments
        self.tables["taxes"] += history.taxes
        for line in lines:
            self._line(row, line, shipped.get(line.row.item_id))
        for _, taxes, money in methods:
            self._taxes(row.order_id, None, "shipping", taxes, money)
        outbound = [method for method, _, _ in methods if method.return_id is None]
        bill = sum((amount for _, amount in charges), Decimal(0))
        parcels = self.fulfillments[row.order_id]
        provider = (parcels[0].provider_id if parcels else None) or (outbound[0].provider_id if outbound else None)
        hint = self._hint(row, lines, bill - history.credit_at_placement)
        where = self._places(row, outbound)
        self.tables["orders"].append(
            {
                **self._head(row),
                # A payment state that nobody mapped must not pass for paid.
                "status": hint if hint and hint not in STATUSES and row.status in _LIVE else row.status,
                "status_hint": hint,
                "total": _total(row, lines, history.credit, bill),
                "total_paid": history.total_paid,
                "total_refunded": history.total_refunded,
                "cancelled_at": row.canceled_at,
                "pudo_id": where.point_id,
                "pickup": where.hides_home or None,
                "shipping_price": sum((money.net for _, _, money in methods), Decimal(0)),
                "carrier": None if provider == "manual_manual" else provider,
                "shipping_method": outbound[0].name if outbound else None,
                "shipping_method_code": outbound[0].shipping_option_id if outbound else None,
            }
        )
        self.tables["addresses"] += [{**cells, "channel_order_id": row.order_id} for cells in where.addresses]
        self._attribute(row.order_id, None, "order-number", row.custom_display_id or row.display_id)
        for name, value in where.attributes.items():
            self._attribute(row.order_id, None, name, value)

    def _head(self, row: Any) -> Cells:
        return {
            "channel_order_id": row.order_id,
            "created_at": row.created_at,
            "updated_at": self.stamps[row.order_id],
            "status": row.status,
            "currency": row.currency_code,
            "store": row.sales_channel_id,
            "source": row.sales_channel_name,
            "email": row.email,
        }

    def _line(self, row: Any, line: Line, shipped_at: dt.datetime | None) -> None:
        item = line.item
        line_id = line.row.item_id
        self.tables["lines"].append(
            {
                "channel_order_id": row.order_id,
                "channel_order_line_id": line_id,
                "created_at": item.created_at,
                "updated_at": line.row.updated_at,
                "quantity": line.quantity,
                "price": line.price.net,
                "product_id": item.variant_sku or item.variant_id or item.product_id or line_id,
                "product_title": item.title,
                "thumbnail_url": item.thumbnail,
                "status": "removed" if line.is_removed else None,
                "quantity_refunded": line.returned + sum((r.units for r in line.removals), Decimal(0)),
                "quantity_shipped": line.row.shipped_quantity,
                "quantity_delivered": line.row.delivered_quantity,
                "shipped_at": shipped_at,
                "is_virtual": None if item.requires_shipping else True,
            }
        )
        for name, value in visible_options(chosen(item)):
            self._attribute(row.order_id, line_id, name, value)
        self._taxes(row.order_id, line_id, "price", line.taxes, line.price)

    def _attribute(self, order_id: str, line_id: str | None, name: str, value: Any) -> None:
        cells = {"channel_order_id": order_id, "channel_order_line_id": line_id, "id": name, "type": "STRING"}
        self.tables["custom_attributes"].append({**cells, "value": value})

    def _taxes(self, order_id: str, line_id: str | None, applies_to: str, taxes: tuple[Tax, ...], money: Price) -> None:
        for tax, amount in zip(taxes, money.taxes, strict=True):
            self.tables["taxes"].append(
                {
                    "channel_order_id": order_id,
                    "channel_order_line_id": line_id,
                    "applies_to": applies_to,
                    "code": tax.code,
                    "rate": tax.rate,
                    "amount": amount,
                }
            )

    def _shipping(self, row: Any, method: Any) -> tuple[tuple[Tax, ...], Price]:
        taxes = tuple(Tax(tax.code, exact(tax.rate)) for tax in self.shipping_taxes[method.shipping_method_id])
        discounts = (
            (exact(discount.amount), False)
            for discount in self.shipping_discounts[method.shipping_method_id]
            if discount.version is None or discount.version == row.version
        )
        return taxes, price(exact(method.amount), bool(method.is_tax_inclusive), taxes, discounts)

    def _shipped(self, row: Any) -> dict[str, dt.datetime]:
        """Return when each line was first handed to a carrier."""
        shipped: dict[str, dt.datetime] = {}
        for parcel in self.fulfillments[row.order_id]:
            if parcel.shipped_at is not None and parcel.item_id is not None:
                shipped[parcel.item_id] = min(
                    shipped.get(parcel.item_id, parcel.shipped_at), parcel.shipped_at, key=when
                )
        return shipped

    def _hint(self, row: Any, lines: list[Line], owed: Decimal) -> str | None:
        """Say what the payment collections do where the order waits for money; `owed` is what credit does not pay."""
        if row.status == "archived" and lines and all(_is_delivered(line) for line in lines):
            return "archived+delivered"
        collections = self.payments[row.order_id]
        if any(c.status in _PAID or exact(c.captured_amount) > 0 for c in collections):
            return None
        words = [collection.status for collection in collections]
        waiting = [word for word in words if word not in _REFUSED]
        # A free order needs no payment, and Medusa then makes no collection or leaves it as it was. What has left waits
        # for none.
        if owed <= 0 or any(exact(line.row.shipped_quantity) > 0 for line in lines):
            return None
        return f"{row.status}+{(waiting or words or ['not_paid'])[0]}"

    def _places(self, row: Any, methods: list[Any]) -> Places:
        addresses = [
            {**address(given), "address_type": address_type}
            for given in self.addresses[row.order_id]
            for address_type in (("shipping", "billing") if given.is_both else (given.address_type,))
        ]
        return places(addresses, next(iter(self.locations[row.order_id]), None), methods)


def _is_delivered(line: Line) -> bool:
    return line.is_removed or exact(line.row.delivered_quantity) >= exact(line.row.quantity) - line.returned


def _total(row: Any, lines: list[Line], credit: Decimal, bill: Decimal) -> Decimal | None:
    """Return what Medusa charged by its own total: before credits, removals and (where it deducts them) returns."""
    if row.current_order_total is None:
        return None
    total = exact(row.current_order_total) + credit
    returned = Decimal(0)
    for line in lines:
        left = line.quantity - sum((removal.units for removal in line.removals), Decimal(0))
        removed = sum((removal.price.gross for removal in line.removals), Decimal(0))
        total += removed
        if left:
            returned += (line.price.gross - removed) * line.returned / left
    # Medusa took returned units off its total only in later versions, and the total does not say which it is.
    return total if round(total - bill, 6) == 0 else total + returned
