"""A shop of someone's own: a folder of SQL over an SQLite database, as a user would connect it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_PLATFORM = """
anchor = "sale"
[statuses]
paid = "AWAITING_SHIPMENT"
sent = "SHIPPED"
"""
_FEED = """
SELECT id AS order_id, changed AS changed_at FROM sale
WHERE changed >= :start AND changed < :end
    AND (changed > :after_time OR (changed = :after_time AND id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
"""
_QUERIES = {
    "changes": _FEED,
    "placed": _FEED.replace("changed >=", "placed >=")
    .replace("changed <", "placed <")
    .replace("changed >", "placed >")
    .replace("changed =", "placed =")
    .replace("changed AS", "placed AS"),
    "orders": """
        SELECT id AS channel_order_id, placed AS created_at, changed AS updated_at, status, currency, store,
            total, email FROM sale WHERE id IN :order_ids
    """,
    "lines": """
        SELECT id AS channel_order_id, id || '-' || number AS channel_order_line_id, 1 AS quantity, price,
            'MUG' AS product_id, title AS product_title
        FROM item WHERE id IN :order_ids
    """,
    "addresses": """
        SELECT id AS channel_order_id, 'shipping' AS address_type, name AS last_name, 'Rue 1' AS street,
            '75011' AS zip_code, 'Paris' AS city, 'FR' AS country
        FROM sale WHERE id IN :order_ids
    """,
}
_SCHEMA = """
CREATE TABLE sale (
    id TEXT PRIMARY KEY, placed TEXT, changed TEXT, status TEXT, currency TEXT, store TEXT, total TEXT,
    email TEXT, name TEXT
);
CREATE TABLE item (id TEXT, number INTEGER, price TEXT, title TEXT);
"""
PERSONAL = ("zzname@example.org", "Zzname", "Zztitle")


class OwnShop:
    """An SQLite shop in a folder; `block` is its channel's block of channels.toml."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.database = folder, folder / "shop.sqlite"
        (folder / "platform.toml").write_text(_PLATFORM)
        for name, query in _QUERIES.items():
            (folder / f"{name}.sql").write_text(query)
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(_SCHEMA)

    def order(
        self,
        order_id: str,
        changed: str,
        *,
        status: str = "paid",
        currency: str = "EUR",
        store: str = "1",
        price: str = "10.00",
        total: str | None = None,
        lines: int = 1,
        placed: str = "2026-01-05 10:00:00",
    ) -> None:
        """Put an order into the shop, in place of the one with this id. Its price is each line's."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("DELETE FROM sale WHERE id = ?", [order_id])
            connection.execute("DELETE FROM item WHERE id = ?", [order_id])
            cells = [order_id, placed, changed, status, currency, store, total, PERSONAL[0], PERSONAL[1]]
            connection.execute("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)
            items = [(order_id, number, price, PERSONAL[2]) for number in range(lines)]
            connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", items)

    def remove(self, order_id: str) -> None:
        """Take an order out of the shop."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("DELETE FROM sale WHERE id = ?", [order_id])

    def block(self, name: str = "own", **changes: str) -> str:
        """Return the channel's block; values are TOML."""
        keys = {
            "platform": f'"{self.folder}"',
            "database_url": f'"sqlite:///{self.database}"',
            "mirakl_channel_id": '"1234"',
            "stores": '{"1" = "S-1", "2" = "S-2"}',
            "timezone": '"Europe/Paris"',
            "start_date": '"2026-01-01"',
            **changes,
        }
        return f"[channels.{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
