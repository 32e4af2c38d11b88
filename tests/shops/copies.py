"""A shop of many years out of one of some days: copies of all its orders, each copy so many days older.

Made by the database itself, table by table, into a database (MariaDB) or schema (PostgreSQL) beside, whose tables and
indexes are those of the shop that is copied. The newest copy is the shop as it is, but for its ids. Tables that are
named nowhere are taken over as they are: they hold no orders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pymysql


@dataclass(frozen=True)
class Copying:
    """How a platform's orders are copied.

    `days`: how much older each copy is. `ids`: table -> columns that name an order or a row of one; a number becomes
    larger by `offset` a copy, a text gets the copy's number before it. `written`: column -> its cell in SQL, of `{cell}`
    and `{shift}`, what is added to numbers. `rows`: table -> how many copies of it are made at most, the newest, where
    all would be more than a disk holds.
    """

    days: int
    offset: int
    ids: Mapping[str, Sequence[str]]
    written: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


WOOCOMMERCE = Copying(
    days=2,
    offset=10_000_000,
    ids={
        "wp_wc_orders": ("id", "parent_order_id"),
        "wp_wc_order_addresses": ("id", "order_id"),
        "wp_wc_order_operational_data": ("id", "order_id"),
        "wp_wc_orders_meta": ("id", "order_id"),
        "wp_woocommerce_order_items": ("order_item_id", "order_id"),
        "wp_woocommerce_order_itemmeta": ("meta_id", "order_item_id"),
        "wp_comments": ("comment_ID", "comment_post_ID"),
        "wp_wc_order_fulfillments": ("fulfillment_id", "entity_id"),
        "wp_wc_order_fulfillment_meta": ("meta_id", "fulfillment_id"),
    },
    written={"parent_order_id": "IF({cell} > 0, {cell} + {shift}, {cell})"},
    rows={
        "wp_woocommerce_order_itemmeta": 2,
        "wp_wc_orders_meta": 4,
        "wp_woocommerce_order_items": 4,
        "wp_comments": 4,
        "wp_wc_order_addresses": 4,
        "wp_wc_order_fulfillments": 4,
        "wp_wc_order_fulfillment_meta": 4,
        "wp_wc_order_operational_data": 20,
    },
)
_REFERENCE = "LPAD(CONV(SUBSTR({cell}, 2) + {shift}, 10, 36), 9, '0')"
PRESTASHOP = Copying(
    days=2,
    offset=100_000,
    ids={
        "ps_orders": ("id_order", "id_cart"),
        "ps_order_detail": ("id_order_detail", "id_order"),
        "ps_order_detail_tax": ("id_order_detail",),
        "ps_order_carrier": ("id_order_carrier", "id_order"),
        "ps_order_history": ("id_order_history", "id_order"),
        "ps_order_cart_rule": ("id_order_cart_rule", "id_order"),
        "ps_order_payment": ("id_order_payment",),
        "ps_order_slip": ("id_order_slip", "id_order"),
        "ps_order_slip_detail": ("id_order_slip", "id_order_detail"),
        "ps_order_return": ("id_order_return", "id_order"),
        "ps_shipment": ("id_shipment", "id_order"),
        "ps_shipment_product": ("id_shipment_product", "id_shipment", "id_order_detail"),
    },
    written={"reference": _REFERENCE, "order_reference": _REFERENCE},
    rows={
        "ps_order_detail": 4,
        "ps_order_detail_tax": 4,
        "ps_shipment_product": 4,
        "ps_order_history": 20,
        "ps_order_cart_rule": 20,
        "ps_order_carrier": 50,
        "ps_order_payment": 50,
        "ps_shipment": 20,
    },
)
_INCREMENT = "LPAD({cell} + {shift}, 9, '0')"
MAGENTO2 = Copying(
    days=2,
    offset=100_000,
    ids={
        "sales_order": ("entity_id",),
        "sales_order_item": ("item_id", "order_id", "parent_item_id"),
        "sales_order_payment": ("entity_id", "parent_id"),
        "sales_order_tax": ("tax_id", "order_id"),
        "sales_order_tax_item": ("tax_item_id", "tax_id", "item_id"),
        "sales_order_address": ("entity_id", "parent_id"),
        "sales_shipment": ("entity_id", "order_id"),
        "sales_shipment_item": ("entity_id", "parent_id", "order_item_id"),
        "sales_shipment_track": ("entity_id", "parent_id", "order_id"),
        "sales_invoice": ("entity_id", "order_id"),
        "sales_creditmemo": ("entity_id", "order_id"),
        "sales_creditmemo_item": ("entity_id", "parent_id", "order_item_id"),
        "sales_creditmemo_comment": ("entity_id", "parent_id"),
        "sales_order_status_change_history": ("entity_id", "order_id"),
        "sales_order_status_history": ("entity_id", "parent_id"),
        "inventory_pickup_location_order": ("order_id",),
    },
    written={"increment_id": _INCREMENT},
    rows={
        "sales_order_item": 10,
        "sales_order_payment": 4,
        "sales_order_tax": 4,
        "sales_order_tax_item": 4,
        "sales_order_address": 4,
        "sales_shipment_item": 4,
        "sales_order_status_change_history": 4,
        "sales_order_status_history": 50,
        "sales_shipment": 50,
        "sales_shipment_track": 50,
        "sales_invoice": 50,
        "inventory_pickup_location_order": 4,
    },
)
MEDUSA = Copying(
    days=2,
    offset=100_000,
    ids={
        "order": ("id", "display_id", "shipping_address_id", "billing_address_id"),
        "order_address": ("id",),
        "order_line_item": ("id",),
        "order_line_item_tax_line": ("id", "item_id"),
        "order_line_item_adjustment": ("id", "item_id"),
        "order_item": ("id", "order_id", "item_id"),
        "order_shipping": ("id", "order_id", "shipping_method_id"),
        "order_shipping_method": ("id",),
        "order_shipping_method_adjustment": ("id", "shipping_method_id"),
        "order_shipping_method_tax_line": ("id", "shipping_method_id"),
        "order_summary": ("id", "order_id"),
        "order_change": ("id", "order_id"),
        "order_change_action": ("id", "order_id", "order_change_id"),
        "order_transaction": ("id", "order_id"),
        "order_credit_line": ("id", "order_id"),
        "payment_collection": ("id",),
        "payment": ("id", "payment_collection_id", "payment_session_id"),
        "refund": ("id", "payment_id"),
        "order_payment_collection": ("id", "order_id", "payment_collection_id"),
        "fulfillment": ("id",),
        "fulfillment_item": ("id", "line_item_id", "fulfillment_id"),
        "fulfillment_label": ("id", "fulfillment_id"),
        "order_fulfillment": ("id", "order_id", "fulfillment_id"),
        "return": ("id", "order_id", "display_id"),
        "return_item": ("id", "return_id", "item_id"),
        "order_claim": ("id", "order_id", "display_id"),
        "order_claim_item": ("id", "claim_id", "item_id"),
        "order_claim_payment_collection": ("id", "claim_id", "payment_collection_id"),
        "order_exchange": ("id", "order_id", "display_id"),
        "order_exchange_payment_collection": ("id", "exchange_id", "payment_collection_id"),
    },
    rows=dict.fromkeys(
        (
            "order_line_item",
            "order_line_item_tax_line",
            "order_line_item_adjustment",
            "order_item",
            "order_shipping",
            "order_shipping_method",
            "order_shipping_method_adjustment",
            "order_shipping_method_tax_line",
            "order_change_action",
            "order_credit_line",
            "fulfillment_item",
            "return_item",
            "order_claim_item",
        ),
        4,
    ),
)


def copy_on_mariadb(connection: pymysql.Connection[Any], source: str, target: str, how: Copying, copies: int) -> None:
    """Make the database `target` out of `source`."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {target}")
        cursor.execute(f"CREATE DATABASE {target} CHARACTER SET utf8mb4")
        # Into an empty table, unchecked, MariaDB sorts a table's indexes once; without a join's cache, rows come in order.
        cursor.execute("SET unique_checks = 0, foreign_key_checks = 0, sql_mode = '', time_zone = '+00:00'")
        cursor.execute("SET join_cache_level = 0, max_statement_time = 0")
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (source,))
        for (table,) in cursor.fetchall():
            cursor.execute(f"CREATE TABLE {target}.{table} LIKE {source}.{table}")
            names, cells = _cells(
                cursor, source, table, how, "`{}`", "IF({0} > '1970-01-02', {0} - INTERVAL {1} DAY, {0})", copies
            )
            first = max(copies - how.rows.get(table, copies), 0) if table in how.ids else copies - 1
            numbers = f"(SELECT seq FROM seq_{first}_to_{copies - 1}) AS copy"
            cursor.execute(
                f"INSERT INTO {target}.{table} ({names}) SELECT STRAIGHT_JOIN {cells} FROM {numbers}, {source}.{table} AS base"
            )
            connection.commit()
        cursor.execute(
            "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = %s", (target,)
        )
        [(tables,)] = cursor.fetchall()
        cursor.execute("ANALYZE TABLE " + ", ".join(f"{target}.{table}" for table in tables.split(",")))


def copy_on_postgresql(
    connection: psycopg.Connection[Any], source: str, target: str, how: Copying, copies: int
) -> None:
    """Make the schema `target` out of `source`, in the connection's database; indexes are made when all rows are in."""
    connection.execute(f"DROP SCHEMA IF EXISTS {target} CASCADE".encode())
    connection.execute(f"CREATE SCHEMA {target}".encode())
    connection.execute("SET maintenance_work_mem = '512MB'")
    cursor = connection.cursor()
    tables = cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (source,)).fetchall()
    for (table,) in tables:
        kind = f'CREATE UNLOGGED TABLE {target}."{table}" (LIKE {source}."{table}" INCLUDING DEFAULTS)'
        cursor.execute(kind.encode())
        moved = "{0} - CAST({1} AS integer) * interval '1 day'"
        names, cells = _cells(cursor, source, table, how, '"{}"', moved, copies)
        first = max(copies - how.rows.get(table, copies), 0) if table in how.ids else copies - 1
        numbers = f"generate_series({first}, {copies - 1}) AS copy(seq)"
        cursor.execute(
            f'INSERT INTO {target}."{table}" ({names}) SELECT {cells} FROM {numbers}, {source}."{table}" AS base'.encode()
        )
        indexes = cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = %s", (source, table)
        ).fetchall()
        for (definition,) in indexes:
            cursor.execute(re.sub(rf" ON {source}\.", f" ON {target}.", definition, count=1).encode())
        cursor.execute(f'ANALYZE {target}."{table}"'.encode())


def _cells(cursor: Any, source: str, table: str, how: Copying, quote: str, older: str, copies: int) -> tuple[str, str]:
    """Return the columns of a table, and what they are in copy `seq`, the last of which is the newest."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " ORDER BY ordinal_position",
        (source, table),
    )
    columns = [(str(name), str(kind)) for name, kind in cursor.fetchall()]
    shift, days = f"(copy.seq * {how.offset})", f"(({copies - 1} - copy.seq) * {how.days})"
    cells = []
    for name, kind in columns:
        cell = f"base.{quote.format(name)}"
        if table not in how.ids:
            pass
        elif name in how.written:
            cell = how.written[name].format(cell=cell, shift=shift)
        elif name in how.ids[table]:
            is_text = kind in {"text", "varchar", "character varying"}
            cell = f"lpad(CAST(copy.seq AS text), 4, '0') || {cell}" if is_text else f"{cell} + {shift}"
        elif kind.startswith(("datetime", "timestamp")):
            cell = older.format(cell, days)
        cells.append(cell)
    return ", ".join(quote.format(name) for name, _ in columns), ", ".join(cells)
