"""The gate: what has the form of a sound payload is one, and most payloads have it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, NotRequired, get_origin

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from typing_extensions import get_type_hints, is_typeddict

from tests.transforms.conftest import LINE, MAPPING, ORDER
from tests.transforms.test_records import COMPLETE, fields
from tests.transforms.test_records import paths as paths_in
from transforms import gate, records
from transforms.faults import Faults
from transforms.frames import OrderFrames
from transforms.normalise import normalise
from transforms.records import REQUEST

# A form is compiled for each example, so an example is many payloads.
UNHURRIED = settings(deadline=None, max_examples=12)


def in_order(value: Any, kind: Any) -> Any:
    """Put the fields of an object in the order of their declaration, as payloads are written."""
    if not is_typeddict(kind):
        return value
    return {name: in_order(value[name], _plain(own)) for name, own in _fields(kind).items() if name in value}


def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _plain(kind: Any) -> Any:
    return kind.__args__[0] if get_origin(kind) is NotRequired else kind


def usual() -> dict[str, Any]:
    """Return the order with every field, all of which a form knows."""
    order = copy.deepcopy(COMPLETE)
    line = order["order_lines"][0]
    line["adjustments"] = [in_order(adjustment, records.Adjustment) for adjustment in line["adjustments"]]
    order["order_lines"] = [in_order(order["order_lines"][0], records.OrderLine)]
    return dict(in_order(order, records.Order))


def text(order: dict[str, Any]) -> bytes:
    return orjson.dumps(order, default=float)


def have_form(*payloads: bytes) -> list[bool]:
    """Say of each payload, which must be UTF-8, whether the gate lets it pass by its form."""
    column = pa.array([payload.decode() for payload in payloads])
    adjusted = np.array([gate._ADJUSTED in payload for payload in payloads])
    emptied = gate._without_adjustments(column, adjusted, "EUR")
    matches = pc.match_substring_regex(emptied, gate.form("EUR")).to_pylist()
    return [
        matching and len(payload) <= gate._MOST_BYTES and gate._is_consistent(payload, gate._ADJUSTED in payload)
        for payload, matching in zip(payloads, matches, strict=True)
    ]


def is_allowed(payload: bytes) -> bool:
    try:
        records.ORDERS.validate_json(b"[" + payload + b"]")
    except ValidationError:
        return False
    return True


USUAL = text(usual())


def test_an_order_with_every_field_of_a_form_has_it() -> None:
    assert have_form(USUAL) == [True]


def paths(value: Any, kind: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List where the optional fields of an order are."""
    found: list[tuple[str | int, ...]] = []
    for name, own in _fields(kind).items() if is_typeddict(kind) else ():
        if name in value:
            found += [(*at, name)] if get_origin(own) is NotRequired else []
            found += paths(value[name], _plain(own), (*at, name))
    return found


OPTIONAL = [
    *paths(usual(), records.Order),
    *(("order_lines", 0, *path) for path in paths(usual()["order_lines"][0], records.OrderLine)),
    *(("order_lines", 0, "adjustments", 0, name) for name in ("taxes", "shipping_taxes")),
]


@pytest.mark.parametrize("path", OPTIONAL, ids=lambda path: ".".join(map(str, path)))
def test_without_an_optional_field_an_order_has_the_form(path: tuple[str | int, ...]) -> None:
    order: Any = usual()
    target = order
    for part in path[:-1]:
        target = target[part]
    del target[path[-1]]
    assert have_form(text(order)) == [True]


TOKENS = st.sampled_from(
    [
        *('"', "\\", "\\u0041", "\\n", "{", "}", "[", "]", ",", ":", "null", "true", "0", "00", "-", "9", "1e9", ".5"),
        *("1.0", " ", "\u00a0", "\u2028", "\0", "a@b.c", "2026-02-30T10:00:00Z", "2024-02-29T10:00:00.001Z"),
        *("https://1.2.3", "//xn--a.b/", "USD", "STRING", ""),
    ]
)
EDITS = st.lists(
    st.tuples(st.integers(0, len(USUAL.decode())), st.integers(0, 12), st.one_of(TOKENS, st.text(max_size=6))),
    min_size=1,
    max_size=3,
)


@UNHURRIED
@given(st.lists(EDITS, min_size=50, max_size=200))
@example([[(21, 3, " ")]])
@example([[(USUAL.index(b"10:05:00Z"), 9, "09:00:00Z")]])
@example([[(USUAL.index(b'"latest":"') + 10, 4, "2025")]])
@example([[(USUAL.index(b"EUR"), 3, "USD")]])
@example([[(USUAL.index(b'"amount":10.0') + 9, 4, "10.005")]])
@example([[(USUAL.index(b'"amount":10.0') + 9, 4, "9999999999999.0")]])
@example([[(USUAL.index(b'"quantity":2') + 11, 1, "0")]])
@example([[(USUAL.index(b"Mug"), 3, USUAL[USUAL.index(b',"adjustments"') : USUAL.index(b',"custom_attr')].decode())]])
@example([[(USUAL.index(b'"RETURN"'), 8, '"RETURN","note":""')]])
def test_of_all_that_a_payload_may_turn_into_nothing_forbidden_has_the_form(
    every: list[list[tuple[int, int, str]]],
) -> None:
    texts = []
    for edits in every:
        text_ = USUAL.decode()
        for begin, length, put in edits:
            text_ = text_[:begin] + put + text_[begin + length :]
        texts.append(text_)
    payloads = [text_.encode() for text_ in texts]
    for payload, passes in zip(payloads, have_form(*payloads), strict=True):
        assert is_allowed(payload) or not passes


PLACES: dict[object, Callable[[dict[str, Any], Any], None]] = {
    records.Text: lambda order, value: order.update(channel_order_id=value),
    records.Moment: lambda order, value: order["shipping_info"].update(shipping_deadline=value),
    records.Email: lambda order, value: order["shipping_info"].update(email=value),
    records.Url: lambda order, value: order["order_lines"][0]["product"].update(thumbnail_url=value),
    records.CountryCode: lambda order, value: order["billing_info"]["address"].update(country_iso_code=value),
    records.Quantity: lambda order, value: order["order_lines"][0].update(quantity=value),
    records.Units: lambda order, value: order["order_lines"][0]["adjustments"][0].update(type="REFUND", quantity=value),
    records.AttributeId: lambda order, value: order["custom_attributes"][0].update(id=value),
    records.AttributeText: lambda order, value: order["custom_attributes"][0].update(value=value),
    records.AttributeTexts: lambda order, value: order["custom_attributes"][4].update(value=value),
    records.AttributeNumber: lambda order, value: order["custom_attributes"][1].update(value=value),
    str: lambda order, value: order["shipping_info"].update(carrier=value),
    float: lambda order, value: order["order_lines"][0]["taxes"][0].update(rate=value),
    bool: lambda order, value: order.update(has_incident=value),
}


@pytest.mark.parametrize("number", range(len(gate._WRITTEN)))
@UNHURRIED
@given(data=st.data())
def test_every_value_of_the_form_of_its_type_is_allowed(number: int, data: st.DataObject) -> None:
    kind, pattern = gate._WRITTEN[number]
    values = data.draw(st.lists(st.from_regex(gate.for_python(pattern), fullmatch=True), min_size=1, max_size=20))
    order = usual()
    put = next(put for known, put in PLACES.items() if known == kind)
    put(order, "PUT HERE")
    payloads = [text(order).replace(b'"PUT HERE"', value.encode()) for value in values]
    assert all(have_form(*payloads))
    assert all(map(is_allowed, payloads))


@pytest.mark.parametrize("currency", ["JPY", "EUR", "TND"])
@UNHURRIED
@given(data=st.data())
def test_every_amount_of_the_form_of_its_currency_is_allowed(currency: str, data: st.DataObject) -> None:
    [amount] = re.findall(r'"amount":(\(\?:0.*?),"currency"', gate.form(currency))[:1]
    value = data.draw(st.from_regex(amount, fullmatch=True))
    order = usual()
    for line in order["order_lines"]:
        del line["taxes"], line["shipping_taxes"], line["adjustments"]
        line["price"]["amount"] = "PUT HERE"
    payload = text(order).replace(b'"EUR"', f'"{currency}"'.encode()).replace(b'"PUT HERE"', value.encode())
    assert is_allowed(payload)


def test_an_order_as_it_is_written_has_the_form(frames: Callable[..., OrderFrames]) -> None:
    """Fields in another order than they are declared in would be judged rightly, at several times the cost."""
    lines = [{**LINE, "quantity_shipped": "1", "thumbnail_url": "https://shop.example/mug.jpg"}]
    orders = [{**ORDER, "email": "a@example.com", "carrier": "DHL", "pudo_id": "7", "has_incident": "0"}]
    orders[0] |= {"shipping_method": "express", "sub_channel_code": "APP", "shipping_deadline": "2026-03-04 10:00:00"}
    orders[0] |= {"delivery_earliest": "2026-03-05 10:00:00", "delivery_latest": "2026-03-06 10:00:00"}
    address = {"channel_order_id": ORDER["channel_order_id"], "last_name": "B", "first_name": "A", "street": "S 1"}
    address |= {"street_additional_info": "2nd floor", "additional_info": "ring twice"}
    address |= {"company": "C", "zip_code": "1", "city": "D", "state": "E", "phone": "+1", "country": "DE"}
    kinds = ("billing", "shipping")
    attribute = {"channel_order_id": ORDER["channel_order_id"], "id": "gift", "type": "STRING", "value": "yes"}
    taxes = {"channel_order_id": ORDER["channel_order_id"], "code": "VAT", "rate": "20", "amount": "1"}
    made = frames(
        orders=orders,
        lines=lines,
        addresses=[{**address, "address_type": kind} for kind in kinds],
        custom_attributes=[attribute, {**attribute, "channel_order_line_id": LINE["channel_order_line_id"]}],
        taxes=[{**taxes, "applies_to": name} for name in ("price", "shipping")],
    )
    [record] = normalise(made, MAPPING).records
    assert have_form(record.payload) == [True]
    ours = REQUEST.json_schema()
    every = {path.removeprefix(".orders[]") for path in fields(ours, ours) if path.startswith(".orders[].")}
    missing = every - set(paths_in(orjson.loads(record.payload), ""))
    # Refunds have tests of their own; the others an open order of a seller in a known country has not, or never.
    other = re.compile(r"adjustments|status_reason|_collectible|address\.country$|fulfillment\.code")
    assert {path for path in missing if not other.search(path)} == set()


def judged(*orders: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Judge some orders among so many that the form is asked; return field and reason of those that may not leave."""
    payloads = [USUAL] * gate._WORTH_A_FORM + [text(order) for order in orders]
    faults = Faults()
    numbers = range(-gate._WORTH_A_FORM, len(orders))
    gate.judge(pa.array([payload.decode() for payload in payloads]), pa.array(["EUR"] * len(payloads)), numbers, faults)
    return {order: (fault.field, fault.reason) for order in faults.orders() if (fault := faults.get(order)) is not None}


def test_what_has_no_form_is_judged_by_the_models() -> None:
    sound = {**COMPLETE, "channel_order_id": "A-2"}
    broken = {**usual(), "status": "SENT"}
    assert list(judged(sound, broken, usual())) == [1]


def test_an_order_with_one_line_id_twice_may_not_leave() -> None:
    line = usual()["order_lines"][0]
    del line["adjustments"]
    twice = {**usual(), "order_lines": [line, {**line, "quantity": 1}]}
    other = {**usual(), "order_lines": [line, {**line, "channel_order_line_id": "A-1-2"}]}
    assert judged(other, twice) == {1: ("order", "order_lines holds one channel_order_line_id twice")}


def adjusted(*adjustments: dict[str, Any]) -> dict[str, Any]:
    """Return the order with adjustments that differ from its own in these fields."""
    line = usual()["order_lines"][0]
    made = [{**line["adjustments"][0], **fields} for fields in adjustments]
    return {**usual(), "order_lines": [{**line, "adjustments": made}]}


def test_an_order_with_many_adjustments_has_the_form() -> None:
    made = adjusted({}, {"channel_adjustment_id": 'R-"2"'}, {"channel_adjustment_id": "R-3", "quantity": 0})
    assert have_form(text(made)) == [True]


def test_an_order_with_one_adjustment_id_twice_may_not_leave() -> None:
    line = adjusted({})["order_lines"][0]
    other = {**line, "channel_order_line_id": "A-1-2"}
    twice = {**usual(), "order_lines": [line, other]}
    reason = "adjustments holds one channel_adjustment_id twice"
    found = judged(adjusted({}, {"channel_adjustment_id": "R-2"}), adjusted({}, {}), twice)
    assert found == {1: ("order", reason), 2: ("order", reason)}


def test_an_order_with_more_units_cancelled_than_ordered_may_not_leave() -> None:
    one = {"type": "CANCELATION", "quantity": 1}
    ids = [{"channel_adjustment_id": f"R-{number}"} for number in range(3)]
    sound = adjusted({**one, **ids[0]}, {**one, **ids[1]}, {**ids[2], "quantity": 2})
    found = judged(sound, adjusted(*({**one, **own} for own in ids)))
    assert found == {1: ("order", "adjustments cancels more units than were ordered")}


@pytest.mark.parametrize(("created", "sound"), [("10:05:00Z", True), ("10:04:59.999Z", True), ("10:05:00.001Z", False)])
def test_an_order_changed_before_it_was_created_may_not_leave(created: str, sound: bool) -> None:
    order = {**usual(), "created_at": f"2026-01-01T{created}"}
    assert judged(order) == ({} if sound else {0: ("order", "channel_updated_at is before created_at")})


def test_an_order_of_two_currencies_may_not_leave() -> None:
    order = usual()
    order["order_lines"][0]["price"]["currency"] = "USD"
    assert judged(order) == {0: ("order", "order_lines holds more than one currency")}
