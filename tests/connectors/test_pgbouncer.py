"""PgBouncer before the ledger's PostgreSQL and before a shop's, in the modes it has."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from connectors.ledger import Ledger
from tests.connectors.ledger.conftest import CHANNEL, entry
from tests.golden.cases import Place
from tests.golden.platforms.medusa import PLATFORM
from tests.servers.pgbouncer import pgbouncer

MARCH, APRIL = (dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (3, 4))
# In transaction mode few sessions for many clients: whoever counts on keeping one loses it.
POOL = {"session": 20, "transaction": 3}


@pytest.fixture(params=["session", "transaction"])
def pooled(request: pytest.FixtureRequest, postgresql_database: str, postgresql_port: int) -> Iterator[str]:
    """The address of an empty database through PgBouncer."""
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        pgbouncer(Path(folder), postgresql_port, request.param, default_pool_size=POOL[request.param]) as port,
    ):
        yield postgresql_database.replace(f":{postgresql_port}/", f":{port}/")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_ledger_keeps_every_row_that_many_threads_write(pooled: str) -> None:
    ledger = Ledger(pooled)

    def write(thread: int) -> None:
        for number in range(20):
            with ledger.claims(CHANNEL) as claims:
                claims.known([f"{thread}-{number}"])
                claims.write([entry(f"{thread}-{number}")])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(page) for page in ledger.order_ids(CHANNEL)) == 80
    ledger.dispose()


def test_one_sender_at_a_time_and_the_next_when_it_is_done(pooled: str) -> None:
    ledgers = [Ledger(pooled) for _ in range(3)]
    sending: list[int] = []
    most: list[int] = []
    busy, done = threading.Event(), threading.Event()

    def send(number: int) -> None:
        with ledgers[number].one_sender(lambda: None) as allowed:
            sending.append(number)
            most.append(len(sending))
            busy.set()
            assert done.wait(30)
            assert allowed()
            sending.remove(number)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    assert busy.wait(30)
    # Other clients are given the sessions of the pool meanwhile.
    for number in range(50):
        ledgers[0].write(CHANNEL, [entry(str(number))])
    done.set()
    for thread in threads:
        thread.join(30)
    assert most == [1, 1, 1]
    for ledger in ledgers:
        ledger.dispose()


def test_a_killed_sender_keeps_nobody_waiting(pooled: str) -> None:
    program = (
        "import sys, time; from connectors.ledger import Ledger\n"
        "with Ledger(sys.argv[1]).one_sender(lambda: None): print('sending', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, pooled], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sending\n"
        ledger = Ledger(pooled)
        waits, sends = threading.Event(), threading.Event()

        def send() -> None:
            with ledger.one_sender(waits.set):
                sends.set()

        thread = threading.Thread(target=send)
        thread.start()
        assert waits.wait(30)
        assert not sends.is_set()
        process.kill()
        assert sends.wait(30)
        thread.join()
    ledger.dispose()


def test_an_ended_session_is_noticed_through_the_pooler(pooled: str, postgresql_database: str) -> None:
    ledger = Ledger(pooled)
    with (
        psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as server,
        ledger.one_sender(lambda: None) as allowed,
    ):
        assert allowed()
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")
        until(lambda: not allowed())
    ledger.dispose()


def test_a_medusa_shop_is_read_alike_through_pgbouncer(pooled: str, postgresql_port: int, tmp_path: Path) -> None:
    shop = "postgresql 2.21.2"
    [direct] = PLATFORM.make(shop, PLATFORM.cases_of(shop), Place(postgresql_port, tmp_path))
    through = replace(direct, database_url=pooled.replace("/test", f"/{direct.database_url.rpartition('/')[2]}"))
    orders = _orders(direct)
    assert len(orders) > 10
    assert _orders(through) == orders


def _orders(source: ShopSource) -> list[object]:
    reader = ShopReader(replace(source, chunk_size=5))
    with reader.snapshot() as snapshot:
        chunks = [reader.frames(rows, snapshot.read_at) for rows in snapshot.chunks(MARCH, APRIL)]
    reader.dispose()
    return [row for frames in chunks for row in dict(frames.items())["lines"].to_pylist()]


def test_statement_mode_is_refused_with_one_message(postgresql_database: str, postgresql_port: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        pgbouncer(Path(folder), postgresql_port, "statement") as port,
        pytest.raises(ShopError, match="statement") as caught,
        ShopReader(
            ShopSource("shop", "medusa", postgresql_database.replace(f":{postgresql_port}/", f":{port}/"))
        ).snapshot(),
    ):
        pass
    assert "\n" not in str(caught.value)
