"""What an order costs against the size of the day, the shop and the ledger: `python -m tests.benchmarks.growth`.

Prints JSON of all points, and draws them to docs/images/growth.svg. CPU is user and system time; a run of the command has
that of the same run over an empty shop taken off. Rows that only have to be there are made by SQL.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa

from connectors.channels.reader import ShopReader, ShopSource
from connectors.ledger import Ledger
from connectors.mirakl import limiter
from connectors.mirakl.client import MiraklClient, MiraklSettings
from connectors.mirakl.delivery import Delivery
from tests.benchmarks import sql_shop
from tests.benchmarks.bench import CHANNEL, ROOT, receiver, run
from tests.benchmarks.chart import Panel, draw
from tests.benchmarks.ledger import entry
from tests.connectors.mirakl.conftest import make_record, tables

PICTURE = ROOT / "docs/images/growth.svg"
DAY_SIZES = (10_000, 30_000, 100_000, 300_000)
ROWS = (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
# How many orders are read or delivered at each number of rows.
SAMPLE = 5_000
Points = dict[int, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=10_000_000, help="rows of shop and ledger at most")
    parser.add_argument("--largest-day", type=int, default=300_000, help="orders of a day at most")
    asked = parser.parse_args()
    rows = [count for count in ROWS if count <= asked.largest]
    with tempfile.TemporaryDirectory(prefix="growth-") as name, receiver() as address:
        folder = Path(name)
        first, again, peak = by_day(folder / "days", address, [n for n in DAY_SIZES if n <= asked.largest_day])
        panels = [
            Panel("orders of the day", "us of CPU an order", {"first sync": first, "again, unchanged": again}),
            Panel("orders of the day", "peak MB", {"sync": peak}),
            Panel("orders in the shop", "us of CPU an order", {"read one day": by_shop(folder / "shop", rows)}),
            Panel("rows in the ledger", "us of CPU an order", {"deliver": by_ledger(folder, address, rows)}),
        ]
    print(json.dumps([{"x": panel.x, "y": panel.y, **panel.lines} for panel in panels]))
    PICTURE.write_text(draw(panels))


def by_day(folder: Path, address: str, sizes: list[int]) -> tuple[Points, Points, Points]:
    """Sync one day of so many orders, and once more; return CPU an order of both, and the peak of memory."""
    costs: dict[int, tuple[float, float]] = {}
    peaks: Points = {}
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    for size in (0, *sizes):
        home = folder / str(size)
        # A process apart: Linux lets a child begin with the peak of memory of its parent.
        run([sys.executable, "-m", "tests.benchmarks.sql_shop", str(home), str(size), "1"])
        start = yesterday - dt.timedelta(days=2)
        (home / "channels.toml").write_text(CHANNEL.format(folder=home, start=start))
        environment = {
            "MIRAKL_BASE_URL": f"{address}/api/channel-platform",
            "MIRAKL_TOKEN_URL": f"{address}/oauth/token",
            "MIRAKL_CLIENT_ID": "sandbox",
            "MIRAKL_CLIENT_SECRET": "sandbox",
        }
        days = ["--from", f"{yesterday}", "--to", f"{yesterday}", "--json"]
        command = [sys.executable, "-m", "pipelines.cli", "sync", "shop", *days]
        (cpu, peak, _), (cpu_again, peak_again, _) = run(command, home, environment), run(command, home, environment)
        costs[size], peaks[size] = (cpu, cpu_again), max(peak, peak_again)
        said(f"a day of {size:,}: {cpu:.1f} s, again {cpu_again:.1f} s, {peaks[size]:.0f} MB")
    first, again = ({n: (costs[n][run] - costs[0][run]) / n * 1e6 for n in sizes} for run in (0, 1))
    return first, again, {n: peaks[n] for n in sizes}


def by_shop(folder: Path, sizes: list[int]) -> Points:
    """Read one day of SAMPLE orders, change feed included, from a shop of so many, of one line each."""
    sql_shop.make(folder, 0, 1)
    points: Points = {}
    there = 0
    for size in sizes:
        with closing(sqlite3.connect(folder / "shop.sqlite")) as connection, connection:
            connection.execute(
                f"""WITH RECURSIVE n (n) AS (SELECT {there + 1} UNION ALL SELECT n + 1 FROM n WHERE n < {size})
                INSERT INTO sale SELECT n, at, at, 'paid', 'EUR', '12.00', '4.90', 'buyer@example.org', 'First', 'Last',
                    'Street ' || n, '75011', 'Paris', 'FR'
                FROM (
                    SELECT n, datetime(
                        '2020-01-01', ((n - 1) / {SAMPLE}) || ' days', ((n - 1) % {SAMPLE} * {86_400 // SAMPLE}) || ' seconds'
                    ) AS at FROM n
                )"""
            )
            connection.execute(
                f"INSERT INTO item SELECT id, id, 'SKU-' || id % 500, 'Mug', 1, '10.00', '2.00' FROM sale WHERE id > {there}"
            )
        there = size
        # A day in the middle, whole.
        day = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=size // SAMPLE // 2)
        points[size] = cost(partial(_read, folder, day))
        said(f"a shop of {size:,}: {points[size]:.0f} us")
    return points


def by_ledger(folder: Path, address: str, sizes: list[int]) -> Points:
    """Deliver SAMPLE changed orders, scattered over a ledger of so many."""
    limiter.CEILING = 1_000_000  # Mirakl's ceiling would be what is measured
    settings = MiraklSettings(
        f"{address}/api/channel-platform",
        f"{address}/oauth/token",
        "sandbox",
        "sandbox",
        requests_per_second=limiter.CEILING,
    )
    path = folder / "ledger.sqlite"
    ledger, points, there = Ledger(f"sqlite:///{path}"), Points(), 1
    ledger.write("shop", [entry(1, "delivered")])
    for size in sizes:
        with closing(sqlite3.connect(path)) as connection, connection:
            names = [row[1] for row in connection.execute("PRAGMA table_info(ledger_orders)")]
            cells = ", ".join("100000000 + n" if name == "channel_order_id" else name for name in names)
            connection.execute(
                f"""WITH RECURSIVE n (n) AS (SELECT {there + 1} UNION ALL SELECT n + 1 FROM n WHERE n < {size})
                INSERT INTO ledger_orders SELECT {cells} FROM n, ledger_orders WHERE channel_order_id = '100000001'"""
            )
        there = size
        records = [
            make_record(100_000_001 + number * (size // SAMPLE), read_at="2026-03-03T00:00:00Z")
            for number in range(SAMPLE)
        ]

        points[size] = cost(partial(_deliver, ledger, settings, list(tables(records))))
        said(f"a ledger of {size:,}: {points[size]:.0f} us")
    ledger.dispose()
    return points


def _read(folder: Path, day: dt.datetime) -> int:
    reader = ShopReader(ShopSource("shop", f"{folder}/platform", f"sqlite:///{folder}/shop.sqlite"))
    with reader.snapshot() as snapshot:
        chunks = snapshot.chunks(day, day + dt.timedelta(days=1))
        orders = sum(len(reader.frames(chunk, snapshot.read_at).orders) for chunk in chunks)
    reader.dispose()
    return orders


def _deliver(ledger: Ledger, settings: MiraklSettings, orders: list[pa.Table]) -> int:
    client = MiraklClient(settings)
    report = Delivery(client, ledger, channel="shop", channel_id="1234").deliver(
        orders, day="2026-03-02", run_id="growth", again=True
    )
    client.close()
    return report.counts["delivered"]


def cost(work: Callable[[], int]) -> float:
    """Return the CPU of an order in us: of the second time, when what is done once is done."""
    work()
    begun = time.process_time()
    orders = work()
    assert orders == SAMPLE, f"{orders:,} orders instead of {SAMPLE:,}"
    return (time.process_time() - begun) / orders * 1e6


def said(words: str) -> None:
    """Tell how far it is."""
    print(f"{words} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
