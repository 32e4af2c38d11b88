"""One order from its rows: the payload of upsertOrders, and what an operator must know about it.

Belongs here: the assembly of one order. Does not belong here: frames, serialisation, many orders.
"""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from transforms.addresses import AddressError, address
from transforms.adjustments import AdjustedLine, Amounts, Cancelation, LineAdjustment, RefundRow, adjust
from transforms.attributes import ORDERED_QUANTITY, custom_attributes
from transforms.cells import Cells, OrderError
from transforms.charges import Line, charge, refund_rows
from transforms.frames import COLUMNS
from transforms.mapping import ChannelMapping
from transforms.money import to_minor
from transforms.outcomes import Notice
from transforms.records import Email, Url
from transforms.statuses import CANCELLED, MappedStatus, Quantities, can_cancel, line_status, map_status, order_status
from transforms.times import format_time

ROW_TYPES: Mapping[str, Any] = {
    name: namedtuple(f"{name.title().replace('_', '')}Row", [column.name for column in columns])
    for name, columns in COLUMNS.items()
}

_WORDED = [(name, column) for name, columns in COLUMNS.items() for column in columns if column.words]

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_URL: TypeAdapter[str] = TypeAdapter(Url)


@dataclass(slots=True)
class OrderRows:
    """The rows of one order: named tuples of cells, one attribute per column of the frame."""

    order: Any
    lines: list[Any]
    adjustments: list[Any]
    taxes: list[Any]
    addresses: list[Any]
    custom_attributes: list[Any]


def build_order(rows: OrderRows, mapping: ChannelMapping) -> tuple[dict[str, Any], list[Notice]]:
    """Build the payload of one order and the notices about it.

    Raises:
        OrderError: the order cannot be sent.
    """
    return _Builder(rows, mapping).build()


class _Builder:
    def __init__(self, rows: OrderRows, mapping: ChannelMapping) -> None:
        self.rows, self.mapping, self.order = rows, mapping, rows.order
        self.cells = Cells(self.order.currency, mapping)
        self.notices = self.cells.notices
        self.created_at = self.cells.required_time(self.order.created_at, "created_at")
        updated_at = self.cells.required_time(self.order.updated_at, "channel_updated_at")
        # A copied or imported order may claim an update before its own creation; Mirakl's stamp must not.
        self.updated_at = max(updated_at, self.created_at)
        self.shipped_at = self.cells.time(self.order.shipped_at, "shipped_at")

    def build(self) -> tuple[dict[str, Any], list[Notice]]:
        order = self.order
        if not (order.channel_order_id or "").strip():
            raise OrderError("missing", "channel_order_id", "is missing")
        self._require_words()
        mapped = map_status(order.status, order.status_hint, self.mapping, order.status_proved)
        if not mapped.known:
            self.notices.append(
                Notice("unmapped_status", "status", f"status {order.status!r} is not mapped; add it under `statuses`")
            )
        lines = self._lines(mapped)
        charge(self.cells, order, self.rows.lines, self.rows.taxes, lines)
        self._adjust(lines)
        statuses = self._statuses(lines, mapped)
        rolled = order_status(mapped, statuses)
        payload: dict[str, Any] = {
            "channel_order_id": order.channel_order_id.strip(),
            "created_at": format_time(self.created_at),
            "channel_updated_at": format_time(self.updated_at),
            "status": rolled.status,
            "order_lines": [self._line_payload(line, status) for line, status in zip(lines, statuses, strict=True)],
            "shipping_info": self._shipping_info(),
            "fulfillment": self._fulfillment(),
        }
        if rolled.reason:
            payload["status_reason"] = rolled.reason
        if billing := self._billing():
            payload["billing_info"] = {"address": billing}
        if (has_incident := self.cells.flag(order.has_incident, "has_incident")) is not None:
            payload["has_incident"] = has_incident
        if order.sub_channel_code:
            payload["sub_channel_code"] = order.sub_channel_code
        if attributes := custom_attributes(self.cells, self.rows.custom_attributes, None, order.status, mapped):
            payload["custom_attributes"] = attributes
        return payload, self.notices

    def _require_words(self) -> None:
        """Hold an order of which a row would be read as something else, or not at all."""
        for name, column in _WORDED:
            for row in [self.order] if name == "orders" else getattr(self.rows, name):
                word = getattr(row, column.name)
                if word not in column.words and (word or column.required):
                    raise OrderError("invalid_word", f"{name}.{column.name}", f"is not {' or '.join(column.words)}")

    def _lines(self, mapped: MappedStatus) -> list[Line]:
        lines: list[Line] = []
        for row in self.rows.lines:
            if row.kind == "discount":
                continue
            path = f"order_lines[{len(lines)}]"
            own = map_status(row.status, None, self.mapping) if row.status else mapped
            if not own.known and row.status:
                self.notices.append(
                    Notice("unmapped_status", f"{path}.status", f"line status {row.status!r} is not mapped")
                )
            shipped_at = self.cells.time(row.shipped_at, f"{path}.shipped_at") or self.shipped_at
            measure = self.cells.measure(row.quantity, f"{path}.quantity")
            quantity = self.cells.units(row.quantity, f"{path}.quantity", measure)
            is_virtual = self.cells.flag(row.is_virtual, f"{path}.is_virtual") or False
            partly = self.cells.flag(row.partly_shipped, f"{path}.partly_shipped") or False
            if measure is not None and row.quantity_shipped is not None:
                partly = partly or 0 < self.cells.amount(row.quantity_shipped, f"{path}.quantity_shipped") < measure
            lines.append(Line(row, path, quantity, own, Amounts(), shipped_at, is_virtual, partly, measure))
        if not lines:
            raise OrderError("no_lines", "order_lines", "the order has no lines")
        return lines

    def _adjust(self, lines: list[Line]) -> None:
        adjusted = {
            line.row.channel_order_line_id: AdjustedLine(
                line_id=line.row.channel_order_line_id,
                units=line.quantity,
                departures=self._departures(line),
                remaining=Amounts(
                    line.amounts.price,
                    line.amounts.shipping,
                    dict(line.amounts.taxes),
                    dict(line.amounts.shipping_taxes),
                ),
                by_measure=line.measure is not None,
            )
            for line in lines
        }
        by_line: dict[str, list[LineAdjustment]] = {}
        rows = refund_rows(self.cells, self.order, lines, self.rows.adjustments, self.rows.taxes)
        if self._paid_once_more():
            # The units were paid once more, and wait: only their money went back.
            rows = [row if row.type else replace(row, type="REFUND") for row in rows]
        cancelations = [made for line in lines if (made := self._cancelation(line, rows)) is not None]
        for adjustment in adjust(adjusted, rows, self.mapping.reasons, cancelations):
            by_line.setdefault(adjustment.line_id, []).append(adjustment)
        for line in lines:
            line.adjustments = by_line.get(line.row.channel_order_line_id, [])
        told = sum(made.amounts.total() for line in lines for made in line.adjustments if made.charged)
        refunded = sum(row.money() for row in rows if row.charged)
        if self.order.total_refunded is not None:
            refunded = to_minor(self.cells.amount(self.order.total_refunded, "total_refunded"), self.cells.digits)
        if told != refunded:
            self.cells.mismatch("order_lines.adjustments", told, refunded, "the shop refunded")

    def _cancelation(self, line: Line, rows: list[RefundRow]) -> Cancelation | None:
        """Return the units that were cancelled without a document: counted ones, or all that a cancelled order has."""
        row = line.row
        by_word = line.status.status == "CLOSED" and line.status.reason in CANCELLED
        told = sum(made.quantity for made in rows if made.line_id == row.channel_order_line_id and not made.charged)
        counted = (self._count(row.quantity_cancelled, line, "cancelled") or 0) - told
        if not by_word and counted <= 0:
            return None
        at = (
            self.cells.time(row.cancelled_at, f"{line.path}.cancelled_at")
            or self.cells.time(self.order.cancelled_at, "cancelled_at")
            # Nobody knows when: after all that is known to have been given back.
            or max([self.updated_at, *(made.created_at for made in rows)])
        )
        return Cancelation(
            line_id=row.channel_order_line_id,
            at=at,
            quantity=None if by_word else counted,
            owed=not self._paid_beyond_refunds(),
            words=row.cancel_reason or self.order.cancel_reason,
            default_reason=CANCELLED.get(line.status.reason or "CANCELED", "CUSTOMER_CANCELATION"),
        )

    def _departures(self, line: Line) -> list[tuple[int, dt.datetime | None]]:
        shipped = self._count(line.row.quantity_shipped, line, "shipped")
        sent = line.status.status in {"SHIPPED", "DELIVERED"}
        if not shipped:
            # A closed order may have left before.
            left = sent or line.partly_shipped or (shipped is None and line.shipped_at is not None)
            return [(line.quantity, line.shipped_at)] if left else []
        return [(shipped, line.shipped_at)]

    def _count(self, text: str | None, line: Line, what: str) -> int | None:
        return None if text is None else self.cells.units(text, f"{line.path}.quantity_{what}", line.measure)

    def _statuses(self, lines: list[Line], mapped: MappedStatus) -> list[MappedStatus]:
        """Decide every line's status; what nobody ships is, while it is open, as far as the others are together."""
        # A shop that counts no unit of an order keeps no such count: its word decides.
        counts = any(self._count(line.row.quantity_shipped, line, "shipped") for line in lines)
        statuses = [self._line_status(line, counts) for line in lines]
        shipped = [status for line, status in zip(lines, statuses, strict=True) if line.is_shipped]
        if not shipped or len(shipped) == len(lines):
            return statuses
        together = order_status(mapped, shipped)

        def follows(line: Line, status: MappedStatus) -> bool:
            # A download outlives the parcel that came back; a fee of it does not.
            return status.status != "CLOSED" and (line.is_fee or (line.is_virtual and together.status != "CLOSED"))

        return [together if follows(line, status) else status for line, status in zip(lines, statuses, strict=True)]

    def _line_status(self, line: Line, counts: bool) -> MappedStatus:
        cancelled = sum(a.quantity for a in line.adjustments if not a.charged)
        # Units that a refund document took off the order are money given back as well: closed means REFUNDED.
        refunded = sum(a.quantity for a in line.adjustments if a.charged)
        # Whoever had all the money back and paid once more waits for the goods: only units that came back are gone.
        if line.row.quantity_refunded is not None and self._paid_once_more():
            refunded = 0
        returned = self._count(line.row.quantity_returned, line, "returned")
        units = Quantities(
            ordered=line.quantity,
            cancelled=max(cancelled, self._count(line.row.quantity_cancelled, line, "cancelled") or 0),
            refunded=max(refunded, self._count(line.row.quantity_refunded, line, "refunded") or 0),
            returned=sum(a.returned for a in line.adjustments) if returned is None else returned,
            shipped=self._count(line.row.quantity_shipped, line, "shipped") if counts else None,
            left=line.row.quantity_shipped is None and line.shipped_at is not None,
            partly_shipped=line.partly_shipped,
            delivered=self._count(line.row.quantity_delivered, line, "delivered"),
        )
        return line_status(line.status, units)

    def _line_payload(self, line: Line, status: MappedStatus) -> dict[str, Any]:
        row = line.row
        left = line.amounts.total() - sum(adjustment.amounts.total() for adjustment in line.adjustments)
        product: dict[str, Any] = {
            "id": (row.product_id or "").strip(),
            "title": (row.product_title or "").replace("\x00", "").strip() or (row.product_id or "").strip(),
        }
        if url := self.cells.optional(_URL, row.thumbnail_url, f"{line.path}.product.thumbnail_url"):
            product["thumbnail_url"] = url
        payload: dict[str, Any] = {
            "channel_order_line_id": (row.channel_order_line_id or "").strip(),
            "created_at": format_time(self.cells.time(row.created_at, f"{line.path}.created_at") or self.created_at),
            "updated_at": format_time(self.cells.time(row.updated_at, f"{line.path}.updated_at") or self.updated_at),
            "quantity": line.quantity,
            "price": self.cells.money(line.amounts.price),
            "total_shipping_price": self.cells.money(line.amounts.shipping),
            "product": product,
            "status": status.status,
            "can_cancel": self._can_cancel(line, status),
            "can_refund": self._can_refund(line, status, left),
        }
        if status.reason:
            payload["status_reason"] = status.reason
        if taxes := self.cells.taxes(line.amounts.taxes):
            payload["taxes"] = taxes
        if taxes := self.cells.taxes(line.amounts.shipping_taxes):
            payload["shipping_taxes"] = taxes
        if line.adjustments:
            payload["adjustments"] = [self._adjustment_payload(adjustment) for adjustment in line.adjustments]
        own = self.rows.custom_attributes
        attributes = custom_attributes(self.cells, own, row.channel_order_line_id, row.status, line.status)
        if line.measure is not None:
            attributes.append({"id": ORDERED_QUANTITY, "type": "NUMERIC", "value": line.measure})
        if attributes:
            payload["custom_attributes"] = attributes
        return payload

    def _can_cancel(self, line: Line, status: MappedStatus) -> bool:
        shop = self.cells.flag(line.row.can_cancel, f"{line.path}.can_cancel")
        if shop is not None:
            return shop and status.status != "CLOSED"
        return can_cancel(status, line.partly_shipped or self._count(line.row.quantity_shipped, line, "shipped"))

    def _can_refund(self, line: Line, status: MappedStatus, left: int) -> bool:
        shop = self.cells.flag(line.row.can_refund, f"{line.path}.can_refund")
        if (status.status, status.reason) in {("CLOSED", "REFUNDED"), ("CLOSED", "CANCELED")}:
            return False
        return left > 0 and self._paid_beyond_refunds() if shop is None else shop

    def _paid_beyond_refunds(self) -> bool:
        paid = self.cells.amount(self.order.total_paid, "total_paid")
        return paid > abs(self.cells.amount(self.order.total_refunded, "total_refunded"))

    def _paid_once_more(self) -> bool:
        total, paid, refunded = (
            self.cells.amount(getattr(self.order, name), name) for name in ("total", "total_paid", "total_refunded")
        )
        return bool(total and refunded) and paid - abs(refunded) >= total

    def _adjustment_payload(self, adjustment: LineAdjustment) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "channel_adjustment_id": adjustment.adjustment_id,
            "type": adjustment.type,
            "created_at": format_time(adjustment.created_at),
            "reason": adjustment.reason,
            "quantity": adjustment.quantity,
            "price": self.cells.money(adjustment.amounts.price),
            "shipping_price": self.cells.money(adjustment.amounts.shipping),
        }
        if taxes := self.cells.taxes({key: minor for key, minor in adjustment.amounts.taxes.items() if minor}):
            payload["taxes"] = taxes
        if taxes := self.cells.taxes({key: minor for key, minor in adjustment.amounts.shipping_taxes.items() if minor}):
            payload["shipping_taxes"] = taxes
        return payload

    def _shipping_info(self) -> dict[str, Any]:
        order = self.order
        info: dict[str, Any] = {}
        try:
            pickup = self.cells.flag(order.pickup, "shipping_info.pickup") or False
            if not pickup and (place := self._address("shipping")) is not None:
                info["address"] = place
        except AddressError as error:
            raise OrderError("invalid_address", f"shipping_info.address.{error.field}", str(error)) from None
        for name, text in (("carrier", order.carrier), ("method", order.shipping_method), ("pudo_id", order.pudo_id)):
            if text and text.strip():
                info[name] = text.strip()
        if email := self.cells.optional(_EMAIL, order.email, "shipping_info.email"):
            info["email"] = email
        if deadline := self.cells.time(order.shipping_deadline, "shipping_info.shipping_deadline"):
            info["shipping_deadline"] = format_time(deadline)
        earliest = self.cells.time(order.delivery_earliest, "shipping_info.delivery_date.earliest")
        latest = self.cells.time(order.delivery_latest, "shipping_info.delivery_date.latest")
        if earliest and latest:
            info["delivery_date"] = {"earliest": format_time(earliest), "latest": format_time(latest)}
        return info

    def _billing(self) -> dict[str, str] | None:
        """Return the billing address; one that is incomplete is left out and said, as Mirakl does not ask for it."""
        try:
            return self._address("billing")
        except AddressError as error:
            self.notices.append(
                Notice("dropped_field", "billing_info.address", f"{error.field} {error}; the address was left out")
            )
            return None

    def _address(self, address_type: str) -> dict[str, str] | None:
        return next((address(row) for row in self.rows.addresses if row.address_type == address_type), None)

    def _fulfillment(self) -> dict[str, str]:
        predicate = self.mapping.fulfilled_by_partner
        if predicate is None or getattr(self.order, predicate.column) not in predicate.values:
            return {"type": "FULFILLED_BY_SELLER"}
        partner = {"type": "FULFILLED_BY_PARTNER"}
        return partner if predicate.code is None else {**partner, "code": predicate.code}
