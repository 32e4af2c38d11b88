"""Money: exact, in minor units, and spread to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.money import AmountError, from_minor, minor_digits, parse_amount, round_to_total, spread, to_minor


@pytest.mark.parametrize(
    ("currency", "digits"), [("XAU", None), ("EUR", 2), ("JPY", 0), ("TND", 3), ("RSD", 2), ("EURO", None), ("", None)]
)
def test_a_currency_has_the_minor_digits_of_iso_4217(currency: str, digits: int | None) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    "text", ["1,50", "12,3x", "NaN", "Infinity", "1e3", "--1", "1 000", "1000000000000", "-1000000000000"]
)
def test_damage_is_not_an_amount(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_zero(text: str | None) -> None:
    assert parse_amount(text) == 0


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(-5, 10**6), min_size=1, max_size=30))
def test_spread_parts_always_add_up_and_never_change_sign(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)


@given(st.lists(st.decimals(0, 10**6, places=8), min_size=1, max_size=30))
def test_rounding_to_the_rounded_sum_always_succeeds(amounts: list[Decimal]) -> None:
    total = to_minor(sum(amounts, Decimal(0)), 2)
    rounded, adds_up = round_to_total(amounts, 2, total)
    assert adds_up
    assert sum(rounded) == total
    assert all(
        abs(Decimal(part) - amount * 100) <= Decimal("1.5") for part, amount in zip(rounded, amounts, strict=True)
    )


def test_the_largest_amount_is_a_cent_below_10_to_the_12() -> None:
    assert parse_amount(" -999999999999.99 ") == Decimal("-999999999999.99")


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [3, 0, -5], [10, 0, 0]),
        (9, [0, 0], [5, 4]),
        (5, [1, 3], [1, 4]),
    ],
)
def test_what_is_left_goes_to_the_largest_remainder_and_of_equal_ones_to_the_first(
    total: int, weights: list[int], parts: list[int]
) -> None:
    assert spread(total, weights) == parts


@pytest.mark.parametrize(
    ("amounts", "total", "rounded"),
    [
        # Of three that rounding moved, the one it moved furthest moves back.
        (["0.014", "0.013", "0.012"], 4, ([2, 1, 1], True)),
        (["0.017", "0.016", "0.015"], 5, ([2, 2, 1], True)),
        # An amount that is not negative does not become so; one that is may.
        (["0.001", "0.014"], 0, ([0, 0], True)),
        (["0.001", "1.00"], 99, ([0, 100], False)),
        (["-0.001", "1.00"], 99, ([-1, 100], True)),
        # Each moves by one minor unit at most.
        (["0.004", "0.004"], 2, ([1, 1], True)),
        (["0.004", "0.004"], 3, ([0, 0], False)),
    ],
)
def test_rounding_moves_the_amounts_it_moved_furthest_by_one_unit(
    amounts: list[str], total: int, rounded: tuple[list[int], bool]
) -> None:
    assert round_to_total([Decimal(amount) for amount in amounts], 2, total) == rounded


def test_whole_amounts_are_never_bent_to_a_total_they_do_not_reach() -> None:
    assert round_to_total([Decimal("10.00"), Decimal("2.00")], 2, 1201) == ([1000, 200], False)


@given(st.integers(0, 10**14), st.sampled_from([0, 2, 3]))
def test_every_amount_reaches_the_wire_digit_for_digit(minor: int, digits: int) -> None:
    amount = from_minor(minor, digits)
    if amount < 10**12:
        assert Decimal(repr(float(amount))) == amount
