"""What the sandbox refuses: the rules of upsertOrders, written from the contract and from nothing else.

Independent of `transforms.records` on purpose: two readings of one contract find each other's mistakes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
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

# What is wrong with a value, by the path inside it; nothing is built for what is right, as nearly all is.
Findings = Sequence[Violation]
Check = Callable[[Any], Findings]
Fields = dict[str, tuple[bool, Check]]
_NOTHING: Findings = ()


def findings(order: Any, path: str) -> Iterator[Violation]:
    """Yield (field path, message) for everything wrong with one order of a request."""
    for inside, message in _ORDER(order):
        yield f"{path}{inside}", message


def _wrong(message: str) -> Findings:
    return (("", message),)


def _text(value: Any) -> Findings:
    return _NOTHING if isinstance(value, str) else _wrong("must be a string")


def _required_text(value: Any) -> Findings:
    return _NOTHING if isinstance(value, str) and value.strip() else _wrong("must not be blank")


def _boolean(value: Any) -> Findings:
    return _NOTHING if isinstance(value, bool) else _wrong("must be a boolean")


def _integer(value: Any) -> Findings:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return _wrong("must be an integer, zero or more")
    return _NOTHING


def _number(value: Any) -> Findings:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _wrong("must be a number")
    return _NOTHING


def _amount(value: Any) -> Findings:
    return _number(value) or (_wrong("must be zero or positive") if value < 0 else _NOTHING)


def _pattern(pattern: re.Pattern[str], message: str) -> Check:
    def check(value: Any) -> Findings:
        return _NOTHING if isinstance(value, str) and pattern.fullmatch(value) else _wrong(message)

    return check


def _moment(value: Any) -> Findings:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return _wrong("must be a date-time with an offset")
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return _wrong("is no point in time")
    return _NOTHING


def _one_of(name: str) -> Check:
    values = _ENUMS[name]

    def check(value: Any) -> Findings:
        return _NOTHING if isinstance(value, str) and value in values else _wrong("is not one of the known values")

    return check


def _object(fields: Fields) -> Check:
    required = [name for name, (needed, _) in fields.items() if needed]

    def check(value: Any) -> Findings:
        if not isinstance(value, dict):
            return _wrong("must be an object")
        found = [(f".{name}", "is required") for name in required if name not in value]
        for name, item in value.items():
            field = fields.get(name)
            if item is None:
                found.append((f".{name}", "must not be null"))
            elif field is None:
                found.append((f".{name}", "is unknown"))
            elif wrong := field[1](item):
                found += [(f".{name}{inside}", message) for inside, message in wrong]
        return found

    return check


def _array(item: Check, least: int = 0, most: int | None = None) -> Check:
    def check(value: Any) -> Findings:
        if not isinstance(value, list):
            return _wrong("must be an array")
        found: list[Violation] = []
        if len(value) < least or (most is not None and len(value) > most):
            found += _wrong("has too few or too many items")
        for index, element in enumerate(value):
            if wrong := item(element):
                found += [(f"[{index}]{inside}", message) for inside, message in wrong]
        return found

    return check


def _attribute(value: Any) -> Findings:
    kind = value.get("type") if isinstance(value, dict) else None
    check = _ATTRIBUTE_OF.get(kind) if isinstance(kind, str) else None
    return ((".type", "is not one of the known values"),) if check is None else check(value)


_ATTRIBUTE_OF: dict[str, Check] = {
    kind: _object({"id": (True, _required_text), "type": (True, _text), "value": (True, of_value)})
    for kind, of_value in {
        "STRING": _text,
        "NUMERIC": _number,
        "BOOLEAN": _boolean,
        "DATE": _moment,
        "LIST": _array(_text, 1, 1000),
    }.items()
}
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
_ORDER = _object(
    {
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
)
