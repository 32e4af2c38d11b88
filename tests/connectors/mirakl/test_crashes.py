"""Processes that are killed, stopped, or overlap: the next run completes the work, and repeats next to nothing."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import orjson
import pytest

from connectors.ledger import Ledger
from connectors.sandbox.server import Sandbox
from tests.connectors.mirakl.conftest import CHANNEL_ID, held, make_record
from tests.connectors.mirakl.deliver_orders import deliver_orders
from tests.servers.forked import CONTEXT

pytestmark = pytest.mark.slow

ORDERS = 5000
KILLS = 30
THREADS = 8
READ_AT = "2026-03-02T00:00:00Z"


@dataclass
class Delivering:
    """A process that delivers orders, and what it reports."""

    process: ForkServerProcess
    reports: Connection


def start(
    sandbox: Sandbox,
    ledger_url: str,
    run_id: str,
    *,
    first: int = 0,
    count: int = ORDERS,
    title: str = "Mug",
    read_at: str = READ_AT,
) -> Delivering:
    """Start a delivering process; return when it is about to begin."""
    url = sandbox.base_url.removesuffix("/api/channel-platform")
    reports, sender = CONTEXT.Pipe(duplex=False)
    arguments = (sender, url, ledger_url, first, count, run_id, title, read_at)
    process = CONTEXT.Process(target=deliver_orders, args=arguments)
    process.start()
    sender.close()
    assert reports.recv() == "ready"
    return Delivering(process, reports)


def counts(delivering: Delivering) -> dict[str, int]:
    """Wait for a process to end by itself; return what it counted."""
    delivering.process.join(60)
    assert delivering.process.exitcode == 0
    counted: dict[str, int] = delivering.reports.recv()
    return counted


def title_of(sandbox: Sandbox, number: int) -> str:
    title: str = sandbox.orders[CHANNEL_ID, str(number)]["order_lines"][0]["product"]["title"]
    return title


def test_killed_thirty_times_a_delivery_repeats_only_what_was_in_flight(sandbox: Sandbox, tmp_path: Path) -> None:
    ledger_url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    sandbox.settings.latency = 0.1
    chance = random.Random(3)
    for number in range(KILLS):
        delivering = start(sandbox, ledger_url, f"run {number}")
        time.sleep(chance.uniform(0, 0.8))
        delivering.process.kill()
        delivering.process.join()
    sandbox.settings.latency = 0
    last = counts(start(sandbox, ledger_url, "last"))
    assert {order_id: order for (_, order_id), order in sandbox.orders.items()} == {
        str(number): orjson.loads(make_record(number).payload) for number in range(ORDERS)
    }
    assert (last["delivered"] + last["unchanged"], last["undelivered"]) == (ORDERS, 0)
    ledger = Ledger(ledger_url)
    assert sum(len(page) for page in ledger.order_ids("boutique")) == ORDERS
    assert ledger.count_unaccepted("boutique") == {}
    ledger.dispose()
    repeated = sandbox.stats.stored - ORDERS
    assert last["unchanged"] > 0
    assert repeated <= KILLS * THREADS * 100


def test_sigterm_finishes_what_is_in_flight_writes_the_ledger_and_ends(sandbox: Sandbox, tmp_path: Path) -> None:
    ledger_url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    sandbox.settings.latency = 0.5
    delivering = start(sandbox, ledger_url, "run")
    while not sandbox.orders and delivering.process.is_alive():
        time.sleep(0.05)
    begun = sandbox.stats.requests
    delivering.process.terminate()
    first = counts(delivering)
    assert sandbox.stats.requests - begun <= 2 * THREADS
    assert 0 < first["delivered"] < ORDERS
    assert first["undelivered"] > 0
    assert first["orders_read"] == first["delivered"] + first["undelivered"]
    assert len(held(sandbox)) == first["delivered"]
    sandbox.settings.latency = 0
    again = counts(start(sandbox, ledger_url, "again"))
    assert (again["unchanged"], again["delivered"]) == (first["delivered"], ORDERS - first["delivered"])
    assert sandbox.stats.stored == ORDERS


def test_two_overlapping_backfills_end_right_and_their_counts_add_up(
    sandbox: Sandbox, postgresql_database: str
) -> None:
    """Orders 0 to 1,999 by the one, read earlier; orders 1,000 to 2,999 by the other, read later and since changed."""
    Ledger(postgresql_database).dispose()
    sandbox.settings.latency = 0.05
    one = start(sandbox, postgresql_database, "one", count=2000, title="old")
    two = start(
        sandbox, postgresql_database, "two", first=1000, count=2000, title="new", read_at="2026-03-02T00:00:01Z"
    )
    first, second = counts(one), counts(two)
    assert held(sandbox) == {str(number) for number in range(3000)}
    assert {title_of(sandbox, number) for number in range(1000)} == {"old"}
    assert {title_of(sandbox, number) for number in range(1000, 3000)} == {"new"}
    assert second["delivered"] == 2000
    # An order of both is delivered twice when the earlier reading comes first, and superseded when it comes second.
    assert first["delivered"] + first["superseded"] == 2000
    assert first["superseded"] <= 1000
    ledger = Ledger(postgresql_database)
    rows = [row for page in ledger.order_ids("boutique") for row in page]
    assert len(rows) == 3000
    assert {row.outcome for row in rows} == {"delivered"}
    assert {row.run_id for row in rows if int(row.channel_order_id) >= 1000} == {"two"}
    ledger.dispose()
    again = counts(start(sandbox, postgresql_database, "three", count=2000, title="old"))
    assert (again["unchanged"], again["superseded"], again["requests"]) == (1000, 1000, 0)
