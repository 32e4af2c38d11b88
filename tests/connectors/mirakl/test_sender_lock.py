"""The lock of the one sender, lost while requests are on their way: nothing leaves any more, and nobody else is slowed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.ledger import Ledger
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, count, deliver, held, make_client, make_record

RECORDS = [make_record(number) for number in range(200)]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(latency=0.2)) as running:
        yield running


def end_session(url: str) -> None:
    """Let an administrator end the session that holds the lock; transactions of a moment hold other ones."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND objsubid = 2 AND classid::bigint::bit(32)::int = hashtext('ledger sender')"
        ).fetchone()
    assert ended == (1,)


def send(sandbox: Sandbox, url: str, reports: list[DayReport], begun: threading.Event) -> None:
    """Deliver 200 orders, one a request, as one sender."""
    ledger, client = Ledger(url), make_client(sandbox, requests_per_second=20)
    with ledger.one_sender(lambda: None) as may_send:
        begun.set()
        delivery = Delivery(
            client, ledger, channel="boutique", channel_id=CHANNEL_ID, orders_per_request=1, may_send=may_send
        )
        reports.append(deliver(delivery, RECORDS, run_id=threading.current_thread().name))
    client.close()
    ledger.dispose()


def until(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_when_the_session_ends_requests_in_flight_finish_and_no_other_is_sent(
    sandbox: Sandbox, postgresql_database: str
) -> None:
    reports: list[DayReport] = []
    first = threading.Thread(target=send, args=(sandbox, postgresql_database, reports, threading.Event()))
    first.start()
    until(lambda: sandbox.stats.requests >= 10)
    end_session(postgresql_database)
    at_the_end = sandbox.stats.requests
    first.join(30)
    [report] = reports
    # At most those that were on their way at that moment, one a thread.
    assert sandbox.stats.requests - at_the_end <= 8
    assert count(report)["undelivered"] == 200 - count(report)["delivered"]
    assert {failure.code for failure in report.failures} == {"SENDER_LOST"}
    assert "the lock of the ledger's one sender was lost" in (report.stopped or "")
    # Whoever takes over sends the rest, and nothing twice.
    begun = threading.Event()
    send(sandbox, postgresql_database, reports, begun)
    assert count(reports[1]) == {"delivered": 200 - count(report)["delivered"], "unchanged": count(report)["delivered"]}
    assert len(held(sandbox)) == 200
    assert sandbox.stats.stale == 0


def test_two_senders_of_which_one_lost_its_lock_stay_below_mirakls_limit(
    sandbox: Sandbox, postgresql_database: str
) -> None:
    reports: list[DayReport] = []
    senders = [
        threading.Thread(target=send, args=(sandbox, postgresql_database, reports, threading.Event())) for _ in range(2)
    ]
    senders[0].start()
    until(lambda: sandbox.stats.requests >= 10)
    senders[1].start()
    end_session(postgresql_database)
    for sender in senders:
        sender.join(60)
    assert len(reports) == 2
    assert sandbox.stats.busiest_second <= 30
    assert sandbox.stats.answers["429"] == 0
    assert len(held(sandbox)) == 200


def test_the_lock_of_a_file_is_lost_with_the_file(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    lock = tmp_path / "ledger.sqlite.sending"
    with ledger.one_sender(lambda: None) as may_send:
        assert may_send()
        lock.unlink()
        assert not may_send()
        lock.touch()
        assert not may_send()
    ledger.dispose()


def test_asking_costs_no_round_trip_while_the_server_is_silent(postgresql_database: str) -> None:
    ledger = Ledger(postgresql_database)
    with ledger.one_sender(lambda: None) as may_send:
        begin = _statements(postgresql_database)
        assert all(may_send() for _ in range(1000))
        assert _statements(postgresql_database) == begin
    ledger.dispose()


def _statements(url: str) -> object:
    """When the session that holds the lock last began a statement."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(
            "SELECT query_start FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory'"
        ).fetchone()
