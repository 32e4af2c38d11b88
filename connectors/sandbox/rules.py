"""What the sandbox refuses: the rules of upsertOrders, written from the contract and from nothing else.

Independent of `transforms.records` on purpose: two readings of one contract find each other's mistakes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

Violation = tuple[str, str]

_ENUMS: dict[str, frozenset[str]] = {
    "status": frozenset(
        [
            "AWAITING_ACCEPTANCE",
            "AWAITING_FRAUD_CHECK",
            "AWAITING_PAYMENT",
            "AWAITING_SHIPMENT",
            "CHANNEL_SPECIFIC",
            "CLOSED",
            "DELIVERED",
            "SHIPPED",
        ]
    ),
    "status_reason": frozenset(
        [
            "ACCEPTANCE_TIMEOUT",
            "AUTOMATICALLY_CLOSED",
            "CANCELED",
            "FRAUD_CHECK_FAILED",
            "FRAUD_CHECK_TIMEOUT",
            "PAYMENT_TIMEOUT",
            "REFUNDED",
            "REFUSED",
            "REFUSED_PAYMENT",
        ]
    ),
    "reason": frozenset(
        [
            "CUSTOMER_CANCELATION",
            "OUT_OF_STOCK",
            "RETURN",
            "ITEM_NOT_RECEIVED",
            "AGREEMENT",
            "DEFECT",
            "UNABLE_TO_DELIVER",
            "CHANNEL_SPECIFIC",
        ]
    ),
    "adjustment_type": frozenset({"REFUND", "CANCELATION"}),
    "fulfillment_type": frozenset({"FULFILLED_BY_SELLER", "FULFILLED_BY_PARTNER"}),
}
_ALPHA_3 = re.compile(r"[A-Z]{3}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")

Check = Callable[[Any, str], Iterator[Violation]]
Fields = dict[str, tuple[bool, Check]]


def findings(order: Any, path: str) -> Iterator[Violation]:
    """Yield (field path, message) for everything wrong with one order of a request."""
    yield from _object(_ORDER)(order, path)


def _text(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, str):
        yield path, "must be a string"


def _required_text(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, str) or not value.strip():
        yield path, "must not be blank"


def _boolean(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, bool):
        yield path, "must be a boolean"


def _integer(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        yield path, "must be an integer, zero or more"


def _number(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield path, "must be a number"


def _amount(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield path, "must be a number"
    elif value < 0:
        yield path, "must be zero or positive"


def _pattern(pattern: re.Pattern[str], message: str) -> Check:
    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield path, message

    return check


def _moment(value: Any, path: str) -> Iterator[Violation]:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        yield path, "must be a date-time with an offset"
        return
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        yield path, "is no point in time"


def _one_of(name: str) -> Check:
    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, str) or value not in _ENUMS[name]:
            yield path, "is not one of the known values"

    return check


def _object(fields: Fields) -> Check:
    required = [name for name, (needed, _) in fields.items() if needed]

    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield path, "must be an object"
            return
        for name in required:
            if name not in value:
                yield f"{path}.{name}", "is required"
        for name, item in value.items():
            field = fields.get(name)
            if item is None:
                yield f"{path}.{name}", "must not be null"
            elif field is None:
                yield f"{path}.{name}", "is unknown"
            else:
                yield from field[1](item, f"{path}.{name}")

    return check


def _array(item: Check, least: int = 0, most: int | None = None) -> Check:
    def check(value: Any, path: str) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield path, "must be an array"
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield path, "has too few or too many items"
        for index, element in enumerate(value):
            yield from item(element, f"{path}[{index}]")

    return check


def _attribute(value: Any, path: str) -> Iterator[Violation]:
    values: dict[Any, Check] = {
        "STRING": _text,
        "NUMERIC": _number,
        "BOOLEAN": _boolean,
        "DATE": _moment,
        "LIST": _array(_text, 1, 1000),
    }
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in values:
        yield f"{path}.type", "is not one of the known values"
        return
    yield from _object({"id": (True, _required_text), "type": (True, _text), "value": (True, values[kind])})(
        value, path
    )


_MONEY = _object({"amount": (True, _amount), "currency": (True, _pattern(_ALPHA_3, "must be an ISO 4217 code"))})
_TAXES = _array(
    _object(
        {
            "amount": (True, _MONEY),
            "code": (True, _required_text),
            "rate": (False, _number),
            "seller_collectible": (False, _MONEY),
            "channel_collectible": (False, _MONEY),
        }
    )
)
_ADDRESS = _object(
    {
        **dict.fromkeys(("last_name", "street", "city"), (True, _required_text)),
        **dict.fromkeys(
            (
                "first_name",
                "company",
                "street_additional_info",
                "zip_code",
                "state",
                "country",
                "phone",
                "additional_info",
            ),
            (False, _text),
        ),
        "country_iso_code": (False, _pattern(_ALPHA_3, "must be an ISO 3166-1 alpha-3 code")),
    }
)
_ADJUSTMENT = _object(
    {
        "channel_adjustment_id": (True, _required_text),
        "type": (True, _one_of("adjustment_type")),
        "created_at": (True, _moment),
        "reason": (True, _one_of("reason")),
        "quantity": (True, _integer),
        "price": (True, _MONEY),
        "taxes": (False, _TAXES),
        "shipping_price": (True, _MONEY),
        "shipping_taxes": (False, _TAXES),
    }
)
_ATTRIBUTES = _array(_attribute, 0, 1000)
_LINE = _object(
    {
        "channel_order_line_id": (True, _required_text),
        "created_at": (True, _moment),
        "updated_at": (True, _moment),
        "quantity": (True, _integer),
        "price": (True, _MONEY),
        "taxes": (False, _TAXES),
        "total_shipping_price": (True, _MONEY),
        "shipping_taxes": (False, _TAXES),
        "product": (
            True,
            _object(
                {
                    "id": (True, _required_text),
                    "title": (True, _required_text),
                    "thumbnail_url": (False, _pattern(_URI, "must be a URI")),
                }
            ),
        ),
        "status": (True, _one_of("status")),
        "status_reason": (False, _one_of("status_reason")),
        "can_cancel": (True, _boolean),
        "can_refund": (True, _boolean),
        "adjustments": (False, _array(_ADJUSTMENT)),
        "custom_attributes": (False, _ATTRIBUTES),
    }
)
_ORDER: Fields = {
    "channel_order_id": (True, _required_text),
    "created_at": (True, _moment),
    "channel_updated_at": (True, _moment),
    "status": (True, _one_of("status")),
    "status_reason": (False, _one_of("status_reason")),
    "order_lines": (True, _array(_LINE, 1)),
    "shipping_info": (
        True,
        _object(
            {
                "address": (False, _ADDRESS),
                "carrier": (False, _text),
                "method": (False, _text),
                "email": (False, _pattern(_EMAIL, "must be an e-mail address")),
                "pudo_id": (False, _text),
                "shipping_deadline": (False, _moment),
                "delivery_date": (False, _object({"earliest": (True, _moment), "latest": (True, _moment)})),
            }
        ),
    ),
    "fulfillment": (True, _object({"type": (True, _one_of("fulfillment_type")), "code": (False, _text)})),
    "billing_info": (False, _object({"address": (False, _ADDRESS)})),
    "has_incident": (False, _boolean),
    "custom_attributes": (False, _ATTRIBUTES),
    "sub_channel_code": (False, _text),
}
