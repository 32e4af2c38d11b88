"""Fees, discounts and shipping: all adds up, and no amount falls below zero."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from tests.transforms.test_normalise import payload_of
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
FEE = {**LINE, "channel_order_line_id": "19", "kind": "fee", "quantity": "1", "price": "3.00", "product_id": "fee"}
VOUCHER = {**LINE, "channel_order_line_id": "20", "kind": "discount", "quantity": "1"}


def amounts(line: Mapping[str, Any]) -> list[Decimal]:
    taxes = [tax["amount"]["amount"] for tax in line.get("taxes", [])]
    return [line["price"]["amount"], *taxes, line["total_shipping_price"]["amount"]]


def test_a_voucher_worth_more_than_the_products_pays_for_fees_and_shipping(frames: Build) -> None:
    order = {**ORDER, "shipping_price": "5.00", "total": "1.50"}
    made = payload_of(frames(orders=[order], lines=[LINE, FEE, {**VOUCHER, "price": "-26.50"}]))
    assert [amounts(line) for line in made["order_lines"]] == [
        [Decimal("0.0"), Decimal("0.94")],
        [Decimal("0.56"), Decimal("0.0")],
    ]


def test_the_tax_of_a_voucher_is_taken_off_the_same_tax_else_off_another(frames: Build) -> None:
    taxes = [TAX, {**TAX, "channel_order_line_id": None, "code": "GST", "rate": "5", "amount": "-1.00"}]
    order = {**ORDER, "total": "18.00"}
    made = payload_of(frames(orders=[order], lines=[LINE, {**VOUCHER, "price": "-5.00"}], taxes=taxes))
    assert [amounts(line) for line in made["order_lines"]] == [[Decimal("15.0"), Decimal("3.0"), Decimal("0.0")]]


def test_an_open_fee_is_as_far_as_the_products_are(frames: Build) -> None:
    order = payload_of(frames(orders=[ORDER], lines=[{**LINE, "quantity_shipped": "2"}, FEE]))
    assert [line["status"] for line in order["order_lines"]] == ["SHIPPED", "SHIPPED"]
    assert order["status"] == "SHIPPED"


def test_a_status_that_mirakl_has_no_word_for_goes_along_in_the_shops_own(frames: Build) -> None:
    order = payload_of(frames(orders=[{**ORDER, "status": "wc-odd"}], lines=[LINE]))
    assert order["custom_attributes"] == [{"id": "channel-status", "type": "STRING", "value": "wc-odd"}]


def test_amounts_that_include_their_taxes_are_sent_without_them(frames: Build) -> None:
    shipping_tax = {**TAX, "channel_order_line_id": None, "applies_to": "shipping", "amount": "1.00"}
    refund = {
        "channel_order_id": "1",
        "channel_adjustment_id": "50-1",
        "refund_id": "50",
        "channel_order_line_id": "11",
        "created_at": "2026-03-03 08:00:00",
        "quantity": "1",
        "price": "12.00",
        "shipping_price": "3.00",
    }
    refund_taxes = [
        {**TAX, "channel_adjustment_id": "50-1", "amount": "2.00"},
        {**TAX, "channel_adjustment_id": "50-1", "applies_to": "shipping", "amount": "0.50"},
    ]
    made = payload_of(
        frames(
            orders=[{**ORDER, "shipping_price": "6.00", "total": "30.00"}],
            lines=[{**LINE, "price": "24.00"}],
            taxes=[TAX, shipping_tax, *refund_taxes],
            adjustments=[refund],
        ),
        dataclasses.replace(MAPPING, amounts_include_tax=True),
    )
    [line] = made["order_lines"]
    assert amounts(line) == [Decimal(20), Decimal(4), Decimal(5)]
    assert line["shipping_taxes"][0]["amount"]["amount"] == 1
    [adjustment] = line["adjustments"]
    assert (adjustment["price"]["amount"], adjustment["shipping_price"]["amount"]) == (10, Decimal("2.5"))
    assert adjustment["shipping_taxes"][0]["amount"]["amount"] == Decimal("0.5")


@pytest.mark.parametrize(
    ("of_the_platform", "word", "price"), [(False, "gross", 20), (True, "net", 24), (True, "", 20)]
)
def test_an_order_may_decide_whether_its_prices_include_tax(
    of_the_platform: bool, word: str, price: int, frames: Build
) -> None:
    mapping = dataclasses.replace(MAPPING, amounts_include_tax=of_the_platform)
    made = payload_of(
        frames(orders=[{**ORDER, "amounts": word}], lines=[{**LINE, "price": "24.00"}], taxes=[TAX]), mapping
    )
    assert made["order_lines"][0]["price"]["amount"] == price


def test_shipping_known_per_line_stays_there_and_that_of_the_order_is_spread(frames: Build) -> None:
    lines = [{**LINE, "total_shipping_price": "3.00"}, {**LINE, "channel_order_line_id": "12", "price": "10.00"}]
    made = payload_of(frames(orders=[{**ORDER, "shipping_price": "3.00", "total": "36.00"}], lines=lines))
    assert [line["total_shipping_price"]["amount"] for line in made["order_lines"]] == [5, 1]


def test_free_products_share_the_shipping_and_a_fee_has_none_of_it(frames: Build) -> None:
    free = {**LINE, "price": "0"}
    lines = [FEE, free, {**free, "channel_order_line_id": "12"}]
    made = payload_of(frames(orders=[{**ORDER, "shipping_price": "5.00"}], lines=lines))
    assert [line["total_shipping_price"]["amount"] for line in made["order_lines"]] == [
        0,
        Decimal("2.5"),
        Decimal("2.5"),
    ]


def test_the_tax_of_a_voucher_leaves_other_taxes_alone_while_its_own_lasts(frames: Build) -> None:
    gst = {**TAX, "code": "GST", "rate": "5", "amount": "1.00"}
    taxes = [gst, TAX, {**TAX, "channel_order_line_id": None, "amount": "-1.50"}]
    made = payload_of(frames(orders=[ORDER], lines=[LINE, {**VOUCHER, "price": "-5.00"}], taxes=taxes))
    assert amounts(made["order_lines"][0]) == [15, 1, Decimal("2.5"), 0]


OFF_12 = {**VOUCHER, "price": "-6.00", "channel_order_line_id": "99", "discounted_line_id": "12"}
OFF_TAX = {**TAX, "channel_order_line_id": "99", "amount": "-1.20"}
TWO = [LINE, {**LINE, "channel_order_line_id": "12"}]
BOTH_TAXED = [TAX, {**TAX, "channel_order_line_id": "12"}]


def test_a_voucher_for_one_product_is_taken_off_it_with_its_own_tax(frames: Build) -> None:
    made = payload_of(frames(orders=[{**ORDER, "total": "40.80"}], lines=[*TWO, OFF_12], taxes=[*BOTH_TAXED, OFF_TAX]))
    assert [amounts(line) for line in made["order_lines"]] == [[20, 4, 0], [14, Decimal("2.8"), 0]]


def test_a_voucher_for_one_product_is_net_or_gross_as_the_prices_are(frames: Build) -> None:
    gross = {**ORDER, "amounts": "gross", "total": "40.80"}
    lines = [{**line, "price": "24.00"} for line in TWO]
    made = payload_of(
        frames(orders=[gross], lines=[*lines, {**OFF_12, "price": "-7.20"}], taxes=[*BOTH_TAXED, OFF_TAX])
    )
    assert [amounts(line) for line in made["order_lines"]] == [[20, 4, 0], [14, Decimal("2.8"), 0]]


def test_what_a_voucher_for_one_product_is_worth_beyond_it_is_taken_off_the_others(frames: Build) -> None:
    made = payload_of(frames(orders=[ORDER], lines=[*TWO, {**OFF_12, "price": "-23.00"}]))
    assert [line["price"]["amount"] for line in made["order_lines"]] == [17, 0]


def test_a_voucher_for_a_line_that_is_not_there_is_taken_off_all(frames: Build) -> None:
    made = payload_of(frames(orders=[ORDER], lines=[*TWO, {**OFF_12, "discounted_line_id": "13"}]))
    assert [line["price"]["amount"] for line in made["order_lines"]] == [17, 17]


def test_a_product_below_zero_is_held_with_the_word_that_takes_money_off(frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[LINE, {**TWO[1], "price": "-5.00"}]), MAPPING).rejects
    assert (reject.code, reject.field) == ("invalid", "order_lines[1].price.amount")
    assert "kind `discount`" in reject.reason


def test_gift_cards_and_store_credit_are_payment(frames: Build) -> None:
    """Of 48, a gift card paid 30: the order cost 48 and was paid whole, and 10 of it went back to the gift card."""
    refund = {
        "channel_order_id": "1",
        "channel_adjustment_id": "50",
        "refund_id": "50",
        "created_at": "2026-03-03 08:00:00",
        "gross_amount": "10",
    }
    order = {**ORDER, "total": 18 + 30, "total_paid": 18 + 30, "total_refunded": 10}
    [record] = normalise(frames(orders=[order], lines=TWO, taxes=BOTH_TAXED, adjustments=[refund]), MAPPING).records
    assert record.notices == ()
    assert [line["can_refund"] for line in json.loads(record.payload)["order_lines"]] == [True, True]


def test_a_voucher_pays_for_fees_and_shipping_before_taxes(frames: Build) -> None:
    """20 of product with 4 tax, a fee of 3, shipping of 5: of 29, one is left for the tax."""
    order = {**ORDER, "shipping_price": "5.00"}
    made = payload_of(frames(orders=[order], lines=[LINE, FEE, {**VOUCHER, "price": "-29.00"}], taxes=[TAX]))
    assert [amounts(line) for line in made["order_lines"]] == [[0, 3, 0], [0, 0]]


def test_an_order_whose_voucher_exceeds_its_total_is_rejected_for_a_negative_price(frames: Build) -> None:
    result = normalise(frames(orders=[ORDER], lines=[LINE, {**VOUCHER, "price": "-21.00"}]), MAPPING)
    assert [reject.field for reject in result.rejects] == ["order_lines[0].price.amount"]


@pytest.mark.parametrize(
    ("table", "cells", "field"),
    [
        ("orders", {"total": "x"}, "total"),
        ("orders", {"shipping_price": "x"}, "shipping_price"),
        ("orders", {"total_refunded": "x"}, "total_refunded"),
        ("lines", {"price": "1,5"}, "order_lines[0].price.amount"),
        ("lines", {"total_shipping_price": "x"}, "order_lines[0].total_shipping_price.amount"),
        ("lines", {"kind": "discount", "channel_order_line_id": "12", "price": "x"}, "order_lines.price.amount"),
        ("taxes", {"amount": "x"}, "order_lines[0].taxes.amount"),
        ("taxes", {"rate": "x"}, "order_lines[0].taxes.rate"),
        ("taxes", {"amount": "x", "channel_order_line_id": None}, "order_lines.taxes.amount"),
        ("taxes", {"amount": "x", "channel_adjustment_id": "50"}, "order_lines.adjustments.taxes.amount"),
        ("taxes", {"rate": "x", "channel_adjustment_id": "50"}, "order_lines.adjustments.taxes.rate"),
        ("adjustments", {"created_at": None}, "order_lines.adjustments.created_at"),
        ("adjustments", {"quantity": "one"}, "order_lines.adjustments.quantity"),
        ("lines", {"quantity": "two"}, "order_lines[0].quantity"),
        ("adjustments", {"price": "x"}, "order_lines.adjustments.price.amount"),
        ("adjustments", {"shipping_price": "x"}, "order_lines.adjustments.shipping_price.amount"),
        ("adjustments", {"gross_amount": "x"}, "order_lines.adjustments.gross_amount"),
        ("adjustments", {"refund_total": "x"}, "order_lines.adjustments.refund_total"),
    ],
)
def test_a_broken_cell_is_named_by_its_path(frames: Build, table: str, cells: dict[str, Any], field: str) -> None:
    rows = {
        "orders": {**ORDER, "total_refunded": "0"},
        "lines": LINE,
        "taxes": TAX,
        "adjustments": {
            "channel_order_id": "1",
            "channel_adjustment_id": "50",
            "refund_id": "50",
            "created_at": "2026-03-03 08:00:00",
        },
    }
    tables = {name: [row] for name, row in rows.items()}
    broken = {**rows[table], **cells}
    # A discount is a line beside another one.
    tables[table] = [LINE, broken] if cells.get("kind") else [broken]
    result = normalise(frames(**tables), MAPPING)
    assert [reject.field for reject in result.rejects] == [field]
