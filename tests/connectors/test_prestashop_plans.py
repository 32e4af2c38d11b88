"""How MariaDB runs PrestaShop's queries: nothing goes through a whole table where the recommended indexes are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest
import sqlalchemy as sa

from connectors.channels.platform import load_platform
from connectors.channels.queries import with_prefix
from connectors.channels.reader import ShopReader, ShopSource
from tests.shops.fill_prestashop import fill_prestashop

ORDERS = 6000
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def shop(mariadb_port: int) -> Iterator[pymysql.Connection[Any]]:
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True) as connection:
        connection.cursor().execute("DROP DATABASE IF EXISTS prestashop_large")
        connection.cursor().execute("CREATE DATABASE prestashop_large CHARACTER SET utf8mb4")
        connection.select_db("prestashop_large")
        fill_prestashop(connection, ORDERS, "9.1")
        yield connection


def full_scans(connection: pymysql.Connection[Any], port: int) -> set[str]:
    """Name the queries that, as the reader sent them, go through a large table from end to end."""
    source = ShopSource(
        "shop", "prestashop", f"mysql://root@127.0.0.1:{port}/prestashop_large", timezone="Europe/Paris", chunk_size=20
    )
    sent: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "ps_" in statement and statement.lstrip().startswith("SELECT") and "UTC_TIMESTAMP" not in statement:
            sent.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        reader = ShopReader(source)
        day = dt.datetime(2026, 6, 10, tzinfo=PARIS)
        with reader.snapshot() as snapshot:
            assert sum(len(rows["orders"]) for rows in snapshot.chunks(day, day + dt.timedelta(1))) > 10
            assert sum(len(rows["orders"]) for rows in snapshot.placed(day, day + dt.timedelta(1))) > 10
        reader.dispose()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len({statement for statement, _ in sent}) >= 15
    found = set()
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        for statement, parameters in sent:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            for step in cursor.fetchall():
                is_table = step["table"] is not None and not step["table"].startswith("<")
                if is_table and step["type"] in {"ALL", "index"} and int(step["rows"]) > 1000:
                    found.add(" ".join(statement.split()))
    return found


def test_without_the_indexes_changes_are_looked_for_from_end_to_end(shop: Any, mariadb_port: int) -> None:
    assert full_scans(shop, mariadb_port)


def test_with_the_indexes_no_query_goes_through_a_whole_table(shop: Any, mariadb_port: int) -> None:
    for index in load_platform("shop", "prestashop").settings.indexes:
        table = with_prefix(index.table, "ps_")
        shop.cursor().execute(f"CREATE INDEX IF NOT EXISTS {table}_{index.column} ON {table} ({index.column})")
        shop.cursor().execute(f"ANALYZE TABLE {table}")
    assert full_scans(shop, mariadb_port) == set()
