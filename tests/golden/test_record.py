"""The comparison of golden cases sees every difference that a case does not allow."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.golden.record import differing

EUR = {"amount": Decimal("10.00"), "currency": "EUR"}
NOTHING = {"amount": Decimal(0), "currency": "EUR"}
STAMP = "2026-03-01T09:00:00Z"
LINE = {
    "channel_order_line_id": "11",
    "created_at": STAMP,
    "updated_at": STAMP,
    "quantity": 1,
    "price": EUR,
    "total_shipping_price": NOTHING,
    "product": {"id": "MUG", "title": "Mug"},
    "status": "SHIPPED",
    "can_cancel": False,
    "can_refund": True,
}
ORDER: dict[str, Any] = {
    "channel_order_id": "1",
    "created_at": STAMP,
    "channel_updated_at": STAMP,
    "status": "SHIPPED",
    "shipping_info": {"carrier": "DPD"},
    "fulfillment": {"type": "FULFILLED_BY_SELLER"},
    "custom_attributes": [{"id": "order-number", "type": "STRING", "value": "R1"}],
    "order_lines": [LINE],
}
PLAIN: dict[str, Any] = {
    "order": {
        "created_at": STAMP,
        "channel_updated_at": STAMP,
        "status": "SHIPPED",
        "currency": "EUR",
        "carrier": "DPD",
        "attributes": ["order-number STRING R{id}"],
    },
    "line": {
        "product": "MUG",
        "title": "Mug",
        "quantity": 1,
        "status": "SHIPPED",
        "can_cancel": False,
        "can_refund": True,
        "created_at": "{created_at}",
        "updated_at": "{channel_updated_at}",
    },
}
EXPECT: dict[str, Any] = {"lines": [{"id": "11", "price": "10.00"}]}
TAX = {"code": "VAT", "rate": Decimal("0.2"), "amount": EUR}
ADJUSTMENT = {
    "channel_adjustment_id": "r",
    "type": "REFUND",
    "reason": "RETURN",
    "created_at": STAMP,
    "quantity": 1,
    "price": EUR,
    "shipping_price": NOTHING,
}


def agree(order: dict[str, Any], expect: dict[str, Any] = EXPECT, plain: dict[str, Any] = PLAIN) -> bool:
    return differing(order, expect, plain) == []


def test_an_order_that_is_the_plain_one_where_the_case_is_silent_agrees() -> None:
    assert agree(ORDER)


DIFFERENCES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another status": lambda order: order.update(status="CLOSED"),
    "another time": lambda order: order.update(channel_updated_at="2026-03-02T09:00:00Z"),
    "no carrier": lambda order: order["shipping_info"].clear(),
    "an address": lambda order: order["shipping_info"].update(address={"city": "Paris"}),
    "no attribute": lambda order: order.pop("custom_attributes"),
    "a second line": lambda order: order["order_lines"].append({**LINE, "channel_order_line_id": "12"}),
    "another price": lambda order: order["order_lines"][0].update(price=NOTHING),
    "a tax": lambda order: order["order_lines"][0].update(taxes=[TAX]),
    "a tax on shipping": lambda order: order["order_lines"][0].update(shipping_taxes=[TAX]),
    "shipping": lambda order: order["order_lines"][0].update(total_shipping_price=EUR),
    "an adjustment": lambda order: order["order_lines"][0].update(adjustments=[ADJUSTMENT]),
    "another time of a line": lambda order: order["order_lines"][0].update(updated_at="2026-03-02T09:00:00Z"),
    "a reason of a status": lambda order: order["order_lines"][0].update(status_reason="REFUNDED"),
}


@pytest.mark.parametrize("change", DIFFERENCES.values(), ids=list(DIFFERENCES))
def test_a_difference_that_no_case_names_is_seen(change: Callable[[dict[str, Any]], object]) -> None:
    order = copy.deepcopy(ORDER)
    change(order)
    assert not agree(order)


def test_a_difference_is_shown_by_its_field_with_both_values() -> None:
    order = {**ORDER, "order_lines": [{**LINE, "price": NOTHING, "taxes": [TAX]}]}
    shown = ["lines[0].price: is '0.00', expected '10.00'", "lines[0].taxes: is ['VAT 0.2 10.00'], expected []"]
    assert sorted(differing(order, EXPECT, PLAIN)) == shown


def test_a_line_too_few_is_seen() -> None:
    assert not agree(ORDER, {"lines": [*EXPECT["lines"], {"id": "12", "price": "10.00"}]})


def test_what_a_case_calls_absent_must_not_be_there() -> None:
    assert not agree(ORDER, {**EXPECT, "absent": ["carrier"]})
    assert agree({**ORDER, "shipping_info": {}}, {**EXPECT, "absent": ["carrier"]})


def test_what_a_platform_leaves_free_is_compared_where_a_case_names_it() -> None:
    plain = {**PLAIN, "order": {"currency": "EUR", "free": [*PLAIN["order"].keys() - {"currency"}]}}
    assert agree({**ORDER, "status": "CLOSED"}, plain=plain)
    assert not agree({**ORDER, "status": "CLOSED"}, {**EXPECT, "status": "SHIPPED"}, plain)


def test_a_field_that_a_case_misspells_is_an_error() -> None:
    with pytest.raises(AssertionError, match="a case names \\['staus'\\]"):
        agree(ORDER, {**EXPECT, "staus": "SHIPPED"})


def test_a_field_of_a_payload_that_the_notation_does_not_know_is_an_error() -> None:
    with pytest.raises(AssertionError, match="has_incident"):
        agree({**ORDER, "has_incident": True})


def test_an_amount_of_more_decimals_than_its_currency_is_an_error() -> None:
    line = {**LINE, "price": {"amount": Decimal("10.001"), "currency": "EUR"}}
    with pytest.raises(AssertionError):
        agree({**ORDER, "order_lines": [line]})
