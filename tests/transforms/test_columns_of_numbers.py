"""Columns of amounts and times mean what the parsers of single cells mean; shares over groups add up."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms import money, parsing
from transforms.groups import Groups, round_to_total, spread
from transforms.money import AmountError, parse_amount
from transforms.times import TimeError, parse_time

UNHURRIED = settings(deadline=None)
AMOUNTS = st.one_of(
    st.none(),
    st.decimals(-(10**12), 10**12, allow_nan=False).map(lambda amount: format(amount, "f")),
    st.text(st.sampled_from("0123456789.,-+e \u0663"), max_size=8),
)
TIMES = st.one_of(
    st.none(),
    st.datetimes().map(str),
    st.datetimes(timezones=st.timezones()).map(str),
    st.dates().map(str),
    st.text(st.sampled_from("0123456789-: TZ+."), max_size=25),
)


def exact(cell: str | None) -> Decimal | str:
    try:
        return parse_amount(cell)
    except AmountError as error:
        return str(error)


def moment(cell: str | None, zone: str) -> dt.datetime | str | None:
    try:
        return parse_time(cell, zone)
    except TimeError as error:
        return str(error)


@UNHURRIED
@given(st.lists(AMOUNTS, min_size=1))
@example(["59.90000000", "0.000000000000000000001", "999999999999.99"])
def test_a_column_of_amounts_is_read_as_its_cells_are(cells: list[str | None]) -> None:
    [read], scale = parsing.amounts([pa.array(cells, pa.string())])
    for row, cell in enumerate(cells):
        wanted = exact(cell)
        assert read.broken.get(row) == (wanted if isinstance(wanted, str) else None)
        if isinstance(wanted, Decimal):
            assert Fraction(int(read.values[row]), 10**scale) == Fraction(wanted)


@UNHURRIED
@given(st.lists(TIMES, min_size=1), st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "+05:30", "-03:00"]))
@example(["2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-10-25 02:30:00+01:00"], "Europe/Paris")
@example(["2026-02-30 10:00:00", "2026-02-28 10:00:00"], "UTC")
def test_a_column_of_times_is_read_as_its_cells_are(cells: list[str | None], zone: str) -> None:
    read = parsing.times(pa.array(cells, pa.string()), zone)
    for row, cell in enumerate(cells):
        wanted = moment(cell, zone)
        assert read.broken.get(row) == (wanted if isinstance(wanted, str) else None)
        if not isinstance(wanted, str):
            assert bool(read.present[row]) == (wanted is not None)
            assert wanted is None or parsing.moment(int(read.values[row])) == wanted


@pytest.mark.parametrize("kind", [np.int64, object])
@UNHURRIED
@given(groups=st.lists(st.tuples(st.integers(-(10**9), 10**9), st.lists(st.integers(-5, 10**9), min_size=1))))
def test_each_group_is_spread_as_a_single_total_is(groups: list[tuple[int, list[int]]], kind: type) -> None:
    owners = np.repeat(np.arange(len(groups)), [len(weights) for _, weights in groups]).astype(np.int64)
    totals: np.ndarray[Any, Any] = np.array([total for total, _ in groups], dtype=kind)
    weights: np.ndarray[Any, Any] = np.array([weight for _, weights in groups for weight in weights], dtype=kind)
    parts = spread(totals, weights, Groups(owners, len(groups))).tolist()
    assert parts == [part for total, weights in groups for part in money.spread(total, weights)]


@pytest.mark.parametrize("kind", [np.int64, object])
@UNHURRIED
@given(
    groups=st.lists(
        st.tuples(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=6), st.integers(-3, 3) | st.none())
    )
)
def test_each_group_is_rounded_as_a_single_list_is(groups: list[tuple[list[int], int | None]], kind: type) -> None:
    """Amounts are thousandths of a cent; the shop's total is some cents off the sum."""
    owners = np.repeat(np.arange(len(groups)), [len(amounts) for amounts, _ in groups]).astype(np.int64)
    totals = [None if off is None else math.floor(sum(amounts) / 1000) + off for amounts, off in groups]
    rounded, adds_up = round_to_total(
        np.array([amount for amounts, _ in groups for amount in amounts], dtype=kind),
        np.full(len(owners), 1000, dtype=kind),
        np.array([total or 0 for total in totals], dtype=kind),
        np.array([total is not None for total in totals], dtype=np.bool_),
        Groups(owners, len(groups)),
    )
    wanted = [
        money.round_to_total([Decimal(amount) / 100_000 for amount in amounts], 2, total)
        for (amounts, _), total in zip(groups, totals, strict=True)
    ]
    assert rounded.tolist() == [part for parts, _ in wanted for part in parts]
    assert adds_up.tolist() == [sums for _, sums in wanted]
