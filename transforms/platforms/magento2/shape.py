"""An order of Magento's, put together.

Composites are resolved in `items`; `money` has what was charged, `refunds` what went back.

Belongs here: orders, lines, taxes, addresses, states. Does not belong here: Mirakl's words, what others need too.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from transforms.frames import OrderFrames, as_text, order_frames, table_of
from transforms.platforms.magento2.items import Sold, line_of, sold
from transforms.platforms.magento2.money import (
    ZERO,
    Tax,
    below_zero,
    line_money,
    order_taxes,
    paid_otherwise,
    shipping_money,
    wrapping_money,
)
from transforms.platforms.magento2.refunds import CANCELLED_MEMO, Cancellation, Line, Memo, Refunds, wrapping_line
from transforms.rows import Rows, rows_by, rows_of, when

# A merchant names statuses freely, so the state behind one decides, as `state:<state>`. A channel's own map may name
# statuses, and these; `state:holded+<state before>` lets it send what is on hold as what it was before.
STATUSES: Mapping[str, str] = {
    "state:new": "AWAITING_PAYMENT",
    "state:new+paid": "AWAITING_SHIPMENT",
    "state:pending_payment": "AWAITING_PAYMENT",
    "state:payment_review": "AWAITING_FRAUD_CHECK",
    "state:processing": "AWAITING_SHIPMENT",
    "state:processing+fraud": "AWAITING_FRAUD_CHECK",
    "state:complete": "SHIPPED",
    "state:closed": "CLOSED/REFUNDED",
    "state:canceled": "CLOSED/CANCELED",
    "state:canceled+unpaid": "CLOSED/PAYMENT_TIMEOUT",
    "state:holded": "CHANNEL_SPECIFIC",
    **{
        f"state:holded+{state}": "CHANNEL_SPECIFIC"
        for state in ("new", "pending_payment", "payment_review", "processing", "complete")
    },
}
_PAID_ON_DELIVERY = "cashondelivery"
_OWN_CARRIER = "custom"

Tables = dict[str, list[dict[str, Any]]]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/magento2/*.sql` into order frames. Magento's times are UTC in any zone."""
    shop = _Shop(rows)
    tables: Tables = defaultdict(list)
    for order in rows_of(rows, "orders"):
        for name, cells in _Order(shop, order).frames():
            tables[name].append({"channel_order_id": order.increment_id, **cells})
    # Said twice, an order whose number another store has used as well is held: one would replace the other.
    ids = {order.increment_id: order.order_id for order in rows_of(rows, "orders")}
    tables["orders"] += [
        {"channel_order_id": twin.increment_id, "internal_id": ids.get(twin.increment_id)}
        for twin in rows_of(rows, "twins")
    ]
    return order_frames({name: table_of(cells) for name, cells in tables.items() if cells}, read_at)


class _Shop:
    """The rows of one chunk by order, and the states behind the shop's statuses."""

    def __init__(self, rows: Rows) -> None:
        self.items = rows_by(rows, "items", "order_id")
        self.taxes = rows_by(rows, "taxes", "order_id")
        self.shipments = rows_by(rows, "shipments", "order_id")
        self.tracks = rows_by(rows, "tracks", "order_id")
        self.invoices = rows_by(rows, "invoices", "order_id")
        self.memos = rows_by(rows, "creditmemos", "order_id")
        self.memo_items = rows_by(rows, "creditmemo_items", "creditmemo_id")
        self.memo_comments = rows_by(rows, "creditmemo_comments", "creditmemo_id")
        self.history = rows_by(rows, "status_history", "order_id")
        self.changes = rows_by(rows, "status_changes", "order_id")
        self.addresses = rows_by(rows, "addresses", "order_id")
        self.statuses: dict[str, set[str]] = defaultdict(set)
        for pair in rows_of(rows, "states"):
            self.statuses[pair.state].add(pair.status)


class _Order:
    """One order on its way into the frames."""

    def __init__(self, shop: _Shop, order: Any) -> None:
        self.shop, self.order = shop, order
        self.items = shop.items[order.order_id]
        self.shipments = shop.shipments[order.order_id]
        things = sold(self.items)
        self.taxes = order_taxes(shop.taxes[order.order_id], line_of(things, self.items))
        self.lines = {thing.row.item_id: Line(thing, line_money(thing.row, self.taxes)) for thing in things}
        self.shipping = shipping_money(order, self.taxes)
        self.wrapping = wrapping_money(order, self.taxes.wrapping)

    def frames(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (frame name, row)."""
        yield "orders", self._order()
        for line in self.lines.values():
            yield from self._line(line)
        if self.wrapping.total():
            yield from self._wrapping()
        below = below_zero(line.thing.row for line in self.lines.values())
        if below and self._charged():
            rest = f"rounding-{self.order.order_id}"
            yield "lines", {"channel_order_line_id": rest, "kind": "discount", "quantity": 1, "price": below}
        for tax in self.shipping.taxes:
            yield "taxes", {"applies_to": "shipping", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        for tax in self.taxes.rest:
            yield "taxes", {"applies_to": "price", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        refunds = Refunds(self.order, self.lines, self.shipping, self.wrapping, self._left_by)
        for given in (*refunds.cancelled(self._cancelled(), self._cancellation()), *refunds.given_back(self._memos())):
            yield "adjustments", given.adjustment()
            for cells in given.taxes():
                yield "taxes", cells
        for row in self.shop.addresses[self.order.order_id]:
            yield "addresses", _address(row)

    def _order(self) -> dict[str, Any]:
        order = self.order
        valid = [memo for memo in self.shop.memos[order.order_id] if memo.state != CANCELLED_MEMO]
        track = next(iter(self.shop.tracks[order.order_id]), None)
        return {
            "created_at": order.created_at,
            "updated_at": self._newest(),
            "status": order.status or order.state,
            "status_hint": self._state(),
            "internal_id": order.order_id,
            "currency": order.order_currency_code,
            "total": self._charged(),
            "total_paid": (order.total_paid or ZERO) + paid_otherwise(order),
            "total_refunded": (order.total_refunded or ZERO) + sum(map(paid_otherwise, valid), ZERO),
            "shipping_price": self.shipping.net,
            "store": order.store_code or order.store_id,
            "email": order.customer_email,
            "carrier": _carrier(track) if track else None,
            "shipping_method": order.shipping_description,
            "shipping_method_code": order.shipping_method,
        }

    def _charged(self) -> Decimal | None:
        order = self.order
        return None if order.grand_total is None else order.grand_total + paid_otherwise(order)

    def _newest(self) -> Any:
        shop, order_id = self.shop, self.order.order_id
        memos = shop.memos[order_id]
        changed = [self.order, *self.items, *self.shipments, *shop.tracks[order_id], *shop.invoices[order_id], *memos]
        written = [*shop.history[order_id], *(row for memo in memos for row in shop.memo_comments[memo.creditmemo_id])]
        stamps = [*(row.updated_at for row in changed), *(row.created_at for row in written)]
        return max((stamp for stamp in stamps if isinstance(stamp, dt.datetime)), default=self.order.updated_at)

    def _state(self) -> str | None:
        order = self.order
        match order.state or self._state_of_status():
            case None:
                return None
            case "new" if self._nothing_due():
                return "state:new+paid"
            case "processing" if order.status == "fraud":
                return "state:processing+fraud"
            case "canceled" if self._ran_out_of_time():
                return "state:canceled+unpaid"
            case "holded" if order.hold_before_state:
                return f"state:holded+{order.hold_before_state}"
            case state:
                return f"state:{state}"

    def _state_of_status(self) -> str | None:
        """Return the state of an imported order that has none: the only one its status stands under."""
        states = [state for state, statuses in self.shop.statuses.items() if self.order.status in statuses]
        return states[0] if len(states) == 1 else None

    def _nothing_due(self) -> bool:
        order = self.order
        due = (order.grand_total or ZERO) - (order.total_paid or ZERO) if order.total_due is None else order.total_due
        return due <= 0 or order.payment_method == _PAID_ON_DELIVERY

    def _ran_out_of_time(self) -> bool:
        order_id = self.order.order_id
        awaited = self.shop.statuses["pending_payment"]
        passed = (*self.shop.history[order_id], *self.shop.changes[order_id])
        return not self.shop.invoices[order_id] and any(row.status in awaited for row in passed)

    def _line(self, line: Line) -> Iterator[tuple[str, dict[str, Any]]]:
        thing, row = line.thing, line.thing.row
        yield (
            "lines",
            {
                "channel_order_line_id": row.item_id,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
                "quantity": thing.quantity,
                "price": line.money.net,
                "product_id": row.sku or row.product_id or row.item_id,
                "product_title": row.name or row.sku,
                "status": "state:canceled" if self._was_cancelled(thing) else None,
                "quantity_refunded": thing.units(row.qty_refunded or ZERO),
                "quantity_shipped": thing.shipped(lambda shipper: shipper.qty_shipped or ZERO)
                if thing.shippers
                else None,
                "shipped_at": self._shipped_at(thing),
            },
        )
        yield from _line_taxes(row.item_id, (*line.money.taxes, *line.money.fixed))
        if thing.by_weight:
            yield (
                "custom_attributes",
                {
                    "channel_order_line_id": row.item_id,
                    "id": "ordered-quantity",
                    "type": "NUMERIC",
                    "value": row.qty_ordered,
                },
            )

    def _wrapping(self) -> Iterator[tuple[str, dict[str, Any]]]:
        line_id = wrapping_line(self.order)
        yield (
            "lines",
            {
                "channel_order_line_id": line_id,
                "kind": "fee",
                "quantity": 1,
                "price": self.wrapping.net,
                "product_id": "gift-wrapping",
                "product_title": "Gift wrapping",
            },
        )
        yield from _line_taxes(line_id, self.wrapping.taxes)

    def _was_cancelled(self, thing: Sold) -> bool:
        """Say whether a closed order, which counts as refunded, had this line cancelled instead."""
        row = thing.row
        return self.order.state == "closed" and bool(row.qty_ordered) and (row.qty_canceled or ZERO) >= row.qty_ordered

    def _cancelled(self) -> dict[Any, int]:
        """Return the cancelled units of each line that has some; a bundle's are counted nowhere, the state tells."""
        whole = self.order.state == "canceled"
        units = {}
        for line_id, line in self.lines.items():
            row, thing = line.thing.row, line.thing
            cancelled = min(thing.units(row.qty_canceled or ZERO), thing.quantity)
            units[line_id] = thing.quantity - thing.units(row.qty_refunded or ZERO) if whole else cancelled
        return {line_id: cancelled for line_id, cancelled in units.items() if cancelled > 0}

    def _cancellation(self) -> Cancellation:
        order_id = self.order.order_id
        history = [row for row in self.shop.history[order_id] if row.status in self.shop.statuses["canceled"]]
        changes = [row for row in self.shop.changes[order_id] if row.status in self.shop.statuses["canceled"]]
        at = min((row.created_at for row in (*history, *changes)), key=when, default=None)
        # An edited order lives on in its successor: nobody has cancelled anything.
        if self.order.relation_child_id:
            return Cancellation(at, None, "CHANNEL_SPECIFIC")
        return Cancellation(at, _words(row.comment for row in history), "CUSTOMER_CANCELATION")

    def _memos(self) -> Iterator[Memo]:
        for row in self.shop.memos[self.order.order_id]:
            comments = (comment.comment for comment in self.shop.memo_comments[row.creditmemo_id])
            yield Memo(row, self.shop.memo_items[row.creditmemo_id], _words([row.customer_note, *comments]))

    def _left_by(self, thing: Sold, at: dt.datetime) -> int:
        def count(shipper: Any) -> Decimal:
            parcels = [row for row in self.shipments if row.order_item_id == shipper.item_id]
            # Some other software may count what it shipped without writing a shipment: then nobody knows when.
            if not parcels:
                return Decimal(shipper.qty_shipped or ZERO)
            return sum((row.qty or ZERO for row in parcels if when(row.created_at) <= at), ZERO)

        return thing.shipped(count)

    def _shipped_at(self, thing: Sold) -> Any:
        shippers = {shipper.item_id for shipper, _ in thing.shippers}
        return min((row.created_at for row in self.shipments if row.order_item_id in shippers), key=when, default=None)


def _line_taxes(line_id: Any, taxes: Iterable[Tax]) -> Iterator[tuple[str, dict[str, Any]]]:
    for tax in taxes:
        cells = {"applies_to": "price", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        yield "taxes", {"channel_order_line_id": line_id, **cells}


def _words(texts: Iterable[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None


def _carrier(track: Any) -> str | None:
    code, title = as_text(track.carrier_code), as_text(track.title)
    return title or code if code in {None, "", _OWN_CARRIER} else code


def _address(row: Any) -> dict[str, Any]:
    street, *more = (line.strip() for line in (row.street or "").split("\n"))
    return {
        "address_type": row.address_type,
        "first_name": " ".join(name for name in (row.firstname, row.middlename) if name),
        "last_name": row.lastname,
        "company": row.company,
        "street": street,
        "street_additional_info": ", ".join(line for line in more if line),
        "zip_code": row.postcode,
        "city": row.city,
        "state": row.region,
        "country": row.country_id,
        "phone": row.telephone,
    }
