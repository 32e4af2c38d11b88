"""How MariaDB runs WooCommerce's queries: nothing goes through a whole table, with the indexes that WooCommerce makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from connectors.channels.reader import ShopSource
from examples.woocommerce_shop import make_mariadb_shop
from tests.connectors.plans import full_scans, mariadb_rows

# What a shop of some years has beside its orders: products, their meta, and shipments of other orders.
PRODUCTS = "INSERT INTO wp_wc_product_meta_lookup (product_id, sku) SELECT 100000 + seq, seq FROM seq_1_to_5000"
PRODUCT_META = """INSERT INTO wp_postmeta (meta_id, post_id, meta_key, meta_value)
SELECT 100000 + seq, 100000 + seq DIV 2, ELT(1 + seq % 2, '_sku', '_price'), seq FROM seq_1_to_10000"""
SHIPMENTS = r"""INSERT INTO wp_wc_order_fulfillments
    (fulfillment_id, entity_type, entity_id, status, is_fulfilled, date_updated)
SELECT 100000 + seq, ELT(1 + seq % 2, 'WC_Order', 'Automattic\\WooCommerce\\Admin\\Overrides\\Order'),
    100000 + seq, 'fulfilled', 1, '2026-01-01' FROM seq_1_to_10000"""
# Attributes with thousands of values, and lines that have some of them; orders that were split by vendor.
TERMS = "INSERT INTO wp_terms (term_id, name, slug) SELECT seq, seq, CONCAT('value-', seq) FROM seq_1_to_5000"
TAXONOMY = """INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy)
SELECT seq, seq, ELT(1 + seq % 2, 'pa_color', 'product_tag') FROM seq_1_to_5000"""
CHOSEN = """INSERT INTO wp_woocommerce_order_itemmeta (meta_id, order_item_id, meta_key, meta_value)
SELECT 100000000 + order_item_id, order_item_id, 'pa_color', CONCAT('value-', order_item_id % 5000)
FROM wp_woocommerce_order_items WHERE order_item_type = 'line_item'"""
SPLIT = "UPDATE wp_wc_orders SET parent_order_id = id - 3 WHERE type = 'shop_order' AND id % 4 = 0"
# Years of orders, each twelfth with a refund: a change feed that went through them would take longer every day.
YEARS = """INSERT INTO wp_wc_orders (id, status, type, total_amount, parent_order_id, date_created_gmt, date_updated_gmt)
SELECT 10000000 + seq, 'wc-completed', IF(seq % 13 = 0, 'shop_order_refund', 'shop_order'), 10,
    IF(seq % 13 = 0, 9999999 + seq, 0), '2015-01-01' + INTERVAL seq HOUR, '2015-01-02' + INTERVAL seq HOUR
FROM seq_1_to_90000"""
# The prefix lengths of WooCommerce itself, and the indexes of meta by key, which a planner may fall for.
INDEXES = (
    "ALTER TABLE wp_wc_order_fulfillments DROP KEY fulfillments_entity, ADD KEY (entity_type(191), entity_id)",
    "ALTER TABLE wp_postmeta ADD KEY (meta_key(191))",
    "ALTER TABLE wp_terms DROP KEY terms_slug, ADD KEY (slug(191))",
    "ALTER TABLE wp_woocommerce_order_itemmeta ADD KEY (meta_key(32))",
)
ANALYZE = """ANALYZE TABLE wp_postmeta, wp_wc_product_meta_lookup, wp_wc_order_fulfillments, wp_wc_orders, wp_wc_orders_meta,
wp_woocommerce_order_itemmeta, wp_woocommerce_order_items, wp_wc_order_addresses, wp_comments, wp_terms,
wp_term_taxonomy"""


Shop = tuple["pymysql.Connection[Any]", dict[str, float]]


def source(mariadb_port: int, chunk_size: int) -> ShopSource:
    url = f"mysql://root@127.0.0.1:{mariadb_port}/woocommerce_large"
    return ShopSource("shop", "woocommerce", url, chunk_size=chunk_size)


def day_of(connection: pymysql.Connection[Any]) -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATE(MAX(date_updated_gmt)) - INTERVAL 1 DAY FROM wp_wc_orders")
        return dt.datetime.combine(cursor.fetchone()[0], dt.time(), dt.UTC)


@pytest.fixture(scope="module")
def shop(mariadb_port: int) -> Iterator[Shop]:
    """Yield a shop of many years, and how many rows it looked at for each query an order when it was young."""
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True) as connection:
        connection.cursor().execute("DROP DATABASE IF EXISTS woocommerce_large")
        connection.cursor().execute("CREATE DATABASE woocommerce_large CHARACTER SET utf8mb4")
        connection.select_db("woocommerce_large")
        make_mariadb_shop(f"mysql+pymysql://root@127.0.0.1:{mariadb_port}/woocommerce_large", orders=3000, days=4)
        for statement in (PRODUCTS, PRODUCT_META, SHIPMENTS, TERMS, TAXONOMY, CHOSEN, SPLIT, *INDEXES, ANALYZE):
            connection.cursor().execute(statement)
        young = mariadb_rows(connection, source(mariadb_port, 1_000), "wp_", day_of(connection))
        for statement in (YEARS, ANALYZE):
            connection.cursor().execute(statement)
        yield connection, young


def test_no_query_goes_through_a_whole_table(shop: Shop, mariadb_port: int) -> None:
    connection, _ = shop
    assert full_scans(connection, source(mariadb_port, 20), "wp_", day_of(connection)) == set()


def test_what_a_day_costs_does_not_grow_with_the_shop(shop: Shop, mariadb_port: int) -> None:
    """Of many orders together, which a planner may find as cheap to look for among all orders.

    Some rows of all years are allowed: a filter of at most 16,000 ids, which MariaDB makes of the refunds.
    """
    connection, young = shop
    old = mariadb_rows(connection, source(mariadb_port, 1_000), "wp_", day_of(connection))
    assert old.keys() == young.keys()
    assert {query: rows for query, rows in old.items() if rows > 1.5 * young[query] + 16} == {}
