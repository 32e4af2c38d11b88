"""A custom channel is read whole: its change feeds, its zones, and what a broken cell costs."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.channels.check import check_shop
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.custom.conftest import DAY, FEED, FILES, LINES, ORDERS, Edit, read
from tests.connectors.feeds import changes_by_feed_and_by_id
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise

CUSTOM_CHANNEL = Path(__file__).parents[3] / "docs" / "custom-channel.md"


def test_an_event_table_is_a_change_feed_without_a_modified_column(shop: Edit) -> None:
    source = shop()
    assert [record.channel_order_id for record in read(source).records] == ["A"]
    assert read(source, DAY - dt.timedelta(days=1)).records == []
    assert check_shop(ShopReader(source)) == []


def test_the_full_read_of_the_docs_finds_every_order_today_and_none_on_other_days(shop: Edit) -> None:
    text = CUSTOM_CHANNEL.read_text()
    start = text.index("SELECT id AS order_id, :start AS changed_at")
    feed = text[start : text.index("```", start)].replace("orders", "sale").replace("placed_at", "moment")
    many = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
        INSERT INTO sale SELECT 'B' || i, '2026-02-01 09:00:00', 24 FROM n;
        INSERT INTO line SELECT id || '-1', id, 2, 24, 'MUG', 'Mug' FROM sale WHERE id <> 'A';
        INSERT INTO sale VALUES ('old', '2025-12-31 23:59:59', 24);
    """
    source = shop(many, changes_sql=feed)
    today = dt.datetime.combine(dt.datetime.now(dt.UTC).date(), dt.time(), dt.UTC)
    read_today = read(source, today)
    ids = [record.channel_order_id for record in read_today.records]
    assert sorted(ids) == sorted(["A", *(f"B{n}" for n in range(1, 2501))])
    assert {record.updated_at for record in read_today.records} == {"2026-02-01T09:00:00Z", "2026-03-05T09:00:00Z"}
    assert read(source, today - dt.timedelta(days=1)).records == []
    assert check_shop(ShopReader(source)) == []


def test_rows_of_an_order_that_was_not_asked_for_change_nothing(shop: Edit) -> None:
    stranger = "UNION ALL SELECT 'Z', 'Z-1', 1, 5, 'CUP', 'Cup'"
    result = read(shop(lines_sql=LINES.replace("ORDER BY id", stranger)))
    assert [(record.channel_order_id, record.order_lines) for record in result.records] == [("A", 1)]
    assert result.rejects == []


def test_one_bad_row_costs_its_own_order_only(shop: Edit) -> None:
    rows = "".join(
        f"INSERT INTO sale VALUES ('{name}', '2026-03-05 09:00:00', 24);"
        f"INSERT INTO line VALUES ('{name}-1', '{name}', 2, {price}, 'MUG', 'Mug');"
        f"INSERT INTO event VALUES ('{name}', '2026-03-05 10:00:00');"
        for name, price in [("B", "'NaN'"), ("C", "9e999"), ("D", "24")]
    )
    result = read(shop(rows))
    assert [record.channel_order_id for record in result.records] == ["A", "D"]
    assert [(reject.channel_order_id, reject.field) for reject in result.rejects] == [
        ("B", "order_lines[0].price.amount"),
        ("C", "order_lines[0].price.amount"),
    ]


@pytest.mark.parametrize(
    ("cell", "title"),
    [("CAST(x'4dfc0067' AS TEXT)", "M\ufffdg"), ("x'4d00ff'", "4d00ff"), ("'M' || char(0) || 'g'", "Mg")],
)
def test_nul_and_broken_encodings_do_not_stop_an_order(cell: str, title: str, shop: Edit) -> None:
    (record,) = read(shop(f"UPDATE line SET title = {cell}")).records
    assert json.loads(record.payload)["order_lines"][0]["product"]["title"] == title


def test_an_order_of_ten_thousand_lines_is_read_whole(shop: Edit) -> None:
    many = """
        DELETE FROM line;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO line SELECT 'A-' || i, 'A', 1, '0.01', 'MUG', 'Mug' FROM n;
        UPDATE sale SET total = 100;
    """
    (record,) = read(shop(many)).records
    codes = [notice.code for notice in record.notices]
    assert (record.order_lines, codes) == (10_000, ["no_address"])


def test_a_shop_in_local_time_is_asked_in_local_time(shop: Edit) -> None:
    source = shop(platform_toml='change_times = "local"\ntimes = "local"\n' + FILES["platform.toml"])
    paris = ShopSource("shop", source.platform, source.database_url, timezone="Europe/Paris")
    reader = ShopReader(paris)
    assert reader.platform.naive_timezone("Europe/Paris") == "Europe/Paris"
    hour = dt.timedelta(hours=1)
    with reader.snapshot() as snapshot:
        # The event stands at 10:00 in the shop, which is 09:00 UTC in winter.
        assert [len(rows["orders"]) for rows in snapshot.chunks(DAY + 9 * hour, DAY + 10 * hour)] == [1]
        assert list(snapshot.chunks(DAY + 10 * hour, DAY + 11 * hour)) == []


UNSTAMPED = ORDERS.replace("moment AS updated_at, ", "")
BY_ID = FEED.replace("FROM event", "FROM event\n-- begin ids\nWHERE sale IN :order_ids\n-- end ids\n").replace(
    "WHERE changed_at", "-- begin window\nWHERE changed_at"
)


@pytest.mark.parametrize("feed", [FEED, f"{BY_ID}\n-- end window\n"], ids=["any feed", "a feed that knows ids"])
def test_an_order_without_a_stamp_of_its_own_has_that_of_its_change(feed: str, shop: Edit) -> None:
    source = shop(orders_sql=UNSTAMPED, changes_sql=feed)
    reader = ShopReader(source)
    assert [record.updated_at for record in read(source).records] == ["2026-03-05T10:00:00Z"]
    with reader.snapshot() as snapshot:
        [rows] = snapshot.orders(["A"])
        assert reader.frames(rows, snapshot.read_at).orders["updated_at"].to_pylist() == ["2026-03-05 10:00:00"]
    assert check_shop(reader) == []
    by_feed, by_id = changes_by_feed_and_by_id(source, DAY, DAY + dt.timedelta(days=1))
    assert by_id == by_feed


def test_a_stamp_of_an_orders_own_is_kept(shop: Edit) -> None:
    assert [record.updated_at for record in read(shop()).records] == ["2026-03-05T09:00:00Z"]


@pytest.mark.parametrize(
    ("change_times", "times", "stamp"),
    [
        ("local", "local", "2026-03-05T09:00:00Z"),
        ("local", "UTC", "2026-03-05T09:00:00Z"),
        ("utc", "local", "2026-03-05T10:00:00Z"),
    ],
)
def test_a_change_is_reported_in_its_own_zone(change_times: str, times: str, stamp: str, shop: Edit) -> None:
    settings = f'change_times = "{change_times}"\ntimes = "{times}"\n{FILES["platform.toml"]}'
    source = replace(shop(orders_sql=UNSTAMPED, platform_toml=settings), timezone="Europe/Paris")
    reader = ShopReader(source)
    mapping = ChannelMapping("S-1", naive_timezone=reader.platform.naive_timezone(source.timezone))
    with reader.snapshot() as snapshot:
        [rows] = snapshot.chunks(DAY, DAY + dt.timedelta(days=1))
        [record] = normalise(reader.frames(rows, snapshot.read_at), mapping).records
    assert record.updated_at == stamp


def test_sql_in_the_folder_shared_takes_the_place_of_its_name(shop: Edit, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "sold.sql").write_text("-- what was sold; {nothing}\nSELECT *\nFROM {prefix}line -- all\n")
    source = shop(lines_sql=LINES.replace("FROM line", "FROM ({sold}) AS line"))
    assert [record.order_lines for record in read(source).records] == [1]
