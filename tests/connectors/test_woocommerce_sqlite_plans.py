"""How SQLite, which has no statistics of a WordPress's tables, runs WooCommerce's queries."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from connectors.channels.reader import ShopSource
from examples.woocommerce_shop import make_sqlite_shop
from tests.connectors.plans import sqlite_scans, sqlite_steps

NOW = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)
DAY = NOW - dt.timedelta(days=2)
ORDERS_A_DAY = 60
# What a shop has beside its orders, so that it would show if a query went through it.
CATALOGUE = """
WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < {size})
INSERT INTO {table} SELECT {columns} FROM seq
"""
TABLES = {
    "wp_wc_product_meta_lookup (product_id, sku)": "100000 + n, n",
    "wp_postmeta": "n, 100000 + n / 2, CASE n % 2 WHEN 0 THEN '_sku' ELSE '_virtual' END, n",
    "wp_terms (term_id, name, slug)": "n, n, 'value-' || n",
    "wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy)": "n, n, 'pa_color'",
    "wp_wc_order_fulfillments (fulfillment_id, entity_type, entity_id, status, date_updated)": (
        "100000000 + n, 'WC_Order', 100000000 + n, 'fulfilled', '2026-01-01'"
    ),
}


def source(folder: Path, days: int) -> ShopSource:
    """Make a shop that has been open for so many days."""
    path = folder / f"{days}.sqlite"
    make_sqlite_shop(path, orders=ORDERS_A_DAY * days, days=days, now=NOW)
    connection = sqlite3.connect(path)
    for table, columns in TABLES.items():
        connection.execute(CATALOGUE.format(size=ORDERS_A_DAY * days, table=table, columns=columns))
    # Some lines have an attribute, and some orders are a vendor's.
    connection.execute(
        "INSERT INTO wp_woocommerce_order_itemmeta SELECT 100000000 + order_item_id, order_item_id, 'pa_color', "
        "'value-' || order_item_id % 100 FROM wp_woocommerce_order_items WHERE order_item_type = 'line_item'"
    )
    connection.execute("UPDATE wp_wc_orders SET parent_order_id = id - 3 WHERE type = 'shop_order' AND id % 4 = 0")
    connection.commit()
    connection.close()
    return ShopSource("shop", "woocommerce", f"sqlite:///{path}", chunk_size=20)


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> ShopSource:
    return source(tmp_path_factory.mktemp("young"), days=4)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> ShopSource:
    return source(tmp_path_factory.mktemp("old"), days=40)


@pytest.mark.slow
def test_no_query_about_orders_goes_through_a_whole_table(old: ShopSource) -> None:
    assert sqlite_scans(old, "wp_", DAY) == set()


def test_what_a_day_costs_does_not_grow_with_the_shop(young: ShopSource, old: ShopSource) -> None:
    """An index of nearly equal values, as that of the orders' types, is no scan for SQLite, but costs as much."""
    before, after = (sqlite_steps(shop, "wp_", DAY) for shop in (young, old))
    assert before.keys() == after.keys()
    assert {query: cost for query, cost in after.items() if cost > 2 * before[query] + 1} == {}
