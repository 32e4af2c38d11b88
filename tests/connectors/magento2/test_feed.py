"""Magento 2's change feed and other queries: which orders, how they are found, and at what cost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from connectors.channels import snapshot as snapshot_module
from connectors.channels.check import check_shop
from connectors.channels.platform import load_platform
from connectors.channels.queries import Use, load_queries
from connectors.channels.reader import ShopReader, ShopSource
from connectors.channels.schema import Schema
from tests.connectors.magento2.conftest import MAPPING, payload, read_days
from tests.golden.platforms.magento2 import PLATFORM
from tests.shops.fill_magento2 import fill_magento2
from tests.shops.magento2 import insert_case, make_shop
from transforms.normalise import normalise

RECOMMENDED = {"sales_order_item", "sales_shipment_track"}


@pytest.fixture(scope="module")
def filled(mariadb_port: int, server: pymysql.Connection[Any]) -> Iterator[sa.Connection]:
    """Yield a connection to a shop of 5,000 orders that has the recommended indexes."""
    make_shop(server, "magento_filled")
    with server.cursor() as cursor:
        for table in RECOMMENDED:
            cursor.execute(f"CREATE INDEX recommended ON {table} (updated_at)")
    fill_magento2(server, 5_000)
    url = f"mysql+pymysql://root@127.0.0.1:{mariadb_port}/magento_filled"
    # Each statement on its own: an open transaction would hold the tables against the test that alters them.
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def full_scans(connection: sa.Connection, **ids: list[Any]) -> dict[str, set[str]]:
    """Return the tables that each query reads from end to end: query -> tables."""
    given = {
        "start": "2026-02-01 00:00:00",
        "end": "2026-02-02 00:00:00",
        "after_time": "2026-01-31 23:59:59",
        "after_id": None,
        "page_size": 10_000,
        "store": None,
        "order_ids": list(range(1000, 1020)),
        "channel_order_ids": ["000001000", "000001001"],
    }
    scans: dict[str, set[str]] = {}
    queries, faults = load_queries("shop", load_platform("shop", "magento2"), "", Schema(connection))
    assert faults == []
    for name, query in queries.items():
        if query.use is not Use.ONCE:
            lists: list[sa.BindParameter[Any]] = [
                sa.bindparam(ids_, expanding=True) for ids_ in ("order_ids", "channel_order_ids")
            ]
            explain = sa.text(f"EXPLAIN {query.statement.text}")
            explain = explain.bindparams(*(ids_ for ids_ in lists if ids_.key in query.parameters))
            plan = connection.execute(explain, {one: given[one] for one in query.parameters}).mappings()
            # `<derived2>` and the like are the query's own results; `shop` is the table of the few stores.
            read = {str(step["table"]) for step in plan if step["type"] in {"ALL", "index"}}
            scans[name] = {table for table in read if not table.startswith("<") and table != "shop"}
    return scans


def test_no_query_reads_an_order_table_from_end_to_end(filled: sa.Connection) -> None:
    assert {name: tables for name, tables in full_scans(filled).items() if tables} == {}


def test_without_the_recommended_indexes_the_feed_scans_those_two_tables(
    filled: sa.Connection, server: pymysql.Connection[Any]
) -> None:
    with server.cursor() as cursor:
        for table in RECOMMENDED:
            cursor.execute(f"DROP INDEX recommended ON magento_filled.{table}")
        try:
            scans = full_scans(filled)
        finally:
            for table in RECOMMENDED:
                cursor.execute(f"CREATE INDEX recommended ON magento_filled.{table} (updated_at)")
    assert scans["changes"] >= RECOMMENDED


def test_orders_of_one_second_are_neither_lost_nor_repeated_between_pages(
    golden_shop: ShopSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "PAGE_SIZE", 2)
    reader = ShopReader(golden_shop)
    read = Counter(record.channel_order_id for _, result in read_days(reader) for record in result.records)
    reader.dispose()
    assert read == Counter(PLATFORM.order_id(case) for case in PLATFORM.cases.values())


def orders_by(source: ShopSource, numbers: list[str]) -> list[dict[str, Any]]:
    reader = ShopReader(source)
    with reader.snapshot() as snapshot:
        chunks = [normalise(reader.frames(rows, snapshot.read_at), MAPPING) for rows in snapshot.orders(numbers)]
    reader.dispose()
    return [payload(record) for result in chunks for record in result.records]


def test_an_order_is_found_by_its_number(golden_shop: ShopSource) -> None:
    found = orders_by(golden_shop, ["000000129-1", "000000101", "no such number"])
    assert sorted(order["channel_order_id"] for order in found) == ["000000101", "000000129-1"]


def test_orders_are_found_by_the_day_they_were_placed(golden_shop: ShopSource) -> None:
    reader = ShopReader(golden_shop)
    placed = {}
    with reader.snapshot() as snapshot:
        for day in (1, 2):
            start = dt.datetime(2026, 3, day, tzinfo=dt.UTC)
            rows = list(snapshot.placed(start, start + dt.timedelta(days=1)))
            placed[day] = sum(len(chunk["orders"]) for chunk in rows)
    reader.dispose()
    assert placed == {1: len(PLATFORM.cases), 2: 0}


def test_an_edited_address_leaves_no_trace_but_is_read_with_its_order(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    insert_case(server, PLATFORM.cases["a status of the merchants own counts as its state"])
    [(before, _)] = list(read_days(ShopReader(shop)))
    with server.cursor() as cursor:
        cursor.execute("UPDATE sales_order_address SET street = '2 rue Neuve' WHERE address_type = 'shipping'")
    [(after, _)] = list(read_days(ShopReader(shop)))
    assert before == after
    [order] = orders_by(shop, ["000000116"])
    assert order["shipping_info"]["address"]["street"] == "2 rue Neuve"


def test_a_save_without_a_business_change_moves_the_stamp_but_not_the_content(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    insert_case(server, PLATFORM.cases["a status of the merchants own counts as its state"])
    [(_, before)] = list(read_days(ShopReader(shop)))
    with server.cursor() as cursor:
        # Every save of Magento's re-rolls protect_code, and MariaDB's ON UPDATE follows.
        cursor.execute("SET timestamp = UNIX_TIMESTAMP('2026-03-08 12:00:00')")
        cursor.execute("UPDATE sales_order SET protect_code = 'f00'")
        cursor.execute("SET timestamp = DEFAULT")
    [(day, after)] = list(read_days(ShopReader(shop)))
    assert day == dt.date(2026, 3, 8)
    assert [record.payload_hash for record in after.records] == [record.payload_hash for record in before.records]


def test_check_of_a_stock_magento_asks_for_two_indexes_and_nothing_else(
    shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    findings = check_shop(ShopReader(shop))
    assert {finding.verdict for finding in findings} == {"warning"}
    statements = [finding.message[finding.message.index("CREATE INDEX") :] for finding in findings]
    assert statements == [
        "CREATE INDEX sales_order_item_updated_at ON sales_order_item (updated_at)",
        "CREATE INDEX sales_shipment_track_updated_at ON sales_shipment_track (updated_at)",
    ]
    with server.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert check_shop(ShopReader(shop)) == []


def test_check_reports_a_missing_index_of_magentos_own(shop: ShopSource, server: pymysql.Connection[Any]) -> None:
    with server.cursor() as cursor:
        cursor.execute("DROP INDEX SALES_ORDER_UPDATED_AT ON sales_order")
    assert any("no index on sales_order.updated_at" in finding.message for finding in check_shop(ShopReader(shop)))
