"""PrestaShop shops as a whole: several shops in one database, days of a zone, versions, single orders."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pymysql
import pytest

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from tests.golden.reading import day_by_day
from tests.shops import prestashop
from transforms.mapping import ChannelMapping, Exclusion
from transforms.normalise import normalise
from transforms.outcomes import Record


@pytest.fixture(scope="module")
def tables(mariadb_port: int) -> Iterator[tuple[Any, str]]:
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server, server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE DATABASE prestashop_shop CHARACTER SET utf8mb4")
        cursor.execute("USE prestashop_shop")
        prestashop.create(cursor, "8")
        yield cursor, f"mysql://root@127.0.0.1:{mariadb_port}/prestashop_shop"


@pytest.fixture
def shop(tables: tuple[Any, str]) -> tuple[Any, str]:
    cursor, _ = tables
    cursor.execute("SHOW TABLES")
    for (table,) in cursor.fetchall():
        cursor.execute(f"DELETE FROM {table}")
    prestashop.install(cursor)
    return tables


def in_one_zone(cursor: Any) -> None:
    cursor.execute("DELETE FROM ps_configuration WHERE id_shop = 2")


def source(url: str, store: str | None = "1", timezone: str = "Europe/Paris") -> ShopSource:
    return ShopSource("boutique", "prestashop", url, timezone=timezone, store=store)


def records_by_day(
    shop_source: ShopSource, days: list[dt.date], stores: Mapping[str, str] | None = None
) -> list[tuple[dt.date, Record]]:
    found = day_by_day([shop_source], days, stores or {})
    return [
        (seen.day, seen.outcome) for of_order in found.values() for seen in of_order if isinstance(seen.outcome, Record)
    ]


def open_shop(shop_source: ShopSource) -> None:
    with ShopReader(shop_source).snapshot():
        pass


def test_each_order_is_in_one_day_of_the_shops_zone_when_clocks_change(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    changes = {
        1: "2026-03-28 23:59:59",
        2: "2026-03-29 00:00:00",
        3: "2026-03-29 23:59:59",  # a day of 23 hours
        4: "2026-03-30 00:00:00",
        5: "2026-10-25 00:00:00",
        6: "2026-10-25 02:30:00",
        7: "2026-10-25 23:59:59",  # a day of 25 hours
        8: "2026-10-26 00:00:00",
    }
    for order_id, changed in changes.items():
        prestashop.insert_order(cursor, {"orders": [{"id_order": order_id, "date_upd": changed}]})
    days = [dt.date(2026, month, day) for month, day in ((3, 28), (3, 29), (3, 30), (10, 24), (10, 25), (10, 26))]
    found = [(int(record.channel_order_id), day.isoformat()) for day, record in records_by_day(source(url), days)]
    assert sorted(found) == [(order_id, changed[:10]) for order_id, changed in changes.items()]


def test_orders_of_one_second_are_all_found_over_pages(shop: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    cursor, url = shop
    monkeypatch.setattr("connectors.channels.snapshot.PAGE_SIZE", 2)
    for order_id in range(1, 8):
        prestashop.insert_order(cursor, {"orders": [{"id_order": order_id}]})
    found = [record.channel_order_id for _, record in records_by_day(source(url), [dt.date(2026, 3, 2)])]
    assert found == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_channel_with_a_store_reads_that_shop_only(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    for order_id, id_shop in ((1, 1), (2, 2)):
        prestashop.insert_order(cursor, {"orders": [{"id_order": order_id, "id_shop": id_shop}]})
    day = [dt.date(2026, 3, 2)]
    assert [record.channel_order_id for _, record in records_by_day(source(url), day)] == ["1"]
    second = source(url, store="2", timezone="America/New_York")
    assert [record.channel_order_id for _, record in records_by_day(second, day)] == ["2"]


def test_a_channel_without_a_store_sends_each_shops_orders_to_its_mirakl_store(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    in_one_zone(cursor)
    for order_id, id_shop in ((1, 1), (2, 2)):
        prestashop.insert_order(cursor, {"orders": [{"id_order": order_id, "id_shop": id_shop}]})
    stores = {"1": "S-FR", "2": "S-US"}
    records = records_by_day(source(url, store=None), [dt.date(2026, 3, 2)], stores)
    assert [(record.channel_order_id, record.store) for _, record in records] == [("1", "S-FR"), ("2", "S-US")]


def test_a_shop_of_another_zone_than_its_channel_is_refused_with_what_to_set(shop: tuple[Any, str]) -> None:
    _, url = shop
    with pytest.raises(ShopError, match="set timezone to its PS_TIMEZONE"):
        open_shop(source(url, timezone="Europe/Lisbon"))


def test_shops_of_two_zones_in_one_channel_are_refused(shop: tuple[Any, str]) -> None:
    _, url = shop
    with pytest.raises(ShopError, match="Shops of several zones in one database need a channel each"):
        open_shop(source(url, store=None))


def test_a_version_before_1_7_7_is_refused_by_name(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    cursor.execute("ALTER TABLE ps_order_cart_rule RENAME COLUMN deleted TO not_yet")
    try:
        with pytest.raises(ShopError, match=r"this PrestaShop is older than 1\.7\.7"):
            open_shop(source(url))
    finally:
        cursor.execute("ALTER TABLE ps_order_cart_rule RENAME COLUMN not_yet TO deleted")


def test_a_wrong_prefix_is_one_message_that_names_the_prefixes_seen(shop: tuple[Any, str]) -> None:
    _, url = shop
    with pytest.raises(ShopError, match="no table shop_orders; prefixes seen: 'ps_'"):
        open_shop(ShopSource("boutique", "prestashop", url, table_prefix="shop_", timezone="Europe/Paris"))


def test_goods_by_weight_of_a_module_that_made_the_quantity_a_decimal_are_one_unit(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    cursor.execute("ALTER TABLE ps_order_detail MODIFY product_quantity decimal(10,3) NOT NULL DEFAULT 0")
    try:
        detail = {"product_quantity": "1.5", "total_price_tax_excl": "15", "total_price_tax_incl": "18"}
        mug = {"id_order_detail": 11, "product_quantity": "2"}
        taxes: list[dict[str, Any]] = [{"total_amount": "3"}, {"id_order_detail": 11}]
        order = {"id_order": 1, "total_paid_tax_incl": "48"}
        prestashop.insert_order(cursor, {"orders": [order], "order_detail": [detail, mug], "order_detail_tax": taxes})
        [(_, record)] = records_by_day(source(url), [dt.date(2026, 3, 2)])
    finally:
        cursor.execute("ALTER TABLE ps_order_detail MODIFY product_quantity int unsigned NOT NULL DEFAULT 0")
    cloth, mugs = json.loads(record.payload)["order_lines"]
    assert (cloth["quantity"], cloth["price"]["amount"]) == (1, 15)
    assert cloth["custom_attributes"] == [{"id": "ordered-quantity", "type": "NUMERIC", "value": 1.5}]
    assert (mugs["quantity"], "custom_attributes" in mugs) == (2, False)
    assert record.notices == ()


def test_an_order_that_a_module_imported_can_be_left_out_by_its_source(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    for order_id, module, payment in ((1, "amazon", "Amazon MarketPlace"), (2, "ps_checkout", "Card"), (3, "", "eBay")):
        made = {"id_order": order_id, "module": module, "payment": payment}
        prestashop.insert_order(cursor, {"orders": [made]})
    reader = ShopReader(source(url))
    with reader.snapshot() as snapshot:
        [rows] = snapshot.orders(["1", "2", "3"])
        frames = reader.frames(rows, snapshot.read_at)
    assert frames.orders["source"].to_pylist() == ["amazon", "ps_checkout", "eBay"]
    imported = Exclusion("source", frozenset({"amazon", "eBay"}))
    mapping = ChannelMapping("S-1", platform_statuses=reader.platform.statuses, exclude=(imported,))
    assert [record.channel_order_id for record in normalise(frames, mapping).records] == ["2"]


def test_a_shop_is_read_whose_module_has_an_unknown_version(
    shop: tuple[Any, str],
) -> None:
    cursor, url = shop
    cursor.execute("ALTER TABLE ps_packetery_order RENAME COLUMN name_branch TO branch")
    try:
        prestashop.insert_order(cursor, {"orders": [{"id_order": 1}]})
        assert [record.channel_order_id for _, record in records_by_day(source(url), [dt.date(2026, 3, 2)])] == ["1"]
    finally:
        cursor.execute("ALTER TABLE ps_packetery_order RENAME COLUMN branch TO name_branch")


def test_one_order_is_read_by_its_id_whatever_its_day(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    for order_id in (1, 2):
        prestashop.insert_order(cursor, {"orders": [{"id_order": order_id, "reference": "SHARED"}]})
    with ShopReader(source(url)).snapshot() as snapshot:
        [rows] = snapshot.orders(["2"])
    assert list(rows["orders"]["order_id"]) == [2]


def test_an_order_is_found_on_the_day_it_was_placed(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    prestashop.insert_order(cursor, {"orders": [{"id_order": 1}]})
    reader = ShopReader(source(url))
    day = dt.datetime(2026, 2, 28, 23, tzinfo=dt.UTC)  # 1 March in Paris
    with reader.snapshot() as snapshot:
        [rows] = snapshot.placed(day, day + dt.timedelta(days=1))
    assert list(rows["orders"]["order_id"]) == [1]


def test_check_names_each_missing_index_with_the_statement_that_makes_it(shop: tuple[Any, str]) -> None:
    _, url = shop
    findings = check_shop(ShopReader(source(url)))
    assert {finding.verdict for finding in findings} == {"warning"}
    assert [finding.message.rpartition("table. ")[2] for finding in findings] == [
        "CREATE INDEX ps_orders_date_upd ON ps_orders (date_upd)",
        "CREATE INDEX ps_order_history_date_add ON ps_order_history (date_add)",
        "CREATE INDEX ps_order_slip_date_upd ON ps_order_slip (date_upd)",
        "CREATE INDEX ps_order_payment_date_add ON ps_order_payment (date_add)",
        "CREATE INDEX ps_order_carrier_date_add ON ps_order_carrier (date_add)",
        "CREATE INDEX ps_order_return_date_upd ON ps_order_return (date_upd)",
    ]


def test_check_finds_nothing_where_the_indexes_are_there(shop: tuple[Any, str]) -> None:
    cursor, url = shop
    warnings = [finding.message.rpartition("table. ")[2] for finding in check_shop(ShopReader(source(url)))]
    try:
        for statement in warnings:
            cursor.execute(statement)
        assert check_shop(ShopReader(source(url))) == []
    finally:
        for statement in warnings:
            _, _, name, _, table, _ = statement.split()
            cursor.execute(f"DROP INDEX {name} ON {table}")
