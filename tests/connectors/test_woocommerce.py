"""WooCommerce as a server shows it: an account that may only read, and addresses that are wrong.

What orders become stands in `tests/golden`.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pymysql
import pytest

from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from tests.shops.woocommerce import statements

ORDER = {"name": "any", "order": {"id": 10, "total_amount": "0"}, "expect": {}}


@pytest.fixture(scope="module")
def database_url(mariadb_port: int) -> str:
    """A shop whose user may only read and whose password must be encoded."""
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True, charset="utf8mb4")
    with server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE DATABASE shop CHARACTER SET utf8mb4")
        cursor.execute("USE shop")
        cursor.execute("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'p@ss/%:w'")
        cursor.execute("GRANT SELECT ON shop.* TO reader@'127.0.0.1'")
        for statement, row in statements([ORDER]):
            cursor.execute(statement.replace("?", "%s"), row)
    server.close()
    return f"mysql://reader:p%40ss%2F%25%3Aw@127.0.0.1:{mariadb_port}/shop"


def test_an_account_that_may_only_read_is_enough(database_url: str) -> None:
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url))
    day = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    with reader.snapshot() as snapshot:
        [rows] = snapshot.chunks(day, day + dt.timedelta(days=1))
        assert list(rows["orders"]["order_id"]) == [10]
    reader.dispose()


def test_an_account_that_sees_only_what_the_page_on_woocommerce_names_is_enough(
    database_url: str, mariadb_port: int
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "woocommerce.md").read_text()
    columns = page.partition("GRANT SELECT (")[2].partition(")")[0]
    needed = ["wc_orders_meta", "wc_order_addresses", "wc_order_operational_data"]
    needed += ["woocommerce_order_items", "woocommerce_order_itemmeta", "options"]
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER frugal@'127.0.0.1' IDENTIFIED BY 'x'")
        cursor.execute(f"GRANT SELECT ({columns}) ON shop.wp_wc_orders TO frugal@'127.0.0.1'")
        for table in needed:
            assert f"`wp_{table}`" in page
            cursor.execute(f"GRANT SELECT ON shop.wp_{table} TO frugal@'127.0.0.1'")
    server.close()
    reader = ShopReader(ShopSource("shop", "woocommerce", f"mysql://frugal:x@127.0.0.1:{mariadb_port}/shop"))
    day = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    with reader.snapshot() as snapshot:
        [rows] = snapshot.chunks(day, day + dt.timedelta(days=1))
        assert list(rows["orders"]["order_id"]) == [10]
        assert rows.keys() & {"fulfillments", "products", "order_notes"} == set()
    reader.dispose()


def test_a_wrong_prefix_is_one_message_that_names_the_prefixes_seen(database_url: str) -> None:
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url, table_prefix="shop_"))
    with pytest.raises(ShopError, match="no table shop_wc_orders; prefixes seen: 'wp_'"), reader.snapshot():
        pass


def test_a_shop_from_before_hpos_is_asked_to_switch_it_on(tmp_path: Path) -> None:
    shop = tmp_path / "posts.sqlite"
    connection = sqlite3.connect(shop)
    connection.execute("CREATE TABLE wp_posts (ID bigint, post_type varchar(20))")
    connection.close()
    reader = ShopReader(ShopSource("shop", "woocommerce", f"sqlite:///{shop}"))
    with (
        pytest.raises(ShopError, match=r"no table wp_wc_orders; .*orders in wp_posts must switch on High-Performance"),
        reader.snapshot(),
    ):
        pass


def test_a_wrong_password_is_one_message_without_the_password(mariadb_port: int) -> None:
    url = f"mysql://reader:hunter2@127.0.0.1:{mariadb_port}/shop"
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", "woocommerce", url)).snapshot():
        pass
    assert caught.value.code == "access_denied"
    assert "hunter2" not in str(caught.value)
