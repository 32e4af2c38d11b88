"""Whole orders to records and rejects."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.conftest import LINE, MAPPING, ORDER, READ_AT, TAX
from transforms.frames import COLUMNS, OrderFrames, order_frames, table
from transforms.normalise import normalise
from transforms.records import ORDERS

Build = Callable[..., OrderFrames]


def payload_of(frames: OrderFrames, mapping: Any = MAPPING) -> dict[str, Any]:
    result = normalise(frames, mapping)
    assert result.rejects == []
    payload: dict[str, Any] = json.loads(result.records[0].payload, parse_float=Decimal)
    return payload


def test_a_paid_order_becomes_a_record_waiting_for_shipment(frames: Build) -> None:
    order = payload_of(frames(orders=[{**ORDER, "total": "24"}], lines=[LINE], taxes=[TAX]))
    line = order["order_lines"][0]
    assert order["status"] == line["status"] == "AWAITING_SHIPMENT"
    assert line["price"] == {"amount": Decimal("20.0"), "currency": "EUR"}
    assert line["taxes"] == [
        {"amount": {"amount": Decimal("4.0"), "currency": "EUR"}, "code": "VAT", "rate": Decimal("0.2")}
    ]
    assert (line["can_cancel"], line["can_refund"]) == (True, True)
    assert order["channel_updated_at"] == "2026-03-02T10:00:00Z"


def test_rounding_is_steered_to_the_shops_total(frames: Build) -> None:
    lines = [{**LINE, "channel_order_line_id": str(index), "price": "8.264463"} for index in range(3)]
    taxes = [{**TAX, "channel_order_line_id": str(index), "amount": "1.735537"} for index in range(3)]
    order = payload_of(frames(orders=[{**ORDER, "total": "30.00"}], lines=lines, taxes=taxes))
    total = sum(
        line["price"]["amount"] + sum(tax["amount"]["amount"] for tax in line["taxes"]) for line in order["order_lines"]
    )
    assert total == Decimal("30.00")


def test_sums_that_differ_are_sent_and_named_with_both_sums(frames: Build) -> None:
    result = normalise(frames(orders=[{**ORDER, "total": "25.00"}], lines=[LINE], taxes=[TAX]), MAPPING)
    assert [(notice.code, notice.detail) for notice in result.records[0].notices] == [
        ("money_mismatch", "Mirakl gets 24.00 EUR, the shop charged 25.00 EUR")
    ]


def test_strict_money_rejects_sums_that_differ(frames: Build) -> None:
    strict = dataclasses.replace(MAPPING, strict_money=True)
    result = normalise(frames(orders=[{**ORDER, "total": "25.00"}], lines=[LINE], taxes=[TAX]), strict)
    assert [reject.code for reject in result.rejects] == ["money_mismatch"]


def test_an_unmapped_status_is_sent_as_channel_specific_and_named(frames: Build) -> None:
    result = normalise(frames(orders=[{**ORDER, "status": "wc-odd"}], lines=[LINE]), MAPPING)
    assert json.loads(result.records[0].payload)["status"] == "CHANNEL_SPECIFIC"
    assert [notice.code for notice in result.records[0].notices] == ["unmapped_status"]


def test_unmapped_reject_holds_an_order_nobody_mapped(frames: Build) -> None:
    held = dataclasses.replace(MAPPING, reject_unmapped=True)
    result = normalise(frames(orders=[{**ORDER, "status": "wc-odd"}], lines=[LINE]), held)
    assert [reject.code for reject in result.rejects] == ["unmapped_status"]


def test_units_refunded_before_shipping_are_a_cancelation(frames: Build) -> None:
    refund = {
        "channel_order_id": "1",
        "channel_adjustment_id": "50-501",
        "refund_id": "50",
        "channel_order_line_id": "11",
        "created_at": "2026-03-03 08:00:00",
        "reason": "Customer changed mind",
        "quantity": "-1",
        "price": "-10",
    }
    order = payload_of(frames(orders=[ORDER], lines=[LINE], adjustments=[refund]))
    [adjustment] = order["order_lines"][0]["adjustments"]
    assert (adjustment["type"], adjustment["reason"], adjustment["quantity"]) == (
        "CANCELATION",
        "CUSTOMER_CANCELATION",
        1,
    )
    assert adjustment["channel_adjustment_id"] == "50-501"


def test_an_amount_only_refund_is_spread_over_the_lines_to_the_cent(frames: Build) -> None:
    lines = [LINE, {**LINE, "channel_order_line_id": "12", "price": "10.00"}]
    taxes = [TAX, {**TAX, "channel_order_line_id": "12", "amount": "2.00"}]
    refund = {
        "channel_order_id": "1",
        "channel_adjustment_id": "50",
        "refund_id": "50",
        "created_at": "2026-03-03 08:00:00",
        "gross_amount": "10.01",
    }
    order = payload_of(
        frames(orders=[{**ORDER, "total_refunded": "10.01"}], lines=lines, taxes=taxes, adjustments=[refund])
    )
    adjustments = [adjustment for line in order["order_lines"] for adjustment in line["adjustments"]]
    total = sum(
        adjustment["price"]["amount"] + sum(tax["amount"]["amount"] for tax in adjustment.get("taxes", ()))
        for adjustment in adjustments
    )
    assert total == Decimal("10.01")
    assert [adjustment["channel_adjustment_id"] for adjustment in adjustments] == ["50-11", "50-12"]


@pytest.mark.parametrize("price", [None, "", " ", float("nan")])
def test_a_line_without_a_price_is_damage_and_not_free(price: str | float | None, frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[{**LINE, "price": price}]), MAPPING).rejects
    assert (reject.code, reject.field) == ("missing", "order_lines[0].price.amount")


@pytest.mark.parametrize(
    ("tables", "field"),
    [
        ({"lines": [{**LINE, "kind": "Fee"}]}, "lines.kind"),
        ({"lines": [LINE], "taxes": [{**TAX, "applies_to": "Shipping"}]}, "taxes.applies_to"),
        (
            {"lines": [LINE], "addresses": [{"channel_order_id": "1", "address_type": "invoice"}]},
            "addresses.address_type",
        ),
    ],
)
def test_a_word_that_a_frame_does_not_know_costs_its_order(
    tables: Mapping[str, Any], field: str, frames: Build
) -> None:
    [reject] = normalise(frames(orders=[ORDER], **tables), MAPPING).rejects
    assert (reject.code, reject.field) == ("invalid_word", field)


@pytest.mark.parametrize(
    ("cell", "sent"), [(b"\1", True), (b"\0", False), (True, True), (0, False), ("yes", True), ("off", False)]
)
def test_a_flag_is_read_however_the_database_writes_it(cell: object, sent: bool, frames: Build) -> None:
    order = payload_of(frames(orders=[{**ORDER, "has_incident": cell}], lines=[LINE]))
    assert order["has_incident"] is sent


def test_a_flag_that_is_neither_yes_nor_no_is_not_taken_for_no(frames: Build) -> None:
    [flagged] = normalise(frames(orders=[{**ORDER, "has_incident": "maybe"}], lines=[LINE]), MAPPING).rejects
    gift = {"channel_order_id": "1", "id": "gift", "type": "BOOLEAN", "value": "maybe"}
    [attribute] = normalise(frames(orders=[ORDER], lines=[LINE], custom_attributes=[gift]), MAPPING).rejects
    assert [(reject.code, reject.field) for reject in (flagged, attribute)] == [
        ("invalid_flag", "has_incident"),
        ("invalid_flag", "custom_attributes.value"),
    ]


def test_ids_that_differ_by_blanks_only_are_one_order_twice(frames: Build) -> None:
    orders = [ORDER, {**ORDER, "channel_order_id": "1 "}, {**ORDER, "channel_order_id": "2"}]
    lines = [LINE, *({**LINE, "channel_order_id": i, "channel_order_line_id": i} for i in ("1 ", "2"))]
    result = normalise(frames(orders=orders, lines=lines), MAPPING)
    assert [record.channel_order_id for record in result.records] == ["2"]
    assert [(reject.channel_order_id, reject.code) for reject in result.rejects] == [
        ("1", "duplicate_order"),
        ("1 ", "duplicate_order"),
    ]


def test_a_line_id_that_two_orders_claim_holds_both_of_them(frames: Build) -> None:
    orders = [{**ORDER, "channel_order_id": number} for number in "123"]
    own, shared = {**LINE, "channel_order_line_id": "11"}, {**LINE, "channel_order_line_id": "12"}
    lines = [
        own,
        shared,
        {**shared, "channel_order_id": "2"},
        {**own, "channel_order_id": "3", "channel_order_line_id": "31"},
    ]
    result = normalise(frames(orders=orders, lines=lines), MAPPING)
    assert [record.channel_order_id for record in result.records] == ["3"]
    assert [(reject.channel_order_id, reject.code, reject.field) for reject in result.rejects] == [
        ("1", "duplicate_line", "order_lines[1].channel_order_line_id"),
        ("2", "duplicate_line", "order_lines[0].channel_order_line_id"),
    ]


def test_one_bad_order_does_not_stop_another(frames: Build) -> None:
    orders = [ORDER, {**ORDER, "channel_order_id": "2", "currency": "EURO"}]
    result = normalise(frames(orders=orders, lines=[LINE]), MAPPING)
    assert [record.channel_order_id for record in result.records] == ["1"]
    assert [(reject.channel_order_id, reject.field) for reject in result.rejects] == [("2", "currency")]


def test_a_blank_field_is_reported_as_empty(frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[{**LINE, "product_id": " "}]), MAPPING).rejects
    assert (reject.field, reject.reason) == ("order_lines[0].product.id", "is empty")


def test_what_the_contract_forbids_is_reported_by_its_path(frames: Build) -> None:
    window = {"delivery_earliest": "2026-03-05 08:00:00", "delivery_latest": "2026-03-04 18:00:00"}
    [reject] = normalise(frames(orders=[{**ORDER, **window}], lines=[LINE]), MAPPING).rejects
    assert (reject.code, reject.field) == ("invalid", "shipping_info.delivery_date")
    assert reject.reason == "earliest is after latest"


def test_a_fault_between_lines_is_reported_for_the_order(frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[LINE, LINE]), MAPPING).rejects
    assert (reject.field, reject.reason) == ("order", "order_lines holds one channel_order_line_id twice")


def test_a_record_counts_its_lines_and_adjustments(frames: Build) -> None:
    refunds = [{**GOOD["adjustments"], "channel_adjustment_id": number, "price": "1"} for number in "56"]
    lines = [LINE, *({**LINE, "channel_order_line_id": number} for number in ("12", "13"))]
    [record] = normalise(frames(orders=[ORDER], lines=lines, adjustments=refunds), MAPPING).records
    assert (record.order_lines, record.adjustments) == (3, 2)


@pytest.mark.parametrize(
    ("stores", "key", "store"),
    [
        ({}, None, "S-1"),
        ({}, "2", "S-1"),
        ({"2": "S-2"}, "2", "S-2"),
        ({"2": "S-2"}, None, "S-1"),
        ({"2": "S-2"}, "3", None),
    ],
)
def test_an_order_goes_to_its_shop_stores_store_or_else_to_mirakl_store_id(
    stores: dict[str, str], key: str | None, store: str | None, frames: Build
) -> None:
    mapping = dataclasses.replace(MAPPING, stores=stores)
    result = normalise(frames(orders=[{**ORDER, "store": key}], lines=[LINE]), mapping)
    assert [record.store for record in result.records] == ([store] if store else [])
    assert [reject.code for reject in result.rejects] == ([] if store else ["unknown_store"])


@pytest.mark.parametrize(
    ("kind", "value"), [("STRING", "x"), ("NUMERIC", "1"), ("BOOLEAN", "1"), ("DATE", "2026-03-01"), ("LIST", '["x"]')]
)
def test_a_fault_in_a_custom_attribute_is_found_at_the_contracts_path(kind: str, value: str, frames: Build) -> None:
    note = {"channel_order_id": "1", "id": "i" * 256, "type": kind, "value": value}
    [reject] = normalise(frames(orders=[ORDER], lines=[LINE], custom_attributes=[note]), MAPPING).rejects
    assert reject.field == "custom_attributes[0].id"


def test_a_fault_in_an_attribute_of_an_order_without_lines_does_not_stop_the_others(frames: Build) -> None:
    weight = {"channel_order_id": "1", "id": "weight", "type": "NUMERIC", "value": "heavy"}
    [reject] = normalise(frames(orders=[ORDER], custom_attributes=[weight]), MAPPING).rejects
    assert reject.code == "no_lines"


def test_a_later_stamp_alone_does_not_change_the_hash(frames: Build) -> None:
    first = normalise(frames(orders=[ORDER], lines=[LINE]), MAPPING).records[0]
    later = normalise(frames(orders=[{**ORDER, "updated_at": "2026-03-04 10:00:00"}], lines=[LINE]), MAPPING).records[0]
    assert first.payload_hash == later.payload_hash
    assert first.updated_at < later.updated_at


CELL = st.one_of(
    st.none(),
    st.sampled_from(["", "0", "1", "-1", "2.5", "nan", "1e9", "12,3", "EUR", "FR", "zz", "0000-00-00 00:00:00"]),
    st.sampled_from(
        ["2026-03-01 09:30:00", "paid", "11", "shipping", "billing", "price", "fee", "discount", "\x00", "LIST"]
    ),
    st.text(max_size=5),
)
GOOD: dict[str, dict[str, str]] = {
    "orders": ORDER,
    "lines": LINE,
    "taxes": TAX,
    "adjustments": {
        "channel_order_id": "1",
        "channel_adjustment_id": "50-501",
        "refund_id": "50",
        "channel_order_line_id": "11",
        "created_at": "2026-03-03 08:00:00",
        "quantity": "1",
        "price": "10",
    },
    "addresses": {"channel_order_id": "1", "address_type": "shipping", "last_name": "X", "street": "Y", "city": "Z"},
    "custom_attributes": {"channel_order_id": "1", "id": "a", "type": "STRING", "value": "b"},
}


NAMES = {name: [column.name for column in columns] for name, columns in COLUMNS.items()}
BROKEN = {
    name: st.lists(st.dictionaries(st.sampled_from(columns), CELL, max_size=3), max_size=3)
    for name, columns in NAMES.items()
}


def broken_frames(broken: Mapping[str, Sequence[Mapping[str, str | None]]]) -> OrderFrames:
    tables = {}
    for name, columns in NAMES.items():
        rows = [{**GOOD[name], **cells} for cells in broken[name]]
        tables[name] = table(columns, [[row.get(column) for column in columns] for row in rows])
    return order_frames(tables, READ_AT)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.fixed_dictionaries(BROKEN).map(broken_frames))
def test_any_mixture_of_broken_rows_loses_no_order_and_lets_no_invalid_record_out(frames: OrderFrames) -> None:
    result = normalise(frames, MAPPING)
    assert len(result.records) + len(result.rejects) == len(frames.orders)
    for record in result.records:
        ORDERS.validate_json(b"[" + record.payload + b"]")


def test_without_mirakl_store_id_an_order_whose_store_is_not_known_goes_to_no_store(frames: Build) -> None:
    several = dataclasses.replace(MAPPING, store_id=None, stores={"1": "S-1", "2": "S-2"})
    orders = [{**ORDER, "store": "2"}, {**ORDER, "channel_order_id": "2"}]
    lines = [LINE, {**LINE, "channel_order_id": "2", "channel_order_line_id": "21"}]
    result = normalise(frames(orders=orders, lines=lines), several)
    assert [record.store for record in result.records] == ["S-2"]
    assert [(reject.channel_order_id, reject.code) for reject in result.rejects] == [("2", "unknown_store")]
