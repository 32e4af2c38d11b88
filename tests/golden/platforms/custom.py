"""Golden cases of shops by SQL alone: a folder of SQL over tables of the frames' own columns, in SQLite."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from connectors.channels.reader import ShopSource
from tests.golden.cases import Case, Place, Platform, load_plain
from transforms.columns import COLUMNS

_FILE = """
anchor = "orders"
[statuses]
paid = "AWAITING_SHIPMENT"
"partly shipped" = "AWAITING_SHIPMENT"
sent = "SHIPPED"
void = "CLOSED/CANCELED"
"payment dead" = "CLOSED/REFUSED_PAYMENT"
"""
_CHANGES = """
SELECT channel_order_id AS order_id, updated_at AS changed_at FROM orders
WHERE updated_at >= :start AND updated_at < :end
    AND (updated_at > :after_time OR (updated_at = :after_time AND channel_order_id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
"""
_KEYS = {"lines": "channel_order_line_id", "adjustments": "channel_adjustment_id"}


def make(shop: str, cases: Sequence[Case], place: Place) -> list[ShopSource]:
    """Make one shop, and its folder of SQL."""
    path = place.folder
    (path / "platform.toml").write_text(_FILE)
    (path / "changes.sql").write_text(_CHANGES)
    plain = load_plain("custom")["rows"]
    with closing(sqlite3.connect(path / "shop.sqlite")) as connection, connection:
        for name, columns in COLUMNS.items():
            names = [column.name for column in columns]
            (path / f"{name}.sql").write_text(f"SELECT * FROM {name} WHERE channel_order_id IN :order_ids")
            connection.execute(f"CREATE TABLE {name} ({', '.join(names)})")
            marks = ", ".join("?" for _ in names)
            rows = [row for case in cases for row in _rows(case, name, plain.get(name, {}))]
            cells = [[row.get(column) for column in names] for row in rows]
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", cells)
    return [ShopSource("shop", str(path), f"sqlite:///{path / 'shop.sqlite'}")]


def _rows(case: Case, name: str, plain: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a frame: with the order's id, short names spelt out, and the plain cells under them."""
    given = [case.get("order", {})] if name == "orders" else case.get(name, ())
    if name == "addresses" and "addresses" not in case:
        given = [{"address_type": "shipping"}]
    rows = []
    for row in given:
        cells = {**plain, **row, "channel_order_id": case["name"]}
        if name in _KEYS:
            cells[_KEYS[name]] = cells.pop("id")
        if "line" in cells:
            cells["channel_order_line_id"] = cells.pop("line")
        rows.append({column: None if cell == "NULL" else cell for column, cell in cells.items()})
    return rows


PLATFORM = Platform(
    name="custom",
    facts=frozenset({"order", "lines", "adjustments", "taxes", "addresses"}),
    shops={"sqlite": "1"},
    make=make,
    days=[dt.date(2026, 3, 5)],
    order_id=lambda case: str(case["name"]),
)
