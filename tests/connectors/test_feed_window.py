"""A feed is read page by page: each order once, and at a cost that grows with its day and no faster."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.channels import snapshot as snapshot_module
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource

DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
NEXT_DAY = DAY + dt.timedelta(days=1)
PAGE = 100
# How many steps of SQLite's machine are counted at a time.
STEPS = 10
FEED = """
SELECT order_id, changed_at
FROM (
    SELECT order_id, MAX(happened_at) AS changed_at
    FROM event
    WHERE order_id IN (SELECT order_id FROM event WHERE happened_at >= :start AND happened_at < :end)
    GROUP BY order_id
) AS changed
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
"""
ANY_ORDERS = "SELECT id FROM event WHERE id IN :order_ids"


def shop(folder: Path, seconds: Sequence[float], feed: str = FEED) -> ShopReader:
    """Make a shop whose orders changed so many seconds after midnight, each once the hour before, too."""
    files = {
        "platform.toml": 'anchor = "event"',
        "changes.sql": feed,
        "orders.sql": ANY_ORDERS,
        "lines.sql": ANY_ORDERS,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, order_id INTEGER, happened_at TEXT)")
        for table_key in ("order_id", "happened_at"):
            connection.execute(f"CREATE INDEX event_{table_key} ON event ({table_key})")
        for order_id, second in enumerate(seconds):
            newest = DAY.replace(tzinfo=None) + dt.timedelta(seconds=second)
            for moment in (newest, newest - dt.timedelta(hours=1)):
                row = (order_id, moment.isoformat(sep=" "))
                connection.execute("INSERT INTO event (order_id, happened_at) VALUES (?, ?)", row)
    connection.close()
    return ShopReader(ShopSource("shop", str(folder), f"sqlite:///{folder / 'shop.sqlite'}"))


def changed(reader: ShopReader) -> list[int]:
    with reader.snapshot() as snapshot:
        return [order_id for page in snapshot.changes(DAY, NEXT_DAY) for order_id, _ in page]


# Bursts, single changes, and long times without any.
SECONDS = st.lists(
    st.one_of(st.sampled_from([0, 7, 7.5, 3600, 86_399, 86_399.999_999]), st.integers(0, 20), st.integers(0, 86_399)),
    max_size=40,
)


@settings(max_examples=50)
@given(SECONDS, st.integers(1, 12))
def test_each_order_is_read_once_however_the_changes_are_spread(seconds: list[float], page_size: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot_module, "PAGE_SIZE", page_size)
        found = changed(shop(Path(folder), seconds))
    assert found == sorted(range(len(seconds)), key=lambda order_id: (seconds[order_id], order_id))


def steps(reader: ShopReader) -> float:
    """Count the steps of SQLite's machine that one order of the day's feed takes."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += STEPS

    def begin(connection: Any, _: Any) -> None:
        connection.set_progress_handler(count, STEPS)

    sa.event.listen(sa.Engine, "connect", begin)
    try:
        orders = len(changed(reader))
    finally:
        sa.event.remove(sa.Engine, "connect", begin)
    return counted / orders


def test_an_order_of_a_large_day_costs_the_database_as_much_as_one_of_a_small_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "PAGE_SIZE", PAGE)
    costs = []
    for pages in (4, 40):
        folder = tmp_path / str(pages)
        folder.mkdir()
        orders = pages * PAGE
        costs.append(steps(shop(folder, [number * 86_400 / orders // 1 for number in range(orders)])))
    assert costs[1] < 1.5 * costs[0], costs


def test_a_feed_that_does_not_go_on_from_the_last_order_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "PAGE_SIZE", 2)
    begin, end = FEED.index("    AND (changed_at > :after_time"), FEED.index("ORDER BY changed_at")
    ignored = "    AND (:after_time IS NOT NULL OR :after_id IS NULL)\n"
    reader = shop(tmp_path, [1, 2, 3, 4], FEED[:begin] + ignored + FEED[end:])
    with pytest.raises(ShopError, match="yields the last order of a page again on the next"):
        changed(reader)
