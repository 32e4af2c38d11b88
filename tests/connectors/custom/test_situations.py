"""Golden orders of shops by SQL alone: a folder of SQL over tables of the frames' own columns, read whole.

The cases are `tests/golden/custom/situations.toml`. Adjustments are written `id type reason units price shipping`.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.check import check_shop
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.custom.conftest import read
from transforms.columns import COLUMNS
from transforms.outcomes import Record

CASES = tomllib.loads((Path(__file__).parents[2] / "golden/custom/situations.toml").read_text())["case"]
PLATFORM = """
anchor = "orders"
[statuses]
paid = "AWAITING_SHIPMENT"
"partly shipped" = "AWAITING_SHIPMENT"
sent = "SHIPPED"
void = "CLOSED/CANCELED"
"payment dead" = "CLOSED/REFUSED_PAYMENT"
"""
CHANGES = """
SELECT channel_order_id AS order_id, updated_at AS changed_at FROM orders
WHERE updated_at >= :start AND updated_at < :end
    AND (updated_at > :after_time OR (updated_at = :after_time AND channel_order_id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
"""
PLAIN: dict[str, dict[str, Any]] = {
    "orders": {
        "created_at": "2026-03-01 09:00:00",
        "updated_at": "2026-03-05 10:00:00",
        "status": "paid",
        "currency": "EUR",
        "total_paid": 100,
    },
    "lines": {"price": 20, "product_id": "MUG", "product_title": "Mug"},
    "adjustments": {"created_at": "2026-03-03 08:00:00"},
    "taxes": {"applies_to": "price"},
    "addresses": {"last_name": "X", "street": "Y 1", "city": "Z"},
}
KEYS = {"lines": "channel_order_line_id", "adjustments": "channel_adjustment_id"}


def rows_of(case: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a frame: with the order's id, short names spelt out, and the plain cells under them."""
    given = [case.get("order", {})] if name == "orders" else case.get(name, ())
    if name == "addresses" and "addresses" not in case:
        given = [{"address_type": "shipping"}]
    rows = []
    for row in given:
        cells = {**PLAIN.get(name, {}), **row, "channel_order_id": case["name"]}
        if name in KEYS:
            cells[KEYS[name]] = cells.pop("id")
        if "line" in cells:
            cells["channel_order_line_id"] = cells.pop("line")
        # A product that is false is none: TOML has no null.
        rows.append({column: None if cell is False else cell for column, cell in cells.items()})
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ShopSource:
    path = tmp_path_factory.mktemp("situations")
    (path / "platform.toml").write_text(PLATFORM)
    (path / "changes.sql").write_text(CHANGES)
    with closing(sqlite3.connect(path / "shop.sqlite")) as connection, connection:
        for name, columns in COLUMNS.items():
            names = [column.name for column in columns]
            (path / f"{name}.sql").write_text(f"SELECT * FROM {name} WHERE channel_order_id IN :order_ids")
            connection.execute(f"CREATE TABLE {name} ({', '.join(names)})")
            marks = ", ".join("?" for _ in names)
            cells = [[row.get(column) for column in names] for case in CASES for row in rows_of(case, name)]
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", cells)
    return ShopSource("shop", str(path), f"sqlite:///{path / 'shop.sqlite'}")


@pytest.fixture(scope="module")
def records(folder: ShopSource) -> dict[str, Record]:
    found = read(folder)
    assert found.rejects == []
    return {record.channel_order_id: record for record in found.records}


def told(record: Record) -> dict[str, Any]:
    order = json.loads(record.payload)
    info = order["shipping_info"]
    return {
        "status": order["status"],
        "city": info.get("address", {}).get("city", ""),
        "pudo_id": info.get("pudo_id"),
        "notices": [notice.code for notice in record.notices],
        "attributes": attributes(order),
        "lines": [
            {
                **{name: line[name] for name in ("quantity", "status", "can_cancel", "can_refund")},
                "price": line["price"]["amount"],
                "shipping": line["total_shipping_price"]["amount"],
                "taxes": [tax(one) for one in line.get("taxes", ())],
                "attributes": attributes(line),
                "adjustments": [adjustment(one) for one in line.get("adjustments", ())],
            }
            for line in order["order_lines"]
        ],
    }


def attributes(told: dict[str, Any]) -> list[str]:
    return [f"{one['id']} {one['value']}" for one in told.get("custom_attributes", ())]


def tax(one: dict[str, Any]) -> str:
    return f"{one['code']} {one['rate']:g} {one['amount']['amount']:g}"


def adjustment(one: dict[str, Any]) -> str:
    words = (one["channel_adjustment_id"], one["type"], one["reason"], str(one["quantity"]))
    return " ".join((*words, f"{one['price']['amount']:g}", f"{one['shipping_price']['amount']:g}"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_an_order_is_told_as_its_shop_has_it(case: dict[str, Any], records: dict[str, Record]) -> None:
    found, expect = told(records[case["name"]]), {"notices": [], **case["expect"]}
    lines = expect.pop("lines", [])
    assert {name: found[name] for name in expect} == expect
    assert len(found["lines"]) == len(lines) or not lines
    for line, wanted in zip(found["lines"], lines, strict=False):
        assert {name: line[name] for name in wanted} == wanted


def test_check_finds_nothing_wrong_with_the_folder(folder: ShopSource) -> None:
    assert [finding.words for finding in check_shop(ShopReader(folder)) if finding.verdict == "error"] == []
