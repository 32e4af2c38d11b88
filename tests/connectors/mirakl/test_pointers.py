"""Mirakl's positions: read, and believed only as far as they were right."""

from __future__ import annotations

import pytest

from connectors.mirakl.errors import Fault
from connectors.mirakl.pointers import Pointers, is_about_origin, order_position, our_field, signature


def faults(*numbers: int) -> tuple[Fault, ...]:
    return tuple(Fault("INVALID", f"orders[{number}].status") for number in numbers)


@pytest.mark.parametrize(
    ("field", "position", "ours"),
    [
        ("orders[3].order_lines[1].status", 3, "order_lines[1].status"),
        ("$.orders[3].status", 3, "status"),
        ("$['orders'][3]['status']", 3, "status"),
        ("/orders/3/order_lines/0/price", 3, "order_lines[0].price"),
        ("input.orders.3.status", 3, "status"),
        ("upsertOrders.orders[3].status", 3, "status"),
        ("shipmentCommands[1].value", 1, "value"),
        ("[4].status", 4, "status"),
        ("orders[0]", 0, "order"),
        ("order_lines[2].price", None, "order_lines[2].price"),
        ("body.orders.order_lines[2].price", None, "order_lines[2].price"),
        ("adjustments[2].price", None, "adjustments[2].price"),
        ("taxes[0].code", None, "taxes[0].code"),
        ("custom_attributes[5].value", None, "custom_attributes[5].value"),
        ("input.account.id", None, "account.id"),
        ("", None, "order"),
        (None, None, "order"),
    ],
)
def test_a_position_is_read_from_any_of_the_seen_spellings(field: str | None, position: int | None, ours: str) -> None:
    assert order_position(field) == position
    assert our_field(field) == ours


@pytest.mark.parametrize(
    ("field", "about"),
    [
        ("origin.channel_id", True),
        ("$.origin", True),
        ("input.Origin.channel_store_id", True),
        ("orders[0].origin", False),
        ("orders.origin", True),
        ("orders", False),
        (None, False),
    ],
)
def test_a_fault_of_the_origin_is_no_orders_fault(field: str | None, about: bool) -> None:
    assert is_about_origin(Fault("INVALID", field)) is about


def test_kinds_of_failures_have_no_positions() -> None:
    assert signature("INVALID", "order_lines[12].taxes[0].code") == "INVALID order_lines[*].taxes[*].code"


@pytest.mark.parametrize(
    ("numbers", "size", "named"),
    [
        ([1, 3], 10, {1, 3}),
        ([0], 2, {0}),
        ([9], 10, {9}),
        ([10], 10, set()),
        ([1, 10], 10, set()),
        ([0, 1, 2, 3, 4], 10, {0, 1, 2, 3, 4}),
        ([0, 1, 2, 3, 4, 5], 10, set()),
        ([], 10, set()),
    ],
)
def test_positions_are_used_if_all_are_in_the_request_and_at_most_half_are_named(
    numbers: list[int], size: int, named: set[int]
) -> None:
    assert Pointers().named(faults(*numbers), size) == named


def test_positions_are_trusted_after_three_proofs_and_until_the_first_lie() -> None:
    pointers = Pointers()
    trusted = []
    for _ in range(3):
        trusted.append(pointers.trusted)
        pointers.record_hit()
    assert [*trusted, pointers.trusted] == [False, False, False, True]
    pointers.record_miss()
    assert not pointers.trusted


def test_positions_are_of_no_use_after_two_lies_more_than_proofs() -> None:
    pointers = Pointers()
    pointers.record_hit()
    pointers.record_miss()
    pointers.record_miss()
    assert pointers.named(faults(1), 10) == {1}
    pointers.record_miss()
    assert pointers.useless
    assert pointers.named(faults(1), 10) == frozenset()


def learned(pointers: Pointers, times: int, base: int = 1) -> Pointers:
    for _ in range(times):
        pointers.learn(faults(4, 7), frozenset({4 - base, 7 - base}))
    return pointers


def test_positions_from_one_are_learned_by_three_proofs_when_zero_based_ones_fail() -> None:
    pointers = Pointers()
    pointers.record_miss()
    assert learned(pointers, 5).base == 0
    pointers.record_miss()
    assert learned(pointers, 1).base == 1
    assert pointers.named(faults(4), 10) == {3}
    assert pointers.trusted


def test_two_proofs_are_too_few_to_learn_from() -> None:
    pointers = Pointers()
    pointers.record_miss()
    pointers.record_miss()
    assert learned(pointers, 2).base == 0
    assert learned(pointers, 1).base == 1


def test_what_halving_found_elsewhere_counts_against_the_other_way_of_counting() -> None:
    pointers = Pointers()
    pointers.record_miss()
    pointers.record_miss()
    pointers.learn(faults(4), frozenset({8}))
    assert learned(pointers, 5).base == 0


def test_halving_that_found_what_was_named_proves_it() -> None:
    assert learned(Pointers(), 3, base=0).trusted


def test_a_refusal_without_positions_or_bad_orders_teaches_nothing() -> None:
    pointers = Pointers()
    pointers.record_miss()
    pointers.record_miss()
    pointers.learn((Fault("INVALID", None),), frozenset({8}))
    pointers.learn(faults(4), frozenset())
    assert learned(pointers, 3).base == 1
