"""How MariaDB runs what the reader asks of a shop."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pymysql
import sqlalchemy as sa

from connectors.channels.reader import ShopReader, ShopSource

LARGE = 1000


def full_scans(connection: pymysql.Connection[Any], source: ShopSource, prefix: str, day: dt.datetime) -> set[str]:
    """Name the queries that, as the reader sent them for a day, go through a large table from end to end."""
    sent: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if prefix in statement and statement.lstrip().startswith("SELECT") and "UTC_TIMESTAMP" not in statement:
            sent.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        reader = ShopReader(source)
        with reader.snapshot() as snapshot:
            assert sum(len(rows["orders"]) for rows in snapshot.chunks(day, day + dt.timedelta(1))) > 10
            assert sum(len(rows["orders"]) for rows in snapshot.placed(day, day + dt.timedelta(1))) > 10
        reader.dispose()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len({statement for statement, _ in sent}) >= 10
    found = set()
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        for statement, parameters in sent:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            for step in cursor.fetchall():
                is_table = step["table"] is not None and not step["table"].startswith("<")
                if is_table and step["type"] in {"ALL", "index"} and int(step["rows"]) > LARGE:
                    found.add(" ".join(statement.split()))
    return found
