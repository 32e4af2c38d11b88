"""Golden orders of every platform: the rows of a real shop in, the record that a person wrote down out.

The cases are data, `<platform>/*.toml`; CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pymysql
import pytest

from connectors.channels import snapshot as shop_snapshot
from connectors.channels.reader import ShopSource
from connectors.sandbox.rules import findings
from tests.connectors.feeds import changes_by_feed_and_by_id
from tests.golden.cases import Place, Platform
from tests.golden.judging import assert_as_expected
from tests.golden.platforms import PLATFORMS
from tests.golden.reading import Days, Outcome, at_once, day_by_day
from transforms.outcomes import Record

SCHEMA = json.loads(Path(__file__).with_name("upsert_orders.schema.json").read_text())
SHOPS = [(platform, shop) for platform in PLATFORMS.values() for shop in platform.shops]
IN_SHOPS = [
    pytest.param(platform, shop, case["name"], id=f"{platform.name}-{shop}-{case['name']}")
    for platform, shop in SHOPS
    for case in platform.cases_of(shop)
]

# What MySQL 8 comes with, and what changes the meaning of quotes, bars and backslashes.
ODD_MODES = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,ANSI_QUOTES,"
    "PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH"
)

Sources = Callable[[Platform, str], list[ShopSource]]


@pytest.fixture(scope="module")
def sources(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Return the channels over a shop that holds its cases; each shop is made once, when a test asks for it."""

    @cache
    def make(name: str, shop: str) -> list[ShopSource]:
        server = shop.partition(" ")[0]
        port = 0 if server == "sqlite" else request.getfixturevalue(f"{server}_port")
        platform = PLATFORMS[name]
        return platform.make(shop, platform.cases_of(shop), Place(port, tmp_path_factory.mktemp("golden")))

    return lambda platform, shop: make(platform.name, shop)


@pytest.fixture(scope="module")
def days(sources: Sources) -> Callable[[Platform, str], Days]:
    """Return what reading a shop day by day gave, by order; each shop is read once.

    Many orders share one second: pages smaller than that lose or repeat some unless ties are broken.
    """

    @cache
    def read(name: str, shop: str) -> Days:
        platform = PLATFORMS[name]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shop_snapshot, "PAGE_SIZE", 5)
            return day_by_day(sources(platform, shop), platform.days, platform.stores)

    return lambda platform, shop: read(platform.name, shop)


def _ids(value: object) -> str | None:
    return value.name if isinstance(value, Platform) else None


@pytest.mark.parametrize(("platform", "shop", "name"), IN_SHOPS)
def test_an_order_becomes_what_its_case_expects(
    platform: Platform, shop: str, name: str, days: Callable[[Platform, str], Days]
) -> None:
    case = platform.cases[name]
    assert_as_expected(platform, case, days(platform, shop).get(platform.order_id(case), []))


@pytest.mark.parametrize(("platform", "shop"), SHOPS, ids=_ids)
def test_exactly_the_orders_of_the_cases_are_read(
    platform: Platform, shop: str, days: Callable[[Platform, str], Days]
) -> None:
    """What a shop keeps beside its orders, such as refunds, drafts and leftovers of deleted orders, is no order."""
    wanted = {platform.order_id(case) for case in platform.cases_of(shop) if not case["expect"].get("missing")}
    assert days(platform, shop).keys() == wanted


@pytest.mark.parametrize(("platform", "shop"), SHOPS, ids=_ids)
def test_what_is_sent_passes_mirakls_schema_and_the_rules_of_the_sandbox(
    platform: Platform, shop: str, days: Callable[[Platform, str], Days]
) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for order_id, seen in days(platform, shop).items():
        for record in (one.outcome for one in seen if isinstance(one.outcome, Record)):
            order = json.loads(record.payload)
            assert list(findings(order, order_id)) == []
            origin = {"channel_id": "1", "channel_store_id": record.store}
            validator.validate({"origin": origin, "orders": [order]})


@pytest.mark.parametrize(("platform", "shop"), SHOPS, ids=_ids)
def test_the_change_of_an_order_is_the_same_by_its_id(platform: Platform, shop: str, sources: Sources) -> None:
    for source in sources(platform, shop):
        start, end = (
            dt.datetime.combine(day, dt.time(), ZoneInfo(source.timezone))
            for day in (platform.days[0], platform.days[-1] + dt.timedelta(days=1))
        )
        by_feed, by_id = changes_by_feed_and_by_id(source, start, end)
        assert by_id == by_feed


@pytest.mark.parametrize(
    ("platform", "shop"), [(platform, shop) for platform, shop in SHOPS if shop.startswith("mariadb")], ids=_ids
)
def test_the_sql_mode_of_the_server_changes_no_outcome(
    platform: Platform, shop: str, sources: Sources, days: Callable[[Platform, str], Days], mariadb_port: int
) -> None:
    usual = {order_id: _sent(seen[0].outcome) for order_id, seen in days(platform, shop).items()}
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root") as server, server.cursor() as cursor:
        cursor.execute("SET GLOBAL sql_mode = %s", [ODD_MODES])
        try:
            found = at_once(sources(platform, shop), platform.days, platform.stores)
        finally:
            cursor.execute("SET GLOBAL sql_mode = ''")
    assert {order_id: _sent(outcome) for order_id, outcome in found.items()} == usual


def _sent(outcome: Outcome) -> object:
    return outcome.payload_hash if isinstance(outcome, Record) else (outcome.code, outcome.field)
