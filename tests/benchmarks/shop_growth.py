"""What a shop of up to 10 million orders costs its own database, on MariaDB and PostgreSQL.

Each shop is made of copies of one of 10,000 orders (`tests/shops/copies.py`), 5,000 a day. What an order of a day costs,
asked for by the change feed, read whole, and so on, is counted in rows that the database looked at, which no other work
on the machine changes, and in its CPU.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import sqlalchemy as sa

from connectors.channels.platform import load_platform, with_prefix
from connectors.channels.reader import ShopReader, ShopSource, Snapshot
from examples.woocommerce_shop import make_mariadb_shop
from tests.connectors.plans import sent
from tests.servers.mariadb import mariadb
from tests.servers.postgresql import postgresql
from tests.shops import copies
from tests.shops.fill_magento2 import fill_magento2
from tests.shops.fill_medusa import fill_medusa
from tests.shops.fill_prestashop import fill_prestashop
from tests.shops.magento2 import make_shop
from tests.shops.medusa import medusa_shop

PLATFORMS = ("woocommerce", "prestashop", "magento2", "medusa")
# The last whole day of the shops.
NEWEST = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
BASE, DAYS = 10_000, 2
CHUNK = 1_000
MEMORY = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G", "--innodb-doublewrite=0", "--skip-log-bin")


@dataclass
class Cost:
    """What something cost the database: rows that it looked at, seconds of its CPU and of waiting; for how many."""

    rows: int
    cpu: float
    wall: float
    orders: int


class MariaDB:
    """A server with a shop of 10,000 orders, and the shops that are copies of it."""

    def __init__(self, folder: Path, port: int, platform: str) -> None:
        self.platform, self._port = platform, port
        self._connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
        with self._connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE base CHARACTER SET utf8mb4")
            cursor.execute("SELECT @@datadir, @@pid_file")
            data, name = cursor.fetchone() or ("", "")
        self._process = int((Path(data) / name).read_text())
        self._connection.select_db("base")
        match platform:
            case "woocommerce":
                url = f"mysql+pymysql://root@127.0.0.1:{port}/base"
                # Nothing of it is newer than a day ago: the copies go on from there into the past.
                make_mariadb_shop(url, orders=BASE, days=DAYS, now=dt.datetime(2026, 1, 3, 0, 4, tzinfo=dt.UTC))
                self.how, self.prefix = copies.WOOCOMMERCE, "wp_"
            case "prestashop":
                fill_prestashop(self._connection, BASE, "9.1", seconds=DAYS * 86_400)
                self.how, self.prefix = copies.PRESTASHOP, "ps_"
            case _:
                make_shop(self._connection, "base")
                fill_magento2(self._connection, BASE, days=DAYS)
                self.how, self.prefix = copies.MAGENTO2, "sales_"
        with self._connection.cursor() as cursor:
            for index in load_platform("shop", platform).settings.indexes:
                table = with_prefix(index.table, "" if platform == "magento2" else self.prefix)
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {table}_{index.column} ON {table} ({index.column})")

    def grow(self, orders: int) -> ShopSource:
        """Make the shop of so many orders."""
        self._connection.select_db("base")
        copies.copy_on_mariadb(self._connection, "base", "shop", self.how, orders // BASE)
        zone = "Europe/Paris" if self.platform == "prestashop" else "UTC"
        return ShopSource("shop", self.platform, f"mysql://root@127.0.0.1:{self._port}/shop", timezone=zone)

    def scans(self, source: ShopSource, size: int) -> set[str]:
        """Name what is read from end to end, or sorted, of more rows than a tenth of the shop's orders."""
        found = set()
        self._connection.select_db("shop")
        with self._connection.cursor(pymysql.cursors.DictCursor) as cursor:
            for statement, parameters in sent(source, self.prefix, NEWEST):
                cursor.execute(f"EXPLAIN {statement}", parameters)
                for step in cursor.fetchall():
                    how = f"{step['type']} {step['Extra']}"
                    if int(str(step["rows"] or 0).split()[0]) > size // 10 and (
                        "ALL" in how or "index " in how or "filesort" in how
                    ):
                        found.add(f"{step['table']}: {step['rows']} rows, {how}: {' '.join(statement.split())[:80]}")
        return found

    def cost(self, connection: sa.Connection, work: Callable[[], int]) -> Cost:
        """Do something with the reader's connection."""
        asked = self._looked_at(connection)
        asking = self._looked_at(connection) - asked
        before, begun, waited = self._looked_at(connection), _cpu(self._process), time.perf_counter()
        orders = work()
        cpu, waited = _cpu(self._process) - begun, time.perf_counter() - waited
        return Cost(self._looked_at(connection) - before - asking, cpu, waited, orders)

    @staticmethod
    def _looked_at(connection: sa.Connection) -> int:
        rows = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read_%%'").fetchall()
        return sum(int(value) for _, value in rows)


class PostgreSQL:
    """A server with a Medusa shop of 10,000 orders in a schema, and the one that is copies of it."""

    platform = "medusa"

    def __init__(self, port: int) -> None:
        self._url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._connection = psycopg.connect(self._url, autocommit=True)
        medusa_shop(self._connection)
        fill_medusa(self._connection, BASE, BASE // DAYS)
        for index in load_platform("shop", "medusa").settings.indexes:
            name = f"{index.table}_{index.column}"
            self._connection.execute(f'CREATE INDEX "{name}" ON "{index.table}" ({index.column})'.encode())
        self._connection.execute("ALTER SCHEMA public RENAME TO base")
        self._connection.execute("ALTER DATABASE postgres SET random_page_cost = 1.1")

    def grow(self, orders: int) -> ShopSource:
        """Make the shop of so many orders."""
        copies.copy_on_postgresql(self._connection, "base", "public", copies.MEDUSA, orders // BASE)
        return ShopSource("shop", "medusa", self._url)

    def scans(self, source: ShopSource, size: int) -> set[str]:
        """Sequential scans show in the rows that are looked at."""
        return set()

    def cost(self, connection: sa.Connection, work: Callable[[], int]) -> Cost:
        """Do something with the reader's connection; its statements are explained afterwards, which looks at them again."""
        statements: list[tuple[str, Any]] = []

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            statements.append((statement, parameters))

        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        sa.event.listen(connection, "before_cursor_execute", note)
        begun, waited = _cpu(process), time.perf_counter()
        orders = work()
        cpu, waited = _cpu(process) - begun, time.perf_counter() - waited
        sa.event.remove(connection, "before_cursor_execute", note)
        rows = 0
        for statement, parameters in statements:
            if statement.lstrip().startswith(("SELECT", "WITH")):
                explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
                [plan] = json.loads(connection.exec_driver_sql(explained, parameters).scalar_one())
                rows += scanned(plan["Plan"])
        return Cost(rows, cpu, waited, orders)


def scanned(node: Mapping[str, Any]) -> int:
    """Return how many rows a plan of PostgreSQL looked at in tables and indexes."""
    rows = 0
    if "Relation Name" in node:
        rows = (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        )
    return int(rows * node["Actual Loops"]) + sum(map(scanned, node.get("Plans", ())))


def _cpu(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def costs(server: MariaDB | PostgreSQL, source: ShopSource, size: int) -> Iterator[tuple[str, Cost]]:
    """Yield what the parts of reading cost."""
    old = NEWEST - dt.timedelta(days=size // BASE // 2 * DAYS)
    reader = ShopReader(source)
    with reader.snapshot() as snapshot:
        connection = snapshot._connection
        entries = [entry for page in snapshot.changes(NEWEST, NEWEST + dt.timedelta(1)) for entry in page]
        numbers = [number for rows in snapshot.whole(entries[:5]) for number in _numbers(reader, rows, snapshot)]
        evening = NEWEST + dt.timedelta(hours=18)
        works: dict[str, Callable[[], int]] = {
            "feed of the open day": lambda: _count(snapshot.changes(NEWEST, NEWEST + dt.timedelta(1))),
            "feed of a day long ago": lambda: _count(snapshot.changes(old, old + dt.timedelta(1))),
            "read whole": lambda: sum(len(rows["orders"]) for rows in snapshot.whole(entries[:CHUNK])),
            "the sensor's question": lambda: len(
                snapshot.first_changed(evening, evening + dt.timedelta(minutes=10), 1000, 600)
            ),
            "placed on a day": lambda: len(snapshot.first_changes("placed", NEWEST, NEWEST + dt.timedelta(1), 10_000)),
            "an order by its number": lambda: sum(len(rows["orders"]) for rows in snapshot.orders(numbers[:1])),
        }
        for name, work in works.items():
            work()
            yield name, server.cost(connection, work)
    reader.dispose()


def _numbers(reader: ShopReader, rows: Any, snapshot: Snapshot) -> list[str]:
    return [str(cell) for cell in reader.frames(rows, snapshot.read_at).orders["channel_order_id"].to_pylist()]


def _count(pages: Iterator[list[Any]]) -> int:
    return sum(map(len, pages))


@contextmanager
def server(folder: Path, platform: str) -> Iterator[MariaDB | PostgreSQL]:
    """Run the platform's database, with a shop of 10,000 orders."""
    if platform == "medusa":
        with postgresql(folder, "-c", "shared_buffers=2GB", "-c", "max_wal_size=4GB") as port:
            yield PostgreSQL(port)
    else:
        with mariadb(folder, *MEMORY) as port:
            yield MariaDB(folder, port, platform)


def shop_points(folder: Path, platform: str, sizes: Sequence[int]) -> dict[str, dict[int, float]]:
    """Return the lines of a platform over shops of so many orders."""
    lines: dict[str, dict[int, float]] = {"rows of the feed": {}, "rows of an order": {}, "us of an order": {}}
    with server(folder, platform) as running:
        for size in sizes:
            begun = time.perf_counter()
            source = running.grow(size)
            said(f"{platform}, {size:,} orders, made in {time.perf_counter() - begun:.0f} s")
            found = dict(costs(running, source, size))
            for part, cost in found.items():
                each = max(cost.orders, 1)
                figures = f"{cost.rows / each:.2f} rows and {cost.cpu / each * 1e6:.0f} us an order"
                said(f"  {part}: {cost.orders:,} orders, {figures}, {cost.wall * 1000:,.0f} ms")
            for step in sorted(running.scans(source, size) if size > BASE else ()):
                said(f"  grows with the shop: {step}")
            feed, whole = found["feed of the open day"], found["read whole"]
            lines["rows of the feed"][size] = round(feed.rows / feed.orders, 2)
            lines["rows of an order"][size] = round(whole.rows / whole.orders, 2)
            lines["us of an order"][size] = round((feed.cpu / feed.orders + whole.cpu / whole.orders) * 1e6, 1)
    return lines


def said(words: str) -> None:
    """Report how far it is."""
    print(f"{words} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)
