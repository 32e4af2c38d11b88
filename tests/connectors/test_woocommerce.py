"""WooCommerce on MariaDB and SQLite: the same shop, read and normalised the same."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest

from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.platforms import PLATFORMS

SCHEMA = Path(__file__).parents[2] / "examples" / "woocommerce.sql"
MAPPING = ChannelMapping(store_id="S-1", platform_statuses=PLATFORMS["woocommerce"].statuses)
TAX_DATA = 'a:2:{s:5:"total";a:1:{i:1;s:4:"4.00";}s:8:"subtotal";a:1:{i:1;s:4:"4.00";}}'
REFUND_TAX_DATA = 'a:1:{s:5:"total";a:1:{i:1;s:5:"-2.00";}}'
SHIPPING_TAX = 'a:1:{s:5:"total";a:1:{i:1;s:4:"1.00";}}'
TRACKING = 'a:1:{i:0;a:3:{s:17:"tracking_provider";s:9:"Colissimo";s:15:"tracking_number";s:1:"x";s:12:"date_shipped";s:10:"1772784000";}}'

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, date_created_gmt, date_updated_gmt, parent_order_id)": [
        (
            10,
            "wc-processing",
            "EUR",
            "shop_order",
            4,
            30,
            0,
            "a@example.com",
            "2026-03-01 09:00:00",
            "2026-03-05 10:00:00",
            0,
        ),
        (
            11,
            "wc-completed",
            "EUR",
            "shop_order",
            4,
            30,
            0,
            "b@example.com",
            "2026-03-01 09:00:00",
            "2026-03-05 10:00:00",
            0,
        ),
        (
            12,
            "wc-cancelled",
            "EUR",
            "shop_order",
            4,
            30,
            0,
            "c@example.com",
            "2026-03-01 09:00:00",
            "2026-03-05 10:00:00",
            0,
        ),
        (
            13,
            "wc-checkout-draft",
            "EUR",
            "shop_order",
            4,
            30,
            0,
            "d@example.com",
            "2026-03-01 09:00:00",
            "2026-03-05 10:00:00",
            0,
        ),
        (
            14,
            "wc-processing",
            "EUR",
            "shop_order",
            4,
            30,
            0,
            "e@example.com",
            "2026-03-01 09:00:00",
            "2026-03-04 10:00:00",
            0,
        ),
        (
            50,
            "wc-completed",
            "EUR",
            "shop_order_refund",
            -2,
            -12,
            0,
            None,
            "2026-03-05 09:00:00",
            "2026-03-05 09:00:00",
            10,
        ),
        (
            51,
            "wc-completed",
            "EUR",
            "shop_order_refund",
            0,
            -10,
            0,
            None,
            "2026-03-05 09:00:00",
            "2026-03-05 09:00:00",
            14,
        ),
    ],
    "wp_wc_order_operational_data (id, order_id, date_paid_gmt, date_completed_gmt)": [
        (1, 10, "2026-03-01 09:01:00", None),
        (2, 11, "2026-03-01 09:01:00", "2026-03-02 09:00:00"),
        (3, 12, None, None),
        (4, 14, "2026-03-01 09:01:00", None),
    ],
    "wp_wc_order_addresses (id, order_id, address_type, first_name, last_name, company, address_1, address_2, city, state, postcode, country)": [
        (1, 10, "shipping", "Zoë", "Müller", "", "Rue 1", "", "Paris", "", "75001", "FR"),
        (2, 10, "billing", "Zoë", "Müller", "", "Rue 1", "", "Paris", "", "75001", "FR"),
        (3, 11, "shipping", "", "", "", "", "", "", "", "", "FR"),
    ],
    "wp_wc_orders_meta (id, order_id, meta_key, meta_value)": [
        (1, 50, "_refund_amount", "12.00"),
        (2, 50, "_refund_reason", "Changed mind"),
        (3, 51, "_refund_amount", "10.00"),
        (4, 11, "_wc_shipment_tracking_items", TRACKING),
    ],
    "wp_comments (comment_ID, comment_post_ID, comment_content, comment_type)": [
        (1, 12, "Unpaid order cancelled - time limit reached.", "order_note"),
    ],
}


def items() -> Iterator[tuple[str, tuple[Any, ...]]]:
    meta = 0
    for order in (10, 11, 12, 13, 14):
        base = order * 10
        tables: list[tuple[int, str, str, int, dict[str, str]]] = [
            (
                base + 1,
                "Mug Zoë",
                "line_item",
                order,
                {
                    "_product_id": "7",
                    "_variation_id": "0",
                    "_qty": "2",
                    "_line_total": "20",
                    "_line_tax": "4",
                    "_line_tax_data": TAX_DATA,
                },
            ),
            (
                base + 2,
                "Colissimo",
                "shipping",
                order,
                {
                    "method_id": "flat_rate",
                    "instance_id": "3",
                    "cost": "5.00",
                    "total_tax": "1.00",
                    "taxes": SHIPPING_TAX,
                },
            ),
            (
                base + 3,
                "FR-TVA-1",
                "tax",
                order,
                {"rate_id": "1", "label": "TVA", "rate_percent": "20", "tax_amount": "4", "shipping_tax_amount": "1"},
            ),
        ]
        if order == 10:
            tables.append(
                (
                    501,
                    "Mug Zoë",
                    "line_item",
                    50,
                    {
                        "_qty": "-1",
                        "_line_total": "-10",
                        "_line_tax": "-2",
                        "_line_tax_data": REFUND_TAX_DATA,
                        "_refunded_item_id": "101",
                    },
                )
            )
        for item_id, name, kind, owner, cells in tables:
            yield "wp_woocommerce_order_items", (item_id, name, kind, owner)
            for key, value in cells.items():
                meta += 1
                yield "wp_woocommerce_order_itemmeta", (meta, item_id, key, value)


def statements() -> Iterator[tuple[str, tuple[Any, ...]]]:
    for statement in SCHEMA.read_text().split(";\n"):
        if statement.strip():
            yield statement, ()
    for head, rows in ROWS.items():
        for row in rows:
            yield f"INSERT INTO {head} VALUES ({', '.join(['?'] * len(row))})", row
    for head, row in items():
        yield f"INSERT INTO {head} VALUES ({', '.join(['?'] * len(row))})", row


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        path = tmp_path / "shop.sqlite"
        with sqlite3.connect(path) as connection:
            for statement, row in statements():
                connection.execute(statement, row)
        connection.close()
        return f"sqlite:///{path}"
    port = request.getfixturevalue("mariadb_port")
    server = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    with server.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS shop")
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        cursor.execute("USE shop")
        cursor.execute("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'p@ss/%:w'")
        cursor.execute("GRANT SELECT ON shop.* TO reader@'127.0.0.1'")
        for statement, row in statements():
            cursor.execute(statement.replace("?", "%s"), row)
    server.close()
    return f"mysql://reader:p%40ss%2F%25%3Aw@127.0.0.1:{port}/shop"


Read = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture
def read(database_url: str) -> Read:
    def orders_of_the_day() -> dict[str, dict[str, Any]]:
        reader = ShopReader(ShopSource("shop", "woocommerce", database_url))
        day = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
        found = {}
        with reader.snapshot() as snapshot:
            for rows in snapshot.chunks(day, day + dt.timedelta(days=1)):
                result = normalise(PLATFORMS["woocommerce"].shape(rows, snapshot.read_at, "UTC"), MAPPING)
                assert result.rejects == []
                assert [notice for record in result.records for notice in record.notices] == []
                for record in result.records:
                    found[record.channel_order_id] = json.loads(record.payload, parse_float=Decimal)
        reader.dispose()
        return found

    return orders_of_the_day


def test_orders_changed_that_day_are_read_whole_and_drafts_are_not(read: Read) -> None:
    assert sorted(read()) == ["10", "11", "12", "14"]


def test_a_line_carries_net_money_and_its_taxes_by_code_and_rate(read: Read) -> None:
    line = read()["10"]["order_lines"][0]
    assert line["price"]["amount"] == 20
    assert [(tax["code"], tax["rate"], tax["amount"]["amount"]) for tax in line["taxes"]] == [
        ("TVA", Decimal("0.2"), 4)
    ]
    assert line["total_shipping_price"]["amount"] == 5
    assert line["shipping_taxes"][0]["amount"]["amount"] == 1


def test_a_refund_item_is_an_adjustment_with_a_stable_id(read: Read) -> None:
    [adjustment] = read()["10"]["order_lines"][0]["adjustments"]
    assert adjustment["channel_adjustment_id"] == "50-501"
    assert (adjustment["type"], adjustment["reason"], adjustment["quantity"]) == (
        "CANCELATION",
        "CUSTOMER_CANCELATION",
        1,
    )
    assert adjustment["price"]["amount"] == 10


def test_a_refund_without_items_is_spread_to_the_cent(read: Read) -> None:
    [adjustment] = read()["14"]["order_lines"][0]["adjustments"]
    parts = [adjustment["price"], adjustment["shipping_price"]]
    parts += [tax["amount"] for tax in adjustment["taxes"] + adjustment["shipping_taxes"]]
    assert sum(part["amount"] for part in parts) == 10


def test_a_completed_order_is_shipped_by_its_tracked_carrier(read: Read) -> None:
    order = read()["11"]
    assert order["status"] == "SHIPPED"
    assert order["shipping_info"]["carrier"] == "Colissimo"
    assert "address" not in order["shipping_info"]


def test_an_unpaid_order_that_ran_out_of_time_is_closed_with_payment_timeout(read: Read) -> None:
    order = read()["12"]
    assert (order["status"], order["status_reason"]) == ("CLOSED", "PAYMENT_TIMEOUT")


def test_an_order_belongs_to_the_day_its_refund_last_changed(read: Read) -> None:
    assert read()["14"]["channel_updated_at"] == "2026-03-05T09:00:00Z"


def test_a_wrong_prefix_is_one_message_that_names_the_prefixes_seen(database_url: str) -> None:
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url, table_prefix="shop_"))
    with pytest.raises(ShopError, match="no table shop_wc_orders; prefixes seen: 'wp_'"), reader.snapshot():
        pass


def test_a_wrong_password_is_one_message_without_the_password(mariadb_port: int) -> None:
    url = f"mysql://reader:hunter2@127.0.0.1:{mariadb_port}/shop"
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", "woocommerce", url)).snapshot():
        pass
    assert caught.value.code == "access_denied"
    assert "hunter2" not in str(caught.value)
