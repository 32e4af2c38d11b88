"""Money: exact, in minor units, and spread to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.money import AmountError, from_minor, minor_digits, parse_amount, round_to_total, spread, to_minor


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("JPY", 0), ("TND", 3), ("RSD", 2), ("EURO", None), ("", None)]
)
def test_a_currency_has_the_minor_digits_of_iso_4217(currency: str, digits: int | None) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("text", ["1,50", "12,3x", "NaN", "Infinity", "1e3", "--1", "1 000", "1000000000000"])
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


def test_whole_amounts_are_never_bent_to_a_total_they_do_not_reach() -> None:
    assert round_to_total([Decimal("10.00"), Decimal("2.00")], 2, 1201) == ([1000, 200], False)


@given(st.integers(0, 10**14), st.sampled_from([0, 2, 3]))
def test_every_amount_reaches_the_wire_digit_for_digit(minor: int, digits: int) -> None:
    amount = from_minor(minor, digits)
    if amount < 10**12:
        assert Decimal(repr(float(amount))) == amount
