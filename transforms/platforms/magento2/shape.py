"""An order of Magento's, put together.

Composites are resolved in `items`, states in `states`, addresses in `places`; `money` and `extras` have what was
charged, `refunds` and `cancelled` what went back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from transforms.frames import OrderFrames, as_text, order_frames, table_of
from transforms.platforms.magento2 import extras
from transforms.platforms.magento2.cancelled import Cancellation, cancellations
from transforms.platforms.magento2.items import Sold, line_of, sold
from transforms.platforms.magento2.money import (
    ZERO,
    Tax,
    below_zero,
    line_money,
    order_taxes,
    paid_otherwise,
    shipping_money,
)
from transforms.platforms.magento2.places import places
from transforms.platforms.magento2.refunds import CANCELLED_MEMO, Given, Line, Memo, Refunds
from transforms.platforms.magento2.states import STATUSES, proved, state_of_status, state_word
from transforms.rows import Rows, rows_by, rows_of, when
from transforms.visible_text import visible_options

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
        self.gifts = rows_by(rows, "gift_messages", "order_id")
        self.locations = {row.order_id: row for row in rows_of(rows, "pickup_locations")}
        self.statuses: dict[str, set[str]] = defaultdict(set)
        for pair in rows_of(rows, "states"):
            self.statuses[pair.state].add(pair.status)


class _Order:
    """One order on its way into the frames."""

    def __init__(self, shop: _Shop, order: Any) -> None:
        self.shop, self.order = shop, order
        self.increment_id = order.increment_id
        self.items = shop.items[order.order_id]
        self.shipments = shop.shipments[order.order_id]
        self.things = sold(self.items)
        self.line_of = line_of(self.things, self.items)
        taxes = order_taxes(shop.taxes[order.order_id], self.line_of)
        self.lines = {thing.row.item_id: Line(thing, line_money(thing.row, taxes)) for thing in self.things}
        self.shipping = shipping_money(order, taxes)
        self.extras, self.rest = extras.extras(order, taxes.rest)
        self.has_left = any((row.qty_shipped or ZERO) > 0 for row in self.items)
        self.state = order.state or state_of_status(order.status, shop.statuses)

    def frames(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (frame name, row)."""
        given_back = list(self._given_back())
        where = places(
            self.order, self.shop.addresses[self.order.order_id], self.shop.locations.get(self.order.order_id)
        )
        yield "orders", {**self._order(), "pudo_id": where.point_id, "pickup": where.hides_home or None}
        for line in self.lines.values():
            yield from self._line(line)
        yield from extras.lines(self.extras)
        below = below_zero(line.thing.row for line in self.lines.values())
        if below and self._charged():
            rest = f"rounding-{self.order.order_id}"
            yield "lines", {"channel_order_line_id": rest, "kind": "discount", "quantity": 1, "price": below}
        for tax in self.shipping.taxes:
            yield "taxes", {"applies_to": "shipping", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        for tax in (tax for taxes in self.rest.values() for tax in taxes):
            yield "taxes", {"applies_to": "price", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        for given in given_back:
            yield "adjustments", given.adjustment()
            for cells in given.taxes():
                yield "taxes", cells
        for cells in where.addresses:
            yield "addresses", cells
        for name, value in where.attributes.items():
            yield "custom_attributes", _attribute(None, name, value)
        for gift in self.shop.gifts[self.order.order_id]:
            yield from self._gift(gift)

    def _given_back(self) -> Iterator[Given]:
        refunds = Refunds(self.order, self.lines, self.shipping, self.extras, self._left_by)
        yield from refunds.cancelled(self._cancellations())
        yield from refunds.given_back(self._memos())

    def _order(self) -> dict[str, Any]:
        order = self.order
        valid = [memo for memo in self.shop.memos[order.order_id] if memo.state != CANCELLED_MEMO]
        track = next(iter(self.shop.tracks[order.order_id]), None)
        hint = state_word(order, self.state, self.has_left, self._ran_out_of_time())
        return {
            "created_at": order.created_at,
            "updated_at": self._newest(),
            "status": order.status or order.state,
            "status_hint": hint,
            "status_proved": None if hint in STATUSES else self._proved(),
            "internal_id": order.order_id,
            "currency": order.order_currency_code,
            "total": self._charged(),
            "total_paid": (order.total_paid or ZERO) + paid_otherwise(order),
            "total_refunded": (order.total_refunded or ZERO) + sum(map(paid_otherwise, valid), ZERO),
            "shipping_price": self.shipping.net,
            "store": order.store_code or order.store_id,
            # What imports orders from marketplaces pays them with a method of its own.
            "source": order.payment_method,
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

    def _proved(self) -> str:
        units = [
            (thing.quantity, thing.cancelled, thing.units(thing.row.qty_refunded or ZERO)) for thing in self.things
        ]
        return proved(self.order, units, self.has_left)

    def _ran_out_of_time(self) -> bool:
        order_id = self.order.order_id
        awaited = self.shop.statuses.get("pending_payment", set())
        passed = (*self.shop.history[order_id], *self.shop.changes[order_id])
        return not self.shop.invoices[order_id] and any(row.status in awaited for row in passed)

    def _line(self, line: Line) -> Iterator[tuple[str, dict[str, Any]]]:
        thing, row = line.thing, line.thing.row
        refunded = max(thing.units(row.qty_refunded or ZERO) - line.reduced, 0)
        left = thing.has_left()
        waiting = bool(thing.shippers) and left + refunded + thing.cancelled < thing.quantity
        yield (
            "lines",
            {
                "channel_order_line_id": row.item_id,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
                "quantity": thing.quantity,
                "price": line.money.net,
                "product_id": thing.product_id,
                "product_title": row.name or row.sku,
                "status": self._word_of_line(line, waiting),
                "quantity_refunded": refunded,
                "quantity_shipped": left if thing.shippers else None,
                "partly_shipped": (waiting and thing.has_begun() and not left) or None,
                "is_virtual": not thing.shippers or None,
                "shipped_at": self._shipped_at(thing),
            },
        )
        yield from _line_taxes(row.item_id, (*line.money.taxes, *line.money.fixed))
        if thing.by_weight:
            yield "custom_attributes", _attribute(row.item_id, "ordered-quantity", row.qty_ordered, "NUMERIC")
        for name, value in visible_options(thing.choices()):
            yield "custom_attributes", _attribute(row.item_id, name, value)

    def _gift(self, gift: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        line_id = None if gift.item_id is None else self.line_of.get(gift.item_id)
        told = {"gift-message": gift.message, "gift-message-from": gift.sender, "gift-message-to": gift.recipient}
        for name, value in visible_options(told.items()):
            yield "custom_attributes", _attribute(line_id, name, value)

    def _word_of_line(self, line: Line, waiting: bool) -> str | None:
        """Name the state of a line where it is not the order's."""
        thing = line.thing
        if self.state == "closed" and thing.quantity and thing.cancelled >= thing.quantity:
            # A closed order counts as refunded.
            return "state:canceled"
        # Magento completes orders of which a part of a bundle, or of a price, was refunded; other software completes
        # those of which no shipment is written, and then nobody knows better.
        if self.state == "complete" and waiting and (self.has_left or line.reduced):
            return "state:complete+unshipped"
        return None

    def _cancellations(self) -> Iterator[Cancellation]:
        order_id, words = self.order.order_id, self.shop.statuses.get("canceled", set())
        history = self.shop.history[order_id]
        moments = [row for row in (*history, *self.shop.changes[order_id]) if row.status in words]
        return cancellations(self.order, self.things, history, moments)

    def _memos(self) -> Iterator[Memo]:
        for row in self.shop.memos[self.order.order_id]:
            comments = (comment.comment for comment in self.shop.memo_comments[row.creditmemo_id])
            yield Memo(row, self.shop.memo_items[row.creditmemo_id], _words([row.customer_note, *comments]))

    def _left_by(self, shipper: Any, at: dt.datetime) -> Decimal:
        parcels = [row for row in self.shipments if row.order_item_id == shipper.item_id]
        # Some other software may count what it shipped without writing a shipment: then nobody knows when.
        if not parcels:
            return Decimal(shipper.qty_shipped or ZERO)
        return sum((row.qty or ZERO for row in parcels if when(row.created_at) <= at), ZERO)

    def _shipped_at(self, thing: Sold) -> Any:
        shippers = {shipper.item_id for shipper, _ in thing.shippers}
        return min((row.created_at for row in self.shipments if row.order_item_id in shippers), key=when, default=None)


def _line_taxes(line_id: Any, taxes: Iterable[Tax]) -> Iterator[tuple[str, dict[str, Any]]]:
    for tax in taxes:
        cells = {"applies_to": "price", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
        yield "taxes", {"channel_order_line_id": line_id, **cells}


def _attribute(line_id: Any, name: str, value: Any, kind: str = "STRING") -> dict[str, Any]:
    return {"channel_order_line_id": line_id, "id": name, "type": kind, "value": value}


def _words(texts: Iterable[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None


def _carrier(track: Any) -> str | None:
    code, title = as_text(track.carrier_code), as_text(track.title)
    return title or code if code in {None, "", _OWN_CARRIER} else code
