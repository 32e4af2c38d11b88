"""One order from its rows: the payload of upsertOrders, and what an operator must know about it.

Where money goes: a positive fee becomes a line of its own (product id `fee`), so that its refunds find it; a discount
row (and a negative fee) is taken off the product lines in proportion. Shipping of the whole order is spread over the
product lines in proportion to their price. All amounts end in the currency's minor units, and rounding is steered so
that they add up to the shop's own total where rounding alone explains the difference.

Belongs here: the assembly of one order. Does not belong here: frames, serialisation, many orders.
"""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from transforms.addresses import AddressError, address
from transforms.adjustments import AdjustedLine, Amounts, LineAdjustment, RefundRow, TaxKey, adjust
from transforms.frames import COLUMNS
from transforms.mapping import ChannelMapping
from transforms.money import AmountError, from_minor, minor_digits, parse_amount, round_to_total, spread, to_minor
from transforms.outcomes import Notice
from transforms.records import Email, Url
from transforms.statuses import MappedStatus, Quantities, can_cancel, line_status, map_status, order_status
from transforms.times import TimeError, format_time, parse_time

ROW_TYPES: Mapping[str, Any] = {
    name: namedtuple(f"{name.title().replace('_', '')}Row", [column.name for column in columns])
    for name, columns in COLUMNS.items()
}
T = TypeVar("T")
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_URL: TypeAdapter[str] = TypeAdapter(Url)
_ONE = Decimal(1)


class OrderError(Exception):
    """Why an order cannot be sent: a stable code, the contract's path, and words for a person. No personal data."""

    def __init__(self, code: str, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.code, self.field, self.reason = code, field, reason


@dataclass(slots=True)
class OrderRows:
    """The rows of one order: named tuples of cells, one attribute per column of the frame."""

    order: Any
    lines: list[Any]
    adjustments: list[Any]
    taxes: list[Any]
    addresses: list[Any]
    custom_attributes: list[Any]


@dataclass(slots=True)
class _Line:
    row: Any
    path: str
    quantity: int
    status: MappedStatus
    amounts: Amounts
    shipped_at: dt.datetime | None
    adjustments: list[LineAdjustment] = field(default_factory=list)

    @property
    def is_fee(self) -> bool:
        return bool(self.row.kind == "fee")


def build_order(rows: OrderRows, mapping: ChannelMapping) -> tuple[dict[str, Any], list[Notice]]:
    """Build the payload of one order and the notices about it.

    Raises:
        OrderError: the order cannot be sent.
    """
    return _Builder(rows, mapping).build()


class _Builder:
    def __init__(self, rows: OrderRows, mapping: ChannelMapping) -> None:
        self.rows, self.mapping, self.order = rows, mapping, rows.order
        self.notices: list[Notice] = []
        self.currency = (self.order.currency or "").strip().upper()
        digits = minor_digits(self.currency)
        if digits is None:
            raise OrderError("unknown_currency", "currency", "is missing or not an ISO 4217 code")
        self.digits = digits
        self.created_at = self._required_time(self.order.created_at, "created_at")
        updated_at = self._required_time(self.order.updated_at, "channel_updated_at")
        # A copied or imported order may claim an update before its own creation; Mirakl's stamp must not.
        self.updated_at = max(updated_at, self.created_at)

    def build(self) -> tuple[dict[str, Any], list[Notice]]:
        order = self.order
        if not (order.channel_order_id or "").strip():
            raise OrderError("missing", "channel_order_id", "is missing")
        mapped = map_status(order.status, order.status_hint, self.mapping)
        if not mapped.known:
            self.notices.append(
                Notice("unmapped_status", "status", f"status {order.status!r} is not mapped; add it under `statuses`")
            )
        lines = self._lines(mapped)
        self._charge(lines)
        self._adjust(lines, mapped)
        statuses = [self._line_status(line) for line in lines]
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
        if order.has_incident is not None:
            payload["has_incident"] = order.has_incident.strip().lower() in {"1", "t", "true", "yes", "y"}
        if order.sub_channel_code:
            payload["sub_channel_code"] = order.sub_channel_code
        if attributes := self._custom_attributes(None):
            payload["custom_attributes"] = attributes
        return payload, self.notices

    # -- cells --------------------------------------------------------------------------------------------------

    def _required_time(self, text: str | None, path: str) -> dt.datetime:
        moment = self._time(text, path)
        if moment is None:
            raise OrderError("missing", path, "is missing")
        return moment

    def _time(self, text: str | None, path: str) -> dt.datetime | None:
        try:
            return parse_time(text, self.mapping.naive_timezone)
        except TimeError as error:
            raise OrderError("invalid_time", path, str(error)) from None

    def _amount(self, text: str | None, path: str) -> Decimal:
        try:
            return parse_amount(text)
        except AmountError as error:
            raise OrderError("invalid_amount", path, str(error)) from None

    def _units(self, text: str | None, path: str) -> int:
        try:
            number = parse_amount(text)
        except AmountError:
            raise OrderError("invalid_quantity", path, "is not a number") from None
        if number % _ONE:
            raise OrderError("invalid_quantity", path, "is not a whole number of units")
        return int(number)

    def _money(self, minor: int) -> dict[str, Any]:
        return {"amount": from_minor(minor, self.digits), "currency": self.currency}

    def _tax_key(self, row: Any, path: str) -> TaxKey:
        rate = None if row.rate is None or not row.rate.strip() else self._amount(row.rate, f"{path}.rate")
        if rate is None:
            return (row.code or "").strip() or "TAX", None
        return (row.code or "").strip() or "TAX", format((rate / self.mapping.rate_divisor).normalize(), "f")

    def _taxes(self, taxes: Mapping[TaxKey, int]) -> list[dict[str, Any]]:
        entries = []
        for (code, rate), amount in taxes.items():
            entry: dict[str, Any] = {"amount": self._money(amount), "code": code}
            if rate is not None:
                entry["rate"] = Decimal(rate)
            entries.append(entry)
        return entries

    def _optional(self, adapter: TypeAdapter[str], text: str | None, path: str) -> str | None:
        """Keep a field that is valid; one that is not is left out and said, as the parcel does not hang on it."""
        if text is None or not text.strip():
            return None
        try:
            return adapter.validate_python(text.strip())
        except ValidationError:
            self.notices.append(Notice("dropped_field", path, "is not valid and was left out"))
            return None

    # -- lines and money ----------------------------------------------------------------------------------------

    def _lines(self, mapped: MappedStatus) -> list[_Line]:
        lines: list[_Line] = []
        for row in self.rows.lines:
            if row.kind == "discount":
                continue
            path = f"order_lines[{len(lines)}]"
            own = map_status(row.status, None, self.mapping) if row.status else mapped
            if not own.known and row.status:
                self.notices.append(
                    Notice("unmapped_status", f"{path}.status", f"line status {row.status!r} is not mapped")
                )
            shipped_at = self._time(row.shipped_at, f"{path}.shipped_at") or self._time(
                self.order.shipped_at, "shipped_at"
            )
            quantity = self._units(row.quantity, f"{path}.quantity")
            lines.append(_Line(row, path, quantity, own, Amounts(), shipped_at))
        if not lines:
            raise OrderError("no_lines", "order_lines", "the order has no lines")
        return lines

    def _charge(self, lines: list[_Line]) -> None:
        """Give every line its money in minor units, adding up to the shop's total where rounding allows."""
        index_of = {line.row.channel_order_line_id: index for index, line in enumerate(lines)}
        slots: list[tuple[int | None, str, TaxKey | None]] = []
        exact: list[Decimal] = []

        def take(index: int | None, bucket: str, key: TaxKey | None, amount: Decimal) -> None:
            slots.append((index, bucket, key))
            exact.append(amount)

        for index, line in enumerate(lines):
            take(index, "price", None, self._amount(line.row.price, f"{line.path}.price.amount"))
            if line.row.total_shipping_price is not None:
                path = f"{line.path}.total_shipping_price.amount"
                take(index, "shipping", None, self._amount(line.row.total_shipping_price, path))
        for row in self.rows.lines:
            if row.kind == "discount":
                take(None, "price", None, self._amount(row.price, "order_lines.price.amount"))
        shipping = self._amount(self.order.shipping_price, "shipping_price")
        take(None, "shipping", None, shipping)
        for row in self.rows.taxes:
            if row.channel_adjustment_id is not None:
                continue
            owner = index_of.get(row.channel_order_line_id)
            path = "order_lines.taxes" if owner is None else f"{lines[owner].path}.taxes"
            bucket = "shipping_taxes" if row.applies_to == "shipping" else "taxes"
            take(owner, bucket, self._tax_key(row, path), self._amount(row.amount, f"{path}.amount"))

        total = None if self.order.total is None else to_minor(self._amount(self.order.total, "total"), self.digits)
        rounded, adds_up = round_to_total(exact, self.digits, total)
        if not adds_up and total is not None:
            self._mismatch("order_lines", sum(rounded), total, "the shop charged")
        for (owner, bucket, key), minor in zip(slots, rounded, strict=True):
            if owner is not None:
                lines[owner].amounts.add(bucket, key, minor)
        for (owner, bucket, key), minor in zip(slots, rounded, strict=True):
            if owner is None:
                self._spread(lines, bucket, key, minor)

    def _spread(self, lines: list[_Line], bucket: str, key: TaxKey | None, minor: int) -> None:
        if bucket == "taxes" and minor < 0 and key is not None:
            weights = [line.amounts.taxes.get(key, 0) for line in lines]
        else:
            weights = [0 if line.is_fee else line.amounts.price for line in lines]
            if not any(weight > 0 for weight in weights):
                weights = [0 if line.is_fee else 1 for line in lines]
        for line, part in zip(lines, spread(minor, weights), strict=True):
            if part:
                line.amounts.add(bucket, key, part)

    def _mismatch(self, path: str, told: int, shop: int, verb: str) -> None:
        def amount(minor: int) -> str:
            return f"{from_minor(minor, self.digits)} {self.currency}"

        self.notices.append(Notice("money_mismatch", path, f"Mirakl is told {amount(told)}, {verb} {amount(shop)}"))

    def _adjust(self, lines: list[_Line], mapped: MappedStatus) -> None:
        adjusted = {
            line.row.channel_order_line_id: AdjustedLine(
                line_id=line.row.channel_order_line_id,
                units=line.quantity,
                shipped=self._shipped_by_now(line, mapped),
                shipped_at=line.shipped_at,
                remaining=Amounts(
                    line.amounts.price,
                    line.amounts.shipping,
                    dict(line.amounts.taxes),
                    dict(line.amounts.shipping_taxes),
                ),
            )
            for line in lines
        }
        by_line: dict[str, list[LineAdjustment]] = {}
        for adjustment in adjust(adjusted, self._refund_rows(), self.mapping.reasons):
            by_line.setdefault(adjustment.line_id, []).append(adjustment)
        for line in lines:
            line.adjustments = by_line.get(line.row.channel_order_line_id, [])
        if self.order.total_refunded is not None:
            told = sum(adjustment.amounts.total() for line in lines for adjustment in line.adjustments)
            refunded = to_minor(self._amount(self.order.total_refunded, "total_refunded"), self.digits)
            if told != refunded:
                self._mismatch("order_lines.adjustments", told, refunded, "the shop refunded")

    def _shipped_by_now(self, line: _Line, mapped: MappedStatus) -> bool:
        return mapped.status in {"SHIPPED", "DELIVERED"} or bool(
            self._count(line.row.quantity_shipped, line, "shipped")
        )

    def _count(self, text: str | None, line: _Line, what: str) -> int | None:
        return None if text is None else self._units(text, f"{line.path}.quantity_{what}")

    def _refund_rows(self) -> list[RefundRow]:
        taxes: dict[str, list[Any]] = {}
        for row in self.rows.taxes:
            if row.channel_adjustment_id is not None:
                taxes.setdefault(row.channel_adjustment_id, []).append(row)
        rows = []
        for row in self.rows.adjustments:
            path = "order_lines.adjustments"
            slots: list[tuple[str, TaxKey | None]] = [("price", None), ("shipping", None)]
            exact = [
                abs(self._amount(row.price, f"{path}.price.amount")),
                abs(self._amount(row.shipping_price, f"{path}.shipping_price.amount")),
            ]
            for tax in taxes.get(row.channel_adjustment_id, ()):
                slots.append(
                    ("shipping_taxes" if tax.applies_to == "shipping" else "taxes", self._tax_key(tax, f"{path}.taxes"))
                )
                exact.append(abs(self._amount(tax.amount, f"{path}.taxes.amount")))
            rounded, _ = round_to_total(exact, self.digits, to_minor(sum(exact, Decimal(0)), self.digits))
            amounts = Amounts()
            for (bucket, key), minor in zip(slots, rounded, strict=True):
                amounts.add(bucket, key, minor)
            rows.append(
                RefundRow(
                    adjustment_id=row.channel_adjustment_id or "",
                    refund_id=row.refund_id or row.channel_adjustment_id or "",
                    line_id=row.channel_order_line_id,
                    created_at=self._required_time(row.created_at, f"{path}.created_at"),
                    type=row.type,
                    reason=row.reason,
                    quantity=abs(self._units(row.quantity, f"{path}.quantity")),
                    amounts=amounts,
                    gross=to_minor(abs(self._amount(row.gross_amount, f"{path}.gross_amount")), self.digits),
                )
            )
        return rows

    def _line_status(self, line: _Line) -> MappedStatus:
        cancelled = sum(a.quantity for a in line.adjustments if a.type == "CANCELATION")
        refunded = sum(a.quantity for a in line.adjustments if a.type == "REFUND")
        # Units that a refund document took off the order are money given back as well: closed means REFUNDED.
        units = Quantities(
            ordered=line.quantity,
            cancelled=self._count(line.row.quantity_cancelled, line, "cancelled") or 0,
            refunded=max(cancelled + refunded, self._count(line.row.quantity_refunded, line, "refunded") or 0),
            shipped=self._count(line.row.quantity_shipped, line, "shipped"),
            delivered=self._count(line.row.quantity_delivered, line, "delivered"),
        )
        return line_status(line.status, units)

    def _line_payload(self, line: _Line, status: MappedStatus) -> dict[str, Any]:
        row = line.row
        left = line.amounts.total() - sum(adjustment.amounts.total() for adjustment in line.adjustments)
        product: dict[str, Any] = {
            "id": (row.product_id or "").strip(),
            "title": (row.product_title or "").replace("\x00", "").strip() or (row.product_id or "").strip(),
        }
        if url := self._optional(_URL, row.thumbnail_url, f"{line.path}.product.thumbnail_url"):
            product["thumbnail_url"] = url
        payload: dict[str, Any] = {
            "channel_order_line_id": (row.channel_order_line_id or "").strip(),
            "created_at": format_time(self._time(row.created_at, f"{line.path}.created_at") or self.created_at),
            "updated_at": format_time(self._time(row.updated_at, f"{line.path}.updated_at") or self.updated_at),
            "quantity": line.quantity,
            "price": self._money(line.amounts.price),
            "total_shipping_price": self._money(line.amounts.shipping),
            "product": product,
            "status": status.status,
            "can_cancel": can_cancel(status, self._count(row.quantity_shipped, line, "shipped")),
            "can_refund": left > 0 and self._paid_beyond_refunds(),
        }
        if status.reason:
            payload["status_reason"] = status.reason
        if taxes := self._taxes(line.amounts.taxes):
            payload["taxes"] = taxes
        if taxes := self._taxes(line.amounts.shipping_taxes):
            payload["shipping_taxes"] = taxes
        if line.adjustments:
            payload["adjustments"] = [self._adjustment_payload(adjustment) for adjustment in line.adjustments]
        if attributes := self._custom_attributes(row.channel_order_line_id):
            payload["custom_attributes"] = attributes
        return payload

    def _paid_beyond_refunds(self) -> bool:
        paid = self._amount(self.order.total_paid, "total_paid")
        return paid > abs(self._amount(self.order.total_refunded, "total_refunded"))

    def _adjustment_payload(self, adjustment: LineAdjustment) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "channel_adjustment_id": adjustment.adjustment_id,
            "type": adjustment.type,
            "created_at": format_time(adjustment.created_at),
            "reason": adjustment.reason,
            "quantity": adjustment.quantity,
            "price": self._money(adjustment.amounts.price),
            "shipping_price": self._money(adjustment.amounts.shipping),
        }
        if taxes := self._taxes({key: minor for key, minor in adjustment.amounts.taxes.items() if minor}):
            payload["taxes"] = taxes
        if taxes := self._taxes({key: minor for key, minor in adjustment.amounts.shipping_taxes.items() if minor}):
            payload["shipping_taxes"] = taxes
        return payload

    # -- the rest of the order ----------------------------------------------------------------------------------

    def _shipping_info(self) -> dict[str, Any]:
        order = self.order
        info: dict[str, Any] = {}
        try:
            if (place := self._address("shipping")) is not None:
                info["address"] = place
        except AddressError as error:
            raise OrderError("invalid_address", f"shipping_info.address.{error.field}", str(error)) from None
        for name, text in (("carrier", order.carrier), ("method", order.shipping_method), ("pudo_id", order.pudo_id)):
            if text and text.strip():
                info[name] = text.strip()
        if email := self._optional(_EMAIL, order.email, "shipping_info.email"):
            info["email"] = email
        if deadline := self._time(order.shipping_deadline, "shipping_info.shipping_deadline"):
            info["shipping_deadline"] = format_time(deadline)
        earliest = self._time(order.delivery_earliest, "shipping_info.delivery_date.earliest")
        latest = self._time(order.delivery_latest, "shipping_info.delivery_date.latest")
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

    def _custom_attributes(self, line_id: str | None) -> list[dict[str, Any]]:
        readers: Mapping[str, Callable[[str], Any]] = {
            "STRING": str,
            "NUMERIC": lambda text: self._amount(text, "custom_attributes.value"),
            "BOOLEAN": lambda text: text.strip().lower() in {"1", "t", "true", "yes", "y"},
            "DATE": lambda text: format_time(self._required_time(text, "custom_attributes.value")),
            "LIST": _json_list,
        }
        return [
            {"id": row.id, "type": row.type, "value": readers.get(row.type, str)(row.value)}
            for row in self.rows.custom_attributes
            if row.channel_order_line_id == line_id and row.value is not None
        ]


def _json_list(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise OrderError("invalid", "custom_attributes.value", "is not a JSON array") from None
