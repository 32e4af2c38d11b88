"""The example shop: read and normalised by the real thing, all of it is delivered or fails as announced."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from examples.woocommerce_shop import (
    REFUSED_BY_MIRAKL,
    REJECTED,
    UNMAPPED,
    make_mariadb_shop,
    make_sqlite_shop,
    shop_rows,
)
from tests.connectors.feeds import changes_by_feed_and_by_id
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Record, Reject
from transforms.platforms import PLATFORMS

NOW = dt.datetime(2026, 3, 31, 14, 30, tzinfo=dt.UTC)
WOOCOMMERCE = PLATFORMS["woocommerce"]
# What every shop has, the plugins' statuses and this shop's own; a draft is no order.
# The shop takes no deposits; a word with a plus says more of an order than its status does.
DEPOSITS = {"wc-partial-payment", "wc-partially-paid", "wc-scheduled-payment"}
STATUSES = {word for word in WOOCOMMERCE.statuses if "+" not in word} - DEPOSITS | {"wc-preparing-gift"}


@dataclass
class Outcome:
    records: dict[str, Record] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)


def outcome(database_url: str) -> Outcome:
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url))
    mapping = ChannelMapping(store_id="S-1", platform_statuses=WOOCOMMERCE.statuses)
    found = Outcome()
    with reader.snapshot() as snapshot:
        for rows in snapshot.chunks(NOW - dt.timedelta(days=22), NOW):
            result = normalise(reader.frames(rows, snapshot.read_at), mapping)
            found.statuses.update(map(str, rows["orders"]["status"]))
            found.records |= {record.channel_order_id: record for record in result.records}
            found.rejects |= {reject.channel_order_id: reject for reject in result.rejects}
    reader.dispose()
    return found


@pytest.fixture(scope="module")
def sqlite_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    make_sqlite_shop(path, now=NOW)
    return path


@pytest.fixture(scope="module")
def in_sqlite(sqlite_shop: Path) -> Outcome:
    return outcome(f"sqlite:///{sqlite_shop}")


@pytest.fixture(scope="module")
def in_mariadb(mariadb_port: int) -> Outcome:
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root") as server, server.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS example")
        cursor.execute("CREATE DATABASE example CHARACTER SET utf8mb4")
    url = f"mysql+pymysql://root@127.0.0.1:{mariadb_port}/example"
    make_mariadb_shop(url, now=NOW)
    return outcome(url)


@pytest.fixture(scope="module", params=["in_sqlite", "in_mariadb"])
def shop(request: pytest.FixtureRequest) -> Outcome:
    found: Outcome = request.getfixturevalue(request.param)
    return found


@pytest.mark.slow
def test_exactly_the_announced_orders_are_rejected_each_for_its_own_reason(shop: Outcome) -> None:
    assert {order_id: (reject.code, reject.field) for order_id, reject in shop.rejects.items()} == REJECTED
    assert len(set(REJECTED.values())) == len(REJECTED) == 7


def test_every_status_is_there(shop: Outcome) -> None:
    assert set(shop.statuses) == STATUSES


def test_the_money_of_every_order_adds_up_and_only_announced_orders_are_noticed(shop: Outcome) -> None:
    noticed = {(order, notice.code) for order, record in shop.records.items() for notice in record.notices}
    assert noticed == {(order, "unmapped_status") for order in UNMAPPED}


def test_the_orders_that_the_sandbox_refuses_are_good(shop: Outcome) -> None:
    assert len(REFUSED_BY_MIRAKL) == 3
    assert shop.records.keys() >= REFUSED_BY_MIRAKL


def test_both_databases_hold_the_same_shop(in_sqlite: Outcome, in_mariadb: Outcome) -> None:
    assert {order: record.payload for order, record in in_sqlite.records.items()} == {
        order: record.payload for order, record in in_mariadb.records.items()
    }


@pytest.mark.slow
def test_the_same_seed_and_instant_make_the_same_shop_and_another_seed_another() -> None:
    assert list(shop_rows(300, 21, 7, NOW)) == list(shop_rows(300, 21, 7, NOW))
    assert list(shop_rows(300, 21, 7, NOW)) != list(shop_rows(300, 21, 8, NOW))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_any_seed_makes_a_shop_whose_orders_end_as_announced(seed: int, tmp_path: Path) -> None:
    make_sqlite_shop(tmp_path / "shop.sqlite", seed=seed, now=NOW)
    found = outcome(f"sqlite:///{tmp_path / 'shop.sqlite'}")
    assert found.rejects.keys() == REJECTED.keys()
    assert {notice.code for record in found.records.values() for notice in record.notices} == {"unmapped_status"}
    assert set(found.statuses) == STATUSES


def rows(path: Path, query: str) -> Iterator[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    yield from connection.execute(query).fetchall()
    connection.close()


def test_an_orders_stamp_is_that_of_its_newest_change(sqlite_shop: Path) -> None:
    query = """
        SELECT o.date_updated_gmt, max(o.date_created_gmt, coalesce(d.date_paid_gmt, ''),
            coalesce(d.date_completed_gmt, ''), coalesce((SELECT max(date_created_gmt) FROM wp_wc_orders AS r
            WHERE r.parent_order_id = o.id), ''))
        FROM wp_wc_orders AS o JOIN wp_wc_order_operational_data AS d ON d.order_id = o.id
        WHERE o.type = 'shop_order' AND o.date_created_gmt IS NOT NULL
    """
    assert all(updated >= newest for updated, newest in rows(sqlite_shop, query))


def test_the_changes_fill_three_weeks_and_the_newest_is_minutes_old(
    sqlite_shop: Path,
) -> None:
    query = "SELECT date_created_gmt, date_updated_gmt FROM wp_wc_orders WHERE date_created_gmt IS NOT NULL"
    moments = [[dt.datetime.fromisoformat(f"{text}Z") for text in row] for row in rows(sqlite_shop, query)]
    newest = max(updated for _, updated in moments)
    assert dt.timedelta(minutes=3) <= NOW - newest <= dt.timedelta(minutes=10)
    days = [[moment.astimezone(ZoneInfo("Europe/Paris")).date() for moment in pair] for pair in moments]
    assert len({updated for _, updated in days}) >= 21
    assert sum(created < updated for created, updated in days) > 200


def test_there_is_every_kind_of_refund(sqlite_shop: Path) -> None:
    query = """
        SELECT r.id, -r.total_amount = o.total_amount, count(i.order_item_id)
        FROM wp_wc_orders AS r JOIN wp_wc_orders AS o ON o.id = r.parent_order_id
        LEFT JOIN wp_woocommerce_order_items AS i ON i.order_id = r.id AND i.order_item_type <> 'tax'
        GROUP BY r.id
    """
    kinds = {(bool(whole), items > 0) for _, whole, items in rows(sqlite_shop, query)}
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}


def test_guests_companies_and_names_beyond_ascii_are_among_the_buyers(sqlite_shop: Path) -> None:
    query = """
        SELECT o.customer_id = 0, a.company <> '', a.last_name || a.city, a.country
        FROM wp_wc_orders AS o JOIN wp_wc_order_addresses AS a ON a.order_id = o.id AND a.address_type = 'billing'
    """
    buyers = list(rows(sqlite_shop, query))
    assert {bool(guest) for guest, *_ in buyers} == {True, False}
    assert {bool(company) for _, company, *_ in buyers} == {True, False}
    assert any(not name.isascii() for _, _, name, _ in buyers)
    assert {country for *_, country in buyers} >= {"FR", "DE", "BE", "IT", "ES"}


def test_an_unfinished_shop_never_stands_at_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.sqlite"
    path.write_text("the shop before")

    def breaks(*_: object) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        yield "wp_comments", [(1, 1, "", "order_note")]
        raise OSError("disk full")

    monkeypatch.setattr("examples.woocommerce_shop.shop_rows", breaks)
    with pytest.raises(OSError, match="disk full"):
        make_sqlite_shop(path)
    assert path.read_text() == "the shop before"


def test_the_change_of_an_order_is_the_same_by_its_id(sqlite_shop: Path) -> None:
    source = ShopSource("shop", "woocommerce", f"sqlite:///{sqlite_shop}")
    by_feed, by_id = changes_by_feed_and_by_id(source, NOW - dt.timedelta(days=22), NOW)
    assert by_id == by_feed
