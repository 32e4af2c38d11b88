"""The ledger with a million orders: writing in bulk, reading a chunk, counting what is not accepted, its size.

    python -m tests.benchmarks.ledger [ORDERS]

On SQLite, and on a PostgreSQL that is started for it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from connectors.ledger import Ledger, LedgerEntry
from tests.servers.postgresql import postgresql

CHUNK = 500
CHANNEL = "boutique_fr"


def entry(number: int, outcome: str) -> LedgerEntry:
    """A row as delivery writes them."""
    return LedgerEntry(
        channel_order_id=f"{100_000_000 + number}",
        outcome=outcome,
        read_at="2026-03-02T00:00:00.123Z",
        run_id="5f1c2a7e-7c7a-4d9b-b9a3-1f0a9c2f3e11",
        day=f"2026-{number // 80_000 % 12 + 1:02}-01",
        store="S-1",
        delivered_hash=f"{number:064x}" if outcome == "delivered" else None,
        attempted_hash=f"{number:064x}",
        stamp="2026-03-01T10:00:00Z",
        order_lines=3,
        adjustments=0,
        attempts=1,
        first_sent_at="2026-03-02T00:00:00.456Z",
        last_sent_at="2026-03-02T00:00:00.456Z",
        unaccepted_since=None if outcome == "delivered" else "2026-03-02T00:00:00.456Z",
    )


def seconds(work: Callable[[], object]) -> float:
    """Return how long this takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(name: str, ledger: Ledger, orders: int) -> None:
    """Fill the ledger as delivery does, claim and outcome, and print figures."""

    def fill() -> None:
        for begin in range(0, orders, CHUNK):
            numbers = range(begin, min(begin + CHUNK, orders))
            claimed = [entry(number, "undelivered") for number in numbers]
            with ledger.claims(CHANNEL) as transaction:
                transaction.known([row.channel_order_id for row in claimed])
                transaction.write(claimed)
            ended = [entry(number, "refused" if number % 100 == 0 else "delivered") for number in numbers]
            ledger.settle(CHANNEL, list(zip(claimed, ended, strict=True)))

    took = seconds(fill)
    ids = [f"{100_000_000 + number}" for number in random.Random(1).sample(range(orders), CHUNK)]
    reading = min(seconds(lambda: ledger.known(CHANNEL, ids)) for _ in range(5))
    rewriting = seconds(lambda: ledger.write(CHANNEL, [entry(number, "delivered") for number in range(1, CHUNK)]))
    counting = min(seconds(lambda: ledger.count_unaccepted(CHANNEL)) for _ in range(3))
    listing = seconds(lambda: sum(1 for _ in ledger.unaccepted(CHANNEL)))
    paging = seconds(lambda: sum(len(page) for page in ledger.order_ids(CHANNEL)))
    print(f"{name}, {orders:,} orders, 1 % refused")
    print(f"  claim and settle, chunks of {CHUNK}   {took:7.1f} s   {orders / took:,.0f} orders/s")
    print(f"  read a chunk of {CHUNK}, scattered    {reading * 1000:7.1f} ms")
    print(f"  write a chunk of {CHUNK} again        {rewriting * 1000:7.1f} ms")
    print(f"  count_unaccepted                 {counting * 1000:7.1f} ms")
    print(f"  list the {orders // 100:,} not accepted     {listing * 1000:7.1f} ms")
    print(f"  all rows by pages                {paging:7.1f} s")


def main(orders: int) -> None:
    """Measure both engines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        ledger = Ledger(f"sqlite:///{path}")
        measure("SQLite", ledger, orders)
        ledger.dispose()
        print(f"  size                             {path.stat().st_size / 1e6:7.0f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder)) as port:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        ledger = Ledger(url)
        measure("PostgreSQL", ledger, orders)
        ledger.dispose()
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            size = connection.scalar(sa.text("SELECT pg_total_relation_size('ledger_orders')"))
        engine.dispose()
        print(f"  size                             {size / 1e6:7.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
