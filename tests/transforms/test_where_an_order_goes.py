"""Where an order goes: the addresses of a parcel, of a pick-up, of a download, and its delivery window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.transforms.conftest import LINE, MAPPING, ORDER
from tests.transforms.test_order import order_of
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
PLACE = {"channel_order_id": "1", "last_name": "X", "street": "Y 1", "city": "Z", "country": "FR"}
SENT = {"last_name": "X", "street": "Y 1", "city": "Z", "country_iso_code": "FRA"}


def test_shipping_is_sent_as_the_shop_has_it(frames: Build) -> None:
    cells = {
        "carrier": " DHL ",
        "shipping_method": "Express",
        "pudo_id": "P-1",
        "email": "a@b.example",
        "shipping_deadline": "2026-03-03 12:00:00",
        "delivery_earliest": "2026-03-04 08:00:00",
        "delivery_latest": "2026-03-05 18:00:00",
    }
    addresses = [{**PLACE, "address_type": "billing", "city": "Bill"}, {**PLACE, "address_type": "shipping"}]
    order, notices = order_of(frames(orders=[{**ORDER, **cells}], lines=[LINE], addresses=addresses))
    assert order["shipping_info"] == {
        "address": SENT,
        "carrier": "DHL",
        "method": "Express",
        "pudo_id": "P-1",
        "email": "a@b.example",
        "shipping_deadline": "2026-03-03T12:00:00Z",
        "delivery_date": {"earliest": "2026-03-04T08:00:00Z", "latest": "2026-03-05T18:00:00Z"},
    }
    assert order["billing_info"] == {"address": {**SENT, "city": "Bill"}}
    assert notices == []


def test_where_the_buyer_fetches_the_goods_the_buyers_home_is_not_where_they_go(frames: Build) -> None:
    home = {**PLACE, "address_type": "shipping"}
    order, _ = order_of(
        frames(orders=[{**ORDER, "pickup": "1", "pudo_id": "P-1", "carrier": "DHL"}], lines=[LINE], addresses=[home])
    )
    assert order["shipping_info"] == {"pudo_id": "P-1", "carrier": "DHL"}


BILLING = {**PLACE, "address_type": "billing", "phone": "+33 1"}


def test_goods_with_only_a_billing_address_go_there_and_an_attribute_names_it(frames: Build) -> None:
    blank = {"channel_order_id": "1", "address_type": "shipping", "country": "FR"}
    order, notices = order_of(frames(orders=[ORDER], lines=[LINE], addresses=[BILLING, blank]))
    assert order["shipping_info"]["address"] == order["billing_info"]["address"] == {**SENT, "phone": "+33 1"}
    assert order["custom_attributes"] == [{"id": "delivery-address", "type": "STRING", "value": "billing"}]
    assert notices == []


@pytest.mark.parametrize(("order", "line"), [({}, {"is_virtual": "1"}), ({"pickup": "1"}, {}), ({}, {"kind": "fee"})])
def test_what_nobody_ships_goes_to_no_address(order: Mapping[str, Any], line: Mapping[str, Any], frames: Build) -> None:
    for addresses in ([BILLING], []):
        made, notices = order_of(frames(orders=[{**ORDER, **order}], lines=[{**LINE, **line}], addresses=addresses))
        assert (made["shipping_info"], notices) == ({}, [])


def test_a_download_beside_goods_does_not_keep_them_from_their_address(frames: Build) -> None:
    lines = [LINE, {**LINE, "channel_order_line_id": "12", "is_virtual": "1"}]
    order, _ = order_of(frames(orders=[ORDER], lines=lines, addresses=[BILLING]))
    assert order["shipping_info"]["address"]["city"] == "Z"


def test_the_parcel_has_the_phone_of_the_billing_address_where_the_delivery_has_none(frames: Build) -> None:
    home = {**PLACE, "address_type": "shipping"}
    order, _ = order_of(frames(orders=[ORDER], lines=[LINE], addresses=[home, BILLING]))
    assert order["shipping_info"]["address"]["phone"] == "+33 1"
    order, _ = order_of(frames(orders=[ORDER], lines=[LINE], addresses=[{**home, "phone": "+33 2"}, BILLING]))
    assert order["shipping_info"]["address"]["phone"] == "+33 2"


@pytest.mark.parametrize(
    ("cells", "codes"),
    [({}, ["no_address"]), ({"status": "void"}, []), ({"status": "sent"}, []), ({"pudo_id": "P"}, [])],
)
def test_goods_that_are_still_to_leave_without_any_address_are_noticed(
    cells: Mapping[str, Any], codes: list[str], frames: Build
) -> None:
    _, notices = order_of(frames(orders=[{**ORDER, **cells}], lines=[LINE], addresses=[]))
    assert [code for code, _ in notices] == codes


@pytest.mark.parametrize("cell", ["delivery_earliest", "delivery_latest"])
def test_half_a_delivery_window_is_none(cell: str, frames: Build) -> None:
    order, _ = order_of(frames(orders=[{**ORDER, cell: "2026-03-04 08:00:00", "carrier": " "}], lines=[LINE]))
    assert order["shipping_info"].keys() == {"address"}


def test_an_order_of_which_only_a_download_is_left_lacks_no_address(frames: Build) -> None:
    lines = [
        {**LINE, "quantity_cancelled": LINE["quantity"]},
        {**LINE, "channel_order_line_id": "d", "is_virtual": "1"},
    ]
    order, notices = order_of(frames(orders=[ORDER], lines=lines))
    assert [line["status"] for line in order["order_lines"]] == ["CLOSED", "AWAITING_SHIPMENT"]
    assert notices == []


def test_an_incomplete_shipping_address_is_a_reject_a_billing_address_a_notice(
    frames: Build,
) -> None:
    incomplete = {**PLACE, "street": ""}
    [reject] = normalise(
        frames(orders=[ORDER], lines=[LINE], addresses=[{**incomplete, "address_type": "shipping"}]), MAPPING
    ).rejects
    assert (reject.code, reject.field) == ("invalid_address", "shipping_info.address.street")
    order, notices = order_of(
        frames(orders=[ORDER], lines=[LINE], addresses=[{**incomplete, "address_type": "billing"}])
    )
    assert "billing_info" not in order
    assert sorted(notices) == [("dropped_field", "billing_info.address"), ("no_address", "shipping_info.address")]
