"""PrestaShop on MariaDB: golden orders in every version, and the days they belong to."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from connectors.sandbox.rules import findings
from tests.connectors.feeds import changes_by_feed_and_by_id
from tests.shops import prestashop
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Record

GOLDEN = Path(__file__).parents[1] / "golden"
# The second shop of the test database has a zone of its own, so each is a channel of its own.
ZONES = {"1": "Europe/Paris", "2": "America/New_York"}
DAYS = [dt.date(2026, 3, 1) + dt.timedelta(days) for days in range(31)]
DAYS += [dt.date(2026, 10, day) for day in (24, 25, 26)]
SHOPS = {"1.7.7": ("1.7.7", 1), "8": ("8", 1), "9.1": ("9.1", 1), "8 with state ids of its own": ("8", 101)}


def _load(path: Path) -> Any:
    return json.loads(path.read_text(), parse_float=Decimal)


PLAIN = _load(GOLDEN / "prestashop_plain.json")
CASES = {path.stem: _load(path) for path in sorted((GOLDEN / "prestashop").glob("*.json"))}
IN_SHOPS = [
    (shop, name)
    for shop, (version, _) in SHOPS.items()
    for name, case in CASES.items()
    if version in case.get("versions", [version])
]

Shop = Callable[[str], str]


@contextmanager
def database(port: int, name: str) -> Iterator[tuple[Any, str]]:
    """Make an empty database on the test server; yield a cursor in it and its URL."""
    server = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    with closing(server), server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        yield cursor, f"mysql://root@127.0.0.1:{port}/{name}"


@pytest.fixture(scope="module")
def golden_shop(mariadb_port: int) -> Shop:
    made: dict[str, str] = {}

    def url(shop: str) -> str:
        if shop not in made:
            version, first_state = SHOPS[shop]
            with database(mariadb_port, f"prestashop_{len(made)}") as (cursor, made[shop]):
                prestashop.create(cursor, version)
                prestashop.install(cursor, first_state)
                for name in (name for in_shop, name in IN_SHOPS if in_shop == shop):
                    prestashop.insert_order(cursor, CASES[name]["rows"], state_shift=first_state - 1)
        return made[shop]

    return url


@pytest.fixture(scope="module")
def days_of(golden_shop: Shop) -> Callable[[str], Mapping[str, list[tuple[dt.date, Record]]]]:
    read: dict[str, dict[str, list[tuple[dt.date, Record]]]] = {}

    def by_order(shop: str) -> Mapping[str, list[tuple[dt.date, Record]]]:
        if shop not in read:
            read[shop] = {}
            for store, zone in ZONES.items():
                source = ShopSource("shop", "prestashop", golden_shop(shop), timezone=zone, store=store)
                for day, record in records_by_day(source, DAYS):
                    read[shop].setdefault(record.channel_order_id, []).append((day, record))
        return read[shop]

    return by_order


def records_by_day(
    source: ShopSource, days: list[dt.date], stores: Mapping[str, str] | None = None
) -> Iterator[tuple[dt.date, Record]]:
    reader = ShopReader(source)
    platform, zone = reader.platform, ZoneInfo(source.timezone)
    mapping = ChannelMapping(
        store_id="S-1",
        stores=stores or {},
        platform_statuses=platform.statuses,
        rate_divisor=platform.rate_divisor,
        naive_timezone=platform.naive_timezone(source.timezone),
    )
    with reader.snapshot() as snapshot:
        for day in days:
            start, end = (dt.datetime.combine(d, dt.time(), zone) for d in (day, day + dt.timedelta(1)))
            for rows in snapshot.chunks(start, end):
                result = normalise(reader.frames(rows, snapshot.read_at), mapping)
                assert result.rejects == []
                yield from ((day, record) for record in result.records)
    reader.dispose()


def expected(case: Any) -> Any:
    """Complete a golden case: the plain order and line under it, `null` for what must not be there, money spelt out."""
    order = {**PLAIN["order"], **case["expected"]}
    reference = {"id": "order-number", "type": "STRING", "value": f"R{order['channel_order_id']}"}
    order.setdefault("custom_attributes", [reference])
    order["shipping_info"] = {**PLAIN["order"]["shipping_info"], **order["shipping_info"]}
    stamps = {"created_at": order["created_at"], "updated_at": order["channel_updated_at"]}
    order["order_lines"] = [{**PLAIN["line"], **stamps, **line} for line in order["order_lines"]]
    return _spelt(order)


def _spelt(value: Any) -> Any:
    match value:
        case dict():
            return {name: _spelt(item) for name, item in value.items() if item is not None}
        case list():
            return [_spelt(item) for item in value]
        case str() if money := re.fullmatch(r"(\d+\.\d\d) ([A-Z]{3})", value):
            return {"amount": Decimal(money[1]), "currency": money[2]}
        case _:
            return value


@pytest.mark.parametrize(("shop", "name"), IN_SHOPS)
def test_golden_order(shop: str, name: str, days_of: Any) -> None:
    case = CASES[name]
    [(_, record)] = days_of(shop)[case["expected"]["channel_order_id"]]
    assert json.loads(record.payload, parse_float=Decimal) == expected(case)
    assert [notice.code for notice in record.notices] == case.get("notices", [])
    assert list(findings(json.loads(record.payload), "orders[0]")) == []


@pytest.mark.parametrize(("shop", "name"), IN_SHOPS)
def test_an_order_is_in_one_day_only_the_day_of_its_newest_change(shop: str, name: str, days_of: Any) -> None:
    want = expected(CASES[name])
    zone = ZoneInfo(ZONES[str(CASES[name]["rows"]["orders"][0].get("id_shop", 1))])
    newest = dt.datetime.fromisoformat(want["channel_updated_at"]).astimezone(zone).date()
    assert [day for day, _ in days_of(shop)[want["channel_order_id"]]] == [newest]


STRICT = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"


@pytest.mark.parametrize("sql_mode", [STRICT, f"{STRICT},ANSI_QUOTES,PIPES_AS_CONCAT"])
@pytest.mark.parametrize("shop", SHOPS)
def test_every_golden_order_is_read_alike_in_any_sql_mode(
    shop: str, sql_mode: str, golden_shop: Shop, days_of: Any, mariadb_port: int
) -> None:
    usual = sorted(record.payload_hash for found in days_of(shop).values() for _, record in found)
    with closing(pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root")) as server:
        server.cursor().execute("SET GLOBAL sql_mode = %s", (sql_mode,))
        try:
            sources = [
                ShopSource("shop", "prestashop", golden_shop(shop), timezone=zone, store=store)
                for store, zone in ZONES.items()
            ]
            read = [record.payload_hash for source in sources for _, record in records_by_day(source, DAYS)]
        finally:
            server.cursor().execute("SET GLOBAL sql_mode = ''")
    assert sorted(read) == usual


@pytest.mark.parametrize("name", CASES)
def test_the_money_of_a_golden_order_adds_up_to_what_the_shop_charged(name: str) -> None:
    def total(line: Any) -> Decimal:
        taxes = line.get("taxes", []) + line.get("shipping_taxes", [])
        price: Decimal = line["price"]["amount"] + line["total_shipping_price"]["amount"]
        return sum((tax["amount"]["amount"] for tax in taxes), price)

    [order] = CASES[name]["rows"]["orders"]
    charged = Decimal({**prestashop.DEFAULTS["orders"], **order}["total_paid_tax_incl"])
    # An order that was lowered by what was given back is told as it was ordered.
    charged += Decimal(CASES[name].get("put_back", 0))
    assert sum(total(line) for line in expected(CASES[name])["order_lines"]) == charged


@pytest.mark.parametrize(("store", "zone"), ZONES.items())
@pytest.mark.parametrize("shop", SHOPS)
def test_the_change_of_an_order_is_the_same_by_its_id(golden_shop: Shop, shop: str, store: str, zone: str) -> None:
    source = ShopSource("shop", "prestashop", golden_shop(shop), timezone=zone, store=store)
    start, end = (dt.datetime.combine(day, dt.time(), ZoneInfo(zone)) for day in (DAYS[0], DAYS[-1]))
    by_feed, by_id = changes_by_feed_and_by_id(source, start, end)
    assert by_id == by_feed
