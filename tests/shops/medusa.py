"""A Medusa shop in PostgreSQL for the tests: its schema, and rows written with the columns that matter."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

SHOPS = Path(__file__).parent
SCHEMAS = {
    "2.21.2": ("medusa.sql", "medusa_links.sql"),
    "2.0.0": ("medusa.sql", "medusa_links.sql", "medusa_2_0.sql"),
}
PLACED = "2026-03-01T09:00:00Z"

# What a row must have and no case is about.
_USUAL: Mapping[str, Mapping[str, Any]] = {
    "order": {"currency_code": "eur", "email": "buyer@example.com"},
    "order_line_item": {"title": "Mug", "variant_sku": "MUG-1"},
    "order_item": {
        "version": 1,
        "fulfilled_quantity": 0,
        "shipped_quantity": 0,
        "return_requested_quantity": 0,
        "return_received_quantity": 0,
        "return_dismissed_quantity": 0,
        "written_off_quantity": 0,
    },
    "order_shipping": {"version": 1},
    "order_transaction": {"currency_code": "eur"},
    "order_change": {"status": "confirmed"},
    "return": {"order_version": 1},
    "order_claim": {"order_version": 1},
    "order_exchange": {"order_version": 1},
    "payment": {"currency_code": "eur", "provider_id": "pp_system_default"},
    "payment_collection": {"currency_code": "eur"},
    "refund_reason": {"label": "Refund"},
    "fulfillment": {"location_id": "sloc_main", "provider_id": "manual_manual"},
    "fulfillment_item": {"title": "Mug", "sku": "MUG-1", "barcode": "", "quantity": 1},
    "fulfillment_label": {"tracking_url": "#", "label_url": "#"},
    "shipping_option": {"name": "Parcel", "service_zone_id": "serzo_1", "shipping_option_type_id": "sotype_1"},
}


class MedusaShop:
    """A shop's database; rows get ids, times and the exact text beside each number where a case gives none."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._numbers: dict[str, itertools.count[int]] = defaultdict(itertools.count)
        self._columns: dict[str, set[str]] = defaultdict(set)
        for table, column in connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        ):
            self._columns[table].add(column)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; a column that this version of Medusa does not have is left out."""
        columns = self._columns[table]
        for given in rows:
            row = {
                "id": f"{table}_{next(self._numbers[table])}",
                "created_at": PLACED,
                **_USUAL.get(table, {}),
                **given,
            }
            row.setdefault("updated_at", row["created_at"])
            if table == "payment":
                row.setdefault("payment_session_id", f"of_{row['id']}")
            row |= {
                f"raw_{name}": {"value": str(value), "precision": 20}
                for name, value in row.items()
                if f"raw_{name}" in columns and f"raw_{name}" not in row and value is not None
            }
            known = {name: value for name, value in row.items() if name in columns}
            self._connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, known)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(known)),
                ),
                [Jsonb(value) if isinstance(value, dict) else value for value in known.values()],
            )

    def insert_all(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Insert the rows of several tables."""
        for table, of_table in rows.items():
            self.insert(table, of_table)


def medusa_shop(connection: psycopg.Connection[Any], version: str = "2.21.2") -> MedusaShop:
    """Make the tables of this version of Medusa in an empty database."""
    for name in SCHEMAS[version]:
        connection.execute((SHOPS / name).read_text())
    return MedusaShop(connection)
