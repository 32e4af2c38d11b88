"""Isolation: every good order is accepted, every bad one named, at a bounded number of requests."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mirakl.errors import Fault
from connectors.mirakl.isolation import Evidence, Isolation, Refused, Systemic
from tests.connectors.mirakl.conftest import make_record
from transforms.outcomes import Record

STYLES = ("exact", "none", "one-based", "wrong", "first", "all", "neighbour", "out-of-range", "line-only")


class Mirakl:
    """Refuses requests that hold a bad order, and names positions the way it is told to."""

    def __init__(self, bad: set[str], style: str, seed: int = 0) -> None:
        self.bad, self.style, self.random = bad, style, random.Random(seed)
        self.requests = 0
        self.accepted_ids: list[str] = []
        self.refused_ids: list[str] = []

    def post(self, records: Sequence[Record]) -> tuple[Fault, ...] | None:
        self.requests += 1
        assert 1 <= len(records) <= 100
        positions = [index for index, record in enumerate(records) if record.channel_order_id in self.bad]
        if not positions:
            return None
        style = self.random.choice(STYLES) if self.style == "mixed" else self.style
        return tuple(Fault("INVALID", field) for field in self._fields(style, positions, len(records)))

    def _fields(self, style: str, positions: list[int], size: int) -> list[str | None]:
        numbers = {
            "exact": positions,
            "first": positions[:1],
            "one-based": [position + 1 for position in positions],
            "wrong": [self.random.randrange(size) for _ in positions],
            "all": list(range(size)),
            "neighbour": [near for position in positions for near in (position, (position + 1) % size)],
            "out-of-range": [size + 7],
        }
        if style == "none":
            return [None]
        if style == "line-only":
            return ["order_lines[0].price"]
        return [f"orders[{number}].status" for number in numbers[style]]

    def accepted(self, records: Sequence[Record]) -> None:
        self.accepted_ids += [record.channel_order_id for record in records]

    def refused(self, orders: Sequence[Refused]) -> None:
        self.refused_ids += [order.record.channel_order_id for order in orders]

    def retracted(self, orders: Sequence[Refused], why: str, *, proven: bool) -> None:
        raise NotImplementedError

    def deliver(self, records: list[Record], size: int = 100, evidence: Evidence | None = None) -> None:
        isolation = Isolation(self.post, self, evidence or Unsuspicious())
        for begin in range(0, len(records), size):
            isolation.deliver(records[begin : begin + size])
        isolation.confirm()


class Unsuspicious(Evidence):
    """Takes every refusal at its word, also the tenth in a row."""

    systemic = False


@pytest.fixture(scope="module")
def twenty_thousand() -> list[Record]:
    return [make_record(number) for number in range(20_000)]


def one_percent(seed: int = 1) -> set[str]:
    return {str(number) for number in random.Random(seed).sample(range(20_000), 200)}


@given(
    bad=st.sets(st.integers(0, 149)),
    style=st.sampled_from([*STYLES, "mixed"]),
    size=st.integers(1, 100),
    seed=st.integers(0, 1000),
)
@settings(max_examples=300, deadline=None)
def test_whatever_mirakl_names_every_good_order_arrives_and_every_bad_one_is_named_once(
    bad: set[int], style: str, size: int, seed: int
) -> None:
    mirakl = Mirakl({str(number) for number in bad}, style, seed)
    mirakl.deliver([make_record(number) for number in range(150)], size)
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(150)} - mirakl.bad)


@pytest.mark.parametrize("seed", range(5))
def test_one_percent_bad_with_positions_costs_at_most_350_requests_for_20_000_orders(
    twenty_thousand: list[Record], seed: int
) -> None:
    mirakl = Mirakl(one_percent(seed), "exact")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 350


@pytest.mark.parametrize("seed", range(5))
def test_one_percent_bad_costs_hardly_more_when_the_orders_lie_in_eight_days(
    twenty_thousand: list[Record], seed: int
) -> None:
    """What waits to be confirmed is confirmed each day; trust is earned once a run."""
    mirakl, evidence = Mirakl(one_percent(seed), "exact"), Unsuspicious()
    for begin in range(0, 20_000, 2_500):
        mirakl.deliver(twenty_thousand[begin : begin + 2_500], evidence=evidence)
    assert set(mirakl.refused_ids) == mirakl.bad
    # A request for the group of each day and one spot check; few go alone, and so do the first three.
    least = 200 + len({int(bad) // 100 for bad in mirakl.bad})
    assert mirakl.requests <= least + 8 * 2 + 6


@pytest.mark.parametrize("style", ["none", "wrong", "out-of-range", "all", "line-only"])
def test_one_percent_bad_without_usable_positions_costs_at_most_2700_requests(
    twenty_thousand: list[Record], style: str
) -> None:
    mirakl = Mirakl(one_percent(), style)
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 2700


def test_one_based_positions_are_learned(twenty_thousand: list[Record]) -> None:
    mirakl = Mirakl(one_percent(), "one-based")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 450


def test_one_based_positions_are_learned_also_where_bad_orders_stand_side_by_side(
    twenty_thousand: list[Record],
) -> None:
    mirakl = Mirakl({str(number) for number in range(20_000) if number % 100 in (7, 30, 31)}, "one-based")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 500


@given(bad=st.sets(st.integers(0, 99)))
@settings(max_examples=200, deadline=None)
def test_halving_never_needs_more_than_the_derived_bound(bad: set[int]) -> None:
    mirakl = Mirakl({str(number) for number in bad}, "none")
    mirakl.deliver([make_record(number) for number in range(100)])
    assert mirakl.requests <= 1 + 2 * len(bad) * math.ceil(math.log2(100))


def test_a_half_known_to_hold_the_bad_order_is_not_sent_once_more() -> None:
    mirakl = Mirakl({"99"}, "none")
    mirakl.deliver([make_record(number) for number in range(100)])
    assert mirakl.refused_ids == ["99"]
    # The whole, seven good left halves (50, 25, 12, 6, 3, 2 and 1 orders), and the last order alone.
    assert mirakl.requests == 9


def test_good_orders_named_by_a_mirakl_that_was_right_before_arrive_and_end_its_trust() -> None:
    mirakl = Mirakl({"7", "107", "207"}, "exact")
    named_in_vain: set[str] = set()

    def post(records: Sequence[Record]) -> tuple[Fault, ...] | None:
        first = records[0].channel_order_id
        if len(records) == 100 and int(first) >= 300 and first not in named_in_vain:
            named_in_vain.add(first)
            return Fault("INVALID", "orders[3].status"), Fault("INVALID", "orders[4].status")
        return mirakl.post(records)

    evidence = Unsuspicious()
    isolation = Isolation(post, mirakl, evidence)
    for begin in range(0, 700, 100):
        isolation.deliver([make_record(number) for number in range(begin, begin + 100)])
    assert (evidence.pointers.trusted, len(isolation.suspects)) == (True, 8)
    isolation.confirm()
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(700)} - mirakl.bad)
    assert not evidence.pointers.trusted


def test_a_good_order_named_beside_a_bad_one_is_not_refused_with_those_confirmed_together() -> None:
    mirakl = Mirakl({"701", *(str(number) for number in range(0, 800, 100))}, "exact")

    def post(records: Sequence[Record]) -> tuple[Fault, ...] | None:
        faults = mirakl.post(records)
        if faults is None or len(records) < 100 or not 300 <= int(records[0].channel_order_id) < 700:
            return faults
        return *faults, Fault("INVALID", "orders[1].status")

    isolation = Isolation(post, mirakl, Unsuspicious())
    for begin in range(0, 800, 100):
        isolation.deliver([make_record(number) for number in range(begin, begin + 100)])
    assert len(isolation.suspects) == 10
    isolation.confirm()
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(800)} - mirakl.bad)


def test_when_everything_is_refused_for_one_reason_it_stops_as_systemic() -> None:
    mirakl = Mirakl({str(number) for number in range(100)}, "none")
    isolation = Isolation(mirakl.post, mirakl, Evidence())
    with pytest.raises(Systemic, match="configuration"):
        isolation.deliver([make_record(number) for number in range(100)])
    assert mirakl.requests < 40


def test_orders_refused_in_a_row_for_different_reasons_are_the_orders_own_fault() -> None:
    mirakl = Mirakl({str(number) for number in range(50)}, "none")

    def post(records: Sequence[Record]) -> tuple[Fault, ...] | None:
        faults = mirakl.post(records)
        return (
            None if faults is None else (Fault("INVALID", ("status", "email")[int(records[0].channel_order_id) % 2]),)
        )

    isolation = Isolation(post, mirakl, Evidence())
    isolation.deliver([make_record(number) for number in range(50)])
    assert len(mirakl.refused_ids) == 50


def test_however_many_are_named_no_request_holds_more_than_mirakl_takes_and_they_are_confirmed_on_the_way() -> None:
    mirakl = Mirakl({str(number) for number in range(0, 2000, 5) if number % 100 < 80}, "exact")
    isolation = Isolation(mirakl.post, mirakl, Unsuspicious())
    for begin in range(0, 2000, 50):
        isolation.deliver([make_record(number) for number in range(begin, begin + 50)])
    assert len(isolation.suspects) < 100
    isolation.confirm()
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)


@pytest.mark.parametrize("base", [0, 1])
def test_each_refused_order_carries_its_own_fault_wherever_positions_begin(base: int) -> None:
    told: dict[str, str] = {}

    def post(records: Sequence[Record]) -> tuple[Fault, ...] | None:
        bad = [
            (index, record.channel_order_id) for index, record in enumerate(records) if record.channel_order_id in ids
        ]
        return tuple(Fault("INVALID", f"orders[{index + base}].f{order_id}") for index, order_id in bad) or None

    class Told(Mirakl):
        def refused(self, orders: Sequence[Refused]) -> None:
            told.update((order.record.channel_order_id, order.field) for order in orders)

    ids = {str(number) for number in range(2000) if number % 100 in (7, 30, 31)}
    isolation = Isolation(post, Told(set(), "exact"), Unsuspicious())
    for begin in range(0, 2000, 50):
        isolation.deliver([make_record(number) for number in range(begin, begin + 50)])
    isolation.confirm()
    assert told == {order_id: f"f{order_id}" for order_id in ids}


def test_named_orders_count_as_suspects_until_their_confirmation_is_over() -> None:
    """Another thread that looks for what is left of its batch must not give them up meanwhile."""
    bad = {str(number) for number in range(0, 2000, 20)}
    mirakl = Mirakl(bad, "exact")
    confirmed: list[frozenset[str]] = []

    def post(records: Sequence[Record]) -> tuple[Fault, ...] | None:
        ids = {record.channel_order_id for record in records}
        if len(ids) > 1 and ids <= bad:
            confirmed.append(frozenset(ids))
            assert ids <= isolation.suspects
        return mirakl.post(records)

    isolation = Isolation(post, mirakl, Evidence())
    for begin in range(0, 2000, 100):
        isolation.deliver([make_record(number) for number in range(begin, begin + 100)])
    isolation.confirm()
    assert confirmed
    assert isolation.suspects == frozenset()
