"""How databases run what the reader asks of a shop."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pymysql
import sqlalchemy as sa

from connectors.channels.database import open_engine
from connectors.channels.reader import ShopReader, ShopSource

LARGE = 1000
# How many steps of SQLite's machine are counted at a time.
STEPS = 100
Sent = list[tuple[str, Any]]


def sent(source: ShopSource, prefix: str, day: dt.datetime) -> Sent:
    """Read a day of a shop; return the queries of its tables as they were sent, with their parameters."""
    found: Sent = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        # What asks for the database's clock is one row of any table.
        is_clock = "UTC_TIMESTAMP" in statement or "strftime" in statement
        if prefix in statement and statement.lstrip().startswith("SELECT") and not is_clock:
            found.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        reader = ShopReader(source)
        with reader.snapshot() as snapshot:
            assert sum(len(rows["orders"]) for rows in snapshot.chunks(day, day + dt.timedelta(1))) > 10
            assert sum(len(rows["orders"]) for rows in snapshot.placed(day, day + dt.timedelta(1))) > 10
        reader.dispose()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len({statement for statement, _ in found}) >= 10
    return found


def full_scans(connection: pymysql.Connection[Any], source: ShopSource, prefix: str, day: dt.datetime) -> set[str]:
    """Name the queries that, as the reader sent them for a day, go through a large table of MariaDB from end to end."""
    found = set()
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        for statement, parameters in sent(source, prefix, day):
            cursor.execute(f"EXPLAIN {statement}", parameters)
            for step in cursor.fetchall():
                is_table = step["table"] is not None and not step["table"].startswith("<")
                if is_table and step["type"] in {"ALL", "index"} and int(step["rows"]) > LARGE:
                    found.add(" ".join(statement.split()))
    return found


def mariadb_rows(
    connection: pymysql.Connection[Any], source: ShopSource, prefix: str, day: dt.datetime
) -> dict[str, float]:
    """Count the rows that MariaDB looks at for each query an order of the day."""
    rows: dict[str, float] = {}
    orders = 0
    with connection.cursor() as cursor:
        connection.select_db(source.database_url.rpartition("/")[2])
        asking = -_looked_at(cursor) + _looked_at(cursor)
        for statement, parameters in sent(source, prefix, day):
            name = re.sub(r"(%\(order_ids_\d+\)s(, )?)+", "?", " ".join(statement.split()))
            before = _looked_at(cursor)
            cursor.execute(statement, parameters)
            found = cursor.fetchall()
            rows[name] = rows.get(name, 0) + _looked_at(cursor) - before - asking
            orders += len(found) if "ORDER BY changed_at, order_id" in name else 0
    return {name: count / orders for name, count in rows.items()}


def _looked_at(cursor: pymysql.cursors.Cursor) -> int:
    cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read_%'")
    return sum(int(value) for _, value in cursor.fetchall())


def sqlite_scans(source: ShopSource, prefix: str, day: dt.datetime) -> set[tuple[str, str]]:
    """Return (table, query) for each table that SQLite goes through from end to end for a query about some orders."""
    found = set()
    with open_engine(source.channel, source.database_url).connect() as connection:
        for statement, parameters in sent(source, prefix, day):
            names = {alias: table for table, alias in re.findall(rf"({prefix}\w+) AS (\w+)", statement)}
            for *_, detail in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                scanned = "".join(re.findall(r"^SCAN (\w+)", detail))
                table = names.get(scanned, scanned)
                # Queries without parameters are about the shop; they are read once.
                if table.startswith(prefix) and parameters:
                    found.add((table, " ".join(statement.split())))
    return found


def sqlite_steps(source: ShopSource, prefix: str, day: dt.datetime) -> dict[str, float]:
    """Count the steps of SQLite's machine of each query an order of the day, in hundreds."""
    steps: dict[str, int] = {}
    orders = 0
    with open_engine(source.channel, source.database_url).connect() as connection:
        database: Any = connection.connection.driver_connection
        for statement, parameters in sent(source, prefix, day):
            name = re.sub(r"(\?,? ?)+", "?", " ".join(statement.split()))

            def count(name: str = name) -> None:
                steps[name] += 1

            steps.setdefault(name, 0)
            database.set_progress_handler(count, STEPS)
            rows = connection.exec_driver_sql(statement, parameters).fetchall()
            orders += len(rows) if "ORDER BY changed_at, order_id" in name else 0
    return {name: count / orders for name, count in steps.items()}
