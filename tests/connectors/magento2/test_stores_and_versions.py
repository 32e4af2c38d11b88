"""Magento 2 databases that differ: several stores in one, columns of modules that are there or not, other software."""

from __future__ import annotations

import dataclasses
from typing import Any

import pymysql
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.magento2.conftest import MAPPING, payload, read_days
from tests.shops.magento2 import CASES, insert_case

PAID = CASES["a-status-of-the-merchants-own-counts-as-its-state"]


def order_of_store(order_id: int, store_id: int | None, number: str) -> dict[str, Any]:
    return {"id": order_id, "rows": {"sales_order": {"store_id": store_id, "increment_id": number}}}


@pytest.fixture
def two_stores(shop: ShopSource, server: pymysql.Connection[Any]) -> ShopSource:
    """A shop with order 7 in the store `default` (1), and orders 7 and 8 in the store `fr` (2)."""
    insert_case(server, order_of_store(101, 1, "7"))
    insert_case(server, order_of_store(102, 2, "7"))
    insert_case(server, order_of_store(103, 2, "8"))
    return shop


def lines_read(source: ShopSource) -> dict[str, str]:
    results = [result for _, result in read_days(ShopReader(source))]
    assert [reject for result in results for reject in result.rejects] == []
    orders = [payload(record) for result in results for record in result.records]
    return {order["channel_order_id"]: order["order_lines"][0]["channel_order_line_id"] for order in orders}


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("default", {"7": "1011"}),
        ("1", {"7": "1011"}),
        ("fr", {"7": "1021", "8": "1031"}),
        ("2", {"7": "1021", "8": "1031"}),
        ("us", {}),
    ],
)
def test_a_channel_reads_the_orders_of_its_store_by_code_or_id(
    store: str, expected: dict[str, str], two_stores: ShopSource
) -> None:
    assert lines_read(dataclasses.replace(two_stores, store=store)) == expected


def test_a_number_is_found_in_the_channels_own_store(two_stores: ShopSource) -> None:
    reader = ShopReader(dataclasses.replace(two_stores, store="fr"))
    with reader.snapshot() as snapshot:
        [rows] = snapshot.orders(["7"])
    assert rows["orders"]["order_id"].tolist() == [102]


@pytest.mark.parametrize("chunk_size", [1, 500])
def test_a_number_used_in_two_stores_of_one_channel_is_held_and_not_overwritten(
    chunk_size: int, two_stores: ShopSource
) -> None:
    reader = ShopReader(dataclasses.replace(two_stores, chunk_size=chunk_size))
    results = [result for _, result in read_days(reader)]
    assert [record.channel_order_id for result in results for record in result.records] == ["8"]
    rejects = {(reject.channel_order_id, reject.code) for result in results for reject in result.rejects}
    assert rejects == {("7", "duplicate_order")}


def test_a_store_map_sends_each_store_to_its_own(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, order_of_store(101, 1, "7"))
    insert_case(server, order_of_store(103, 2, "8"))
    mapping = dataclasses.replace(MAPPING, stores={"default": "S-1", "fr": "S-2"})
    records = [record for _, result in read_days(ShopReader(shop), mapping) for record in result.records]
    assert {record.channel_order_id: record.store for record in records} == {"7": "S-1", "8": "S-2"}


def test_an_order_of_a_deleted_store_is_not_lost(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, order_of_store(101, None, "7"))
    assert lines_read(shop) == {"7": "1011"}


def test_a_shop_without_the_columns_of_modules_is_read(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, PAID)
    with server.cursor() as cursor:
        for column in ("weee_tax_applied", "weee_tax_applied_row_amount"):
            cursor.execute(f"ALTER TABLE sales_order_item DROP COLUMN {column}")
        cursor.execute("ALTER TABLE sales_creditmemo_item DROP COLUMN weee_tax_applied_row_amount")
        cursor.execute("DROP TABLE sales_order_status_change_history")
    assert lines_read(shop) == {"000000116": "1161"}


def test_store_credit_pays_a_part_and_is_no_missing_money(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    with server.cursor() as cursor:
        for table in ("sales_order", "sales_creditmemo"):
            for column in ("customer_balance_amount", "gift_cards_amount", "reward_currency_amount"):
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN {column} decimal(20,4) DEFAULT NULL")
    paid = {"grand_total": 18, "total_paid": 18, "customer_balance_amount": 10, "gift_cards_amount": 2}
    memo = {"increment_id": "9", "state": 2, "grand_total": 2, "tax_amount": 2, "customer_balance_amount": 10}
    rows = {
        "sales_order": {**paid, "state": "complete", "status": "complete", "total_refunded": 2},
        "sales_creditmemo": [memo],
        "sales_creditmemo_item": [{"order_item": 1, "qty": 1, "row_total": 10, "tax_amount": 2}],
    }
    insert_case(server, {"id": 101, "rows": rows})
    [(_, result)] = read_days(ShopReader(shop))
    [record] = result.records
    assert record.notices == ()
    [adjustment] = payload(record)["order_lines"][0]["adjustments"]
    assert (adjustment["price"]["amount"], adjustment["taxes"][0]["amount"]["amount"]) == (10, 2)


def test_card_data_is_never_read(golden_shop: ShopSource) -> None:
    """The user of the golden shop reads it without the right to: here he is refused."""
    url = golden_shop.database_url.removeprefix("mysql://")
    port = int(url.split(":")[2].split("/")[0])
    with (
        pymysql.connect(host="127.0.0.1", port=port, user="magento_golden", password="secret") as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.err.OperationalError, match="denied"),
    ):
        cursor.execute("SELECT cc_last_4 FROM magento_golden.sales_order_payment")


def test_tables_of_magento_1_are_not_supported_and_said_so(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    with server.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE sales_order_item CHANGE discount_tax_compensation_amount hidden_tax_amount decimal(12,4)"
        )
    [finding] = [finding for finding in ShopReader(shop).check() if "not the tables of Magento 2.0" in finding.words]
    assert finding.verdict == "error"


def test_another_database_is_one_message_that_names_the_table(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    with server.cursor() as cursor:
        cursor.execute("RENAME TABLE sales_order TO mg_sales_order")
        cursor.execute("GRANT SELECT ON magento_shop.* TO magento_shop@'127.0.0.1'")
    [finding] = ShopReader(shop).check()
    assert "no table sales_order; prefixes seen: 'mg_'" in finding.words


def test_a_shop_with_a_table_prefix_is_read(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, PAID)
    with server.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"RENAME TABLE {table} TO mg_{table}")
        cursor.execute("GRANT SELECT ON magento_shop.* TO magento_shop@'127.0.0.1'")
    assert lines_read(dataclasses.replace(shop, table_prefix="mg_")) == {"000000116": "1161"}
