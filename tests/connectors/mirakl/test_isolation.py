"""Isolation: every good order is accepted, every bad one named, at a bounded number of requests."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ledger import ClaimedTogether
from connectors.mirakl import decisions
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.errors import Fault
from connectors.mirakl.isolation import Faults, Isolation, Steps, Systemic
from connectors.mirakl.pointers import Refusal
from connectors.mirakl.policy import Evidence
from tests.connectors.mirakl.conftest import make_record

TOGETHER = ClaimedTogether("run", "2026-03-02", "2026-03-02T00:01:00.000Z")
Post = Callable[[Sequence[ClaimedOrder]], Faults | None]
STYLES = ("exact", "none", "one-based", "wrong", "first", "all", "neighbour", "out-of-range", "line-only")


def order(number: int) -> ClaimedOrder:
    return decisions.claim(None, make_record(number), TOGETHER)


def orders(*numbers: int) -> list[ClaimedOrder]:
    return [order(number) for number in range(*numbers)]


def answer(steps: Steps[Any], post: Post) -> Any:
    """Hand the answers of `post` to a state machine until it ends; return what it came to."""
    faults = None
    try:
        while True:
            faults = post(steps.send(faults))
    except StopIteration as end:
        return end.value


class Mirakl:
    """Refuses requests that hold a bad order, and names positions the way it is named to."""

    def __init__(self, bad: set[str], style: str, seed: int = 0) -> None:
        self.bad, self.style, self.random = bad, style, random.Random(seed)
        self.requests = 0
        self.accepted_ids: list[str] = []
        self.refused_ids: list[str] = []

    def post(self, batch: Sequence[ClaimedOrder]) -> Faults | None:
        self.requests += 1
        assert 1 <= len(batch) <= 100
        positions = [index for index, order in enumerate(batch) if order.order_id in self.bad]
        if not positions:
            return None
        style = self.random.choice(STYLES) if self.style == "mixed" else self.style
        return tuple(Fault("INVALID", field) for field in self._fields(style, positions, len(batch)))

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

    def accept(self, orders: list[ClaimedOrder]) -> None:
        self.accepted_ids += [order.order_id for order in orders]

    def refuse(self, orders: list[tuple[ClaimedOrder, Refusal]]) -> None:
        self.refused_ids += [order.order_id for order, _ in orders]

    def retract(self, order: ClaimedOrder, reason: str, *, proven: bool) -> None:
        raise NotImplementedError

    def deliver(self, batch: list[ClaimedOrder], size: int = 100, evidence: Evidence | None = None) -> None:
        isolation = Isolation(self, evidence or Unsuspicious())
        for begin in range(0, len(batch), size):
            answer(isolation.isolate(batch[begin : begin + size]), self.post)
        answer(isolation.confirm(), self.post)


class Unsuspicious(Evidence):
    """Takes every refusal at its word, also the tenth in a row."""

    is_systemic = False

    def __init__(self) -> None:
        super().__init__("S-1", lambda _: None)


@pytest.fixture(scope="module")
def twenty_thousand() -> list[ClaimedOrder]:
    return orders(20_000)


def one_percent(seed: int = 1) -> set[str]:
    return {str(number) for number in random.Random(seed).sample(range(20_000), 200)}


@pytest.mark.slow
@given(
    bad=st.sets(st.integers(0, 149)),
    style=st.sampled_from([*STYLES, "mixed"]),
    size=st.integers(1, 100),
    seed=st.integers(0, 1000),
)
@settings(max_examples=300, deadline=None)
def test_whatever_mirakl_names_good_orders_arrive_and_bad_ones_are_refused_once(
    bad: set[int], style: str, size: int, seed: int
) -> None:
    mirakl = Mirakl({str(number) for number in bad}, style, seed)
    mirakl.deliver(orders(150), size)
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(150)} - mirakl.bad)


@pytest.mark.parametrize("seed", range(5))
def test_one_percent_bad_with_positions_costs_at_most_350_requests_for_20_000_orders(
    twenty_thousand: list[ClaimedOrder], seed: int
) -> None:
    mirakl = Mirakl(one_percent(seed), "exact")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 350


@pytest.mark.parametrize("seed", range(5))
def test_one_percent_bad_costs_hardly_more_when_the_orders_lie_in_eight_days(
    twenty_thousand: list[ClaimedOrder], seed: int
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
    twenty_thousand: list[ClaimedOrder], style: str
) -> None:
    mirakl = Mirakl(one_percent(), style)
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 2700


def test_one_based_positions_are_learned(twenty_thousand: list[ClaimedOrder]) -> None:
    mirakl = Mirakl(one_percent(), "one-based")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 450


def test_one_based_positions_are_learned_also_where_bad_orders_stand_side_by_side(
    twenty_thousand: list[ClaimedOrder],
) -> None:
    mirakl = Mirakl({str(number) for number in range(20_000) if number % 100 in (7, 30, 31)}, "one-based")
    mirakl.deliver(twenty_thousand)
    assert set(mirakl.refused_ids) == mirakl.bad
    assert mirakl.requests <= 500


@pytest.mark.slow
@given(bad=st.sets(st.integers(0, 99)))
@settings(max_examples=200, deadline=None)
def test_halving_never_needs_more_than_the_derived_bound(bad: set[int]) -> None:
    mirakl = Mirakl({str(number) for number in bad}, "none")
    mirakl.deliver(orders(100))
    assert mirakl.requests <= 1 + 2 * len(bad) * math.ceil(math.log2(100))


def test_a_half_known_to_hold_the_bad_order_is_not_sent_once_more() -> None:
    mirakl = Mirakl({"99"}, "none")
    mirakl.deliver(orders(100))
    assert mirakl.refused_ids == ["99"]
    # The whole, seven good left halves (50, 25, 12, 6, 3, 2 and 1 orders), and the last order alone.
    assert mirakl.requests == 9


def test_good_orders_named_by_a_trusted_mirakl_arrive_and_end_the_trust() -> None:
    mirakl = Mirakl({"7", "107", "207"}, "exact")
    named_in_vain: set[str] = set()

    def post(batch: Sequence[ClaimedOrder]) -> Faults | None:
        first = batch[0].order_id
        if len(batch) == 100 and int(first) >= 300 and first not in named_in_vain:
            named_in_vain.add(first)
            return Fault("INVALID", "orders[3].status"), Fault("INVALID", "orders[4].status")
        return mirakl.post(batch)

    evidence = Unsuspicious()
    isolation = Isolation(mirakl, evidence)
    for begin in range(0, 700, 100):
        answer(isolation.isolate(orders(begin, begin + 100)), post)
    assert (evidence.pointers.trusted, len(isolation.suspects)) == (True, 8)
    answer(isolation.confirm(), post)
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(700)} - mirakl.bad)
    assert not evidence.pointers.trusted


def test_a_good_order_named_beside_bad_ones_is_not_refused_with_them() -> None:
    mirakl = Mirakl({"701", *(str(number) for number in range(0, 800, 100))}, "exact")

    def post(batch: Sequence[ClaimedOrder]) -> Faults | None:
        faults = mirakl.post(batch)
        if faults is None or len(batch) < 100 or not 300 <= int(batch[0].order_id) < 700:
            return faults
        return *faults, Fault("INVALID", "orders[1].status")

    isolation = Isolation(mirakl, Unsuspicious())
    for begin in range(0, 800, 100):
        answer(isolation.isolate(orders(begin, begin + 100)), post)
    assert len(isolation.suspects) == 10
    answer(isolation.confirm(), post)
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)
    assert sorted(mirakl.accepted_ids) == sorted({str(number) for number in range(800)} - mirakl.bad)


def test_when_everything_is_refused_for_one_reason_it_stops_as_systemic() -> None:
    mirakl = Mirakl({str(number) for number in range(100)}, "none")
    isolation = Isolation(mirakl, Evidence("S-1", lambda _: None))
    with pytest.raises(Systemic, match="configuration"):
        answer(isolation.isolate(orders(100)), mirakl.post)
    assert mirakl.requests < 40


def test_orders_refused_in_a_row_for_different_reasons_are_the_orders_own_fault() -> None:
    mirakl = Mirakl({str(number) for number in range(50)}, "none")

    def post(batch: Sequence[ClaimedOrder]) -> Faults | None:
        faults = mirakl.post(batch)
        return None if faults is None else (Fault("INVALID", ("status", "email")[int(batch[0].order_id) % 2]),)

    isolation = Isolation(mirakl, Evidence("S-1", lambda _: None))
    answer(isolation.isolate(orders(50)), post)
    assert len(mirakl.refused_ids) == 50


def test_many_named_orders_are_confirmed_in_requests_of_the_allowed_size() -> None:
    mirakl = Mirakl({str(number) for number in range(0, 2000, 5) if number % 100 < 80}, "exact")
    isolation = Isolation(mirakl, Unsuspicious())
    for begin in range(0, 2000, 50):
        answer(isolation.isolate(orders(begin, begin + 50)), mirakl.post)
    assert len(isolation.suspects) < 100
    answer(isolation.confirm(), mirakl.post)
    assert sorted(mirakl.refused_ids) == sorted(mirakl.bad)


@pytest.mark.parametrize("base", [0, 1])
def test_each_refused_order_carries_its_own_fault_wherever_positions_begin(base: int) -> None:
    named: dict[str, str] = {}

    def post(batch: Sequence[ClaimedOrder]) -> Faults | None:
        bad = [(index, order.order_id) for index, order in enumerate(batch) if order.order_id in ids]
        return tuple(Fault("INVALID", f"orders[{index + base}].f{order_id}") for index, order_id in bad) or None

    class Named(Mirakl):
        def refuse(self, orders: list[tuple[ClaimedOrder, Refusal]]) -> None:
            named.update((order.order_id, refusal.field) for order, refusal in orders)

    ids = {str(number) for number in range(2000) if number % 100 in (7, 30, 31)}
    isolation = Isolation(Named(set(), "exact"), Unsuspicious())
    for begin in range(0, 2000, 50):
        answer(isolation.isolate(orders(begin, begin + 50)), post)
    answer(isolation.confirm(), post)
    assert named == {order_id: f"f{order_id}" for order_id in ids}


def test_named_orders_count_as_suspects_until_their_confirmation_is_over() -> None:
    """Another thread that looks for what is left of its batch must not give them up meanwhile."""
    bad = {str(number) for number in range(0, 2000, 20)}
    mirakl = Mirakl(bad, "exact")
    confirmed: list[frozenset[str]] = []

    def post(batch: Sequence[ClaimedOrder]) -> Faults | None:
        ids = {order.order_id for order in batch}
        if len(ids) > 1 and ids <= bad:
            confirmed.append(frozenset(ids))
            assert ids <= isolation.suspects
        return mirakl.post(batch)

    isolation = Isolation(mirakl, Evidence("S-1", lambda _: None))
    for begin in range(0, 2000, 100):
        answer(isolation.isolate(orders(begin, begin + 100)), post)
    answer(isolation.confirm(), post)
    assert confirmed
    assert isolation.suspects == frozenset()
