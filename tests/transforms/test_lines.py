"""What a shop knows of one line beyond its units: parts that left, lines that nobody ships, what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
DOWNLOAD = {**LINE, "channel_order_line_id": "12", "product_id": "FILE", "is_virtual": "1"}


def states(frames: OrderFrames) -> list[tuple[str, str | None, bool, bool]]:
    """Status, reason, can_cancel and can_refund of each line."""
    result = normalise(frames, MAPPING)
    assert result.rejects == []
    return [
        (line["status"], line.get("status_reason"), line["can_cancel"], line["can_refund"])
        for line in json.loads(result.records[0].payload)["order_lines"]
    ]


@pytest.mark.parametrize("status", ["paid", "sent"])
def test_a_line_of_which_something_has_left_is_open_and_can_not_be_cancelled(status: str, frames: Build) -> None:
    built = frames(orders=[{**ORDER, "status": status}], lines=[{**LINE, "partly_shipped": "1"}])
    assert states(built) == [("AWAITING_SHIPMENT", None, False, True)]


def test_a_unit_that_came_back_leaves_the_one_that_waits_to_be_shipped(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "quantity_refunded": "1", "quantity_returned": "1"}
    assert states(frames(orders=[ORDER], lines=[line])) == [("AWAITING_SHIPMENT", None, False, True)]
    given_up = {**line, "quantity_returned": "0"}
    assert states(frames(orders=[ORDER], lines=[given_up])) == [("SHIPPED", None, False, True)]


@pytest.mark.parametrize(
    ("reason", "status", "can_cancel"), [("Returned", "AWAITING_SHIPMENT", False), ("Out of stock", "SHIPPED", False)]
)
def test_units_that_came_back_are_those_of_the_refunds_where_the_shop_counts_none(
    reason: str, status: str, can_cancel: bool, frames: Build
) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = {
        "channel_order_id": "1",
        "channel_adjustment_id": "50-1",
        "refund_id": "50",
        "channel_order_line_id": "11",
        "created_at": "2026-03-03 08:00:00",
        "quantity": "1",
        "price": "6.67",
        "reason": reason,
    }
    assert states(frames(orders=[ORDER], lines=[line], adjustments=[refund])) == [(status, None, can_cancel, True)]


def test_the_word_of_an_order_holds_where_no_unit_of_it_is_counted(frames: Build) -> None:
    """A shop that writes 0 for every line keeps no count of what it ships."""
    sent, other = {**ORDER, "status": "sent"}, {**LINE, "channel_order_line_id": "12", "quantity_shipped": "0"}
    uncounted = frames(orders=[sent], lines=[{**LINE, "quantity_shipped": "0"}, other])
    assert [state[0] for state in states(uncounted)] == ["SHIPPED", "SHIPPED"]
    counted = frames(orders=[sent], lines=[{**LINE, "quantity_shipped": "2"}, other])
    assert [state[0] for state in states(counted)] == ["SHIPPED", "AWAITING_SHIPMENT"]


@pytest.mark.parametrize(("shipped", "status"), [("0", "AWAITING_SHIPMENT"), ("2", "SHIPPED")])
def test_a_line_that_nobody_ships_is_as_far_as_those_that_are_shipped(shipped: str, status: str, frames: Build) -> None:
    built = frames(orders=[ORDER], lines=[{**LINE, "quantity_shipped": shipped}, DOWNLOAD])
    assert [state[0] for state in states(built)] == [status, status]


def test_a_download_is_not_closed_with_the_goods_that_were_given_back(frames: Build) -> None:
    built = frames(orders=[ORDER], lines=[{**LINE, "quantity_refunded": "2"}, DOWNLOAD])
    assert [state[:2] for state in states(built)] == [("CLOSED", "REFUNDED"), ("AWAITING_SHIPMENT", None)]


def test_an_order_that_nobody_ships_is_as_far_as_its_word(frames: Build) -> None:
    assert [state[0] for state in states(frames(orders=[{**ORDER, "status": "sent"}], lines=[DOWNLOAD]))] == ["SHIPPED"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"can_cancel": "0", "can_refund": "0"}, ("AWAITING_SHIPMENT", None, False, False)),
        ({"can_cancel": "1", "quantity_shipped": "1"}, ("AWAITING_SHIPMENT", None, True, True)),
        ({"can_cancel": "1", "can_refund": "1", "quantity_cancelled": "2"}, ("CLOSED", "CANCELED", False, False)),
        ({"can_refund": "1", "quantity_refunded": "2"}, ("CLOSED", "REFUNDED", False, False)),
    ],
)
def test_a_shop_may_decide_what_can_be_done_with_an_open_line(
    cells: Mapping[str, Any], expected: tuple[Any, ...], frames: Build
) -> None:
    assert states(frames(orders=[ORDER], lines=[{**LINE, **cells}])) == [expected]


def test_a_shop_without_payments_may_allow_a_refund_of_a_line(frames: Build) -> None:
    unpaid = {**ORDER, "total_paid": None}
    assert states(frames(orders=[unpaid], lines=[{**LINE, "can_refund": "1"}]))[0][3] is True


def test_a_line_closed_by_its_order_can_neither_be_cancelled_nor_refunded(frames: Build) -> None:
    assert states(frames(orders=[{**ORDER, "status": "void"}], lines=[LINE])) == [("CLOSED", "CANCELED", False, False)]


@pytest.mark.parametrize(
    ("name", "cells", "field"),
    [
        ("lines", {"is_virtual": "perhaps"}, "order_lines[0].is_virtual"),
        ("lines", {"partly_shipped": "2"}, "order_lines[0].partly_shipped"),
        ("orders", {"amounts": "brutto"}, "orders.amounts"),
        ("orders", {"pickup": "locker"}, "shipping_info.pickup"),
    ],
)
def test_a_flag_or_word_that_is_none_is_named(name: str, cells: Mapping[str, str], field: str, frames: Build) -> None:
    tables = {"orders": [ORDER], "lines": [LINE]}
    tables[name] = [{**tables[name][0], **cells}]
    [reject] = normalise(frames(**tables), MAPPING).rejects
    assert reject.field == field


METRES = {**LINE, "quantity": "1.5000", "price": "15.00"}
CUT = {
    "channel_order_id": "1",
    "refund_id": "50",
    "channel_adjustment_id": "50-1",
    "channel_order_line_id": "11",
    "created_at": "2026-03-03 08:00:00",
}


def only_line(frames: OrderFrames) -> dict[str, Any]:
    [record] = normalise(frames, MAPPING).records
    line = json.loads(record.payload)["order_lines"][0]
    assert isinstance(line, dict)
    return line


def test_what_is_sold_by_measure_is_one_unit_with_what_was_ordered_beside_it(frames: Build) -> None:
    order = {**ORDER, "total": "39.00"}
    mug = {**LINE, "channel_order_line_id": "12"}
    [record] = normalise(frames(orders=[order], lines=[METRES, mug], taxes=[TAX]), MAPPING).records
    metres, other = json.loads(record.payload)["order_lines"]
    assert (metres["quantity"], metres["price"]["amount"]) == (1, 15)
    assert metres["custom_attributes"] == [{"id": "ordered-quantity", "type": "NUMERIC", "value": 1.5}]
    assert (other["quantity"], "custom_attributes" in other, record.notices) == (2, False, ())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"quantity_shipped": "1.0"}, ("AWAITING_SHIPMENT", None, False, True)),
        ({"quantity_shipped": "1.5"}, ("SHIPPED", None, False, True)),
        ({"quantity_shipped": "1.5", "quantity_delivered": "1.5"}, ("DELIVERED", None, False, True)),
        ({"quantity_cancelled": "1.0"}, ("AWAITING_SHIPMENT", None, True, True)),
        ({"quantity_refunded": "1.5"}, ("CLOSED", "REFUNDED", False, False)),
    ],
)
def test_something_has_happened_to_what_is_sold_by_measure_once_it_has_to_all_of_it(
    cells: Mapping[str, str], expected: tuple[Any, ...], frames: Build
) -> None:
    assert states(frames(orders=[ORDER], lines=[{**METRES, **cells}])) == [expected]


def test_a_part_of_what_is_sold_by_measure_given_back_is_money_until_the_last_of_it(frames: Build) -> None:
    first = {**CUT, "quantity": "0.5", "price": "5.00"}
    line = only_line(frames(orders=[ORDER], lines=[METRES], adjustments=[first]))
    assert [a["quantity"] for a in line["adjustments"]] == [0]
    assert line["status"] == "AWAITING_SHIPMENT"
    last = {**CUT, "refund_id": "51", "channel_adjustment_id": "51-1", "quantity": "-1.0", "price": "10.00"}
    line = only_line(frames(orders=[ORDER], lines=[METRES], adjustments=[first, last]))
    assert [(a["type"], a["quantity"]) for a in line["adjustments"]] == [("REFUND", 0), ("CANCELATION", 1)]
    assert line["status"] == "CLOSED"


def test_less_than_a_unit_of_a_line_of_whole_units_has_not_happened_to_one(frames: Build) -> None:
    line = only_line(frames(orders=[ORDER], lines=[LINE], adjustments=[{**CUT, "quantity": "1.5", "price": "15.00"}]))
    assert [a["quantity"] for a in line["adjustments"]] == [1]


@pytest.mark.parametrize("quantity", ["0", "-1", "-1.5", "0.0"])
def test_a_line_of_no_units_or_less_is_held(quantity: str, frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[{**LINE, "quantity": quantity}]), MAPPING).rejects
    assert reject.field == "order_lines[0].quantity"
