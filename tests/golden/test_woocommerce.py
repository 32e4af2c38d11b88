"""WooCommerce by golden cases: rows of true tables in, the record a person wrote down out, on MariaDB and SQLite."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pymysql
import pytest

from connectors.channels import snapshot as shop_snapshot
from connectors.channels.reader import ShopReader, ShopSource
from connectors.sandbox.rules import findings
from tests.golden.record import charged, compact, expected, noticed, only, refunded
from tests.golden.woocommerce_rows import Statement, statements
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Record, Reject
from transforms.platforms import PLATFORMS

CASES = [
    case
    for path in sorted((Path(__file__).parent / "woocommerce").glob("*.toml"))
    for case in tomllib.loads(path.read_text())["case"]
]
SCHEMA = Path(__file__).with_name("upsert_orders.schema.json")
DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
MAPPING = ChannelMapping(
    store_id="S-1", stores={"11": "V-11", "12": "V-12"}, platform_statuses=PLATFORMS["woocommerce"].statuses
)
Outcome = dict[str, Record | Reject]


def shops() -> dict[str, list[dict[str, Any]]]:
    """Group the cases: those that share prefix and site share a shop."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case in CASES:
        groups[f"{case.get('prefix')} {case.get('site')}"].append(case)
    return groups


def in_sqlite(number: int, made: list[Statement], folder: Path) -> str:
    path = folder / f"shop{number}.sqlite"
    connection = sqlite3.connect(path)
    for statement, row in made:
        connection.execute(statement, row)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def in_mariadb(number: int, made: list[Statement], port: int) -> str:
    server = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True, charset="utf8mb4")
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS golden{number}")
        cursor.execute(f"CREATE DATABASE golden{number} CHARACTER SET utf8mb4")
        cursor.execute(f"USE golden{number}")
        # WordPress runs without strict mode: that is how zero dates come about.
        cursor.execute("SET SESSION sql_mode = ''")
        for statement, row in made:
            cursor.execute(statement.replace("?", "%s"), row)
    server.close()
    return f"mysql://root@127.0.0.1:{port}/golden{number}"


def read(database_url: str, prefix: str) -> Outcome:
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url, table_prefix=prefix, chunk_size=7))
    found: Outcome = {}
    with reader.snapshot() as snapshot:
        for rows in snapshot.chunks(DAY, DAY + dt.timedelta(days=1)):
            result = normalise(reader.frames(rows, snapshot.read_at), MAPPING)
            outcomes: list[Record | Reject] = [*result.records, *result.rejects]
            for outcome in outcomes:
                assert outcome.channel_order_id not in found
                found[outcome.channel_order_id] = outcome
    reader.dispose()
    return found


@pytest.fixture(scope="module")
def small_pages() -> Iterator[None]:
    """Nearly all orders share one second: pages smaller than that lose or repeat some unless ties are told apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop_snapshot, "PAGE_SIZE", 5)
        yield


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, small_pages: None) -> Outcome:
    found: Outcome = {}
    for number, cases in enumerate(shops().values()):
        made = list(statements(cases))
        if request.param == "sqlite":
            url = in_sqlite(number, made, tmp_path_factory.mktemp("golden"))
        else:
            url = in_mariadb(number, made, request.getfixturevalue("mariadb_port"))
        found |= read(url, cases[0].get("prefix", "wp_"))
    return found


# What MySQL 8 comes with, and what changes the meaning of quotes, bars and backslashes.
ODD_MODES = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,ANSI_QUOTES,"
    "PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH"
)


@pytest.mark.parametrize("outcomes", ["mariadb"], indirect=True)
def test_the_sql_mode_of_the_server_changes_no_outcome(outcomes: Outcome, mariadb_port: int) -> None:
    found: Outcome = {}
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server, server.cursor() as cursor:
        cursor.execute("SET GLOBAL sql_mode = %s", [ODD_MODES])
        try:
            for number, cases in enumerate(shops().values()):
                url = f"mysql://root@127.0.0.1:{mariadb_port}/golden{number}"
                found |= read(url, cases[0].get("prefix", "wp_"))
        finally:
            cursor.execute("SET GLOBAL sql_mode = ''")
    assert {order_id: _sent(outcome) for order_id, outcome in found.items()} == {
        order_id: _sent(outcome) for order_id, outcome in outcomes.items()
    }


def _sent(outcome: Record | Reject) -> object:
    return outcome.payload_hash if isinstance(outcome, Record) else (outcome.code, outcome.field)


def name(case: dict[str, Any]) -> str:
    return str(case["name"])


def payload_of(record: Record) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(record.payload, parse_float=Decimal)
    return payload


@pytest.mark.parametrize("case", CASES, ids=name)
def test_golden(case: dict[str, Any], outcomes: Outcome) -> None:
    expect = case["expect"]
    found = outcomes.get(str(case.get("order", {}).get("id")))
    if expect.get("missing"):
        assert found is None
        return
    if "reject" in expect:
        assert isinstance(found, Reject)
        assert f"{found.code} {found.field}" == expect["reject"]
        return
    assert isinstance(found, Record)
    payload = payload_of(found)
    assert noticed(found, expect.get("notices", [])) == expect.get("notices", [])
    assert found.store == expect.get("store", "S-1")
    zero = {"JPY": "0", "TND": "0.000"}.get(case["order"].get("currency", ""), "0.00")
    wanted = {key: value for key, value in expect.items() if key not in {"notices", "absent", "store"}}
    wanted["lines"] = list(expected(expect["lines"], zero))
    made = compact(payload)
    assert only(made, wanted) == wanted
    assert [key for key in expect.get("absent", ()) if made[key] is not None] == []
    if not any(notice.code == "money_mismatch" for notice in found.notices):
        assert charged(payload) == Decimal(case.get("charged", case["order"]["total_amount"]))
        given_back = sum((Decimal(refund["amount"]) for refund in case.get("refunds", ())), Decimal(0))
        assert refunded(payload) == Decimal(case.get("given_back", given_back))


def test_exactly_the_orders_of_the_day_are_read(outcomes: Outcome) -> None:
    """Refunds, subscriptions, drafts and what deleted orders left behind are no orders."""
    wanted = {str(case["order"]["id"]) for case in CASES if not case["expect"].get("missing")}
    assert outcomes.keys() == wanted


def test_what_is_sent_passes_the_rules_of_the_sandbox(outcomes: Outcome) -> None:
    for record in outcomes.values():
        if isinstance(record, Record):
            assert list(findings(json.loads(record.payload), record.channel_order_id)) == []


def test_what_is_sent_satisfies_mirakls_schema(outcomes: Outcome) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    for record in outcomes.values():
        if isinstance(record, Record):
            origin = {"channel_id": "1", "channel_store_id": record.store}
            validator.validate({"origin": origin, "orders": [json.loads(record.payload)]})
