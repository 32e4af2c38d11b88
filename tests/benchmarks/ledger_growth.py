"""What an order costs in a ledger of up to 10 million rows, in SQLite and in PostgreSQL, and what all checks cost."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pyarrow as pa

from connectors.ledger import Ledger
from connectors.mirakl import limiter
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.settings import MiraklSettings
from pipelines.operations.verdicts import judge
from tests.benchmarks.ledger import entry
from tests.benchmarks.shop_growth import said
from tests.connectors.mirakl.conftest import make_record, tables
from tests.servers.postgresql import postgresql

CHANNEL = "shop"
# How many orders are delivered at each number of rows.
SAMPLE = 5_000
# The rows of a former year lie evenly on its days; ids begin here.
FIRST, DAYS = 100_000_000, 365
Lines = dict[str, dict[int, float]]


def ledger_points(folder: Path, address: str, sizes: Sequence[int]) -> Lines:
    """Deliver SAMPLE changed orders, scattered over a ledger of so many, and the same again; answer all checks."""
    limiter.CEILING = 1_000_000  # Mirakl's ceiling would be what is measured
    lines: Lines = {}
    path = folder / "ledger.sqlite"
    ledger = Ledger(f"sqlite:///{path}")
    numbers = "WITH RECURSIVE n (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last})"
    day = f"date('2025-01-01', (n % {DAYS}) || ' days')"

    def write(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    _measure(
        "SQLite", ledger, address, sizes, lines, lambda *ends: write(_more(ledger, numbers, day, *ends)), lambda: 0.0
    )
    ledger.dispose()
    path.unlink()
    # A folder of its own: PostgreSQL's user may not look into the other.
    with (
        tempfile.TemporaryDirectory(prefix="ledger-") as own,
        postgresql(Path(own), "-c", "shared_buffers=1GB", "-c", "max_wal_size=4GB") as port,
    ):
        ledger = Ledger(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
        with psycopg.connect(host="127.0.0.1", port=port, user="postgres", autocommit=True) as server:
            numbers = "WITH n AS (SELECT generate_series({first}, {last}) AS n)"
            day = f"CAST(date '2025-01-01' + n % {DAYS} AS text)"

            def grow(first: int, last: int) -> None:
                server.execute(_more(ledger, numbers, day, first, last).encode())
                server.execute("VACUUM ANALYZE ledger_orders")

            postmaster = int(Path(own, "data/postmaster.pid").read_text().split()[0])
            _measure("PostgreSQL", ledger, address, sizes, lines, grow, lambda: _cpu_of_children(postmaster))
        ledger.dispose()
    return lines


def _measure(
    name: str,
    ledger: Ledger,
    address: str,
    sizes: Sequence[int],
    lines: Lines,
    grow: Callable[[int, int], None],
    server_cpu: Callable[[], float],
) -> None:
    """Add an engine's lines; its CPU is that of this process and of its server."""
    settings = MiraklSettings(
        f"{address}/api/channel-platform",
        f"{address}/oauth/token",
        "sandbox",
        "sandbox",
        requests_per_second=limiter.CEILING,
    )

    def cpu(work: Callable[[], None]) -> float:
        begun = time.process_time() + server_cpu()
        work()
        return time.process_time() + server_cpu() - begun

    def ask() -> None:
        assert len(list(judge(CHANNEL, ledger))) == 5

    ledger.write(CHANNEL, [entry(1, "delivered")])
    there = 1
    for size in sizes:
        begun = time.perf_counter()
        grow(there + 1, size)
        there = size
        said(f"a ledger of {size:,} in {name}, made in {time.perf_counter() - begun:.0f} s")
        records = [make_record(FIRST + 1 + n * (size // SAMPLE), read_at="2026-03-03T00:00:00Z") for n in range(SAMPLE)]
        orders = list(tables(records))
        costs = {
            f"deliver, {name}": cpu(partial(_deliver, ledger, settings, orders, again=True)) / SAMPLE * 1e6,
            f"unchanged, {name}": cpu(partial(_deliver, ledger, settings, orders, again=False)) / SAMPLE * 1e6,
            f"a day's rows, {name}": cpu(lambda: _read_day(ledger)) / (size / DAYS) * 1e6,
        }
        # What was delivered has gone into the file by now: the second answer reads as little as any later one.
        ask()
        costs[f"all checks, {name}"] = cpu(ask) * 1000
        for line, y in costs.items():
            lines.setdefault(line, {})[size] = round(y, 1)
        said(f"  {costs}")


def _more(ledger: Ledger, numbers: str, day: str, first: int, last: int) -> str:
    """Write the statement that adds copies of the first row."""
    with ledger._engine.connect() as connection:
        names = list(connection.exec_driver_sql("SELECT * FROM ledger_orders LIMIT 0").keys())
    written = {"channel_order_id": f"CAST({FIRST} + n AS text)", "day": day}
    cells = ", ".join(written.get(name, name) for name in names)
    row = f"(SELECT * FROM ledger_orders WHERE channel_order_id = '{FIRST + 1}') AS first_row"
    return f"INSERT INTO ledger_orders SELECT {cells} FROM ({numbers.format(first=first, last=last)} SELECT n FROM n) AS more, {row}"


def _deliver(ledger: Ledger, settings: MiraklSettings, orders: list[pa.Table], *, again: bool) -> None:
    client = MiraklClient(settings)
    report = Delivery(client, ledger, channel=CHANNEL, channel_id="1234").deliver(
        orders, day="2026-03-02", run_id="growth", again=again
    )
    client.close()
    assert report.counts["delivered" if again else "unchanged"] == SAMPLE


def _read_day(ledger: Ledger) -> None:
    assert sum(len(page) for page in ledger.order_ids(CHANNEL, "2025-06-01", "2025-06-01"))


def _cpu_of_children(process: int) -> float:
    """Return the CPU of a server's processes that run, in s."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            cells = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(cells[1]) == process:
            ticks += int(cells[11]) + int(cells[12])
    return ticks / os.sysconf("SC_CLK_TCK")
