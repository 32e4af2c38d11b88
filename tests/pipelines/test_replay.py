"""Which orders a replay reads again, and what is written down of those that the shop no longer has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.ledger import Ledger, LedgerEntry
from connectors.mirakl.report import DayReport
from pipelines.runs.replay import Selection, replay
from tests.transforms.conftest import LINE, MAPPING, ORDER, frames
from transforms.frames import OrderFrames
from transforms.normalised import records_of, rejects_of

Build = Callable[..., OrderFrames]
CHANNEL: Any = SimpleNamespace(name="own", mapping=lambda: MAPPING, settings=SimpleNamespace(zone=dt.UTC))
SINCE = "2026-03-02T12:00:00Z"
ROW = LedgerEntry("", "undelivered", SINCE, "before", "2026-03-02", error_code="NO_ANSWER", unaccepted_since=SINCE)

__all__ = ["frames"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.write(
        "own",
        [
            ROW._replace(channel_order_id="open"),
            ROW._replace(channel_order_id="later", day="2026-03-05"),
            ROW._replace(channel_order_id="refused", outcome="refused", error_code="X"),
            ROW._replace(channel_order_id="fine", outcome="delivered", error_code=None, unaccepted_since=None),
        ],
    )
    yield ledger
    ledger.dispose()


class Replay:
    """A shop that holds any order but those called gone, and a delivery that only notes what it is given."""

    def __init__(self, frames: Build, ledger: Ledger) -> None:
        self._frames, self._ledger = frames, ledger
        self.asked: list[list[str]] = []
        self.placed_on: list[tuple[str, str]] = []
        self.sent: list[str] = []

    def _built(self, ids: list[str]) -> OrderFrames:
        return self._frames(
            orders=[{**ORDER, "channel_order_id": order_id} for order_id in ids],
            lines=[{**LINE, "channel_order_id": order_id, "channel_order_line_id": order_id} for order_id in ids],
        )

    def orders(self, ids: list[str]) -> Iterator[OrderFrames]:
        self.asked.append(ids)
        there = [order_id for order_id in ids if not order_id.startswith("gone")]
        if there:
            yield self._built(there)

    def placed(self, first: str, last: str) -> Iterator[OrderFrames]:
        self.placed_on.append((first, last))
        yield self._built(["placed"])

    def deliver(self, tables: Any, *, day: str, run_id: str, again: bool, as_it_is: bool) -> DayReport:
        assert (day, run_id, again) == (dt.datetime.now(dt.UTC).date().isoformat(), "run", True)
        [table] = tables
        assert not any(rejects_of(table))
        self.sent += [record.channel_order_id for record in records_of(table)]
        report = DayReport(day)
        report.count("orders_read", len(table))
        return report

    def __call__(self, **selection: Any) -> list[str]:
        here: Any = self
        report = replay(CHANNEL, Selection(**selection), here, self._ledger, here, "run").report
        assert report.counts["orders_read"] == len(self.sent)
        return self.sent


@pytest.fixture
def again(frames: Build, ledger: Ledger) -> Replay:
    return Replay(frames, ledger)


@pytest.mark.parametrize(
    ("selection", "sent"),
    [
        ({}, ["later", "open", "refused"]),
        ({"outcome": "undelivered"}, ["later", "open"]),
        ({"outcome": "refused"}, ["refused"]),
        ({"code": "X"}, ["refused"]),
        ({"since": "2026-03-03"}, ["later"]),
        ({"order_ids": ["fine", "other"]}, ["fine", "other"]),
    ],
)
def test_orders_are_those_named_or_those_not_accepted(
    selection: dict[str, Any], sent: list[str], again: Replay
) -> None:
    assert again(**selection) == sent
    assert again.placed_on == []


@pytest.mark.parametrize(
    ("last", "ids", "sent"), [(None, [], ["placed"]), ("2026-01-07", [], ["placed"]), (None, ["1"], ["placed", "1"])]
)
def test_orders_placed_on_days_are_those_and_the_named_ones(
    last: str | None, ids: list[str], sent: list[str], again: Replay
) -> None:
    assert again(placed_from="2026-01-05", placed_to=last, order_ids=ids) == sent
    assert again.placed_on == [("2026-01-05", last or "2026-01-05")]


def test_an_order_gone_from_the_shop_is_written_off_unless_it_was_accepted(again: Replay, ledger: Ledger) -> None:
    rows = [ROW._replace(channel_order_id=f"gone {outcome}", outcome=outcome) for outcome in ("undelivered", "refused")]
    held = ROW._replace(channel_order_id="gone held", outcome="delivered", unaccepted_since=None)
    ledger.write("own", [*rows, held])
    again(order_ids=["gone undelivered", "gone refused", "gone held", "gone unknown", "open"])
    known = ledger.known("own", ["gone undelivered", "gone refused", "gone held", "gone unknown", "open"])
    assert {order_id: row.outcome for order_id, row in known.items()} == {
        "gone undelivered": "gone",
        "gone refused": "gone",
        "gone held": "delivered",
        "open": "undelivered",
    }
    assert (known["gone refused"].unaccepted_since, known["gone refused"].run_id) == (None, "run")
    assert ledger.count_unaccepted("own") == {"undelivered": (2, SINCE), "refused": (1, SINCE)}


def test_many_orders_are_read_five_hundred_at_a_time(again: Replay) -> None:
    ids = [str(number) for number in range(1100)]
    assert again(order_ids=ids) == ids
    assert [len(asked) for asked in again.asked] == [500, 500, 100]
