"""The fields of one order: which cell goes where, what stands in for one that is missing, what is left out and said."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from transforms.frames import OrderFrames
from transforms.mapping import ChannelMapping, PartnerPredicate
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
REFUND = {
    "channel_order_id": "1",
    "channel_adjustment_id": "5",
    "refund_id": "5",
    "channel_order_line_id": "11",
    "created_at": "2026-03-03 08:00:00",
    "quantity": "2",
    "price": "20.00",
}


def order_of(frames: OrderFrames, mapping: ChannelMapping = MAPPING) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The payload, and (code, field) of each notice."""
    result = normalise(frames, mapping)
    assert result.rejects == []
    [record] = result.records
    return json.loads(record.payload), [(notice.code, notice.field) for notice in record.notices]


def line_of(frames: OrderFrames) -> dict[str, Any]:
    [line] = order_of(frames)[0]["order_lines"]
    assert isinstance(line, dict)
    return line


def test_an_invalid_email_or_picture_is_left_out_and_noticed(frames: Build) -> None:
    broken = frames(orders=[{**ORDER, "email": "nobody"}], lines=[{**LINE, "thumbnail_url": "no picture"}])
    order, notices = order_of(broken)
    assert order["shipping_info"].keys() == {"address"}
    assert "thumbnail_url" not in order["order_lines"][0]["product"]
    assert sorted(notices) == [
        ("dropped_field", "order_lines[0].product.thumbnail_url"),
        ("dropped_field", "shipping_info.email"),
    ]


@pytest.mark.parametrize(
    "email",
    [
        "a@b@example.com",
        "a..b@example.com",
        "a@example..com",
        "<a@example.com>",
        "a@example.com,b@example.com",
        "jörg@example.com",
        "a@exämple..com",
    ],
)
def test_an_email_that_a_strict_reader_of_the_contract_refuses_costs_no_order(email: str, frames: Build) -> None:
    order, notices = order_of(frames(orders=[{**ORDER, "email": email}], lines=[LINE]))
    assert "email" not in order["shipping_info"]
    assert ("dropped_field", "shipping_info.email") in notices


def test_the_host_of_an_email_is_written_in_ascii(frames: Build) -> None:
    order, notices = order_of(frames(orders=[{**ORDER, "email": "jo@exämple.com"}], lines=[LINE]))
    assert order["shipping_info"]["email"] == "jo@xn--exmple-cua.com"
    assert ("dropped_field", "shipping_info.email") not in notices


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("https://shop.example/blue mug.jpg", "https://shop.example/blue%20mug.jpg"),
        ("https://shop.example/tasse-émaillée.jpg", "https://shop.example/tasse-%C3%A9maill%C3%A9e.jpg"),
        ("https://shop.example/50%.jpg?size={w}", "https://shop.example/50%25.jpg?size=%7Bw%7D"),
        ("https://müller.example/a%20b.jpg", "https://xn--mller-kva.example/a%20b.jpg"),
    ],
)
def test_a_picture_whose_address_only_a_browser_forgives_is_sent_as_a_uri(
    address: str, uri: str, frames: Build
) -> None:
    line = line_of(frames(orders=[ORDER], lines=[{**LINE, "thumbnail_url": address}]))
    assert line["product"]["thumbnail_url"] == uri


def test_a_product_is_sent_with_its_picture_and_by_its_id_where_it_has_no_title(frames: Build) -> None:
    line = {
        **LINE,
        "product_id": " MUG ",
        "product_title": " Mug\x00 ",
        "thumbnail_url": "https://shop.example/mug.png",
    }
    assert line_of(frames(orders=[ORDER], lines=[line]))["product"] == {
        "id": "MUG",
        "title": "Mug",
        "thumbnail_url": "https://shop.example/mug.png",
    }
    untitled = line_of(frames(orders=[ORDER], lines=[{**LINE, "product_title": " \x00"}]))
    assert untitled["product"] == {"id": "MUG", "title": "MUG"}


def test_a_line_has_its_own_times_or_its_orders(frames: Build) -> None:
    own = {"created_at": "2026-03-01 10:00:00", "updated_at": "2026-03-01 11:00:00"}
    line = line_of(frames(orders=[ORDER], lines=[{**LINE, **own}]))
    assert (line["created_at"], line["updated_at"]) == ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")
    line = line_of(frames(orders=[ORDER], lines=[LINE]))
    assert (line["created_at"], line["updated_at"]) == ("2026-03-01T09:30:00Z", "2026-03-02T10:00:00Z")


def test_an_order_changed_before_it_was_placed_was_changed_when_it_was_placed(frames: Build) -> None:
    order, _ = order_of(frames(orders=[{**ORDER, "updated_at": "2026-02-01 00:00:00"}], lines=[LINE]))
    assert order["created_at"] == order["channel_updated_at"] == "2026-03-01T09:30:00Z"


@pytest.mark.parametrize(
    ("cells", "field"),
    [({"created_at": None}, "created_at"), ({"updated_at": "0000-00-00 00:00:00"}, "channel_updated_at")],
)
def test_an_order_without_its_times_is_held(cells: Mapping[str, Any], field: str, frames: Build) -> None:
    [reject] = normalise(frames(orders=[{**ORDER, **cells}], lines=[LINE]), MAPPING).rejects
    assert (reject.code, reject.field) == ("missing", field)


def test_ids_are_sent_without_the_blanks_around_them(frames: Build) -> None:
    blank = {**ORDER, "channel_order_id": " 1 "}
    order, _ = order_of(
        frames(orders=[blank], lines=[{**LINE, "channel_order_id": " 1 ", "channel_order_line_id": " 11 "}])
    )
    assert (order["channel_order_id"], order["order_lines"][0]["channel_order_line_id"]) == ("1", "11")
    [reject] = normalise(frames(orders=[{**ORDER, "channel_order_id": " "}], lines=[LINE]), MAPPING).rejects
    assert (reject.code, reject.field) == ("missing", "channel_order_id")


def test_an_order_of_discounts_alone_has_no_lines(frames: Build) -> None:
    discount = {**LINE, "kind": "discount", "price": "-1"}
    for lines in ({}, {"lines": [discount]}):
        [reject] = normalise(frames(orders=[ORDER], **lines), MAPPING).rejects
        assert (reject.code, reject.field) == ("no_lines", "order_lines")


def test_a_sub_channel_is_sent_and_none_is_not(frames: Build) -> None:
    assert order_of(frames(orders=[{**ORDER, "sub_channel_code": "FR"}], lines=[LINE]))[0]["sub_channel_code"] == "FR"
    for blank in ("", " "):
        expected = order_of(frames(orders=[{**ORDER, "sub_channel_code": blank}], lines=[LINE]))[0]
        assert "sub_channel_code" not in expected


@pytest.mark.parametrize(
    ("store", "code", "expected"),
    [
        ("7", "FBA", {"type": "FULFILLED_BY_PARTNER", "code": "FBA"}),
        ("7", None, {"type": "FULFILLED_BY_PARTNER"}),
        ("8", "FBA", {"type": "FULFILLED_BY_SELLER"}),
        (None, "FBA", {"type": "FULFILLED_BY_SELLER"}),
    ],
)
def test_a_partner_fulfils_the_orders_that_the_channel_names(
    store: str | None, code: str | None, expected: dict[str, str], frames: Build
) -> None:
    predicate = PartnerPredicate(column="shipping_method", values=frozenset({"7"}), code=code)
    mapping = dataclasses.replace(MAPPING, fulfilled_by_partner=predicate)
    order, _ = order_of(frames(orders=[{**ORDER, "shipping_method": store}], lines=[LINE]), mapping)
    assert order["fulfillment"] == expected


def test_a_line_has_its_own_status_and_an_unknown_one_is_noticed_at_the_line(frames: Build) -> None:
    lines = [
        {**LINE, "channel_order_line_id": str(number), "status": status}
        for number, status in enumerate(("sent", "", "void", "odd"))
    ]
    order, notices = order_of(frames(orders=[ORDER], lines=lines))
    expected = [(line["status"], line.get("status_reason"), line["can_cancel"]) for line in order["order_lines"]]
    assert expected == [
        ("SHIPPED", None, False),
        ("AWAITING_SHIPMENT", None, True),
        ("CLOSED", "CANCELED", False),
        ("CHANNEL_SPECIFIC", None, True),
    ]
    assert order["status"] == "CHANNEL_SPECIFIC"
    assert notices == [("unmapped_status", "order_lines[3].status")]


def test_a_closed_order_is_sent_with_its_reason(frames: Build) -> None:
    order, _ = order_of(frames(orders=[{**ORDER, "status": "void"}], lines=[LINE]))
    assert (order["status"], order["status_reason"]) == ("CLOSED", "CANCELED")


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({}, "AWAITING_SHIPMENT"),
        ({"quantity_shipped": "1"}, "AWAITING_SHIPMENT"),
        ({"quantity_shipped": "2"}, "SHIPPED"),
        ({"quantity_cancelled": "1", "quantity_shipped": "1"}, "SHIPPED"),
        ({"quantity_shipped": "2", "quantity_delivered": "2"}, "DELIVERED"),
        ({"quantity_cancelled": "2"}, "CLOSED"),
        ({"quantity_refunded": "2"}, "CLOSED"),
    ],
)
def test_a_lines_counted_units_decide_its_status(cells: Mapping[str, str], status: str, frames: Build) -> None:
    assert line_of(frames(orders=[ORDER], lines=[{**LINE, **cells}]))["status"] == status


def test_nobody_ships_a_fee_so_it_is_as_far_as_the_products(frames: Build) -> None:
    fee = {**LINE, "channel_order_line_id": "12", "kind": "fee", "quantity": "1", "product_id": "GIFT"}
    shipped = {**LINE, "quantity_shipped": "2"}
    order, _ = order_of(frames(orders=[ORDER], lines=[shipped, fee]))
    assert [line["status"] for line in order["order_lines"]] == ["SHIPPED", "SHIPPED"]
    assert order["status"] == "SHIPPED"
    order, _ = order_of(frames(orders=[ORDER], lines=[fee]))
    assert order["status"] == "AWAITING_SHIPMENT"


@pytest.mark.parametrize(
    ("cells", "allowed"),
    [
        ({}, True),
        ({"total_paid": "0"}, False),
        ({"total_paid": None}, False),
        ({"total_refunded": "24.00"}, False),
        ({"total_refunded": "23.99"}, True),
        ({"total_paid": "0.01"}, True),
        ({"total_refunded": "-24.00"}, False),
    ],
)
def test_what_was_paid_and_not_given_back_can_be_refunded(
    cells: Mapping[str, Any], allowed: bool, frames: Build
) -> None:
    line = line_of(frames(orders=[{**ORDER, **cells}], lines=[LINE], taxes=[TAX]))
    assert line["can_refund"] is allowed


def test_a_line_given_back_whole_can_not_be_refunded_though_others_can(frames: Build) -> None:
    lines = [LINE, {**LINE, "channel_order_line_id": "12"}]
    cells = {"total_paid": "40.00", "total_refunded": "20.00"}
    order, _ = order_of(frames(orders=[{**ORDER, **cells}], lines=lines, adjustments=[REFUND]))
    assert [line["can_refund"] for line in order["order_lines"]] == [False, True]


@pytest.mark.parametrize(
    ("total", "paid", "refunded", "status"),
    [
        ("24.00", "48.00", "24.00", "AWAITING_SHIPMENT"),
        ("24.00", "48.00", "-24.00", "AWAITING_SHIPMENT"),
        ("24.00", "47.99", "24.00", "CLOSED"),
        ("24.00", "24.00", "24.00", "CLOSED"),
        ("24.00", "24.00", None, "CLOSED"),
        (None, "24.00", "24.00", "CLOSED"),
    ],
)
def test_units_given_back_of_an_order_paid_once_more_are_waited_for(
    total: str | None, paid: str, refunded: str | None, status: str, frames: Build
) -> None:
    order = {**ORDER, "total": total, "total_paid": paid, "total_refunded": refunded}
    line = {**LINE, "quantity_refunded": "0"}
    built = frames(orders=[order], lines=[line], taxes=[TAX], adjustments=[REFUND])
    assert order_of(built)[0]["status"] == status


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ("quantity", "order_lines[0].quantity"),
        ("quantity_shipped", "order_lines[0].quantity_shipped"),
        ("quantity_delivered", "order_lines[0].quantity_delivered"),
        ("quantity_cancelled", "order_lines[0].quantity_cancelled"),
        ("quantity_refunded", "order_lines[0].quantity_refunded"),
    ],
)
def test_a_quantity_that_is_no_number_holds_the_order_and_is_named(cell: str, field: str, frames: Build) -> None:
    [reject] = normalise(frames(orders=[ORDER], lines=[{**LINE, cell: "two"}]), MAPPING).rejects
    assert (reject.code, reject.field) == ("invalid_quantity", field)


BEFORE, AFTER = "2026-03-02 20:00:00", "2026-03-04 20:00:00"


@pytest.mark.parametrize(
    ("status", "order", "line", "kind"),
    [
        ("paid", {}, {}, "CANCELATION"),
        ("sent", {}, {}, "REFUND"),
        ("done", {}, {}, "REFUND"),
        ("void", {}, {}, "CANCELATION"),
        ("void", {"shipped_at": BEFORE}, {}, "REFUND"),
        ("void", {"shipped_at": AFTER}, {}, "CANCELATION"),
        ("void", {"shipped_at": BEFORE}, {"shipped_at": AFTER}, "CANCELATION"),
        ("void", {"shipped_at": AFTER}, {"shipped_at": BEFORE}, "REFUND"),
        ("void", {"shipped_at": BEFORE}, {"quantity_shipped": "0"}, "CANCELATION"),
        ("paid", {}, {"quantity_shipped": "2"}, "REFUND"),
        ("paid", {"shipped_at": BEFORE}, {"quantity_shipped": "2"}, "REFUND"),
    ],
)
def test_units_given_back_before_they_left_are_cancelled_and_afterwards_refunded(
    status: str, order: Mapping[str, str], line: Mapping[str, str], kind: str, frames: Build
) -> None:
    mapping = dataclasses.replace(MAPPING, statuses={"done": "DELIVERED"})
    built = frames(orders=[{**ORDER, **order, "status": status}], lines=[{**LINE, **line}], adjustments=[REFUND])
    payload, notices = order_of(built, mapping)
    assert [adjustment["type"] for adjustment in payload["order_lines"][0]["adjustments"]] == [kind]
    # The shop has no sum of what it gave back, so there is none to differ from.
    assert notices == []


def test_a_custom_attribute_stands_at_its_line_or_at_the_order(frames: Build) -> None:
    notes = [
        {"channel_order_id": "1", "channel_order_line_id": line_id, "id": name, "type": "STRING", "value": name}
        for line_id, name in ((None, "gift"), ("11", "engraving"))
    ]
    order, _ = order_of(frames(orders=[ORDER], lines=[LINE], custom_attributes=notes))
    assert [note["id"] for note in order["custom_attributes"]] == ["gift"]
    assert [note["id"] for note in order["order_lines"][0]["custom_attributes"]] == ["engraving"]


def test_a_last_cent_can_be_refunded(frames: Build) -> None:
    assert line_of(frames(orders=[ORDER], lines=[{**LINE, "price": "0.01"}]))["can_refund"] is True
    assert line_of(frames(orders=[ORDER], lines=[{**LINE, "price": "0.00"}]))["can_refund"] is False


def test_refunds_that_do_not_add_up_to_the_shops_sum_are_named_with_both(frames: Build) -> None:
    refund = {**REFUND, "quantity": "0", "price": "4.00"}
    built = frames(orders=[{**ORDER, "total_refunded": "5.00"}], lines=[LINE], adjustments=[refund])
    [notice] = normalise(built, MAPPING).records[0].notices
    assert (notice.code, notice.field) == ("money_mismatch", "order_lines.adjustments")
    assert notice.detail == "Mirakl gets 4.00 EUR, the shop refunded 5.00 EUR"
    _, notices = order_of(frames(orders=[{**ORDER, "total_refunded": "4.00"}], lines=[LINE], adjustments=[refund]))
    assert notices == []
