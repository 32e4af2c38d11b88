"""A session on the shop's database is the same whatever the server's settings, and is easy on the server."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from connectors.channels.database import READ_TIMEOUT_SECONDS
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.custom.conftest import DAY, FILES, SCHEMA, Edit, read

ODD_MODES = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_DATE,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES"

# SQLite alone lets a column have no type.
TYPED = (
    SCHEMA.replace("id TEXT PRIMARY", "id VARCHAR(20) PRIMARY")
    .replace("total)", "total INT)")
    .replace("quantity, price", "quantity INT, price INT")
    .replace("title)", "title TEXT)")
)


@pytest.fixture
def mariadb(mariadb_port: int) -> Iterator[pymysql.cursors.Cursor]:
    """The administrator of a MariaDB that holds the shop of one order."""
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server, server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE DATABASE sessions")
        cursor.execute("USE sessions")
        for statement in filter(str.strip, TYPED.split(";")):
            cursor.execute(statement)
        yield cursor


def source(folder: Path, url: str, **files: str) -> ShopSource:
    for name, text in {**FILES, **{".".join(file.rsplit("_", 1)): text for file, text in files.items()}}.items():
        (folder / name).write_text(text)
    return ShopSource("shop", str(folder), url)


@contextmanager
def setting(cursor: pymysql.cursors.Cursor, name: str, value: object) -> Iterator[None]:
    """Let a setting of the server be another one for new sessions."""
    cursor.execute(f"SELECT @@GLOBAL.{name}")
    before: Any = cursor.fetchall()[0][0]
    cursor.execute(f"SET GLOBAL {name} = %s", [value])
    try:
        yield
    finally:
        cursor.execute(f"SET GLOBAL {name} = %s", [before])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_sql_mode_of_the_server_changes_what_a_user_s_sql_means(
    mariadb: pymysql.cursors.Cursor, mariadb_port: int, tmp_path: Path
) -> None:
    shop = source(
        tmp_path,
        f"mysql://root@127.0.0.1:{mariadb_port}/sessions",
        # What is in double quotes is text, what is not grouped by is allowed, and two bars are OR.
        orders_sql="""
            SELECT id AS channel_order_id, moment AS created_at, MAX(moment) AS updated_at, "paid" AS status,
                'EUR' AS currency, total, '\\'' || 'x' AS origin
            FROM sale WHERE id IN :order_ids GROUP BY id
        """,
    )
    usual = [record.payload for record in read(shop).records]
    with setting(mariadb, "sql_mode", ODD_MODES):
        assert [record.payload for record in read(shop).records] == usual
    assert len(usual) == 1


def test_mariadb_s_time_outs_do_not_end_a_snapshot(
    mariadb: pymysql.cursors.Cursor, mariadb_port: int, tmp_path: Path
) -> None:
    shop = source(tmp_path, f"mysql://root@127.0.0.1:{mariadb_port}/sessions")
    with (
        setting(mariadb, "wait_timeout", 1),
        setting(mariadb, "idle_readonly_transaction_timeout", 1),
        setting(mariadb, "idle_transaction_timeout", 1),
        ShopReader(shop).snapshot() as snapshot,
    ):
        idle, inside = (pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root") for _ in range(2))
        inside.cursor().execute("START TRANSACTION READ ONLY")
        until(lambda: not any(_answers(session) for session in (idle, inside)))
        [rows] = snapshot.orders(["A"])
    assert rows["orders"]["channel_order_id"] == ("A",)


def _answers(session: pymysql.Connection[Any]) -> bool:
    # A statement would begin its time anew; what the server sends at the end lies in the socket.
    return not select.select([session._sock], [], [], 0)[0]  # type: ignore[attr-defined]


def test_postgresql_s_time_out_of_idle_transactions_does_not_end_a_snapshot(
    postgresql_database: str, tmp_path: Path
) -> None:
    address = postgresql_database.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(TYPED)
        server.execute("ALTER DATABASE test SET idle_in_transaction_session_timeout = '100ms'")
        shop = source(tmp_path, postgresql_database)
        with ShopReader(shop).snapshot() as snapshot, closing(psycopg.connect(address)) as other:
            other.execute("SELECT 1")
            session = other.info.backend_pid
            until(lambda: not _alive(server, session))
            [rows] = snapshot.orders(["A"])
    assert rows["orders"]["channel_order_id"] == ("A",)


def _alive(server: psycopg.Connection, session: int) -> bool:
    return server.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [session]).fetchone() is not None


def test_the_server_itself_ends_a_statement_that_takes_too_long(
    mariadb: pymysql.cursors.Cursor, mariadb_port: int, tmp_path: Path
) -> None:
    shop = source(
        tmp_path,
        f"mysql://root@127.0.0.1:{mariadb_port}/sessions",
        custom_attributes_sql="SELECT id AS channel_order_id, @@max_statement_time AS value FROM sale"
        " WHERE id IN :order_ids",
    )
    with ShopReader(shop).snapshot() as snapshot:
        [rows] = snapshot.orders(["A"])
    assert rows["custom_attributes"]["value"] == (READ_TIMEOUT_SECONDS,)


def test_the_shop_is_left_alone_between_two_chunks(shop: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    made = shop("".join(f"INSERT INTO event VALUES ('A{n}', '2026-03-05 10:00:0{n}');" for n in range(3)))
    pauses: list[float] = []
    monkeypatch.setattr("connectors.channels.snapshot.time.sleep", pauses.append)
    paused = ShopSource("shop", made.platform, made.database_url, chunk_size=1, pause_seconds=0.25)
    with ShopReader(paused).snapshot() as snapshot:
        chunks = list(snapshot.chunks(DAY, DAY.replace(day=6)))
    assert len(chunks) == 4
    assert pauses == [0.25] * 3
