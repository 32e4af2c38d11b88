"""A Mirakl order in few words, so that a golden case can be written and read by people, and what always holds of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from transforms.outcomes import Record

DIGITS = {"EUR": 2, "USD": 2, "CAD": 2, "JPY": 0, "TND": 3}
LINE_DEFAULTS: Mapping[str, Any] = {
    "taxes": [],
    "shipping": "0.00",
    "shipping_taxes": [],
    "adjustments": [],
    "status_reason": None,
}
ADJUSTMENT_DEFAULTS: Mapping[str, Any] = {"taxes": [], "shipping": "0.00", "shipping_taxes": []}


def compact(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write an order flat: amounts as text with their currency's decimals, a tax as `code rate amount`."""
    info = order["shipping_info"]
    flat = {name: order.get(name) for name in ("status", "status_reason", "created_at", "channel_updated_at")}
    flat |= {"shipping_address": info.get("address"), "billing_address": order.get("billing_info", {}).get("address")}
    flat |= {name: info.get(name) for name in ("carrier", "method", "email", "pudo_id")}
    flat["attributes"] = _attributes(order)
    flat["lines"] = [_line(line) for line in order["order_lines"]]
    return flat


def _attributes(owner: Mapping[str, Any]) -> list[str]:
    return [f"{a['id']} {a['type']} {a['value']}" for a in owner.get("custom_attributes", ())]


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": line["channel_order_line_id"],
        "product": line["product"]["id"],
        "title": line["product"]["title"],
        "shipping": _money(line["total_shipping_price"]),
        "attributes": _attributes(line),
        "adjustments": [_adjustment(adjustment) for adjustment in line.get("adjustments", ())],
        **{name: line.get(name) for name in ("quantity", "status", "status_reason", "can_cancel", "can_refund")},
        **_priced(line),
    }


def _adjustment(adjustment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": adjustment["channel_adjustment_id"],
        "at": adjustment["created_at"],
        "shipping": _money(adjustment["shipping_price"]),
        **{name: adjustment[name] for name in ("type", "reason", "quantity")},
        **_priced(adjustment),
    }


def _priced(priced: Mapping[str, Any]) -> dict[str, Any]:
    return {"price": _money(priced["price"])} | {
        name: [f"{tax['code']} {_rate(tax)} {_money(tax['amount'])}" for tax in priced.get(name, ())]
        for name in ("taxes", "shipping_taxes")
    }


def _rate(tax: Mapping[str, Any]) -> str:
    return f"{Decimal(tax['rate']).normalize():f}" if "rate" in tax else "-"


def _money(money: Mapping[str, Any]) -> str:
    return f"{Decimal(money['amount']):.{DIGITS[money['currency']]}f}"


def expected(lines: Iterable[Mapping[str, Any]], zero: str = "0.00") -> Iterator[dict[str, Any]]:
    """Complete expected lines: money that a case does not mention must not be there."""
    for line in lines:
        adjustments = [
            {**ADJUSTMENT_DEFAULTS, "shipping": zero, **adjustment} for adjustment in line.get("adjustments", ())
        ]
        yield {**LINE_DEFAULTS, "shipping": zero, **line, "adjustments": adjustments}


def only(found: Any, like: Any) -> Any:
    """Keep of `found` what `like` speaks of."""
    if isinstance(like, dict) and isinstance(found, dict):
        return {name: only(found.get(name), value) for name, value in like.items()}
    if isinstance(like, list) and isinstance(found, list) and len(like) == len(found):
        return [only(entry, value) for entry, value in zip(found, like, strict=True)]
    return found


def noticed(record: Record, wanted: Sequence[str]) -> list[str]:
    """List the notices of a record. Most golden orders have no address: that they lack one is said where a case says so."""
    notices = [f"{notice.code} {notice.field}" for notice in record.notices]
    return [notice for notice in notices if notice in wanted or not notice.startswith("no_address ")]


def charged(order: Mapping[str, Any]) -> Decimal:
    """Add up what Mirakl is told the order cost."""
    return sum((_told(line, "total_shipping_price") for line in order["order_lines"]), Decimal(0))


def refunded(order: Mapping[str, Any]) -> Decimal:
    """Add up what Mirakl is told was given back; units cancelled without a document had not been paid."""
    adjustments = (
        adjustment
        for line in order["order_lines"]
        for adjustment in line.get("adjustments", ())
        if not adjustment["channel_adjustment_id"].startswith("cancel-")
    )
    return sum((_told(adjustment, "shipping_price") for adjustment in adjustments), Decimal(0))


def _told(priced: Mapping[str, Any], shipping: str) -> Decimal:
    taxes = [tax["amount"] for name in ("taxes", "shipping_taxes") for tax in priced.get(name, ())]
    return sum((Decimal(money["amount"]) for money in [priced["price"], priced[shipping], *taxes]), Decimal(0))
