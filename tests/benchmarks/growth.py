"""What an order costs against the size of the day, the shop and the ledger: `python -m tests.benchmarks.growth [PART ...]`.

Measures the parts that are named, all of them else, writes their points to docs/images/growth.json beside those of other
parts, and draws docs/images/growth.svg. CPU is user and system time; a run of the command has that of the same run over an
empty shop taken off. Rows that only have to be there are made by SQL.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from connectors.channels.reader import ShopReader, ShopSource
from tests.benchmarks import sql_shop
from tests.benchmarks.bench import CHANNEL, ROOT, receiver, run
from tests.benchmarks.chart import Panel, draw
from tests.benchmarks.ledger_growth import ledger_points
from tests.benchmarks.shop_growth import PLATFORMS, SIZES, said, shop_points

PICTURE = ROOT / "docs/images/growth.svg"
POINTS = PICTURE.with_suffix(".json")
DAY_SIZES = (1_000, 10_000, 100_000, 1_000_000)
# How many orders are read from each shop in SQLite.
SAMPLE = 5_000
Points = dict[int, float]
# The lines of a part: what is measured -> points.
Lines = dict[str, Points]


def main() -> None:
    parts = ("days", "sqlite", *PLATFORMS, "ledger")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all if none is named")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="rows of shop and ledger at most")
    parser.add_argument("--largest-day", type=int, default=DAY_SIZES[-1], help="orders of a day at most")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sizes = [count for count in SIZES if count <= asked.largest]
    for part in asked.parts or parts:
        with tempfile.TemporaryDirectory(prefix="growth-") as name, receiver() as address:
            measured = measure(part, Path(name), address, sizes, asked.largest_day)
        # Read again: another part may have been measured meanwhile.
        points = read_points() | {part: measured}
        POINTS.write_text(json.dumps(points, indent=1) + "\n")
        PICTURE.write_text(draw(panels(points)))


def measure(part: str, folder: Path, address: str, sizes: Sequence[int], largest_day: int) -> Lines:
    """Measure one part."""
    match part:
        case "days":
            return by_day(folder, address, [size for size in DAY_SIZES if size <= largest_day])
        case "sqlite":
            return {"read one day": by_shop(folder, sizes)}
        case "ledger":
            return ledger_points(folder, address, sizes)
        case _:
            return shop_points(folder, part, sizes)


def read_points() -> dict[str, Lines]:
    """Return the points that were measured before."""
    if not POINTS.exists():
        return {}
    stored: dict[str, dict[str, dict[str, float]]] = json.loads(POINTS.read_text())
    return {
        part: {name: {int(size): y for size, y in line.items()} for name, line in lines.items()}
        for part, lines in stored.items()
    }


def panels(points: Mapping[str, Lines]) -> list[Panel]:
    """Return what is drawn of the parts that were measured."""
    names = {"woocommerce": "WooCommerce", "prestashop": "PrestaShop", "magento2": "Magento", "medusa": "Medusa"}
    by_platform = {
        y: {name: points[part][line] for part, name in names.items() if line in points.get(part, {})}
        for y, line in (
            ("rows that the change feed looks at, an order", "rows of the feed"),
            ("rows looked at to read an order whole", "rows of an order"),
            ("us of the database's CPU an order", "us of an order"),
        )
    }
    days, ledger, sqlite = (points.get(part, {}) for part in ("days", "ledger", "sqlite"))
    asked = {name: line for name, line in ledger.items() if name.startswith("all checks")}
    delivered = {name: line for name, line in ledger.items() if name.startswith(("deliver", "unchanged"))}
    drawn = [
        Panel("orders of the day", "us of CPU an order", {name: days[name] for name in days if name != "peak MB"}),
        Panel("orders of the day", "peak MB", {"sync": days["peak MB"]} if days else {}),
        *(Panel("orders in the shop", y, lines) for y, lines in by_platform.items()),
        Panel("orders in the shop (SQLite)", "us of CPU an order", sqlite),
        Panel("rows in the ledger", "us of CPU an order", delivered),
        Panel("rows in the ledger", "ms", asked),
    ]
    return [panel for panel in drawn if panel.lines]


def by_day(folder: Path, address: str, sizes: Sequence[int]) -> Lines:
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
    return {"first sync": first, "again, unchanged": again, "peak MB": {n: peaks[n] for n in sizes}}


def by_shop(folder: Path, sizes: Sequence[int]) -> Points:
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


def _read(folder: Path, day: dt.datetime) -> int:
    reader = ShopReader(ShopSource("shop", f"{folder}/platform", f"sqlite:///{folder}/shop.sqlite"))
    with reader.snapshot() as snapshot:
        chunks = snapshot.chunks(day, day + dt.timedelta(days=1))
        orders = sum(len(reader.frames(chunk, snapshot.read_at).orders) for chunk in chunks)
    reader.dispose()
    return orders


def cost(work: Callable[[], int]) -> float:
    """Return the CPU of an order in us: of the second time, when what is done once is done."""
    work()
    begun = time.process_time()
    orders = work()
    assert orders == SAMPLE, f"{orders:,} orders instead of {SAMPLE:,}"
    return (time.process_time() - begun) / orders * 1e6


if __name__ == "__main__":
    main()
