"""Trying a shop finds times that are read the wrong way, and stamps that stand still while the feed moves."""

from __future__ import annotations

from pathlib import Path

import psycopg

from connectors.channels.check import check_shop
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.custom.conftest import FEED, FILES, LINES, ORDERS, Edit

# A second order, so that what all orders share can be distinguished from what one has.
RECENT = """
INSERT INTO sale VALUES ('B', '2026-03-05 09:00:00', 24);
INSERT INTO line VALUES ('B-1', 'B', 2, 24, 'MUG', 'Mug');
DELETE FROM event;
INSERT INTO event SELECT id, datetime('now', '-3 hours') FROM sale;
UPDATE sale SET moment = datetime('now', '-3 hours');
"""
LOCAL = FILES["platform.toml"].replace("\n", '\nchange_times = "local"\n', 1)


def warnings(source: ShopSource) -> str:
    return "\n".join(finding.message for finding in check_shop(ShopReader(source)))


def test_stamps_that_move_with_the_feed_are_right(shop: Edit) -> None:
    assert warnings(shop(RECENT)) == ""


def test_a_stamp_older_than_the_orders_change_is_named_with_an_order(shop: Edit) -> None:
    words = warnings(
        shop(RECENT + "UPDATE sale SET moment = datetime('now', '-5 hours', '-7 seconds') WHERE id = 'B';")
    )
    assert "updated_at of 1 of 2 orders is older than their change in changes.sql, for example B: " in words


def test_stamps_that_are_all_some_hours_behind_are_a_wrong_zone(shop: Edit) -> None:
    words = warnings(shop(RECENT + "UPDATE sale SET moment = datetime(moment, '-2 hours');"))
    assert "updated_at of every order is 2 h behind changes.sql" in words
    assert "see change_times and timezone" in words


def test_a_feed_with_a_zone_is_not_read_as_wall_time(shop: Edit) -> None:
    zoned = RECENT + "UPDATE event SET moment = moment || '+00:00';"
    words = warnings(shop(zoned, platform_toml=LOCAL))
    assert "changes.sql yields times with a zone, but change_times is 'local'" in words


def test_a_feed_that_lies_in_the_future_is_read_in_the_wrong_zone(shop: Edit) -> None:
    words = warnings(shop(RECENT + "UPDATE event SET moment = datetime('now', '+2 hours');"))
    assert "2 of 2 orders changed later than now" in words


def test_on_postgresql_every_file_is_tried_truly_after_one_has_failed(postgresql_database: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE sale (id text PRIMARY KEY, moment text, total numeric)")
        connection.execute("CREATE TABLE line (id text, sale text, quantity int, price numeric, sku text, title text)")
        connection.execute("CREATE TABLE event (sale text, moment text)")
    files = {**FILES, "changes.sql": FEED.replace("moment", "momentt"), "orders.sql": ORDERS.replace("total", "totl")}
    for name, text in {**files, "lines.sql": LINES}.items():
        (tmp_path / name).write_text(text)
    words = warnings(ShopSource("shop", str(tmp_path), postgresql_database))
    assert "query changes.sql" in words
    assert "query orders.sql" in words
    assert "lines.sql" not in words
    assert "aborted" not in words
