"""A shop of a user's own in SQLite, small enough to break one thing at a time."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.normalised import MIRAKL_ORDERS, Normalised

DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
FEED = """
SELECT order_id, changed_at
FROM (SELECT sale AS order_id, MAX(moment) AS changed_at FROM event GROUP BY sale) AS changed
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
"""
ORDERS = """
SELECT id AS channel_order_id, moment AS created_at, moment AS updated_at, 'paid' AS status, 'EUR' AS currency, total
FROM sale WHERE id IN :order_ids
"""
LINES = """
SELECT sale AS channel_order_id, id AS channel_order_line_id, quantity, price, sku AS product_id, title AS product_title
FROM line WHERE sale IN :order_ids ORDER BY id
"""
FILES = {
    "platform.toml": 'anchor = "sale"\n[statuses]\npaid = "AWAITING_SHIPMENT"\n',
    "changes.sql": FEED,
    "orders.sql": ORDERS,
    "lines.sql": LINES,
}
SCHEMA = """
CREATE TABLE sale (id TEXT PRIMARY KEY, moment TEXT, total);
CREATE TABLE line (id TEXT, sale TEXT, quantity, price, sku TEXT, title);
CREATE TABLE event (sale TEXT, moment TEXT);
INSERT INTO sale VALUES ('A', '2026-03-05 09:00:00', 24);
INSERT INTO line VALUES ('A-1', 'A', 2, 24, 'MUG', 'Mug');
INSERT INTO event VALUES ('A', '2026-03-04 09:00:00'), ('A', '2026-03-05 10:00:00');
"""
Edit = Callable[..., ShopSource]


@pytest.fixture
def shop(tmp_path: Path) -> Edit:
    """Make the shop above in SQLite, with some SQL run on it and some files replaced."""

    def make(sql: str = "", **files: str) -> ShopSource:
        for name, text in {**FILES, **{f.replace("_", "."): t for f, t in files.items()}}.items():
            (tmp_path / name).write_text(text)
        with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
            connection.executescript(SCHEMA + sql)
        connection.close()
        return ShopSource("shop", str(tmp_path), f"sqlite:///{tmp_path / 'shop.sqlite'}")

    return make


def read(source: ShopSource, day: dt.datetime = DAY) -> Normalised:
    reader = ShopReader(source)
    platform = reader.platform
    mapping = ChannelMapping("S-1", platform_statuses=platform.statuses, rate_divisor=platform.rate_divisor)
    chunks = [pa.RecordBatch.from_pylist([], MIRAKL_ORDERS)]
    with reader.snapshot() as snapshot:
        chunks += (
            normalise(reader.frames(rows, snapshot.read_at), mapping).table
            for rows in snapshot.chunks(day, day + dt.timedelta(days=1))
        )
    return Normalised(pa.concat_batches(chunks))
