"""Statuses: a shop's word to Mirakl's, a line from its quantities, an order from its lines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transforms.columns import Units, can_cancel, line_status, order_status
from tests.transforms.conftest import MAPPING
from transforms.statuses import UNMAPPED, map_status
from transforms.vocabulary import MappedStatus, parse_target

ACCEPTANCE, WAITING, SHIPPED, DELIVERED = (
    MappedStatus(word) for word in ("AWAITING_ACCEPTANCE", "AWAITING_SHIPMENT", "SHIPPED", "DELIVERED")
)
PAYMENT = MappedStatus("AWAITING_PAYMENT")
OWN = MappedStatus("CHANNEL_SPECIFIC")
CANCELED, REFUNDED, CLOSED = (MappedStatus("CLOSED", reason) for reason in ("CANCELED", "REFUNDED", None))


@pytest.mark.parametrize(
    ("target", "status"),
    [("SHIPPED", SHIPPED), ("CLOSED/CANCELED", CANCELED), ("CLOSED/", CLOSED), ("CLOSED", CLOSED)],
)
def test_a_maps_right_side_is_a_status_with_or_without_a_reason(target: str, status: MappedStatus) -> None:
    assert parse_target(target) == status
    assert parse_target(target).known


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("SHIPED", "'SHIPED' is not a Mirakl status.*SHIPPED"),
        ("paid", "'paid' is not a Mirakl status; use one of AWAITING_ACCEPTANCE, .*, SHIPPED$"),
        ("CLOSED/CANCELLED", "'CANCELLED' is not a Mirakl status reason.*CANCELED"),
        ("CLOSED/xyz", "'xyz' is not a Mirakl status reason; use one of ACCEPTANCE_TIMEOUT, .*, REFUSED_PAYMENT$"),
    ],
)
def test_a_target_that_mirakl_does_not_have_is_reported_with_those_it_has(target: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_target(target)


@pytest.mark.parametrize(
    ("word", "hint", "status"),
    [
        ("paid", None, "SHIPPED"),
        ("sent", None, "DELIVERED"),
        ("paid", "sent", "DELIVERED"),
        ("paid", "unknown", "SHIPPED"),
        ("void", "paid", "SHIPPED"),
        ("void", None, "CLOSED"),
        ("sent", "void", "DELIVERED"),
    ],
)
def test_the_channels_own_map_goes_before_the_platforms_and_the_hint_before_the_word(
    word: str, hint: str | None, status: str
) -> None:
    mapping = replace(MAPPING, statuses={"paid": "SHIPPED", "sent": "DELIVERED"})
    assert map_status(word, hint, mapping).status == status


def test_an_unmapped_status_follows_what_the_order_proves_and_stays_unmapped() -> None:
    assert map_status("odd", None, MAPPING, "sent") == replace(SHIPPED, known=False)
    assert map_status("odd", "odder", MAPPING, "oddest") == UNMAPPED
    assert map_status("paid", None, MAPPING, "sent") == WAITING
    assert map_status("odd", "void", MAPPING, "sent") == CANCELED


@pytest.mark.parametrize("word", [None, "", "odd"])
def test_a_status_without_a_map_is_reported_as_unmapped(word: str | None) -> None:
    assert map_status(word, None, MAPPING) == UNMAPPED
    assert (UNMAPPED.status, UNMAPPED.known) == ("CHANNEL_SPECIFIC", False)


@pytest.mark.parametrize(
    ("mapped", "units", "status"),
    [
        (WAITING, Units(3), WAITING),
        (WAITING, Units(3, cancelled=2), WAITING),
        (WAITING, Units(3, cancelled=3), CANCELED),
        (WAITING, Units(3, cancelled=4), CANCELED),
        (WAITING, Units(3, refunded=3), REFUNDED),
        (WAITING, Units(3, cancelled=2, refunded=1), REFUNDED),
        (DELIVERED, Units(1, refunded=1), REFUNDED),
        (CLOSED, Units(1, refunded=1), CLOSED),
        (CANCELED, Units(2, shipped=2), CANCELED),
        (WAITING, Units(3, shipped=2), WAITING),
        (WAITING, Units(3, shipped=3), SHIPPED),
        (WAITING, Units(3, cancelled=1, shipped=2), SHIPPED),
        (WAITING, Units(3, refunded=1, shipped=2), SHIPPED),
        (WAITING, Units(3, refunded=1, returned=1, shipped=2), WAITING),
        (WAITING, Units(3, refunded=1, returned=1, shipped=3), SHIPPED),
        (WAITING, Units(3, returned=1, shipped=3), SHIPPED),
        (WAITING, Units(3, cancelled=1, refunded=1, returned=1, shipped=2), SHIPPED),
        (WAITING, Units(3, refunded=1, returned=1, shipped=2, delivered=2), WAITING),
        (WAITING, Units(2, partly_shipped=True), WAITING),
        (SHIPPED, Units(2, partly_shipped=True), WAITING),
        (DELIVERED, Units(2, partly_shipped=True), WAITING),
        (WAITING, Units(2, refunded=2, partly_shipped=True), REFUNDED),
        (CANCELED, Units(2, partly_shipped=True), CANCELED),
        (WAITING, Units(3, shipped=3, delivered=2), SHIPPED),
        (WAITING, Units(3, shipped=3, delivered=3), DELIVERED),
        (WAITING, Units(3, delivered=4), DELIVERED),
        (WAITING, Units(3, shipped=0, delivered=0), WAITING),
        (SHIPPED, Units(3), SHIPPED),
        (SHIPPED, Units(3, shipped=0), WAITING),
        (SHIPPED, Units(3, shipped=2), WAITING),
        (DELIVERED, Units(3, shipped=2), WAITING),
        (DELIVERED, Units(3, shipped=2, delivered=2, refunded=1, returned=1), WAITING),
        (SHIPPED, Units(3, shipped=2, refunded=1), SHIPPED),
        (DELIVERED, Units(3, shipped=2, cancelled=1), DELIVERED),
        (SHIPPED, Units(3, shipped=0, delivered=3), DELIVERED),
        (PAYMENT, Units(3, shipped=2), WAITING),
        (ACCEPTANCE, Units(3, partly_shipped=True), WAITING),
        (PAYMENT, Units(3, left=True), SHIPPED),
        (PAYMENT, Units(3, shipped=0), PAYMENT),
        (WAITING, Units(3, left=True), WAITING),
        (UNMAPPED, Units(3, left=True), SHIPPED),
        (UNMAPPED, Units(3, shipped=1), WAITING),
        (SHIPPED, Units(3, cancelled=1, delivered=2), DELIVERED),
        (ACCEPTANCE, Units(1, shipped=1), SHIPPED),
        (OWN, Units(1, shipped=1), SHIPPED),
        (DELIVERED, Units(1, shipped=1), DELIVERED),
        (DELIVERED, Units(1, shipped=1, delivered=0), DELIVERED),
    ],
)
def test_the_status_of_a_line_follows_its_units(mapped: MappedStatus, units: Units, status: MappedStatus) -> None:
    assert line_status(mapped, units) == (status.status, status.reason)


@pytest.mark.parametrize(
    ("mapped", "lines", "status"),
    [
        (SHIPPED, [SHIPPED, WAITING, DELIVERED], WAITING),
        (SHIPPED, [DELIVERED, SHIPPED], SHIPPED),
        (WAITING, [DELIVERED, REFUNDED], DELIVERED),
        (WAITING, [OWN, ACCEPTANCE], OWN),
        (WAITING, [ACCEPTANCE, MappedStatus("AWAITING_FRAUD_CHECK")], MappedStatus("AWAITING_FRAUD_CHECK")),
        (WAITING, [ACCEPTANCE, MappedStatus("AWAITING_PAYMENT")], ACCEPTANCE),
        (WAITING, [WAITING, MappedStatus("AWAITING_PAYMENT")], MappedStatus("AWAITING_PAYMENT")),
        (WAITING, [CANCELED, CANCELED], CANCELED),
        (WAITING, [REFUNDED], REFUNDED),
        (WAITING, [CANCELED, REFUNDED], REFUNDED),
        (WAITING, [CANCELED, CLOSED], CLOSED),
        (CANCELED, [REFUNDED, CANCELED], CANCELED),
        (CLOSED, [CANCELED, CANCELED], CLOSED),
    ],
)
def test_an_order_is_as_far_as_its_open_line_furthest_behind_and_closed_when_all_are(
    mapped: MappedStatus, lines: list[MappedStatus], status: MappedStatus
) -> None:
    assert order_status(mapped, lines) == (status.status, status.reason)


@pytest.mark.parametrize(
    ("status", "shipped", "allowed"),
    [
        (WAITING, None, True),
        (WAITING, 0, True),
        (WAITING, 1, False),
        (OWN, None, True),
        (MappedStatus("AWAITING_FRAUD_CHECK"), None, True),
        (SHIPPED, 0, False),
        (DELIVERED, None, False),
        (CANCELED, None, False),
    ],
)
def test_a_line_can_be_cancelled_until_something_of_it_has_left(
    status: MappedStatus, shipped: int | None, allowed: bool
) -> None:
    assert can_cancel(status, shipped) is allowed
