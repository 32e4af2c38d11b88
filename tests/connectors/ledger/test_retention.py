"""Rows of orders settled long ago are removed where asked for, and only those that nothing depends on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from connectors.ledger import Destination, Ledger, LedgerEntry
from connectors.ledger.retention import PAGE
from tests.connectors.ledger.conftest import CHANNEL, entry
from transforms.outcomes import Notice

BEFORE = dt.date(2026, 3, 1)
OLD = {
    "stamp": "2026-02-28T23:59:59.9Z",
    "read_at": "2026-02-28T23:59:59.9Z",
    "last_sent_at": "2026-02-28T23:59:59.999Z",
    "day": "2026-02-28",
    "delivered_hash": "d" * 64,
}


def settled(order_id: str, **cells: Any) -> LedgerEntry:
    return entry(order_id, **{**OLD, **cells})


def left(ledger: Ledger, channel: str = CHANNEL) -> list[str]:
    return [row.channel_order_id for page in ledger.order_ids(channel) for row in page]


def removed_until(ledger: Ledger, channel: str = CHANNEL) -> str | None:
    with ledger.claims(channel) as transaction:
        return transaction.removed_until()


def test_rows_settled_before_the_day_go_and_the_day_is_kept(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [settled(f"{number:05}") for number in range(2 * PAGE + 1)])
    ledger.write(CHANNEL, [settled("young", stamp="2026-03-01T00:00:00Z")])
    assert removed_until(ledger) is None
    assert ledger.remove_settled(BEFORE) == 2 * PAGE + 1
    assert left(ledger) == ["young"]
    assert removed_until(ledger) == "2026-03-01T00:00:00Z"
    assert ledger.remove_settled(dt.date(2026, 2, 1)) == 0
    assert removed_until(ledger) == "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    "cells",
    [
        {"outcome": "undelivered"},
        {"outcome": "refused", "unaccepted_since": "2026-02-28T00:00:00Z"},
        {"outcome": "rejected"},
        {"unaccepted_since": "2026-02-28T00:00:00Z"},
        {"doubtful_stamp": "2026-02-27T00:00:00Z"},
        {"stamp": "2026-03-01T00:00:00Z"},
        {"stamp": "2999-01-01T00:00:00Z"},
        {"stamp": None},
        {"read_at": "2026-03-01T00:00:00.001Z"},
        {"last_sent_at": "2026-03-01T00:00:00.000Z"},
        {"day": "2026-03-01"},
    ],
    ids=str,
)
def test_a_row_that_something_depends_on_stays(ledger: Ledger, cells: dict[str, Any]) -> None:
    ledger.write(CHANNEL, [settled("A-1", **cells)])
    assert ledger.remove_settled(BEFORE) == 0
    assert (left(ledger), removed_until(ledger)) == (["A-1"], None)


def test_a_row_with_a_notice_stays(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [settled("A-1"), settled("A-2")])
    with ledger.claims(CHANNEL) as transaction:
        transaction.notice({"A-1": [Notice("shrunk", "order_lines", "detail")]})
    assert ledger.remove_settled(BEFORE) == 1
    assert left(ledger) == ["A-1"]


def test_each_destination_of_each_channel_is_looked_at_but_for_those_to_keep(ledger: Ledger) -> None:
    first, second = (Destination("https://mirakl.example/api", number) for number in ("1", "2"))
    for destination in (first, second):
        ledger.deliver_to("moved", destination)
        ledger.write("moved", [settled("A-1")])
    ledger.write("kept", [settled("B-1")])
    assert ledger.remove_settled(BEFORE, keep={"kept"}) == 2
    assert left(ledger, "kept") == ["B-1"]
    ledger.look_at("moved", first)
    assert left(ledger, "moved") == []


def size(path: Path) -> int:
    return sum(path.with_name(f"{path.name}{suffix}").stat().st_size for suffix in ("", "-wal"))


@pytest.mark.parametrize(("share", "is_smaller"), [(10, False), (2, True)])
def test_the_room_of_removed_rows_is_given_back_once_it_is_much(
    tmp_path: Path, share: int, is_smaller: bool, request: pytest.FixtureRequest
) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")
    rows = [settled(f"{number:05}") for number in range(4000)]
    ledger.write(CHANNEL, [row._replace(day="2026-03-02") if i >= 4000 // share else row for i, row in enumerate(rows)])
    before = size(tmp_path / "ledger.sqlite")
    assert ledger.remove_settled(BEFORE) == 4000 // share
    assert ledger.vacuum() is is_smaller
    assert (size(tmp_path / "ledger.sqlite") < 0.7 * before) is is_smaller
    assert len(left(ledger)) == 4000 - 4000 // share
    assert ledger.vacuum() is False
    ledger.dispose()


def test_postgresql_uses_the_room_again_by_itself(postgresql_database: str) -> None:
    ledger = Ledger(postgresql_database)
    assert ledger.vacuum() is False
    ledger.dispose()
