"""Medusa v2 on PostgreSQL: golden orders, one shop of them all, read whole and compared with what facts say by hand.

The cases are files in `tests/golden/medusa`: rows as the shop has them, and the record, the reject, or nothing, that
they must become. In a record money is written `12.5 EUR`, a tax `code rate amount`, a product `id | title`.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from connectors.sandbox.rules import findings
from tests.shops.medusa import SCHEMAS, medusa_shop
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Normalised, Record, Reject

CASES = {path.stem: tomllib.loads(path.read_text()) for path in Path(__file__).parents[1].glob("golden/medusa/*.toml")}
MARCH = [dt.datetime(2026, 3, day, tzinfo=dt.UTC) for day in range(1, 32)]


def mapping(reader: ShopReader) -> ChannelMapping:
    platform = reader.platform
    return ChannelMapping("S-1", platform_statuses=platform.statuses, reasons=platform.reasons)


@dataclass
class Days:
    """What reading the shop day by day gave, by order."""

    records: dict[str, Record] = field(default_factory=dict)
    rejects: dict[str, Reject] = field(default_factory=dict)
    days: dict[str, list[str]] = field(default_factory=dict)


def read_days(reader: ShopReader) -> Days:
    read = Days()
    with reader.snapshot() as snapshot:
        for day, next_day in itertools.pairwise(MARCH):
            for rows in snapshot.chunks(day, next_day):
                found: Normalised = normalise(reader.frames(rows, snapshot.read_at), mapping(reader))
                read.records |= {record.channel_order_id: record for record in found.records}
                read.rejects |= {reject.channel_order_id: reject for reject in found.rejects}
                ids = (
                    *(one.channel_order_id for one in found.records),
                    *(one.channel_order_id for one in found.rejects),
                )
                for order_id in ids:
                    read.days.setdefault(order_id, []).append(day.date().isoformat())
    return read


@pytest.fixture(scope="module")
def read(postgresql_port: int) -> Callable[[str], Days]:
    """Read the golden orders of a version of Medusa, day by day; each version's shop is made and read once."""

    @cache
    def of_version(version: str) -> Days:
        reader = golden_shop(postgresql_port, version)
        days = read_days(reader)
        reader.dispose()
        return days

    return of_version


def golden_shop(port: int, version: str) -> ShopReader:
    server = f"host=127.0.0.1 port={port} user=postgres"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS medusa WITH (FORCE)")
        connection.execute("CREATE DATABASE medusa")
    with psycopg.connect(f"{server} dbname=medusa") as connection:
        shop = medusa_shop(connection, version)
        for case in CASES.values():
            if version in case["medusa"]:
                shop.insert_all(case["rows"])
    return ShopReader(ShopSource("shop", "medusa", f"postgresql://postgres@127.0.0.1:{port}/medusa"))


def compact(value: Any) -> Any:
    """Write money, taxes and products of a payload on one line each; nothing else changes."""
    match value:
        case {"amount": Decimal() | int() as amount, "currency": currency, **rest} if not rest:
            return f"{Decimal(amount).normalize():f} {currency}"
        case {"amount": amount, "code": code, "rate": rate, **rest} if not rest:
            return f"{code} {rate} {compact(amount)}"
        case {"id": product_id, "title": title, **rest} if not rest:
            return f"{product_id} | {title}"
        case {"id": attribute, "type": kind, "value": content, **rest} if not rest:
            return f"{attribute} {kind} {content}"
        case dict():
            return {name: compact(item) for name, item in value.items()}
        case list():
            return [compact(item) for item in value]
    return value


def assert_as_the_facts_say(days: Days, name: str) -> None:
    case = CASES[name]
    [order_id] = [row["id"] for row in case["rows"]["order"]]
    assert days.days.get(order_id, []) == ([case["day"]] if "day" in case else [])
    if "expected" in case:
        record = days.records[order_id]
        payload = json.loads(record.payload, parse_float=Decimal)
        assert compact(payload) == case["expected"]
        codes = [notice.code for notice in record.notices]
        # Most golden orders have no address: that they lack one is said where a case says so.
        assert [code for code in codes if code != "no_address" or code in case.get("notices", [])] == case.get(
            "notices", []
        )
        assert list(findings(json.loads(record.payload), "orders[0]")) == []
    elif "reject" in case:
        reject = days.rejects[order_id]
        told = {"channel_order_id": reject.channel_order_id, "code": reject.code, "field": reject.field}
        assert told == case["reject"]
    else:
        assert order_id not in days.records
        assert order_id not in days.rejects


@pytest.mark.parametrize(
    ("version", "name"),
    [(version, name) for version in SCHEMAS for name, case in CASES.items() if version in case["medusa"]],
)
def test_each_golden_order_becomes_what_the_facts_say(read: Callable[[str], Days], version: str, name: str) -> None:
    assert_as_the_facts_say(read(version), name)
