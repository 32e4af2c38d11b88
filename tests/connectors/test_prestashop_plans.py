"""How MariaDB runs PrestaShop's queries: nothing goes through a whole table where the recommended indexes are there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest

from connectors.channels.platform import load_platform, with_prefix
from connectors.channels.reader import ShopSource
from tests.connectors.plans import full_scans
from tests.shops.fill_prestashop import fill_prestashop

ORDERS = 6000
DAY = dt.datetime(2026, 6, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(scope="module")
def shop(mariadb_port: int) -> Iterator[pymysql.Connection[Any]]:
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True) as connection:
        connection.cursor().execute("DROP DATABASE IF EXISTS prestashop_large")
        connection.cursor().execute("CREATE DATABASE prestashop_large CHARACTER SET utf8mb4")
        connection.select_db("prestashop_large")
        fill_prestashop(connection, ORDERS, "9.1")
        yield connection


@pytest.fixture
def source(mariadb_port: int) -> ShopSource:
    url = f"mysql://root@127.0.0.1:{mariadb_port}/prestashop_large"
    return ShopSource("shop", "prestashop", url, timezone="Europe/Paris", chunk_size=20)


def test_without_the_indexes_changes_are_looked_for_from_end_to_end(shop: Any, source: ShopSource) -> None:
    assert full_scans(shop, source, "ps_", DAY)


def test_with_the_indexes_no_query_goes_through_a_whole_table(shop: Any, source: ShopSource) -> None:
    for index in load_platform("shop", "prestashop").settings.indexes:
        table = with_prefix(index.table, "ps_")
        shop.cursor().execute(f"CREATE INDEX IF NOT EXISTS {table}_{index.column} ON {table} ({index.column})")
        shop.cursor().execute(f"ANALYZE TABLE {table}")
    assert full_scans(shop, source, "ps_", DAY) == set()
