"""Fees, discounts and shipping: all adds up, and no amount falls below zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.transforms.conftest import LINE, ORDER, TAX
from tests.transforms.test_normalise import payload_of
from transforms.frames import OrderFrames

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
