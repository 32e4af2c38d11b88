"""The reader on PostgreSQL: sessions, paging at full resolution, parts of a query that a schema may lack."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from connectors.channels import database
from connectors.channels import snapshot as snapshot_module
from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from transforms.frames import Table

DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
NEXT_DAY = DAY + dt.timedelta(days=1)
CHANGES = """
SELECT id AS order_id, {changed} AS changed_at FROM sale
WHERE {changed} >= :start AND {changed} < :end
    AND ({changed} > :after_time OR ({changed} = :after_time AND id > :after_id))
ORDER BY changed_at, order_id
LIMIT :page_size
"""
PLATFORM = """
anchor = "sale"
change_times = "{times}"
[optional_columns]
note = {{ table = "sale", column = "note", sql = "s.note" }}
[optional_parts]
parcels = ["parcel"]
"""
ORDERS = """
SELECT s.id AS order_id, {note} AS note
-- begin parcels
, (SELECT count(*) FROM parcel) AS parcels -- :nobody asks
-- end parcels
FROM sale AS s
WHERE s.id IN :order_ids AND (:store IS NULL OR s.store = :store)
ORDER BY s.id
"""


@pytest.fixture(params=["utc", "timestamptz"])
def shop(request: pytest.FixtureRequest, postgresql_database: str, tmp_path: Path) -> ShopSource:
    """Make a shop whose ids are uuids and whose changes are a microsecond, or none, apart."""
    kind = "timestamp" if request.param == "utc" else "timestamptz"
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE TABLE sale (id uuid PRIMARY KEY, changed {kind}, store text)")
        for number in range(9):
            changed = DAY + dt.timedelta(microseconds=number // 3)
            cells = (uuid.UUID(int=number), changed if kind == "timestamptz" else changed.replace(tzinfo=None), "a")
            connection.execute("INSERT INTO sale VALUES (%s, %s, %s)", cells)
    (tmp_path / "platform.toml").write_text(PLATFORM.format(times=request.param))
    (tmp_path / "changes.sql").write_text(CHANGES.replace("{changed}", "changed"))
    (tmp_path / "orders.sql").write_text(ORDERS)
    (tmp_path / "lines.sql").write_text("SELECT id FROM sale WHERE id IN :order_ids")
    return ShopSource("shop", str(tmp_path), postgresql_database, chunk_size=2)


def numbers(chunks: Iterable[Mapping[str, Table]]) -> list[int]:
    """Return the numbers of the orders, of which their ids are made."""
    return [uuid.UUID(str(cell)).int for rows in chunks for cell in rows["orders"]["order_id"]]


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 9, 10])
def test_paging_loses_and_repeats_no_order_however_close_the_changes(
    shop: ShopSource, page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "PAGE_SIZE", page_size)
    with ShopReader(shop).snapshot() as snapshot:
        chunks = list(snapshot.chunks(DAY, NEXT_DAY))
        assert numbers(chunks) == list(range(9))
        last = list(snapshot.chunks(DAY + dt.timedelta(microseconds=2), NEXT_DAY))
        assert numbers(last) == [6, 7, 8]


def test_orders_are_found_by_their_ids_as_text(shop: ShopSource) -> None:
    ids = [str(uuid.UUID(int=number)) for number in (7, 99, 3)]
    with ShopReader(shop).snapshot() as snapshot:
        found = numbers(snapshot.orders(ids))
    assert sorted(found) == [3, 7]


def test_a_chunk_of_no_orders_has_the_columns(shop: ShopSource) -> None:
    with ShopReader(shop).snapshot() as snapshot:
        assert list(snapshot.rows([])["orders"].columns) == ["order_id", "note"]


def test_columns_and_parts_are_there_where_the_schema_has_them(shop: ShopSource) -> None:
    engine = sa.create_engine(shop.database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE sale ADD note text DEFAULT 'ring twice'"))
        connection.execute(sa.text("CREATE TABLE parcel (id int)"))
    engine.dispose()
    with ShopReader(shop).snapshot() as snapshot:
        orders = next(snapshot.chunks(DAY, NEXT_DAY))["orders"]
    assert (orders["note"][0], orders["parcels"][0]) == ("ring twice", 0)


def test_a_store_setting_filters_the_queries_that_mention_it(shop: ShopSource) -> None:
    other = ShopSource("shop", shop.platform, shop.database_url, store="b")
    with ShopReader(other).snapshot() as snapshot:
        assert [len(rows["orders"]) for rows in snapshot.chunks(DAY, NEXT_DAY)] == [0]


def test_a_snapshot_does_not_move_and_cannot_write(shop: ShopSource) -> None:
    with ShopReader(shop).snapshot() as snapshot:
        with psycopg.connect(shop.database_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("DELETE FROM sale")
            (now,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)
        assert len(snapshot.rows([uuid.UUID(int=1)])["orders"]) == 1
        assert dt.timedelta(0) < now - snapshot.read_at < dt.timedelta(seconds=10)
        with pytest.raises(Exception, match="read-only transaction"):
            snapshot._connection.exec_driver_sql("DELETE FROM sale")


@pytest.mark.parametrize("days", [-400, 400])
def test_readings_go_by_the_databases_clock_and_check_reports_a_difference(
    shop: ShopSource, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setitem(database._CLOCKS, "postgresql", f"clock_timestamp() + interval '{days} days'")
    with ShopReader(shop).snapshot() as snapshot:
        there = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        assert abs(there - snapshot.read_at) < dt.timedelta(seconds=65)
    [found] = [finding for finding in check_shop(ShopReader(shop)) if "clock" in finding.message]
    assert found.verdict == "warning"
    assert f"is at {there:%Y-%m-%d}" in found.message


def test_an_error_of_the_callers_own_database_is_not_the_shops(shop: ShopSource) -> None:
    own = sa.create_engine("sqlite://")
    with (
        pytest.raises(sa.exc.OperationalError, match="no such table"),
        ShopReader(shop).snapshot(),
        own.connect() as connection,
    ):
        connection.execute(sa.text("SELECT * FROM ledger"))
    own.dispose()


def test_a_missing_privilege_names_the_query(shop: ShopSource) -> None:
    with psycopg.connect(shop.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
        connection.execute("CREATE TABLE secret (id uuid)")
        connection.execute("GRANT SELECT ON sale TO reader")
    Path(shop.platform, "lines.sql").write_text("SELECT id FROM secret WHERE id IN :order_ids")
    url = shop.database_url.replace("postgres@", "reader:right@")
    words = [finding.message for finding in check_shop(ShopReader(ShopSource("shop", shop.platform, url)))]
    assert any("query lines.sql: the database refuses access (permission denied for table secret)" in w for w in words)


@pytest.mark.parametrize("user", ["reader", "nobody"])
def test_a_wrong_password_is_one_message_without_the_password(shop: ShopSource, user: str) -> None:
    with psycopg.connect(shop.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
    url = shop.database_url.replace("+psycopg", "").replace("postgres@", f"{user}:hunter2@")
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", shop.platform, url)).snapshot():
        pass
    assert caught.value.code == "access_denied"
    assert "hunter2" not in str(caught.value)


def test_a_chunk_is_as_many_orders_as_have_about_so_many_rows(
    shop: ShopSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_module, "FIRST_ORDERS", 1)
    monkeypatch.setattr(snapshot_module, "READ_ROWS", 6)
    # Each order has a row of its own and one line.
    with ShopReader(replace(shop, chunk_size=100)).snapshot() as snapshot:
        sizes = [len(rows["orders"]) for rows in snapshot.chunks(DAY, NEXT_DAY)]
    assert sizes == [1, 3, 3, 2]
