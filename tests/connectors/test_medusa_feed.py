"""Medusa's change feed and the plans of all queries, on a shop of some thousand orders that has the indexes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.queries import Query, Use, load_queries
from connectors.channels.reader import ShopReader, ShopSource
from connectors.channels.schema import Schema
from tests.connectors.feeds import changes_by_feed_and_by_id
from tests.shops.fill_medusa import fill_medusa
from tests.shops.medusa import MedusaShop, medusa_shop

ORDERS = 20_000
# Tables of a handful of rows, which PostgreSQL rightly reads whole.
SMALL = {"shipping_option", "return_reason", "refund_reason", "service_zone", "fulfillment_set"} | {
    "location_fulfillment_set",
    "sales_channel",
    "stock_location",
    "stock_location_address",
}
WINDOW = (dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, 12, 15, tzinfo=dt.UTC))


def missing_indexes(reader: ShopReader) -> list[str]:
    return [
        words.partition(". ")[2] for _, words in map(dataclasses.astuple, check_shop(reader)) if "CREATE INDEX" in words
    ]


@pytest.fixture(scope="module")
def filled_url(postgresql_port: int) -> str:
    server = f"host=127.0.0.1 port={postgresql_port} user=postgres"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS medusa_filled WITH (FORCE)")
        connection.execute("CREATE DATABASE medusa_filled")
    url = f"postgresql://postgres@127.0.0.1:{postgresql_port}/medusa_filled"
    with psycopg.connect(f"{server} dbname=medusa_filled") as connection:
        medusa_shop(connection)
        connection.commit()
        for statement in missing_indexes(ShopReader(ShopSource("shop", "medusa", url))):
            connection.execute(statement.encode())
        fill_medusa(connection, ORDERS)
    return url


@pytest.fixture(scope="module")
def filled(filled_url: str) -> Iterator[ShopReader]:
    reader = ShopReader(ShopSource("shop", "medusa", filled_url))
    yield reader
    reader.dispose()


@pytest.fixture
def empty(postgresql_database: str) -> Iterator[tuple[ShopReader, psycopg.Connection[Any], MedusaShop]]:
    """An empty shop, read by one connection and written by another that commits each statement."""
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as connection:
        shop = medusa_shop(connection)
        reader = ShopReader(ShopSource("shop", "medusa", postgresql_database))
        yield reader, connection, shop
        reader.dispose()


def parameters(query: Query) -> dict[str, Any]:
    start, end = WINDOW
    known = {
        "start": start,
        "end": end,
        "after_time": start - dt.timedelta(seconds=1),
        "after_id": None,
        "page_size": 10_000,
        "store": None,
        "order_ids": [f"order_{n}" for n in range(3_000, 3_020)],
        "channel_order_ids": ["order_3000"],
    }
    return {name: known[name] for name in query.parameters}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def test_no_query_reads_a_table_of_orders_from_end_to_end(filled: ShopReader, filled_url: str) -> None:
    engine = sa.create_engine(filled_url.replace("postgresql:", "postgresql+psycopg:"))
    scanned = {}
    with engine.connect() as connection:
        # As set for SSDs; PostgreSQL's default is a disk's, with which it reads tables as small as these ones whole.
        connection.exec_driver_sql("SET random_page_cost = 1.1")
        queries, faults = load_queries("shop", filled.platform, "", Schema(connection))
        assert faults == []
        assert {query.use for query in queries.values()} == {Use.FEED, Use.BY_ID, Use.PER_CHUNK}
        for query in queries.values():
            statement = sa.text(f"EXPLAIN (FORMAT JSON) {query.statement.text}")
            if "order_ids" in query.parameters:
                statement = statement.bindparams(sa.bindparam("order_ids", expanding=True))
            [plan] = connection.execute(statement, parameters(query)).scalar_one()
            tables = {node["Relation Name"] for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
            if tables - SMALL:
                scanned[query.file] = tables - SMALL
    engine.dispose()
    assert scanned == {}, scanned


def test_every_order_of_the_shop_is_in_exactly_one_window_of_the_feed(filled: ShopReader) -> None:
    found: list[str] = []
    with filled.snapshot() as snapshot:
        for hours in range(0, 24 * 13, 4):
            start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
            for page in snapshot.changes(start, start + dt.timedelta(hours=4)):
                found += [order_id for order_id, _ in page]
                assert all(start <= at < start + dt.timedelta(hours=4) for _, at in page)
    assert sorted(found) == sorted(f"order_{n}" for n in range(1, ORDERS + 1))


def test_check_knows_each_missing_index_and_how_to_make_it(
    empty: tuple[ShopReader, psycopg.Connection[Any], MedusaShop],
) -> None:
    reader, connection, _ = empty
    missing = missing_indexes(reader)
    assert 'CREATE INDEX order_updated_at ON "order" (updated_at)' in missing
    assert "CREATE INDEX fulfillment_label_updated_at ON fulfillment_label (updated_at)" in missing
    assert "CREATE INDEX return_updated_at ON return (updated_at)" in missing
    assert len(missing) == len(reader.platform.settings.indexes)
    for statement in missing:
        connection.execute(statement.encode())
    assert missing_indexes(reader) == []


def place(shop: MedusaShop, order_id: str, number: int, **order: Any) -> None:
    shop.insert("order", [{"id": order_id, "display_id": number, **order}])
    shop.insert("order_line_item", [{"id": f"line_{order_id}", "unit_price": 10}])
    shop.insert("order_item", [{"order_id": order_id, "item_id": f"line_{order_id}", "quantity": 1}])


def ids(reader: ShopReader, start: str, end: str) -> list[str]:
    with reader.snapshot() as snapshot:
        window = (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))
        return [str(order_id) for rows in snapshot.chunks(*window) for order_id in rows["orders"]["order_id"]]


def test_days_meet_at_midnight_to_the_microsecond(
    empty: tuple[ShopReader, psycopg.Connection[Any], MedusaShop],
) -> None:
    reader, _, shop = empty
    place(shop, "order_late", 1, updated_at="2026-03-04T23:59:59.999999Z")
    place(shop, "order_early", 2, updated_at="2026-03-05T00:00:00Z")
    place(shop, "order_of_the_same_instant", 3, updated_at="2026-03-05T00:00:00Z")
    assert ids(reader, "2026-03-04T00:00Z", "2026-03-05T00:00Z") == ["order_late"]
    assert ids(reader, "2026-03-05T00:00Z", "2026-03-06T00:00Z") == ["order_early", "order_of_the_same_instant"]


def test_a_block_with_a_store_reads_the_orders_of_that_sales_channel(
    empty: tuple[ShopReader, psycopg.Connection[Any], MedusaShop], postgresql_database: str
) -> None:
    reader, _, shop = empty
    place(shop, "order_web", 1, sales_channel_id="sc_web")
    place(shop, "order_app", 2, sales_channel_id="sc_app")
    day = ("2026-03-01T00:00Z", "2026-03-02T00:00Z")
    assert ids(reader, *day) == ["order_app", "order_web"]
    of_app = ShopReader(ShopSource("shop", "medusa", postgresql_database, store="sc_app"))
    assert ids(of_app, *day) == ["order_app"]
    of_app.dispose()


def test_a_database_that_is_no_medusa_v2_is_reported_in_one_message(
    empty: tuple[ShopReader, psycopg.Connection[Any], MedusaShop],
) -> None:
    reader, connection, _ = empty
    connection.execute("DROP TABLE order_item")
    with (
        pytest.raises(ShopError, match=r"not the database of a Medusa v2 .* Medusa v1 is not supported"),
        reader.snapshot(),
    ):
        pass


def test_the_change_of_an_order_is_the_same_by_its_id(filled: ShopReader) -> None:
    start = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    by_feed, by_id = changes_by_feed_and_by_id(filled.source, start, start + dt.timedelta(days=3))
    assert by_id == by_feed
