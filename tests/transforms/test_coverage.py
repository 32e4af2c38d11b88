"""Mapping coverage: every word of the shop, where it went, and how often."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tests.transforms.conftest import LINE, MAPPING, ORDER, TAX
from transforms.coverage import Word, coverage
from transforms.frames import OrderFrames

Build = Callable[..., OrderFrames]


def test_a_status_is_counted_with_what_mirakl_is_sent(frames: Build) -> None:
    orders = [
        {**ORDER, "channel_order_id": str(number), "status": status}
        for number, status in enumerate(["paid", "paid", "void"])
    ]
    found = coverage(frames(orders=orders), MAPPING)
    assert found[Word("status", "paid", "mapped", "AWAITING_SHIPMENT")] == 2
    assert found[Word("status", "void", "mapped", "CLOSED/CANCELED")] == 1


def test_an_unmapped_status_is_unmapped_or_rejected_by_the_channels_setting(frames: Build) -> None:
    odd = frames(orders=[{**ORDER, "status": "wc-odd"}])
    assert coverage(odd, MAPPING)[Word("status", "wc-odd", "unmapped", "CHANNEL_SPECIFIC")] == 1
    held = dataclasses.replace(MAPPING, reject_unmapped=True)
    assert coverage(odd, held)[Word("status", "wc-odd", "rejected", "CHANNEL_SPECIFIC")] == 1


def test_an_unmapped_status_is_listed_by_its_name_where_the_order_decides(frames: Build) -> None:
    odd = frames(orders=[{**ORDER, "status": "odd", "status_proved": "paid"}])
    assert coverage(odd, MAPPING)[Word("status", "odd", "unmapped", "AWAITING_SHIPMENT")] == 1


def test_an_unmapped_hint_is_listed_with_the_status_that_decides_instead(frames: Build) -> None:
    hinted = frames(orders=[{**ORDER, "status_hint": "payment dead"}])
    found = coverage(hinted, MAPPING)
    assert found[Word("status", "paid", "mapped", "AWAITING_SHIPMENT")] == 1
    assert found[Word("status hint", "payment dead", "fallback", "AWAITING_SHIPMENT, as 'paid' says")] == 1
    mapped = dataclasses.replace(MAPPING, statuses={"payment dead": "CLOSED/REFUSED_PAYMENT"})
    assert [word.kind for word in coverage(hinted, mapped)] == ["status"]


def test_a_reason_is_counted_by_the_keyword_that_decided(frames: Build) -> None:
    refund = {"channel_order_id": "1", "channel_adjustment_id": "5", "refund_id": "5", "created_at": "2026-03-03"}
    found = coverage(
        frames(orders=[ORDER], adjustments=[{**refund, "reason": "Retour client"}, {**refund, "reason": "Mrs Miller"}]),
        MAPPING,
    )
    assert found[Word("refund reason", "retour", "mapped", "RETURN")] == 1
    assert [word.fate for word in found if word.word == "Mrs Miller"] == ["fallback"]


def test_a_reason_without_a_keyword_goes_where_the_shop_maps_it(frames: Build) -> None:
    refund = {"channel_order_id": "1", "channel_adjustment_id": "5", "refund_id": "5", "created_at": "2026-03-03"}
    mute = {**refund, "reason": "Mrs Miller", "default_reason": "AGREEMENT"}
    found = coverage(frames(orders=[ORDER], adjustments=[mute]), MAPPING)
    assert found[Word("refund reason", "Mrs Miller", "fallback", "AGREEMENT")] == 1


def test_countries_taxes_and_methods_are_counted(frames: Build) -> None:
    address = {"channel_order_id": "1", "address_type": "shipping"}
    found = coverage(
        frames(
            orders=[{**ORDER, "shipping_method": "Express"}],
            lines=[LINE],
            taxes=[TAX],
            addresses=[{**address, "country": "fr"}, {**address, "country": "ZZ"}],
        ),
        MAPPING,
    )
    assert found[Word("country", "fr", "mapped", "FRA")] == 1
    assert found[Word("country", "ZZ", "unmapped", "")] == 1
    assert found[Word("tax code", "VAT", "as is", "VAT")] == 1
    assert found[Word("shipping method", "Express", "as is", "Express")] == 1
