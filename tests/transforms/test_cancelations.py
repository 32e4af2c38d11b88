"""Units given up before they left: when they are a cancelation, of how much, and sent once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from tests.transforms.refunds import REFUND, SECOND_LINE, Build, adjustments_of, item
from tests.transforms.test_normalise import payload_of
from transforms.normalise import normalise


def test_units_cancelled_before_they_were_charged_are_sent_but_are_no_refund(frames: Build) -> None:
    cancelled = item("cancel-11", type="CANCELATION", quantity="2", price="20.00", charged="0")
    unpaid = {**ORDER, "total_paid": "0", "total_refunded": "0"}
    result = normalise(frames(orders=[unpaid], lines=[LINE], adjustments=[cancelled]), MAPPING)
    [line] = json.loads(result.records[0].payload)["order_lines"]
    assert (line["status"], line["status_reason"]) == ("CLOSED", "CANCELED")
    assert [adjustment["type"] for adjustment in line["adjustments"]] == ["CANCELATION"]
    assert result.records[0].notices == ()


def test_cancelled_and_refunded_units_close_a_line_together(frames: Build) -> None:
    cancelled = item("cancel-11", refund_id="cancel", type="CANCELATION", quantity="1", price="10.00", charged="0")
    refunded = item("50-1", quantity="1", price="10.00")
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[cancelled, refunded]))
    assert (order["status"], order["status_reason"]) == ("CLOSED", "REFUNDED")


def cancelled(order: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Type, reason, units, price, shipping and moment of each adjustment."""
    return [
        (a["type"], a["reason"], a["quantity"], a["price"]["amount"], a["shipping_price"]["amount"], a["created_at"])
        for line in order["order_lines"]
        for a in line.get("adjustments", ())
    ]


def test_a_cancelled_order_has_a_cancelation_for_each_line_and_owes_nothing(frames: Build) -> None:
    order = {**ORDER, "status": "void", "shipping_price": "6.00", "total_paid": "0", "total": "40.00"}
    cells = {"cancelled_at": "2026-03-02 08:00:00", "cancel_reason": "Rupture de stock"}
    built = frames(orders=[{**order, **cells}], lines=[LINE, SECOND_LINE], taxes=[TAX])
    [record] = normalise(built, MAPPING).records
    made = json.loads(record.payload)
    assert cancelled(made) == [
        ("CANCELATION", "OUT_OF_STOCK", 2, 20, 4, "2026-03-02T08:00:00Z"),
        ("CANCELATION", "OUT_OF_STOCK", 2, 10, 2, "2026-03-02T08:00:00Z"),
    ]
    assert made["order_lines"][0]["adjustments"][0]["taxes"][0]["amount"]["amount"] == 4
    assert [row[0] for row in adjustments_of(made)] == ["cancel-11", "cancel-12"]
    assert record.notices == ()


@pytest.mark.parametrize("paid", ["24.00", "20.00"])
def test_units_of_a_paid_order_are_cancelled_at_once_and_refunded_later(paid: str, frames: Build) -> None:
    order = {**ORDER, "status": "void", "cancelled_at": "2026-03-02 08:00:00", "total_paid": paid}
    before = payload_of(frames(orders=[order], lines=[LINE]))
    assert cancelled(before) == [("CANCELATION", "CUSTOMER_CANCELATION", 2, 0, 0, "2026-03-02T08:00:00Z")]
    refunded = {**order, "total_refunded": "20.00"}
    refund = item("50-1", quantity="2", price="20.00", reason="Paid back")
    after = payload_of(frames(orders=[refunded], lines=[LINE], adjustments=[refund]))
    assert [row[:2] + row[3:] for row in adjustments_of(after)] == [
        ("cancel-11", "CANCELATION", 2, "0.0"),
        ("50-1", "REFUND", 0, "20.0"),
    ]


def test_a_cent_that_rounding_left_unpaid_is_not_owed(frames: Build) -> None:
    order = {**ORDER, "status": "void", "cancelled_at": "2026-03-02 08:00:00", "total": "20.01", "total_paid": "20.00"}
    untaxed = {**LINE, "price": "20.01"}
    assert [row[4] for row in adjustments_of(payload_of(frames(orders=[order], lines=[untaxed])))] == ["0.0"]


def test_what_was_given_back_before_is_not_cancelled_again(frames: Build) -> None:
    order = {**ORDER, "status": "void", "total_refunded": "20.00"}
    refund = item("50-1", quantity="2", price="20.00")
    assert [
        row[0] for row in adjustments_of(payload_of(frames(orders=[order], lines=[LINE], adjustments=[refund])))
    ] == ["50-1"]


def test_units_that_had_left_are_not_cancelled(frames: Build) -> None:
    order = {**ORDER, "status": "void", "total_paid": "0"}
    line = {**LINE, "quantity_shipped": "1", "shipped_at": "2026-03-02 08:00:00"}
    assert [row[3:5] for row in adjustments_of(payload_of(frames(orders=[order], lines=[line])))] == [(1, "10.0")]
    gone = {**LINE, "shipped_at": "2026-03-01 12:00:00"}
    assert adjustments_of(payload_of(frames(orders=[order], lines=[gone]))) == []


def test_units_cancelled_out_of_an_order_that_goes_on_are_sent_with_their_own_reason(frames: Build) -> None:
    order = {**ORDER, "total_paid": "0", "cancelled_at": "2026-03-01 12:00:00", "cancel_reason": "Changed mind"}
    own = {"cancelled_at": "2026-03-02 08:00:00", "cancel_reason": "out of stock"}
    lines = [{**LINE, "quantity_cancelled": "1", **own}, {**SECOND_LINE, "quantity_cancelled": "1"}]
    made = payload_of(frames(orders=[order], lines=lines))
    assert cancelled(made) == [
        ("CANCELATION", "OUT_OF_STOCK", 1, 10, 0, "2026-03-02T08:00:00Z"),
        ("CANCELATION", "CUSTOMER_CANCELATION", 1, 5, 0, "2026-03-01T12:00:00Z"),
    ]
    assert made["status"] == "AWAITING_SHIPMENT"


def test_cancelled_units_that_the_shop_has_as_rows_are_sent_once(frames: Build) -> None:
    row = item("c-1", type="CANCELATION", quantity="1", price="10.00", charged="0")
    order = {**ORDER, "total_paid": "0"}
    made = payload_of(frames(orders=[order], lines=[{**LINE, "quantity_cancelled": "1"}], adjustments=[row]))
    assert [row[0] for row in adjustments_of(made)] == ["c-1"]
    more = payload_of(frames(orders=[order], lines=[{**LINE, "quantity_cancelled": "2"}], adjustments=[row]))
    assert [(row[0], row[3]) for row in adjustments_of(more)] == [("c-1", 1), ("cancel-11", 1)]


def test_a_payment_that_was_refused_can_be_tried_again_so_nothing_is_cancelled(frames: Build) -> None:
    mapping = replace(MAPPING, statuses={"declined": "CLOSED/REFUSED_PAYMENT"})
    made = payload_of(frames(orders=[{**ORDER, "status": "declined"}], lines=[LINE]), mapping)
    assert adjustments_of(made) == []


@pytest.mark.parametrize(("target", "reason"), [("CLOSED/FRAUD_CHECK_FAILED", "CHANNEL_SPECIFIC"), ("CLOSED", None)])
def test_only_a_word_that_means_cancelled_cancels(target: str, reason: str | None, frames: Build) -> None:
    mapping = replace(MAPPING, statuses={"gone": target})
    made = payload_of(frames(orders=[{**ORDER, "status": "gone"}], lines=[LINE]), mapping)
    assert [row[2] for row in adjustments_of(made)] == ([reason] if reason else [])


@pytest.mark.parametrize(("status", "kind"), [("paid", "CANCELATION"), ("sent", "REFUND")])
def test_all_the_money_of_an_order_that_never_left_cancels_its_units(status: str, kind: str, frames: Build) -> None:
    order = {**ORDER, "status": status, "total_refunded": "24.00"}
    refund = {**REFUND, "channel_adjustment_id": "50", "gross_amount": "24.00"}
    made = payload_of(frames(orders=[order], lines=[LINE], taxes=[TAX], adjustments=[refund]))
    assert [(row[1], row[3]) for row in adjustments_of(made)] == [(kind, 2)]


@pytest.mark.parametrize("cells", [{"reason": "Returned"}, {"default_reason": "RETURN"}])
def test_units_that_never_left_are_not_returned(cells: Mapping[str, str], frames: Build) -> None:
    refund = item("50-1", quantity="1", price="10.00", **cells)
    made = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[refund]))
    assert [row[1:3] for row in adjustments_of(made)] == [("CANCELATION", "CUSTOMER_CANCELATION")]


@pytest.mark.parametrize("cells", [{"reason": "Returned"}, {"default_reason": "RETURN"}])
def test_nor_are_they_where_the_money_names_no_line(cells: Mapping[str, str], frames: Build) -> None:
    gift = {**SECOND_LINE, "price": "0"}
    refund = {**REFUND, "channel_adjustment_id": "50", "gross_amount": "24.00", **cells}
    made = payload_of(frames(orders=[ORDER], lines=[LINE, gift], taxes=[TAX], adjustments=[refund]))
    assert [row[1:4] for row in adjustments_of(made)] == [("CANCELATION", "CUSTOMER_CANCELATION", 2)] * 2
