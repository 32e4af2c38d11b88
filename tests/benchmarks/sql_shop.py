"""The shop of the benchmark: 100,000 orders of 3 lines in SQLite, connected by SQL alone, as a user would.

`python -m tests.benchmarks.sql_shop FOLDER ORDERS DAYS` makes it: `shop.sqlite`, and the folder `platform` of its SQL.
"""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

LINES = 3
# How many orders are in memory at a time while a shop is made.
TOGETHER = 10_000
_SCHEMA = """
CREATE TABLE sale (
    id INTEGER PRIMARY KEY, placed TEXT, changed TEXT, status TEXT, currency TEXT, total TEXT, shipping TEXT,
    email TEXT, first_name TEXT, last_name TEXT, street TEXT, zip TEXT, city TEXT, country TEXT
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY, sale_id INTEGER, sku TEXT, title TEXT, quantity INTEGER, price TEXT, tax TEXT
);
CREATE INDEX sale_changed ON sale (changed, id);
CREATE INDEX item_sale ON item (sale_id);
"""
_FILES = {
    "platform.toml": """
anchor = "sale"
[statuses]
paid = "AWAITING_SHIPMENT"
sent = "SHIPPED"
""",
    "changes.sql": """
SELECT id AS order_id, changed AS changed_at FROM sale
WHERE changed >= :start AND changed < :end
    AND (changed > :after_time OR (changed = :after_time AND id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
""",
    "orders.sql": """
SELECT id AS channel_order_id, placed AS created_at, changed AS updated_at, status, currency, total,
    total AS total_paid, shipping AS shipping_price, email
FROM sale WHERE id IN :order_ids
""",
    "lines.sql": """
SELECT sale_id AS channel_order_id, id AS channel_order_line_id, quantity, price, sku AS product_id,
    title AS product_title
FROM item WHERE sale_id IN :order_ids
""",
    "taxes.sql": """
SELECT sale_id AS channel_order_id, id AS channel_order_line_id, 'price' AS applies_to, 'VAT' AS code, '20' AS rate,
    tax AS amount
FROM item WHERE sale_id IN :order_ids
""",
    "addresses.sql": """
SELECT id AS channel_order_id, 'shipping' AS address_type, first_name, last_name, street, zip AS zip_code, city, country
FROM sale WHERE id IN :order_ids
""",
}


def make(folder: Path, orders: int, days: int) -> None:
    """Make the shop; its orders changed evenly over the days up to yesterday, in UTC."""
    (folder / "platform").mkdir(parents=True, exist_ok=True)
    for name, text in _FILES.items():
        (folder / "platform" / name).write_text(text)
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection, connection:
        connection.executescript(_SCHEMA)
        rows = _rows(orders, days)
        while made := list(islice(rows, TOGETHER)):
            connection.executemany(f"INSERT INTO sale VALUES ({', '.join('?' * 14)})", (sale for sale, _ in made))
            items = (item for _, lines in made for item in lines)
            connection.executemany(f"INSERT INTO item VALUES ({', '.join('?' * 7)})", items)


def _rows(orders: int, days: int) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    chosen = random.Random(7)
    end = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    step = dt.timedelta(days=days) / max(orders, 1)
    for number in range(1, orders + 1):
        changed = (end - dt.timedelta(days=days) + (number - 1) * step).replace(microsecond=0)
        items, total = [], 490
        for line in range(LINES):
            price = chosen.randint(100, 9999)
            tax = round(price * 0.2)
            total += price + tax
            sku, quantity = chosen.randint(1, 500), chosen.randint(1, 3)
            row = (number * LINES + line, number, f"SKU-{sku}", f"Mug No. {sku}", quantity)
            items.append((*row, f"{price / 100:.2f}", f"{tax / 100:.2f}"))
        placed = changed - dt.timedelta(hours=2)
        status = chosen.choice(["paid", "paid", "sent"])
        head = (number, str(placed), str(changed), status, "EUR", f"{total / 100:.2f}", "4.90")
        buyer = (f"buyer{number}@example.org", f"First{number % 300}", f"Last{number % 700}", f"Street {number}")
        yield (*head, *buyer, f"{number % 99999:05}", "Paris", "FR"), items


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
