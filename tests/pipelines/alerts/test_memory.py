"""What is posted and what is not: one message a cause, whatever the number of runs, and one when it is over."""

from __future__ import annotations

import datetime as dt

from pipelines.alerts.memory import MOST_REPEATS, Cause, Memory

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def cause(kind: str = "refused", text: str = "1 order") -> Cause:
    return Cause("check own/mirakl_delivery all_accepted", "channel own: check all_accepted", kind, text)


def learn(memory: Memory, *causes: Cause, hours: float = 0, undecided: frozenset[str] = frozenset()) -> list[str]:
    """Learn what is wrong at a time, and let the webhook accept what is to be posted."""
    memory.learn(causes, undecided, NOON + dt.timedelta(hours=hours), {"own"})
    posted, memory.waiting = memory.waiting, []
    return posted


def test_a_cause_is_posted_once_and_once_more_when_it_is_over() -> None:
    memory = Memory()
    assert learn(memory, cause()) == [":red_circle: 1 order"]
    assert learn(memory, cause(), hours=100) == []
    assert learn(memory) == [":large_green_circle: channel own: check all_accepted: resolved"]
    assert learn(memory) == []
    assert learn(memory, cause()) == [":red_circle: 1 order"]


def test_a_channel_that_is_gone_from_the_configuration_is_not_called_well() -> None:
    memory = Memory()
    learn(memory, cause())
    memory.learn([], frozenset(), NOON, {"renamed"})
    [message] = memory.waiting
    assert message.startswith(":white_circle: channel own: check all_accepted: not watched any more")


def test_another_cause_of_the_same_check_is_posted_at_once() -> None:
    memory = Memory()
    learn(memory, cause())
    assert learn(memory, cause("rejected", "2 orders")) == [":red_circle: 2 orders"]


def test_other_numbers_are_posted_at_most_once_an_hour_and_then_no_more() -> None:
    memory = Memory()
    posted = [learn(memory, cause(text=f"{number} orders"), hours=number / 10) for number in range(100)]
    assert [number for number, texts in enumerate(posted) if texts] == [0, 10, 20, 30]
    assert MOST_REPEATS == 3


def test_what_is_being_judged_just_now_is_neither_over_nor_new() -> None:
    memory = Memory()
    learn(memory, cause())
    assert learn(memory, undecided=frozenset({cause().key})) == []
    assert learn(memory, cause()) == []


def test_what_was_posted_outlives_the_cursor() -> None:
    memory = Memory()
    learn(memory, cause())
    again = Memory.model_validate_json(memory.model_dump_json())
    assert learn(again, cause()) == []
