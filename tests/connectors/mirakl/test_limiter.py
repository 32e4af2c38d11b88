"""The rate, by a clock that moves only when someone waits."""

from __future__ import annotations

import pytest

from connectors.mirakl.limiter import Limiter, NoSlot
from tests.connectors.mirakl.conftest import Clock


def departures(limiter: Limiter, clock: Clock, number: int, takes: float = 0.0) -> list[float]:
    """Make requests one after the other; return how long after the first each left."""
    left = []
    for _ in range(number):
        with limiter.slot(interrupt=clock):
            left.append(clock.now)
            clock.now += takes
    return [round(at - left[0], 3) for at in left]


@pytest.mark.parametrize("rate", [0, -1, 30.1])
def test_a_rate_is_more_than_none_and_at_most_the_30_that_mirakl_allows(rate: float) -> None:
    Limiter(0.5)
    Limiter(30)
    with pytest.raises(ValueError, match="requests_per_second"):
        Limiter(rate)


def test_requests_are_spaced_evenly(clock: Clock) -> None:
    _, *after_idleness = departures(Limiter(20), clock, 5)
    assert after_idleness == [0, 0.05, 0.1, 0.15]


def test_a_late_request_is_made_up_for_by_one_interval_and_idleness_by_no_more(clock: Clock) -> None:
    limiter = Limiter(20)
    assert departures(limiter, clock, 3, takes=0.07) == [0, 0.07, 0.14]
    clock.now += 60
    assert departures(limiter, clock, 4) == [0, 0, 0.05, 0.1]


def test_nothing_leaves_while_mirakl_asks_for_a_pause_and_then_at_half_the_pace(clock: Clock) -> None:
    limiter = Limiter(20)
    departures(limiter, clock, 1)
    begin = clock.now
    limiter.hold(2)
    limiter.hold(1)
    [_, second, third] = departures(limiter, clock, 3)
    assert clock.now - begin == pytest.approx(2 + third)
    assert second == pytest.approx(0.1)
    assert third == pytest.approx(0.1 + 0.098)


def test_the_pace_is_a_quarter_at_the_slowest_and_recovers(clock: Clock) -> None:
    limiter = Limiter(20)
    for _ in range(2):
        clock.now += 1.01
        limiter.hold(0)
    assert departures(limiter, clock, 3)[1:] == [pytest.approx(0.2), pytest.approx(0.396)]
    for _ in range(3):
        clock.now += 1.01
        limiter.hold(0)
    assert departures(limiter, clock, 3)[1:] == [pytest.approx(0.2), pytest.approx(0.396)]
    departures(limiter, clock, 80)
    assert departures(limiter, clock, 3) == [0, 0.05, 0.1]


def test_requests_slowed_down_together_slow_the_pace_once(clock: Clock) -> None:
    limiter = Limiter(20)
    for _ in range(8):
        limiter.hold(0)
        clock.now += 0.1
    assert departures(limiter, clock, 3)[2] == pytest.approx(0.098, abs=0.001)


def test_no_more_than_30_are_at_mirakl_until_one_has_been_answered_for_a_second(clock: Clock) -> None:
    limiter = Limiter(30)
    slots = [limiter.slot(interrupt=clock) for _ in range(30)]
    for slot in slots:
        slot.__enter__()
    with pytest.raises(NoSlot), limiter.slot(until=clock.now + 5, interrupt=clock):
        pass
    clock.now += 10
    slots[0].__exit__(None, None, None)
    answered = clock.now
    with limiter.slot(interrupt=clock):
        assert clock.now - answered == pytest.approx(1.001)


def test_a_slot_that_comes_too_late_is_not_waited_for(clock: Clock) -> None:
    limiter = Limiter(20)
    limiter.hold(60)
    begin = clock.now
    with pytest.raises(NoSlot), limiter.slot(until=begin + 59.9, interrupt=clock):
        pass
    assert clock.now == begin
    with limiter.slot(until=begin + 60, interrupt=clock):
        assert clock.now == begin + 60


def test_waiting_ends_when_the_run_is_stopped(clock: Clock) -> None:
    limiter = Limiter(20)
    limiter.hold(60)
    clock.set()
    with pytest.raises(NoSlot), limiter.slot(interrupt=clock):
        pass
