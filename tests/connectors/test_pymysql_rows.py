"""Rows of MariaDB as PyMySQL itself reads them, cell for cell."""

from __future__ import annotations

from typing import Any

import pymysql
import pytest

from connectors.channels.pymysql_rows import Connection

SELECTS = {
    "types": """
        SELECT CAST(1 AS SIGNED) AS a, -5 AS b, 18446744073709551615 AS c, CAST('59.90' AS DECIMAL(26, 8)) AS d, 1e300 AS e,
            b'101' AS f, TRUE AS g, x'00ff10' AS h, NULL AS i, '' AS j, JSON_ARRAY(1, 'x') AS k, CAST('x' AS BINARY) AS l
    """,
    "times": """
        SELECT CAST('2026-03-05 10:11:12' AS DATETIME) AS a, CAST('2026-03-05 10:11:12.5' AS DATETIME(1)) AS b,
            CAST('2026-03-05 10:11:12.123456' AS DATETIME(6)) AS c, CAST('0000-00-00 00:00:00' AS DATETIME) AS d,
            CAST('2026-00-05 10:11:12' AS DATETIME) AS e, CAST('2026-03-05' AS DATE) AS f, CAST('-30:00:01' AS TIME) AS g,
            TIMESTAMP'2026-03-05 10:11:12' AS h, CAST('0999-01-01 00:00:00' AS DATETIME) AS i
    """,
    "characters": "SELECT 'Zoë ☃ 🎁' AS a, _latin1 x'e9' AS b, CONVERT('é' USING latin1) AS c, CHAR(0) AS d",
    "many rows": "SELECT seq, REPEAT('é', seq), IF(seq % 3, seq, NULL) FROM mysql.seq_0_to_700",
    "no rows": "SELECT 1 AS a FROM mysql.seq_1_to_2 WHERE seq > 5",
}


@pytest.fixture(params=[pymysql.connect, Connection], ids=["PyMySQL", "ours"])
def connect(request: pytest.FixtureRequest) -> Any:
    return request.param


def read(connect: Any, port: int, sql: str) -> tuple[Any, Any]:
    with (
        connect(host="127.0.0.1", port=port, user="root", charset="utf8mb4", sql_mode="") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return cursor.description, [[(type(cell), cell) for cell in row] for row in cursor.fetchall()]


@pytest.mark.parametrize("select", SELECTS.values(), ids=SELECTS)
def test_each_cell_is_what_pymysql_makes_of_it(mariadb_port: int, select: str) -> None:
    assert read(Connection, mariadb_port, select) == read(pymysql.connect, mariadb_port, select)


@pytest.mark.parametrize("length", [250, 251, 255, 65_535, 65_536, 16_777_215, 16_777_216])
def test_a_cell_of_any_length_is_read_whole(mariadb_port: int, length: int) -> None:
    _, [[(_, text), (_, after)]] = read(Connection, mariadb_port, f"SELECT REPEAT('x', {length}), 'after'")
    assert (len(text), set(text), after) == (length, {"x"}, "after")


def test_an_error_is_pymysqls_own_whichever_reads(mariadb_port: int, connect: Any) -> None:
    with pytest.raises(pymysql.err.ProgrammingError, match="no_such_table"):
        read(connect, mariadb_port, "SELECT * FROM mysql.no_such_table")
