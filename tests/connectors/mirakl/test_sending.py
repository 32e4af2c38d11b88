"""What is sent next after each answer, by handing answers to the state machine: no HTTP, no threads, no waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ledger import Ledger
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.errors import (
    CredentialRefused,
    Fault,
    MiraklError,
    NoAnswer,
    OrdersRefused,
    RequestTooLarge,
    SenderLost,
    StoreStopped,
)
from connectors.mirakl.policy import SUSPECT_SECONDS
from connectors.mirakl.report import DayReport
from connectors.mirakl.request_size import RequestSize
from connectors.mirakl.run import Run
from connectors.mirakl.sending import Request, StoreSender
from connectors.mirakl.settlement import Settlement
from tests.connectors.mirakl.conftest import Lines, make_record
from transforms.outcomes import Outcome

REFUSED = OrdersRefused((Fault("INVALID", None),))
SILENT = NoAnswer("Mirakl answers HTTP 500", about_batch=True)


class Day:
    """A store's sender, and what was sent: the ids of each request."""

    def __init__(self, ledger: Ledger, log: Lines, numbers: int, run: Run | None = None) -> None:
        self.run = run or Run(
            "boutique", "1234", RequestSize(100, 5_000_000, log.logger.info), log.logger, threading.Event()
        )
        self.settlement = Settlement(
            ledger, "boutique", DayReport("2026-03-01"), run_id="run", again=True, log=log.logger
        )
        self.orders = self.settlement.claim([make_record(number) for number in range(numbers)])
        self.sender = StoreSender(self.run, "S-1", self.settlement)
        self.sent: list[list[str]] = []
        self.budgets: list[float | None] = []

    def send(self, answer: Callable[[set[str]], MiraklError | None]) -> None:
        """Hand answers until the batch has ended; `answer` is given the ids of a request."""
        steps = self.sender.send_batch(self.orders)
        given = None
        while True:
            try:
                request: Request = steps.send(given)
            except StopIteration:
                return
            ids = [order["channel_order_id"] for order in orjson.loads(request.body)["orders"]]
            self.sent.append(ids)
            self.budgets.append(request.budget)
            given = answer(set(ids))

    def outcomes(self) -> dict[str, int]:
        counts = self.settlement.report.counts
        return {outcome.value: counts[outcome] for outcome in Outcome if counts.get(outcome)}


@pytest.fixture
def day(ledger: Ledger, log: Lines) -> Callable[..., Day]:
    def make(numbers: int, run: Run | None = None) -> Day:
        return Day(ledger, log, numbers, run)

    return make


Make = Callable[..., Day]


def test_what_is_accepted_is_one_request(day: Make) -> None:
    one = day(5)
    one.send(lambda _: None)
    assert (one.sent, one.budgets) == ([["0", "1", "2", "3", "4"]], [None])
    assert (one.outcomes(), one.sender.isolating) == ({"delivered": 5}, 0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreStopped("HTTP 404: unknown"), "STORE_STOPPED"),
        (CredentialRefused("HTTP 403: no scope"), "CREDENTIAL_REFUSED"),
        (SenderLost(), "SENDER_LOST"),
        (NoAnswer("no connection to Mirakl (ConnectError)"), "NO_ANSWER"),
        (OrdersRefused((Fault("BAD", "origin.channel_id"),)), "STORE_STOPPED"),
    ],
    ids=lambda value: getattr(value, "code", None) if isinstance(value, MiraklError) else None,
)
def test_what_is_not_about_orders_stops_the_store_and_nothing_is_bisected(
    day: Make, error: MiraklError, code: str
) -> None:
    one = day(5)
    one.send(lambda _: error)
    assert len(one.sent) == 1
    assert one.outcomes() == {"undelivered": 5}
    assert {failure.code for failure in one.settlement.report.failures} == {code}
    other = day(3, one.run)
    other.send(lambda _: None)
    assert (other.sent, other.outcomes()) == ([], {"undelivered": 3})


def test_a_request_that_is_too_large_is_halved_and_the_next_ones_are_smaller(day: Make, log: Lines) -> None:
    one = day(8)
    one.send(lambda ids: RequestTooLarge("HTTP 413") if len(ids) > 2 else None)
    assert [len(ids) for ids in one.sent] == [8, 4, 2, 2, 4, 2, 2]
    assert one.outcomes() == {"delivered": 8}
    assert len([line for line in log.texts("INFO") if "bytes were too many for Mirakl" in line]) == 3


def test_a_server_that_fails_over_one_order_leaves_that_one_without_an_answer(day: Make) -> None:
    one = day(8)
    one.send(lambda ids: SILENT if "5" in ids else None)
    assert one.outcomes() == {"delivered": 7, "undelivered": 1}
    [failure] = one.settlement.report.failures
    assert (failure.channel_order_id, failure.code, failure.reason) == ("5", "NO_ANSWER", "Mirakl answers HTTP 500")
    # The first try has the whole budget, and no suspect has.
    assert set(one.budgets) == {None, SUSPECT_SECONDS}
    assert one.budgets.count(None) == 1


def test_a_server_that_fails_for_everyone_is_found_out_with_three_requests(day: Make) -> None:
    one = day(8)
    one.send(lambda _: SILENT)
    assert [len(ids) for ids in one.sent] == [8, 4, 4]
    assert (one.settlement.report.stopped, one.outcomes()) == (
        "Mirakl answers with nothing but server errors",
        {"undelivered": 8},
    )


def test_all_refused_alike_is_proved_by_an_order_that_mirakl_holds(day: Make) -> None:
    one = day(1)
    one.send(lambda _: None)
    other = day(40, one.run)
    other.orders = other.orders[1:]
    other.send(lambda _: REFUSED)
    assert other.outcomes() == {"undelivered": 39}
    assert ["0"] in other.sent
    assert {failure.code for failure in other.settlement.report.failures} == {"INVALID", "SYSTEMIC"}


def test_orders_refused_alike_are_refused_where_one_that_mirakl_holds_is_accepted(day: Make) -> None:
    one = day(1)
    one.send(lambda _: None)
    other = day(40, one.run)
    other.orders = other.orders[1:]
    other.send(lambda ids: None if ids == {"0"} else REFUSED)
    assert other.outcomes() == {"refused": 39}


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Ledger]]:
    opened: list[Ledger] = []
    folder: Path = tmp_path_factory.mktemp("sending")

    def make() -> Ledger:
        opened.append(Ledger(f"sqlite:///{folder}/{len(opened)}"))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.dispose()


@pytest.mark.slow
@given(
    bad=st.sets(st.integers(0, 19), max_size=6),
    failing=st.sets(st.integers(0, 19), max_size=3),
    largest=st.integers(1, 20),
    silent_first=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_whatever_is_answered_every_order_ends_once_and_none_good_is_refused(
    ledgers: Callable[[], Ledger], bad: set[int], failing: set[int], largest: int, silent_first: bool
) -> None:
    log = Lines()
    log.logger.setLevel(logging.ERROR)
    one = Day(ledgers(), log, 20)
    refused, breaking = {str(number) for number in bad}, {str(number) for number in failing - bad}
    accepted: list[str] = []

    def answer(ids: set[str]) -> MiraklError | None:
        if len(ids) > largest:
            return RequestTooLarge("HTTP 413")
        if ids & breaking or (silent_first and len(one.sent) == 1):
            return SILENT
        if ids & refused:
            return REFUSED
        accepted.extend(ids)
        return None

    one.send(answer)
    ended: dict[str, ClaimedOrder] = {order.order_id: order for order in one.orders}
    assert one.settlement.open_orders() == []
    assert {order_id for order_id, order in ended.items() if order.outcome is Outcome.DELIVERED} == set(accepted)
    assert {order_id for order_id, order in ended.items() if order.outcome is Outcome.REFUSED} <= refused
    assert {failure.channel_order_id for failure in one.settlement.report.failures} == set(ended) - set(accepted)
    assert len(accepted) == len(set(accepted))
