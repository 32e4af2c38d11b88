"""The ledger on both of its engines: what is written is read, and nobody's write is lost."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.ledger import Ledger, LedgerEntry, LedgerError, now
from tests.connectors.ledger.conftest import CHANNEL, entry

FULL = LedgerEntry(
    channel_order_id="A-1",
    outcome="refused",
    read_at="2026-03-02T00:00:00.123Z",
    run_id="run",
    day="2026-03-01",
    store="S-1",
    delivered_hash="d" * 64,
    attempted_hash="a" * 64,
    stamp="2026-03-01T10:00:00Z",
    doubtful_stamp="2026-03-01T09:00:00Z",
    order_lines=3,
    adjustments=1,
    error_code="INVALID_INPUT",
    error_field="order_lines[0].price",
    error_field_sent="$.orders[17].order_lines[0].price",
    error_reason="is required",
    attempts=2,
    first_sent_at="2026-03-02T00:00:00Z",
    last_sent_at="2026-03-02T00:05:00Z",
    unaccepted_since="2026-03-02T00:00:00Z",
)


def test_a_ledger_without_a_version_is_one_message(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger(url).dispose()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection, connection:
        connection.execute("DELETE FROM ledger_version")
    with pytest.raises(LedgerError, match="its table ledger_version is empty"):
        Ledger(url)


def test_a_row_is_read_as_it_was_written(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [FULL])
    assert ledger.known(CHANNEL, ["A-1", "A-2"]) == {"A-1": FULL}
    assert ledger.known("other", ["A-1"]) == {}


def test_an_instant_is_utc_to_the_millisecond_so_that_it_sorts_as_text() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now())
    assert abs(dt.datetime.fromisoformat(now()) - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_a_later_row_takes_the_place_of_the_earlier(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [FULL])
    ledger.write(CHANNEL, [entry("A-1")])
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": entry("A-1")}


def test_postgresql_reads_only_the_rows_asked_for_even_without_analyze(
    postgresql_database: str,
) -> None:
    ledger = Ledger(postgresql_database)
    ledger.write(CHANNEL, [entry(f"{number:05}") for number in range(20_000)])
    ledger.dispose()
    before = _index_entries_read(postgresql_database)
    ledger = Ledger(postgresql_database)
    assert len(ledger.known(CHANNEL, [f"{number:05}" for number in range(0, 20_000, 100)])) == 200
    ledger.dispose()
    assert 200 <= _index_entries_read(postgresql_database) - before < 1_000


def _index_entries_read(url: str) -> int:
    engine = sa.create_engine(url)
    query = sa.text("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'ledger_orders_pkey'")
    # Other connections say what they read when they end, which is a moment after they are closed.
    with engine.connect() as connection:
        others = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = 'test' AND pid <> pg_backend_pid()")
        deadline = time.monotonic() + 10
        while connection.scalar(others) and time.monotonic() < deadline:
            time.sleep(0.02)
            connection.rollback()
        read = connection.scalar(query)
    engine.dispose()
    return int(read)


@pytest.mark.parametrize(
    "order_id", ["A" * 500, "注文-№1", "O'Brien; DROP TABLE", "é", "e\u0301", " A", "%", "🧦" * 500]
)
def test_any_id_is_kept_as_it_is(ledger: Ledger, order_id: str) -> None:
    ledger.write(CHANNEL, [entry(order_id), entry("other")])
    assert ledger.known(CHANNEL, [order_id]) == {order_id: entry(order_id)}


def test_errors_of_any_length_are_kept(ledger: Ledger) -> None:
    row = entry(
        "A-1", "refused", error_code="C" * 5000, error_field="f" * 5000, error_reason="r" * 5000, store="S" * 999
    )
    ledger.write(CHANNEL, [row])
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": row}


@pytest.mark.slow
def test_more_ids_than_a_query_may_have_parameters_are_read_all_the_same(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [entry(str(number)) for number in range(40_000)])
    assert len(ledger.known(CHANNEL, [str(number) for number in range(70_000)])) == 40_000


@pytest.mark.parametrize("outcome", ["delivered", "refused"])
def test_an_outcome_is_written_only_over_the_claim_it_belongs_to(ledger: Ledger, outcome: str) -> None:
    claimed = entry("A-1", "undelivered", attempts=1)
    ledger.write(CHANNEL, [claimed])
    newer = entry("A-1", "undelivered", attempts=2, run_id="another")
    ledger.write(CHANNEL, [newer])
    ledger.settle(CHANNEL, [(claimed, claimed._replace(outcome=outcome))])
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": newer}
    ended = newer._replace(outcome=outcome, delivered_hash="hash", order_lines=1, adjustments=0, history="[]")
    ended = ended._replace(unaccepted_since=None if outcome == "delivered" else newer.unaccepted_since)
    ledger.settle(CHANNEL, [(newer, ended)])
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": ended}


def test_orders_not_accepted_are_listed_oldest_first_and_counted(ledger: Ledger) -> None:
    rows = [
        entry("late", "refused", unaccepted_since="2026-03-03T00:00:00Z", error_code="X", day="2026-03-03"),
        entry("early", "rejected", unaccepted_since="2026-03-01T00:00:00Z", error_code="X", day="2026-03-01"),
        entry("open", "undelivered", unaccepted_since="2026-03-02T00:00:00Z", error_code="Y", day="2026-03-02"),
        entry("fine"),
    ]
    ledger.write(CHANNEL, rows)
    ledger.write("other", [entry("elsewhere", "refused")])

    def ids(**options: object) -> list[str]:
        return [row.channel_order_id for _, row in ledger.unaccepted(**options)]  # type: ignore[arg-type]

    assert ids(channel=CHANNEL) == ["early", "open", "late"]
    assert ids() == ["early", "open", "late", "elsewhere"]
    assert [channel for channel, _ in ledger.unaccepted()] == [CHANNEL] * 3 + ["other"]
    assert ids(channel=CHANNEL, code="X") == ["early", "late"]
    assert ids(channel=CHANNEL, since="2026-03-02") == ["open", "late"]
    assert ids(limit=1) == ["early"]
    assert ledger.count_unaccepted(CHANNEL) == {
        "rejected": (1, "2026-03-01T00:00:00Z"),
        "undelivered": (1, "2026-03-02T00:00:00Z"),
        "refused": (1, "2026-03-03T00:00:00Z"),
    }
    assert ledger.count_unaccepted("nobody") == {}


def test_all_rows_of_a_channel_come_in_pages_each_once(ledger: Ledger) -> None:
    ids = [f"A-{number}" for number in range(2500)]
    ledger.write(CHANNEL, [entry(order_id, day=f"2026-03-{index % 28 + 1:02}") for index, order_id in enumerate(ids)])
    ledger.write("other", [entry("B")])
    pages = list(ledger.order_ids(CHANNEL))
    assert [len(page) for page in pages] == [1000, 1000, 500]
    assert sorted(row.channel_order_id for page in pages for row in page) == sorted(ids)
    days = {row.day for page in ledger.order_ids(CHANNEL, "2026-03-05", "2026-03-06") for row in page}
    assert days == {"2026-03-05", "2026-03-06"}


def test_rows_may_be_written_while_pages_and_lists_are_read(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [entry(str(number), "refused") for number in range(3000)])
    for number, (_, row) in enumerate(ledger.unaccepted(CHANNEL)):
        if number % 500 == 0:
            ledger.write(CHANNEL, [entry(row.channel_order_id)])
    for page in ledger.order_ids(CHANNEL):
        ledger.write(CHANNEL, [entry(page[0].channel_order_id)])
    assert ledger.count_unaccepted(CHANNEL)["refused"][0] < 3000


def test_no_claim_is_lost_between_threads(ledger: Ledger) -> None:
    def add_one() -> None:
        for _ in range(25):
            with ledger.claims(CHANNEL) as transaction:
                row = transaction.known(["A-1"]).get("A-1", entry("A-1", attempts=0))
                transaction.write([row._replace(attempts=row.attempts + 1)])

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.known(CHANNEL, ["A-1"])["A-1"].attempts == 200


def test_a_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    def write_and_fail() -> None:
        with ledger.claims(CHANNEL) as transaction:
            transaction.write([entry("A-1")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert ledger.known(CHANNEL, ["A-1"]) == {}


def test_two_may_open_a_new_ledger_at_once(url: str) -> None:
    opened: list[Ledger] = []
    threads = [threading.Thread(target=lambda: opened.append(Ledger(url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for ledger in opened:
        ledger.dispose()


@pytest.mark.parametrize("address", ["nonsense", "mysql+pymysql://root@localhost/x", "oracle://x", "", "sqlite3:///x"])
def test_an_address_that_cannot_hold_a_ledger_is_named_as_a_setting(address: str) -> None:
    with pytest.raises(LedgerError, match="LEDGER_URL"):
        Ledger(address)


def test_an_unreachable_database_is_reported_without_its_password() -> None:
    with pytest.raises(LedgerError, match="LEDGER_URL") as caught:
        Ledger("postgresql+psycopg://someone:hush@127.0.0.1:9/ledger")
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("these are not the bytes you are looking for" * 100)
    with pytest.raises(LedgerError, match="not a database"):
        Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with pytest.raises(LedgerError, match="folder"):
        Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite' / 'below' / 'ledger.sqlite'}")


def test_a_full_disk_is_reported_and_earlier_rows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.write(CHANNEL, [FULL])

    @sa.event.listens_for(ledger._engine, "begin")
    def fill(connection: sa.Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    with pytest.raises(LedgerError, match="full"):
        ledger.write(CHANNEL, [entry(str(number)) for number in range(10_000)])
    ledger.dispose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_orders").fetchone() == (1,)
    connection.close()


def test_who_is_first_goes_before_those_that_wait_longer(url: str) -> None:
    ledgers = [Ledger(url) for _ in range(4)]
    order: list[str] = []
    waits = [threading.Event() for _ in range(3)]

    def send(ledger: Ledger, name: str, waiting: threading.Event) -> None:
        with ledger.one_sender(waiting.set, first=name == "today"):
            order.append(name)

    threads = [
        threading.Thread(target=send, args=(ledger, name, waiting))
        for ledger, name, waiting in zip(ledgers[1:], ("backfill", "backfill", "today"), waits, strict=True)
    ]
    with ledgers[0].one_sender(lambda: None):
        for thread, waiting in zip(threads, waits, strict=True):
            thread.start()
            assert waiting.wait(20)
    for thread in threads:
        thread.join(20)
    assert order == ["today", "backfill", "backfill"]
    for ledger in ledgers:
        ledger.dispose()


def test_one_sender_waits_for_the_other(url: str) -> None:
    first, second = Ledger(url), Ledger(url)
    waiting, order = threading.Event(), list[str]()

    def send() -> None:
        with second.one_sender(waiting.set):
            order.append("second")

    thread = threading.Thread(target=send)
    with first.one_sender(lambda: None):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    with first.one_sender(lambda: pytest.fail("nobody sends")):
        pass
    first.dispose()
    second.dispose()


def test_a_killed_sender_keeps_nobody_waiting(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'l.sqlite'}"
    program = (
        "import sys, time\nfrom connectors.ledger import Ledger\n"
        "with Ledger(sys.argv[1]).one_sender(print):\n    print('sending', flush=True)\n    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "sending\n"
    process.kill()
    process.wait()
    process.stdout.close()
    ledger = Ledger(url)
    with ledger.one_sender(lambda: pytest.fail("nobody sends")):
        pass
    ledger.dispose()
