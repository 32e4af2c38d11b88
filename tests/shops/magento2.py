"""Filling a Magento 2 shop from the rows of golden cases.

A case is one order: `rows` holds the cells that matter, over those of `plain.toml`; ids and links follow from the
case's `id`: its first item is `<id>1`. `item`, `order_item`, `parent`, `associated_item` and `tax` count from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pymysql

from tests.golden.cases import load_plain

SCHEMA = Path(__file__).with_name("magento2.sql")
PLAIN = load_plain("magento2")["rows"]

# Table -> its own id, and the column that names its order (or, of rows of a document, the first such document).
_LINKS = {
    "sales_order_item": ("item_id", "order_id"),
    "sales_order_address": ("entity_id", "parent_id"),
    "sales_order_payment": ("entity_id", "parent_id"),
    "sales_order_tax": ("tax_id", "order_id"),
    "sales_order_tax_item": ("tax_item_id", None),
    "sales_shipment": ("entity_id", "order_id"),
    "sales_shipment_item": ("entity_id", "parent_id"),
    "sales_shipment_track": ("entity_id", "order_id"),
    "sales_invoice": ("entity_id", "order_id"),
    "sales_creditmemo": ("entity_id", "order_id"),
    "sales_creditmemo_item": ("entity_id", "parent_id"),
    "sales_creditmemo_comment": ("entity_id", "parent_id"),
    "sales_order_status_history": ("entity_id", "parent_id"),
    "sales_order_status_change_history": ("entity_id", "order_id"),
    "gift_message": ("gift_message_id", None),
}
_OF_A_DOCUMENT = {"sales_shipment_item", "sales_creditmemo_item", "sales_creditmemo_comment"}
_COUNTED = {
    "item": "item_id",
    "order_item": "order_item_id",
    "parent": "parent_item_id",
    "associated_item": "associated_item_id",
    "tax": "tax_id",
    "shipment": "parent_id",
}
_REQUIRED = {
    "sales_order_tax": {"priority": 0, "position": 0, "process": 0},
    "sales_order_tax_item": {"tax": 1, "base_amount": 0, "real_base_amount": 0},
    "sales_shipment_track": {"shipment": 1},
}


def make_shop(server: pymysql.Connection[Any], database: str) -> None:
    """Make an empty shop, and a user of the same name who may read it, but no card data."""
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {database}")
        cursor.execute("SET time_zone = '+00:00'")
        for statement in SCHEMA.read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute(f"DROP USER IF EXISTS {database}@'127.0.0.1'")
        cursor.execute(f"CREATE USER {database}@'127.0.0.1' IDENTIFIED BY 'secret'")
        cursor.execute("SHOW TABLES")
        for (table,) in cursor.fetchall():
            columns = "(parent_id, method)" if table == "sales_order_payment" else ""
            cursor.execute(f"GRANT SELECT {columns} ON {database}.{table} TO {database}@'127.0.0.1'")


def insert(server: pymysql.Connection[Any], table: str, cells: Mapping[str, Any]) -> None:
    """Insert one row; `server` has the shop's database in use."""
    marks = ", ".join(["%s"] * len(cells))
    with server.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({marks})", list(cells.values()))


def insert_case(server: pymysql.Connection[Any], case: Mapping[str, Any]) -> None:
    """Insert the rows of one case."""
    for table, cells in case_rows(case):
        insert(server, table, cells)


def case_rows(case: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (table, cells) of one case."""
    order_id, rows = case["id"], {**PLAIN, **case["rows"]}
    order = {**PLAIN["sales_order"], **case["rows"].get("sales_order", {})}
    yield "sales_order", {"entity_id": order_id, "increment_id": f"{order_id:09}", **order}
    for table, (own_id, link) in _LINKS.items():
        for number, given in enumerate(rows.get(table, ()), 1):
            base = PLAIN["sales_order_item"][0] if table == "sales_order_item" else _REQUIRED.get(table, {})
            cells = {own_id: order_id * 10 + number, "created_at": order["created_at"], **base, **given}
            if link:
                cells[link] = order_id * 10 + 1 if table in _OF_A_DOCUMENT else order_id
            if not _is_dated(table):
                del cells["created_at"]
            elif _is_updated(table):
                cells.setdefault("updated_at", cells["created_at"])
            yield table, {_COUNTED.get(name, name): _counted(name, cell, order_id) for name, cell in cells.items()}


def _counted(name: str, cell: Any, order_id: int) -> Any:
    return order_id * 10 + cell if name in _COUNTED and cell is not None else cell


def _is_updated(table: str) -> bool:
    return table in {
        "sales_order_item",
        "sales_shipment",
        "sales_shipment_track",
        "sales_invoice",
        "sales_creditmemo",
    }


def _is_dated(table: str) -> bool:
    return _is_updated(table) or "history" in table or "comment" in table
