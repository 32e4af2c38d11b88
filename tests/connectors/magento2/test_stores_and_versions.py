"""Magento 2 databases that differ: several stores in one, columns of modules that are there or not, other software."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pymysql
import pytest

from connectors.channels.check import check_shop
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.magento2.conftest import MAPPING, payload, read_days
from tests.golden.platforms.magento2 import PLATFORM
from tests.shops.magento2 import insert_case

PAID = PLATFORM.cases["a status of the merchants own counts as its state"]


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
    assert list(rows["orders"]["order_id"]) == [102]


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


@pytest.fixture
def wrapping_shop(shop: ShopSource, server: pymysql.Connection[Any]) -> ShopSource:
    """A shop that wraps gifts (Adobe Commerce)."""
    with server.cursor() as cursor:
        for table in ("sales_order", "sales_creditmemo"):
            for what in ("", "items_", "card_"):
                for column in ("price", "tax_amount"):
                    cursor.execute(f"ALTER TABLE {table} ADD COLUMN gw_{what}{column} decimal(12,4) DEFAULT NULL")
    return shop


def wrapped(state: str, **rows: Any) -> dict[str, Any]:
    """An order of 30.00 whose two mugs are wrapped for 3.00, with a card for 1.00, each with 20 % VAT beside."""
    price = {"gw_items_price": 3, "gw_items_tax_amount": "0.6", "gw_card_price": 1, "gw_card_tax_amount": "0.2"}
    order = {"state": state, "status": state, "grand_total": "34.8", "total_paid": "34.8", "tax_amount": "5.8", **price}
    taxes = [
        {"item": 1, "taxable_item_type": "product", "tax_percent": 20, "amount": 4, "real_amount": 4},
        {"taxable_item_type": "shipping", "tax_percent": 20, "amount": 1, "real_amount": 1},
        {
            "associated_item": 1,
            "taxable_item_type": "item_gw",
            "tax_percent": 20,
            "amount": "0.6",
            "real_amount": "0.6",
        },
        {"taxable_item_type": "printed_card_gw", "tax_percent": 20, "amount": "0.2", "real_amount": "0.2"},
    ]
    own = {**order, **rows.pop("sales_order", {})}
    return {"id": 101, "rows": {"sales_order": own, "sales_order_tax_item": taxes, **rows}}


def sent(source: ShopSource) -> dict[str, Any]:
    [(_, result)] = read_days(ShopReader(source))
    [record] = result.records
    assert record.notices == ()
    return payload(record)


def euros(amount: float) -> dict[str, Any]:
    return {"amount": pytest.approx(Decimal(str(amount))), "currency": "EUR"}


def vat(amount: float) -> dict[str, Any]:
    return {"code": "VAT-20", "rate": Decimal("0.2"), "amount": euros(amount)}


def test_gift_wrapping_is_a_line_of_its_own(wrapping_shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, wrapped("processing"))
    mugs, wrapping = sent(wrapping_shop)["order_lines"]
    assert (mugs["price"], mugs["taxes"]) == (euros(20), [vat(4)])
    assert mugs["total_shipping_price"] == euros(5)
    assert wrapping == {
        "channel_order_line_id": "wrapping-101",
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "quantity": 1,
        "price": euros(4),
        "taxes": [vat(0.8)],
        "total_shipping_price": euros(0),
        "product": {"id": "gift-wrapping", "title": "Gift wrapping"},
        "status": "AWAITING_SHIPMENT",
        "can_cancel": True,
        "can_refund": True,
    }


def test_a_credit_memo_gives_the_wrapping_back_on_its_line(
    wrapping_shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    memo = {"increment_id": "9", "state": 2, "grand_total": "34.8", "shipping_amount": 5, "shipping_tax_amount": 1}
    memo |= {"gw_items_price": 3, "gw_items_tax_amount": "0.6", "gw_card_price": 1, "gw_card_tax_amount": "0.2"}
    rows = {
        "sales_order": {"total_refunded": "34.8"},
        "sales_order_item": [{"qty_refunded": 2}],
        "sales_creditmemo": [memo],
        "sales_creditmemo_item": [{"order_item": 1, "qty": 2, "row_total": 20, "tax_amount": 4}],
    }
    insert_case(server, wrapped("closed", **rows))
    order = sent(wrapping_shop)
    mugs, wrapping = order["order_lines"]
    assert [made["channel_adjustment_id"] for made in mugs["adjustments"]] == ["cm-9-1011", "cm-9-shipping"]
    assert (order["status"], wrapping["status"], wrapping["status_reason"]) == ("CLOSED", "CLOSED", "REFUNDED")
    assert wrapping["adjustments"] == [
        {
            "channel_adjustment_id": "cm-9-wrapping",
            "type": "REFUND",
            "created_at": "2026-03-01T09:00:00Z",
            "reason": "CUSTOMER_CANCELATION",
            "quantity": 1,
            "price": euros(4),
            "taxes": [vat(0.8)],
            "shipping_price": euros(0),
        }
    ]


def test_the_wrapping_of_a_cancelled_order_is_cancelled_with_it(
    wrapping_shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    rows = {
        "sales_order": {"total_paid": None, "total_due": "34.8", "shipping_canceled": 5},
        "sales_order_item": [{"qty_canceled": 2}],
    }
    insert_case(server, wrapped("canceled", **rows))
    mugs, wrapping = sent(wrapping_shop)["order_lines"]
    assert [made["channel_adjustment_id"] for made in mugs["adjustments"]] == ["cancel-1011", "cancel-101-shipping"]
    [adjustment] = wrapping["adjustments"]
    assert adjustment["channel_adjustment_id"] == "cancel-wrapping-101"
    assert (adjustment["type"], adjustment["quantity"]) == ("CANCELATION", 1)
    assert (adjustment["price"], adjustment["taxes"]) == (euros(4), [vat(0.8)])


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


def test_tables_of_magento_1_are_reported_as_not_supported(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    with server.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE sales_order_item CHANGE discount_tax_compensation_amount hidden_tax_amount decimal(12,4)"
        )
    [finding] = [
        finding for finding in check_shop(ShopReader(shop)) if "not the tables of Magento 2.0" in finding.message
    ]
    assert finding.verdict == "error"


def test_another_database_is_one_message_that_names_the_table(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    with server.cursor() as cursor:
        cursor.execute("RENAME TABLE sales_order TO mg_sales_order")
        cursor.execute("GRANT SELECT ON magento_shop.* TO magento_shop@'127.0.0.1'")
    [finding] = check_shop(ShopReader(shop))
    assert "no table sales_order; prefixes seen: 'mg_'" in finding.message


def test_a_shop_with_a_table_prefix_is_read(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    insert_case(server, PAID)
    with server.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            cursor.execute(f"RENAME TABLE {table} TO mg_{table}")
        cursor.execute("GRANT SELECT ON magento_shop.* TO magento_shop@'127.0.0.1'")
    assert lines_read(dataclasses.replace(shop, table_prefix="mg_")) == {"000000116": "1161"}
