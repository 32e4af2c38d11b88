"""Golden cases: each trap and quirk of Magento 2 as an order, with the record written by hand from the facts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import pymysql
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from connectors.sandbox.rules import findings
from tests.connectors.magento2.conftest import MAPPING, payload, read_days
from tests.shops.magento2 import CASES, expected
from transforms.frames import Table
from transforms.normalise import normalise

Found = dict[str, list[tuple[dt.date, dict[str, Any]]]]


# What MySQL 8 begins with, and what some hosts set beside it.
MYSQL_8 = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO"


@pytest.fixture(scope="session")
def found(golden_shop: ShopSource) -> Found:
    return read_records(golden_shop)


def read_records(golden_shop: ShopSource) -> Found:
    records: Found = defaultdict(list)
    reader = ShopReader(golden_shop)
    for day, result in read_days(reader):
        assert result.rejects == []
        for record in result.records:
            assert record.notices == ()
            records[record.channel_order_id].append((day, payload(record)))
    reader.dispose()
    return records


@pytest.mark.parametrize("name", CASES)
def test_an_order_becomes_its_record_on_the_day_of_its_newest_change(name: str, found: Found) -> None:
    record = expected(CASES[name])
    [(day, sent)] = found[record["channel_order_id"]]
    assert _floats(sent) == _floats(record)
    assert day.isoformat() == record["channel_updated_at"][:10]
    assert list(findings(_floats(sent), "order")) == []


@pytest.mark.parametrize("sql_mode", [MYSQL_8, f"{MYSQL_8},ANSI_QUOTES"], ids=["MySQL 8", "ANSI_QUOTES"])
def test_the_sql_mode_of_the_server_changes_no_record(
    sql_mode: str, found: Found, golden_shop: ShopSource, server: pymysql.Connection[Any]
) -> None:
    with server.cursor() as cursor:
        cursor.execute("SET GLOBAL sql_mode = %s", [sql_mode])
        try:
            assert read_records(golden_shop) == found
        finally:
            cursor.execute("SET GLOBAL sql_mode = ''")


def test_every_case_is_an_order_and_every_order_a_case(found: Found) -> None:
    assert sorted(found) == sorted(case["expected"]["channel_order_id"] for case in CASES.values())


def _floats(value: Any) -> Any:
    match value:
        case dict():
            return {name: _floats(cell) for name, cell in value.items()}
        case list():
            return [_floats(cell) for cell in value]
        case bool() | str() | int():
            return value
        case _:
            return float(value)


@pytest.mark.parametrize("cell", [None, "0000-00-00 00:00:00", ""], ids=["nothing", "a zero date", "an empty text"])
def test_no_column_without_its_value_takes_the_other_orders_down(cell: str | None, golden_shop: ShopSource) -> None:
    """Damaged rows end as records or rejects; a column of times may hold zero dates, one of texts nothing at all."""
    reader = ShopReader(golden_shop)
    with reader.snapshot() as snapshot:
        rows = snapshot.rows(snapshot.find([case["expected"]["channel_order_id"] for case in CASES.values()]))
        read_at = snapshot.read_at
    reader.dispose()
    # One column of the orders at a time, as it may reject them all; of the other queries one each, together.
    single = [{"orders": column} for column in _breakable(rows["orders"], cell)]
    others = {query: _breakable(frame, cell) for query, frame in rows.items() if query != "orders"}
    together = zip_longest(*others.values())
    for damage in [*single, *(dict(zip(others, columns, strict=True)) for columns in together)]:
        broken = {**rows, **{query: _with(rows[query], column, cell) for query, column in damage.items() if column}}
        result = normalise(reader.frames(broken, read_at), MAPPING)
        assert len(result.records) + len(result.rejects) == len(CASES), damage


def _breakable(frame: Table, cell: str | None) -> list[str]:
    return [
        column
        for column in frame.columns
        if column not in {"order_id", "creditmemo_id"}
        and (cell is None or (column.endswith("_at") == cell.startswith("0") and not _is_number(frame[column])))
    ]


def _with(frame: Table, column: str, cell: str | None) -> Table:
    return Table({**{name: frame[name] for name in frame.columns}, column: [cell] * len(frame)})


def _is_number(cells: Any) -> bool:
    return any(isinstance(cell, int | Decimal) for cell in cells)
