"""The order of truth is the time of reading: however readings, requests and answers of several runs interleave, Mirakl
ends up holding the newest reading, also when the shop's clock went back or a refund was deleted."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.ledger import Ledger
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.pointers import Refusal
from connectors.mirakl.report import DayReport
from connectors.mirakl.run import Stop
from connectors.mirakl.settlement import Settlement
from tests.connectors.mirakl.conftest import make_record
from transforms.outcomes import Record

pytestmark = pytest.mark.slow

RUNS = 3
_channels = itertools.count()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('truth') / 'ledger.sqlite'}")
    yield ledger
    ledger.dispose()


@dataclass
class Mirakl:
    """Replaces what it holds by what has the same or a later stamp; answers 204 whatever it did (contract 4A.4, 5)."""

    held: dict[str, Any] | None = None

    def receive(self, body: bytes) -> None:
        order = orjson.loads(body)
        if self.held is None or _moment(self.held) <= _moment(order):
            self.held = order

    @property
    def content(self) -> str | None:
        return None if self.held is None else str(self.held["order_lines"][0]["product"]["title"])


def _moment(order: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(order["channel_updated_at"])


@dataclass
class World:
    """A shop with one order, Mirakl, a ledger, and runs that each read, claim, send and settle, one step at a time."""

    ledger: Ledger
    channel: str = field(default_factory=lambda: f"channel {next(_channels)}")
    mirakl: Mirakl = field(default_factory=Mirakl)
    content: str = "A"
    stamp: int = 100
    clock: int = 0
    read: dict[int, Record] = field(default_factory=dict)
    sent: dict[int, tuple[Settlement, ClaimedOrder]] = field(default_factory=dict)
    arrived: set[int] = field(default_factory=set)
    late: list[bytes] = field(default_factory=list)
    newest: tuple[int, str] = (0, "")

    def change(self, content: str, stamp: int) -> None:
        self.content, self.stamp = content, stamp

    def step(self, run: int) -> None:
        """Let a run do its next thing: read, claim, have its request arrive, settle the answer."""
        if run not in self.read:
            self.clock += 1
            self.read[run] = self._record()
        elif run not in self.sent:
            self._claim(run)
        elif run not in self.arrived:
            self._arrive(run)
        else:
            self._settle(run)

    def lose(self, run: int) -> None:
        """Let a run's request get no answer; it may have arrived, or arrive much later."""
        if run in self.sent:
            settlement, order = self.sent.pop(run)
            settlement.leave_unanswered([order], Stop("NO_ANSWER", "lost"))
            if run not in self.arrived:
                self.late.append(order.body)
            self._forget(run)

    def refuse(self, run: int) -> None:
        """Let Mirakl refuse a run's request."""
        if run in self.sent and run not in self.arrived:
            settlement, order = self.sent.pop(run)
            settlement.refuse([(order, Refusal("NO", "status", None))])
            self._forget(run)

    def arrive_late(self, _: int) -> None:
        """Let a request whose sender gave it up arrive after all."""
        if self.late:
            self.mirakl.receive(self.late.pop(0))

    def _record(self) -> Record:
        return make_record(
            "1",
            title=self.content,
            updated_at=f"2026-03-01T10:{self.stamp // 60:02}:{self.stamp % 60:02}Z",
            read_at=f"2026-03-02T00:00:{self.clock // 1000:02}.{self.clock % 1000:03}Z",
        )

    def _claim(self, run: int) -> None:
        report = DayReport("2026-03-01")
        settlement = Settlement(
            self.ledger, self.channel, report, run_id=f"run {run}", again=False, log=logging.getLogger(__name__)
        )
        record = self.read[run]
        claimed = settlement.claim([record])
        if not report.counts["superseded"]:
            self.newest = max(self.newest, (int(record.read_at[-7:-1].replace(".", "")), _title(record)))
        if not claimed:
            self._forget(run)
            return
        claimed[0].sent = True
        self.sent[run] = (settlement, claimed[0])

    def _arrive(self, run: int) -> None:
        self.arrived.add(run)
        self.mirakl.receive(self.sent[run][1].body)

    def _settle(self, run: int) -> None:
        settlement, order = self.sent.pop(run)
        settlement.accept([order])
        self._forget(run)

    def _forget(self, run: int) -> None:
        self.read.pop(run)
        self.arrived.discard(run)


def _title(record: Record) -> str:
    title: str = orjson.loads(record.payload)["order_lines"][0]["product"]["title"]
    return title


steps = st.tuples(st.just("step"), st.integers(0, RUNS - 1))
accidents = st.tuples(st.sampled_from(["lose", "refuse", "arrive_late"]), st.integers(0, RUNS - 1))
changes = st.tuples(st.just("change"), st.tuples(st.sampled_from("ABCD"), st.integers(0, 200)))


@given(events=st.lists(st.one_of(steps, steps, steps, steps, changes), max_size=60))
@settings(max_examples=400, deadline=None)
def test_when_all_is_answered_mirakl_holds_the_newest_reading(ledger: Ledger, events: list[tuple[str, Any]]) -> None:
    world = World(ledger)
    for name, argument in events:
        world.change(*argument) if name == "change" else world.step(argument)
    for run in range(RUNS):
        while run in world.read:
            world.step(run)
    assert world.mirakl.content == (world.newest[1] or None)
    row = ledger.known(world.channel, ["1"]).get("1")
    assert row is None or row.outcome == "delivered"


REFUSED_AFTER_LOST = [
    ("step", 0),
    ("step", 0),
    ("lose", 0),
    ("change", ("B", 50)),
    ("step", 0),
    ("step", 0),
    ("refuse", 0),
]


@given(events=st.lists(st.one_of(steps, steps, accidents, changes), min_size=10, max_size=60))
@example(events=REFUSED_AFTER_LOST)
@settings(max_examples=400, deadline=None)
def test_whatever_was_lost_the_next_run_puts_mirakl_right(ledger: Ledger, events: list[tuple[str, Any]]) -> None:
    world = World(ledger)
    for name, argument in events:
        world.change(*argument) if name == "change" else getattr(world, name)(argument)
    for run in range(RUNS):
        world.lose(run)
        world.read.pop(run, None)
    world.change("the last word", world.stamp)
    for _ in range(4):
        world.step(0)
    while world.late:
        world.arrive_late(0)
    assert world.mirakl.content == "the last word"


@given(events=st.lists(st.one_of(steps, steps, steps, accidents, changes), max_size=60))
@settings(max_examples=400, deadline=None)
def test_the_ledger_never_calls_delivered_what_mirakl_does_not_hold(
    ledger: Ledger, events: list[tuple[str, Any]]
) -> None:
    world = World(ledger)
    for name, argument in events:
        world.change(*argument) if name == "change" else getattr(world, name)(argument)
        row = ledger.known(world.channel, ["1"]).get("1")
        if row is not None and row.outcome == "delivered":
            held = make_record("1", title=world.mirakl.content or "")
            assert row.delivered_hash == held.payload_hash
