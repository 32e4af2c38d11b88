"""A Mirakl order in few words, so that a golden case can be written and read by people, and what always holds of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from transforms.money import minor_digits
from transforms.outcomes import Record

Flat = dict[str, Any]

_ORDER = ("status", "status_reason", "created_at", "channel_updated_at")
_SHIPPING = ("carrier", "method", "email", "pudo_id")
_LINE = ("quantity", "status", "status_reason", "can_cancel", "can_refund", "created_at", "updated_at")
_LISTS = frozenset({"attributes", "taxes", "shipping_taxes", "lines", "adjustments"})
_NESTED = frozenset({"lines", "adjustments"})


def compact(order: Mapping[str, Any]) -> Flat:
    """Write an order flat: amounts as text with their currency's decimals, a tax as `code rate amount`.

    What has no place here is an error, so that no part of a payload goes unseen.
    """
    rest = dict(order)
    info, billing, lines = dict(rest.pop("shipping_info")), dict(rest.pop("billing_info", {})), rest.pop("order_lines")
    assert rest.pop("fulfillment") == {"type": "FULFILLED_BY_SELLER"}
    currency = lines[0]["price"]["currency"]
    del rest["channel_order_id"]  # which is how a case finds its order
    flat = {
        **{name: rest.pop(name, None) for name in _ORDER},
        "currency": currency,
        **{name: info.pop(name, None) for name in _SHIPPING},
        "shipping_address": info.pop("address", None),
        "billing_address": billing.pop("address", None),
        "attributes": _attributes(rest),
        "lines": [_line(line, currency) for line in lines],
    }
    _assert_nothing_is_left(rest, info, billing)
    return flat


def _attributes(owner: dict[str, Any]) -> list[str]:
    return [f"{one['id']} {one['type']} {one['value']}" for one in owner.pop("custom_attributes", ())]


def _line(line: Mapping[str, Any], currency: str) -> Flat:
    rest = dict(line)
    product = dict(rest.pop("product"))
    flat = {
        "id": rest.pop("channel_order_line_id"),
        "product": product.pop("id"),
        "title": product.pop("title"),
        "shipping": _money(rest.pop("total_shipping_price"), currency),
        "attributes": _attributes(rest),
        "adjustments": [_adjustment(adjustment, currency) for adjustment in rest.pop("adjustments", ())],
        **{name: rest.pop(name, None) for name in _LINE},
        **_priced(rest, currency),
    }
    _assert_nothing_is_left(rest, product)
    return flat


def _adjustment(adjustment: Mapping[str, Any], currency: str) -> Flat:
    rest = dict(adjustment)
    flat = {
        "id": rest.pop("channel_adjustment_id"),
        "at": rest.pop("created_at"),
        "shipping": _money(rest.pop("shipping_price"), currency),
        **{name: rest.pop(name) for name in ("type", "reason", "quantity")},
        **_priced(rest, currency),
    }
    _assert_nothing_is_left(rest)
    return flat


def _assert_nothing_is_left(*parts: Mapping[str, Any]) -> None:
    left = [name for part in parts for name in part]
    assert left == [], f"fields without a place in the notation: {left}"


def _priced(rest: dict[str, Any], currency: str) -> Flat:
    """Take the price and the taxes out of what is left of a line or an adjustment."""
    return {"price": _money(rest.pop("price"), currency)} | {
        name: [f"{tax['code']} {_rate(tax)} {_money(tax['amount'], currency)}" for tax in rest.pop(name, ())]
        for name in ("taxes", "shipping_taxes")
    }


def _rate(tax: Mapping[str, Any]) -> str:
    assert tax.keys() <= {"code", "rate", "amount"}
    return f"{Decimal(tax['rate']).normalize():f}" if "rate" in tax else "-"


def _money(money: Mapping[str, Any], currency: str) -> str:
    text = f"{Decimal(money['amount']):.{minor_digits(currency)}f}"
    assert money == {"amount": Decimal(text), "currency": currency}
    return text


def differing(order: Mapping[str, Any], expect: Mapping[str, Any], plain: Mapping[str, Any]) -> list[str]:
    """Return the fields in which an order is not as it should be, each with both values.

    What a case does not name is as in `plain`, which has a table for the order, its lines and their adjustments;
    `{id}` in its texts is the order's id, and so on. What neither names must not be there, and money be zero, but for
    what the table lists as `free`: that is compared only where a case names it. A case's `absent` lists what of the
    plain order must not be there.
    """
    found = compact(order)
    texts = {"id": order["channel_order_id"], **found}
    named = {name: value for name, value in expect.items() if name not in _NOT_OF_THE_ORDER}
    named |= {name: [] if name in _LISTS else None for name in expect.get("absent", ())}
    wanted = _complete(named, found, plain.get("order", {}), texts)
    wanted["lines"] = list(_each(named, found, "lines", plain.get("line", {}), texts))
    for line, line_found in zip(wanted["lines"], found["lines"], strict=False):
        line["adjustments"] = list(_each(line, line_found, "adjustments", plain.get("adjustment", {}), texts))
    return list(_differences(_only(found, wanted), wanted))


def _differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in wanted | found:
            yield from _differences(found.get(name), wanted.get(name), f"{path}.{name}" if path else name)
    elif path.rpartition(".")[2] in _NESTED and len(found) == len(wanted):
        for place, pair in enumerate(zip(found, wanted, strict=True)):
            yield from _differences(*pair, f"{path}[{place}]")
    elif found != wanted:
        yield f"{path}: is {found!r}, expected {wanted!r}"


_NOT_OF_THE_ORDER = frozenset({"absent", "notices", "store"})


def _each(
    named: Mapping[str, Any], found: Mapping[str, Any], name: str, plain: Mapping[str, Any], order: Flat
) -> Iterator[Flat]:
    """Complete each line of an order or adjustment of a line; one too many or too few shows as it is."""
    for one, like in zip_longest(named.get(name, ()), found[name]):
        if one is not None:
            yield _complete(one, like or {}, plain, order) if like else one


def _complete(named: Mapping[str, Any], found: Mapping[str, Any], plain: Mapping[str, Any], order: Flat) -> Flat:
    unknown = named.keys() - found.keys()
    assert not unknown, f"a case names {sorted(unknown)}; there are {sorted(found)} (tests/golden/record.py)"
    free = set(plain.get("free", ())) - named.keys()
    usual = {"shipping": _zero(order["currency"]), **{name: _filled(value, order) for name, value in plain.items()}}
    return {
        name: named.get(name, usual.get(name, [] if name in _LISTS else None)) for name in found if name not in free
    }


def _filled(value: Any, order: Flat) -> Any:
    if isinstance(value, list):
        return [_filled(one, order) for one in value]
    return value.format_map(order) if isinstance(value, str) else value


def _zero(currency: str) -> str:
    return f"{Decimal(0):.{minor_digits(currency)}f}"


def _only(found: Any, like: Any) -> Any:
    """Keep of an order's lines and adjustments, and of itself, what `like` names."""
    if isinstance(like, dict) and isinstance(found, dict):
        return {
            name: _only(found[name], like[name]) if name in _NESTED else found[name] for name in like if name in found
        }
    if isinstance(like, list) and isinstance(found, list) and len(like) == len(found):
        return [_only(one, other) for one, other in zip(found, like, strict=True)]
    return found


def notices_of(record: Record, named: Sequence[str]) -> list[str]:
    """List the notices of a record. Most golden orders have no address: that they lack one is said where a case says so."""
    notices = [f"{notice.code} {notice.field}" for notice in record.notices]
    return [notice for notice in notices if notice in named or not notice.startswith("no_address ")]


def charged(order: Mapping[str, Any]) -> Decimal:
    """Add up what the order costs as it is sent."""
    return sum((_sum_of(line, "total_shipping_price") for line in order["order_lines"]), Decimal(0))


def refunded(order: Mapping[str, Any]) -> Decimal:
    """Add up what was given back as it is sent; units cancelled without a document had not been paid."""
    adjustments = (
        adjustment
        for line in order["order_lines"]
        for adjustment in line.get("adjustments", ())
        if not adjustment["channel_adjustment_id"].startswith("cancel-")
    )
    return sum((_sum_of(adjustment, "shipping_price") for adjustment in adjustments), Decimal(0))


def _sum_of(priced: Mapping[str, Any], shipping: str) -> Decimal:
    taxes = [tax["amount"] for name in ("taxes", "shipping_taxes") for tax in priced.get(name, ())]
    return sum((Decimal(money["amount"]) for money in [priced["price"], priced[shipping], *taxes]), Decimal(0))
