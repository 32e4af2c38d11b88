"""The refund history: to the cent, on lines, and never changed by what comes later."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from tests.transforms.refunds import REFUND, SECOND_LINE, Build, adjustments_of, item
from tests.transforms.test_normalise import payload_of
from transforms.normalise import normalise


def test_what_a_document_gave_back_beyond_its_items_is_spread_apart_from_them(frames: Build) -> None:
    refund = item("50-1", quantity="-1", price="-10.00", refund_total="13.00")
    order = payload_of(frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=[refund]))
    assert adjustments_of(order) == [
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
    assert sorted(amount for *_, amount in adjustments_of(order)) == ["3.33", "3.33", "3.34"]


def test_units_that_wait_while_others_have_left_can_still_be_cancelled(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = item("50-1", quantity="-1", price="-6.67", reason="Out of stock")
    order = payload_of(frames(orders=[ORDER], lines=[line], adjustments=[refund]))
    assert adjustments_of(order) == [("50-1", "CANCELATION", "OUT_OF_STOCK", 1, "6.67")]
    assert order["order_lines"][0]["status"] == "SHIPPED"


@pytest.mark.parametrize("reason", ["Returned", "Lost by the carrier", "Arrived broken", "Undeliverable"])
def test_units_that_had_left_are_no_cancelation_while_others_wait(frames: Build, reason: str) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = item("50-1", quantity="-1", price="-6.67", reason=reason)
    assert adjustments_of(payload_of(frames(orders=[ORDER], lines=[line], adjustments=[refund])))[0][1] == "REFUND"


def test_no_more_units_are_cancelled_than_wait(frames: Build) -> None:
    line = {**LINE, "quantity_shipped": "1", "shipped_at": "2026-03-03 08:00:00"}
    refunds = [item(f"{n}", refund_id=f"{n}", quantity="-1", price="-10.00") for n in (50, 51)]
    order = payload_of(frames(orders=[ORDER], lines=[line], adjustments=refunds))
    assert [row[:3] for row in adjustments_of(order)] == [
        ("50", "CANCELATION", "CHANNEL_SPECIFIC"),
        ("51", "REFUND", "RETURN"),
    ]


def test_a_unit_that_came_back_does_not_count_against_those_that_wait(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refunds = [
        item("50", refund_id="50", quantity="1", price="6.67", reason="Returned"),
        item("51", refund_id="51", quantity="1", price="6.67"),
        item("52", refund_id="52", quantity="1", price="6.66"),
    ]
    order = payload_of(frames(orders=[ORDER], lines=[line], adjustments=refunds))
    assert [row[:3] for row in adjustments_of(order)] == [
        ("50", "REFUND", "RETURN"),
        ("51", "CANCELATION", "CHANNEL_SPECIFIC"),
        ("52", "REFUND", "RETURN"),
    ]


def test_a_unit_cancelled_in_between_stays_so_when_the_order_is_completed(frames: Build) -> None:
    line = {**LINE, "quantity": "3", "quantity_shipped": "2", "shipped_at": "2026-03-02 08:00:00"}
    refund = item("50-1", quantity="-1", price="-6.67")
    before = frames(orders=[ORDER], lines=[line], adjustments=[refund])
    completed = {**ORDER, "status": "sent", "shipped_at": "2026-03-04 08:00:00"}
    after = frames(orders=[completed], lines=[line], adjustments=[refund])
    assert (
        adjustments_of(payload_of(before))
        == adjustments_of(payload_of(after))
        == [("50-1", "CANCELATION", "CHANNEL_SPECIFIC", 1, "6.67")]
    )


def test_the_shops_own_type_is_sent_for_items_and_for_money(frames: Build) -> None:
    refunds = [
        item("50-1", quantity="1", price="10.00", type="REFUND"),
        {**REFUND, "channel_adjustment_id": "50", "gross_amount": "3", "type": "CANCELATION"},
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=refunds))
    assert [row[1] for row in adjustments_of(order)] == ["REFUND", "CANCELATION"]


def test_an_amount_that_takes_all_that_is_left_covers_the_units_left(frames: Build) -> None:
    refunds = [
        item("50-1", quantity="1", price="10.00"),
        {**REFUND, "refund_id": "51", "channel_adjustment_id": "51", "gross_amount": "14.00"},
        {**REFUND, "refund_id": "52", "channel_adjustment_id": "52", "gross_amount": "1.00"},
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE], taxes=[TAX], adjustments=refunds))
    assert [(row[0], row[3], row[4]) for row in adjustments_of(order)] == [
        ("50-1", 1, "10.0"),
        ("51-11", 1, "10.0"),
    ]


def test_a_refund_beyond_the_cost_of_its_order_is_cut_to_it_and_noticed(frames: Build) -> None:
    refunds = [
        {**REFUND, "refund_id": str(number), "channel_adjustment_id": str(number), "gross_amount": amount}
        for number, amount in ((50, "29.00"), (51, "4.00"))
    ]
    [record] = normalise(frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=refunds), MAPPING).records
    assert sum(Decimal(row[4]) for row in adjustments_of(json.loads(record.payload))) == 30
    [notice] = record.notices
    assert (notice.code, notice.detail) == (
        "money_mismatch",
        "Mirakl gets 30.00 EUR, the shop refunded 33.00 EUR",
    )


def test_a_document_that_gave_back_less_than_its_rows_lowers_them_in_proportion(frames: Build) -> None:
    tax = {**TAX, "channel_adjustment_id": "50-1", "amount": "4.00"}
    refunds = [
        item("50-1", quantity="2", price="20.00", refund_total="27.00"),
        item("50-2", quantity="1", price="10.00", channel_order_line_id="12", refund_total="27.00"),
    ]
    order = {**ORDER, "total_refunded": "27.00"}
    built = frames(orders=[order], lines=[LINE, SECOND_LINE], taxes=[TAX, tax], adjustments=refunds)
    [record] = normalise(built, MAPPING).records
    money = [
        (
            a["channel_adjustment_id"],
            a["quantity"],
            a["price"]["amount"],
            [t["amount"]["amount"] for t in a.get("taxes", ())],
        )
        for line in json.loads(record.payload)["order_lines"]
        for a in line["adjustments"]
    ]
    # 27 of 34: 15.88 + 3.18 and 7.94.
    assert money == [("50-1", 2, 15.88, [3.18]), ("50-2", 1, 7.94, [])]
    assert record.notices == ()


def test_what_a_row_gives_back_beyond_its_line_is_given_back_of_the_others(frames: Build) -> None:
    order = payload_of(
        frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=[item("50-1", quantity="3", price="22.50")])
    )
    assert [(row[0], row[3], row[4]) for row in adjustments_of(order)] == [("50-1", 2, "20.0"), ("50-1-12", 0, "2.5")]


def test_what_a_cancelation_gives_back_beyond_its_line_cancels_nothing_of_the_others(frames: Build) -> None:
    refund = item("50-1", quantity="2", price="20.01", type="CANCELATION")
    order = payload_of(frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=[refund]))
    assert [(row[0], row[1], row[3], row[4]) for row in adjustments_of(order)] == [
        ("50-1", "CANCELATION", 2, "20.0"),
        ("50-1-12", "REFUND", 0, "0.01"),
    ]


def test_a_cent_beyond_a_line_joins_what_the_same_document_gives_back_of_another(frames: Build) -> None:
    refunds = [item("50-1", price="20.01"), item("50-2", price="9.00", channel_order_line_id="12")]
    order = payload_of(frames(orders=[ORDER], lines=[LINE, SECOND_LINE], adjustments=refunds))
    assert [(row[0], row[4]) for row in adjustments_of(order)] == [("50-1", "20.0"), ("50-2", "9.01")]


def test_a_price_given_back_with_its_tax_is_divided_as_the_line_has_it(frames: Build) -> None:
    order = payload_of(
        frames(orders=[ORDER], lines=[LINE], taxes=[TAX], adjustments=[item("50-1", quantity="2", price="24.00")])
    )
    [adjustment] = order["order_lines"][0]["adjustments"]
    assert (adjustment["price"]["amount"], adjustment["taxes"][0]["amount"]["amount"]) == (20, 4)


def test_a_tax_that_the_refund_names_otherwise_is_the_lines_own(frames: Build) -> None:
    refund = item("50-1", quantity="1", price="10.00")
    tax = {**TAX, "channel_adjustment_id": "50-1", "code": "TVA", "amount": "2.00"}
    rest = {**REFUND, "refund_id": "51", "channel_adjustment_id": "51", "gross_amount": "12.00"}
    order = payload_of(frames(orders=[ORDER], lines=[LINE], taxes=[TAX, tax], adjustments=[refund, rest]))
    sent_taxes = [
        (row["taxes"][0]["code"], row["taxes"][0]["amount"]["amount"]) for row in order["order_lines"][0]["adjustments"]
    ]
    assert sent_taxes == [("TVA", 2), ("VAT", 2)]


def test_money_is_spread_over_what_earlier_documents_left(frames: Build) -> None:
    """20 + 4 tax and 10 of product, 6 of shipping; shipping is given back, then product money, then the rest."""
    refunds = [
        {**REFUND, "refund_id": "50", "channel_adjustment_id": "50", "shipping_price": "6.00"},
        item("51-1", refund_id="51", price="20.00"),
        {**REFUND, "refund_id": "52", "channel_adjustment_id": "52", "gross_amount": "7.00"},
    ]
    order = payload_of(
        frames(
            orders=[{**ORDER, "shipping_price": "6.00"}], lines=[LINE, SECOND_LINE], taxes=[TAX], adjustments=refunds
        )
    )
    given = {
        a["channel_adjustment_id"]: (
            str(a["price"]["amount"]),
            [str(tax["amount"]["amount"]) for tax in a.get("taxes", ())],
            str(a["shipping_price"]["amount"]),
        )
        for line in order["order_lines"]
        for a in line["adjustments"]
    }
    assert given == {
        "50-11": ("0.0", [], "4.0"),
        "50-12": ("0.0", [], "2.0"),
        "51-1": ("20.0", [], "0.0"),
        "52-11": ("0.0", ["2.0"], "0.0"),
        "52-12": ("5.0", [], "0.0"),
    }


def test_shipping_beyond_that_of_a_documents_own_lines_is_that_of_all_lines(frames: Build) -> None:
    refunds = [
        item("50-1", quantity="1", price="10.00"),
        {**REFUND, "channel_adjustment_id": "50-2", "shipping_price": "4.50"},
    ]
    order = payload_of(
        frames(orders=[{**ORDER, "shipping_price": "6.00"}], lines=[LINE, SECOND_LINE], adjustments=refunds)
    )
    shipping = [str(a["shipping_price"]["amount"]) for line in order["order_lines"] for a in line["adjustments"]]
    assert shipping == ["0.0", "3.0", "1.5"]


def test_a_refund_in_the_second_of_the_departure_is_of_goods_that_had_left(frames: Build) -> None:
    line = {**LINE, "quantity_shipped": "2", "shipped_at": REFUND["created_at"]}
    refund = item("50-1", quantity="-1", price="-10.00")
    assert adjustments_of(payload_of(frames(orders=[ORDER], lines=[line], adjustments=[refund])))[0][1:3] == (
        "REFUND",
        "RETURN",
    )


@pytest.mark.parametrize(
    ("cell", "status"),
    [(word, "CANCELED") for word in ("0", "f", "False", "no", "N")] + [("1", "REFUNDED"), ("", "REFUNDED")],
)
def test_only_charged_units_count_as_refunded(frames: Build, cell: str, status: str) -> None:
    refund = item("50-1", quantity="2", price="20.00", charged=cell)
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[refund]))
    assert order["status_reason"] == status


def test_shipping_after_a_refund_does_not_rewrite_the_refund(frames: Build) -> None:
    refund = item("50-1", quantity="-1", price="-10.00")
    before = frames(orders=[ORDER], lines=[LINE], adjustments=[refund])
    sent = {**LINE, "quantity_shipped": "1", "shipped_at": "2026-03-04 08:00:00"}
    after = frames(orders=[ORDER], lines=[sent], adjustments=[refund])
    assert adjustments_of(payload_of(before)) == adjustments_of(payload_of(after))


def test_a_later_refund_of_the_same_second_does_not_rewrite_an_earlier_one(frames: Build) -> None:
    lines, taxes = [LINE, SECOND_LINE], [TAX]
    first = {**REFUND, "refund_id": "99", "channel_adjustment_id": "99", "gross_amount": "10.01"}
    second = {**REFUND, "refund_id": "100", "channel_adjustment_id": "100", "gross_amount": "7.77"}
    alone = adjustments_of(payload_of(frames(orders=[ORDER], lines=lines, taxes=taxes, adjustments=[first])))
    both = adjustments_of(payload_of(frames(orders=[ORDER], lines=lines, taxes=taxes, adjustments=[second, first])))
    assert [row for row in both if row[0].startswith("99-")] == alone


def test_a_goodwill_without_units_and_a_free_unit_without_money_are_both_sent(frames: Build) -> None:
    free = {**LINE, "channel_order_line_id": "12", "price": "0", "quantity": "1"}
    refunds = [
        item("50-1", quantity="0", price="-2.50", reason="Goodwill"),
        item("50-2", quantity="-1", price="0", channel_order_line_id="12"),
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE, free], adjustments=refunds))
    assert adjustments_of(order) == [
        ("50-1", "REFUND", "AGREEMENT", 0, "2.5"),
        ("50-2", "CANCELATION", "CHANNEL_SPECIFIC", 1, "0.0"),
    ]


def test_money_with_tax_that_names_a_line_is_divided_by_what_the_line_cost(frames: Build) -> None:
    order = {**ORDER, "shipping_price": "5.00", "total_refunded": "26.00"}
    refunds = [
        item("50-1", refund_id="50", quantity="1", gross_amount="12.00"),
        item("51-1", refund_id="51", quantity="1", gross_amount="-14.00", created_at="2026-03-04 08:00:00"),
    ]
    built = frames(orders=[order], lines=[LINE, SECOND_LINE], taxes=[TAX], adjustments=refunds)
    [record] = normalise(built, MAPPING).records
    [line, other] = json.loads(record.payload)["order_lines"]
    money = [
        (a["quantity"], a["price"]["amount"], a["taxes"][0]["amount"]["amount"], a["shipping_price"]["amount"])
        for a in line["adjustments"]
    ]
    assert money == [(1, 10.0, 2.0, 0.0), (1, 10.0, 2.0, 2.0)]
    assert (other.get("adjustments"), record.notices) == (None, ())


def test_shipping_money_with_tax_is_divided_by_the_shipping_of_its_line_or_of_all(frames: Build) -> None:
    order = {**ORDER, "shipping_price": "6.00", "total_refunded": "7.80"}
    shipping_tax = {**TAX, "channel_order_line_id": None, "applies_to": "shipping", "amount": "1.20"}
    refunds = [
        item("50-1", shipping_gross_amount="2.40"),
        {**REFUND, "channel_adjustment_id": "51", "refund_id": "51", "shipping_gross_amount": "-5.40"},
    ]
    built = frames(orders=[order], lines=[LINE, SECOND_LINE], taxes=[TAX, shipping_tax], adjustments=refunds)
    [record] = normalise(built, MAPPING).records
    money = [
        (
            a["channel_adjustment_id"],
            a["price"]["amount"],
            a["shipping_price"]["amount"],
            *(tax["amount"]["amount"] for name in ("taxes", "shipping_taxes") for tax in a.get(name, ())),
        )
        for line in json.loads(record.payload)["order_lines"]
        for a in line["adjustments"]
    ]
    # The second is 0.60 more than the shipping holds: goods of what the lines still hold.
    assert money == [("50-1", 0, 2.0, 0.4), ("51-11", 0.35, 2.0, 0.07, 0.4), ("51-12", 0.18, 2.0, 0.4)]
    assert record.notices == ()


def test_a_share_never_takes_the_id_of_an_item_of_its_document(frames: Build) -> None:
    refunds = [
        item("50-11", quantity="1", price="5"),
        {**REFUND, "channel_adjustment_id": "50", "gross_amount": "3"},
    ]
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=refunds))
    assert [row[0] for row in adjustments_of(order)] == ["50-11", "50-rest-11"]


def test_a_default_reason_stands_where_the_words_hold_no_keyword(frames: Build) -> None:
    mute = item("50-1", price="1.00", reason="see ticket 7", default_reason="AGREEMENT")
    telling = item("50-2", price="1.00", reason="arrived broken", default_reason="AGREEMENT")
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[mute, telling]))
    assert [reason for _, _, reason, *_ in adjustments_of(order)] == ["AGREEMENT", "DEFECT"]


@pytest.mark.parametrize("applies_to", ["price", "shipping"])
def test_a_refund_whose_tax_is_more_than_the_amount_that_includes_it_is_held(applies_to: str, frames: Build) -> None:
    """Its price would be below zero, and would be sent as money that the line has still to give back."""
    refund = item("50-1", price="2.00", shipping_price="2.00", quantity="0")
    tax = {**TAX, "applies_to": applies_to, "channel_adjustment_id": "50-1", "amount": "3.00"}
    order = {**ORDER, "amounts": "gross", "total": "24.00"}
    line = {**LINE, "price": "24.00"}
    [reject] = normalise(frames(orders=[order], lines=[line], taxes=[TAX, tax], adjustments=[refund]), MAPPING).rejects
    assert (reject.code, reject.field) == ("invalid_amount", "order_lines.adjustments.taxes.amount")
