"""The refund history: to the cent, on lines, and never changed by what comes later."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from tests.transforms.test_normalise import payload_of
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
SECOND_LINE = {**LINE, "channel_order_line_id": "12", "price": "10.00"}
REFUND = {"channel_order_id": "1", "refund_id": "50", "created_at": "2026-03-03 08:00:00"}


def item(adjustment_id: str, **cells: str) -> Mapping[str, Any]:
    return {**REFUND, "channel_adjustment_id": adjustment_id, "channel_order_line_id": "11", **cells}


def told(order: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (a["channel_adjustment_id"], a["type"], a["reason"], a["quantity"], str(a["price"]["amount"]))
        for line in order["order_lines"]
        for a in line.get("adjustments", ())
    ]


def test_what_a_document_gave_back_beyond_its_items_is_spread_apart_from_them(frames: Build) -> None:
    refund = item("50-1", quantity="-1", price="-10.00", refund_total="13.00")
    order = payload_of(frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=[refund]))
    assert told(order) == [
        ("50-1", "CANCELATION", "CHANNEL_SPECIFIC", 1, "10.0"),
        ("50-11", "REFUND", "CHANNEL_SPECIFIC", 0, "1.5"),
        ("50-12", "REFUND", "CHANNEL_SPECIFIC", 0, "1.5"),
    ]


def test_items_with_fractions_of_a_cent_are_rounded_to_what_their_document_gave_back(frames: Build) -> None:
    lines = [{**LINE, "channel_order_line_id": str(n), "price": "3.335", "quantity": "1"} for n in (11, 12, 13)]
    refunds = [
        item(f"50-{n}", price="-3.335", refund_total="10.00", channel_order_line_id=str(n)) for n in (11, 12, 13)
    ]
    order = payload_of(frames(orders=[{**ORDER, "total_refunded": "10.00"}], lines=lines, adjustments=refunds))
    assert sorted(amount for *_, amount in told(order)) == ["3.33", "3.33", "3.34"]


def test_units_that_wait_while_others_have_left_can_still_be_cancelled(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = item("50-1", quantity="-1", price="-6.67", reason="Out of stock")
    order = payload_of(frames(orders=[ORDER], lines=[line], adjustments=[refund]))
    assert told(order) == [("50-1", "CANCELATION", "OUT_OF_STOCK", 1, "6.67")]
    assert order["order_lines"][0]["status"] == "SHIPPED"


def test_units_that_came_back_are_no_cancelation_while_others_wait(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = item("50-1", quantity="-1", price="-6.67", reason="Returned")
    assert told(payload_of(frames(orders=[ORDER], lines=[line], adjustments=[refund])))[0][1] == "REFUND"


def test_shipping_after_a_refund_does_not_rewrite_the_refund(frames: Build) -> None:
    refund = item("50-1", quantity="-1", price="-10.00")
    before = frames(orders=[ORDER], lines=[LINE], adjustments=[refund])
    sent = {**LINE, "quantity_shipped": "1", "shipped_at": "2026-03-04 08:00:00"}
    after = frames(orders=[ORDER], lines=[sent], adjustments=[refund])
    assert told(payload_of(before)) == told(payload_of(after))


def test_a_later_refund_of_the_same_second_does_not_rewrite_an_earlier_one(frames: Build) -> None:
    lines, taxes = [LINE, SECOND_LINE], [TAX]
    first = {**REFUND, "refund_id": "99", "channel_adjustment_id": "99", "gross_amount": "10.01"}
    second = {**REFUND, "refund_id": "100", "channel_adjustment_id": "100", "gross_amount": "7.77"}
    alone = told(payload_of(frames(orders=[ORDER], lines=lines, taxes=taxes, adjustments=[first])))
    both = told(payload_of(frames(orders=[ORDER], lines=lines, taxes=taxes, adjustments=[second, first])))
    assert [row for row in both if row[0].startswith("99-")] == alone


def test_a_goodwill_without_units_and_a_free_unit_without_money_are_both_told(frames: Build) -> None:
    free = {**LINE, "channel_order_line_id": "12", "price": "0", "quantity": "1"}
    refunds = [
        item("50-1", quantity="0", price="-2.50", reason="Goodwill"),
        item("50-2", quantity="-1", price="0", channel_order_line_id="12"),
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE, free], adjustments=refunds))
    assert told(order) == [
        ("50-1", "REFUND", "AGREEMENT", 0, "2.5"),
        ("50-2", "CANCELATION", "CHANNEL_SPECIFIC", 1, "0.0"),
    ]


def test_a_share_never_takes_the_id_of_an_item_of_its_document(frames: Build) -> None:
    refunds = [
        item("50-11", quantity="1", price="5"),
        {**REFUND, "channel_adjustment_id": "50", "gross_amount": "3"},
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=refunds))
    assert [row[0] for row in told(order)] == ["50-11", "50-rest-11"]


def test_units_cancelled_before_they_were_charged_are_told_but_are_no_refund(frames: Build) -> None:
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


def test_a_default_reason_stands_where_the_words_hold_no_keyword(frames: Build) -> None:
    mute = item("50-1", price="1.00", reason="see ticket 7", default_reason="AGREEMENT")
    telling = item("50-2", price="1.00", reason="arrived broken", default_reason="AGREEMENT")
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[mute, telling]))
    assert [reason for _, _, reason, *_ in told(order)] == ["AGREEMENT", "DEFECT"]
