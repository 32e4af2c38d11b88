"""A made-up WooCommerce shop of any size, in SQLite or MariaDB: the same seed and instant make the same shop.

    make_sqlite_shop(Path("var/shop.sqlite"))

It sells kitchen ware from France to six countries: guests and companies, VAT of several rates, coupons, fees, parcels,
refunds of every kind, every status, and some orders that must fail. `REJECTED` (order id -> code and field) names
those that cannot be sent, `UNMAPPED` those in a status nobody has mapped. `REFUSED_BY_MIRAKL` are perfectly good:
a sandbox may be told to refuse them. All of these stand in every shop of 600 orders or more.
"""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from examples.woocommerce_orders import Orders
from examples.woocommerce_rows import COLUMNS, SITE_ZONE, Row, Rows
from examples.woocommerce_stories import REFUSED_BY_MIRAKL, REJECTED, UNMAPPED, tell

__all__ = ["REFUSED_BY_MIRAKL", "REJECTED", "UNMAPPED", "make_mariadb_shop", "make_sqlite_shop", "shop_rows"]

_SCHEMA = Path(__file__).with_name("woocommerce.sql")
_ORDERS_TOGETHER = 1000
# How many of a day's orders are placed in each hour: breakfast, noon and a long evening.
_HOURS = (2, 1, 0, 0, 0, 0, 1, 3, 5, 5, 6, 6, 8, 8, 6, 5, 5, 6, 7, 9, 11, 12, 9, 5)


def make_sqlite_shop(
    path: Path, orders: int = 600, days: int = 21, seed: int = 7, now: dt.datetime | None = None
) -> None:
    """Write a shop into a new SQLite file; what stood at `path` is replaced when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    connection = sqlite3.connect(unfinished)
    try:
        with connection:
            _fill(connection.execute, connection.executemany, "?", shop_rows(orders, days, seed, now))
    finally:
        connection.close()
    unfinished.replace(path)


def make_mariadb_shop(
    url: str | sa.URL, orders: int = 600, days: int = 21, seed: int = 7, now: dt.datetime | None = None
) -> None:
    """Write a shop into an empty MariaDB or MySQL database, at a SQLAlchemy URL with the driver pymysql."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # WordPress runs without strict mode: its zero dates depend on it.
        cursor.execute("SET SESSION sql_mode = '', unique_checks = 0")
        _fill(cursor.execute, cursor.executemany, "%s", shop_rows(orders, days, seed, now))
        connection.commit()
    finally:
        connection.close()


def shop_rows(orders: int, days: int, seed: int, now: dt.datetime | None = None) -> Iterator[tuple[str, Sequence[Row]]]:
    """Yield (table, rows) of a whole shop, some orders at a time, the columns as in `woocommerce_rows.COLUMNS`.

    The orders were placed over `days` days up to `now`; nothing in the shop is newer than some minutes before it.
    """
    chance = random.Random(seed)
    last = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(microsecond=0) - dt.timedelta(minutes=4)
    made, rows = Orders(chance, last), Rows()
    rows.add_catalogue()
    for ordinal, created in enumerate(_moments(orders, days, last, chance)):
        order = made.place(ordinal, created)
        tell(order, ordinal)
        rows.add_order(order)
        if ordinal % _ORDERS_TOGETHER == _ORDERS_TOGETHER - 1:
            yield from rows.take().items()
    yield from rows.take().items()


def _moments(orders: int, days: int, last: dt.datetime, chance: random.Random) -> list[dt.datetime]:
    span, peak = days * 86_400, max(_HOURS)
    moments: list[dt.datetime] = []
    while len(moments) < orders:
        moment = last - dt.timedelta(seconds=chance.randrange(span))
        if chance.random() * peak < _HOURS[moment.astimezone(SITE_ZONE).hour]:
            moments.append(moment)
    # Somebody always is just buying.
    return [*sorted(moments)[:-1], last - dt.timedelta(minutes=3)]


def _fill(
    execute: Callable[[str], object],
    execute_many: Callable[[str, Sequence[Row]], object],
    mark: str,
    rows: Iterator[tuple[str, Sequence[Row]]],
) -> None:
    """Make the tables, write the rows, and index them at the end: an index is built faster than it is kept."""
    statements = [statement for statement in _SCHEMA.read_text().split(";\n") if statement.strip()]
    indexes = [statement for statement in statements if statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX"))]
    for statement in statements:
        if statement not in indexes:
            execute(statement)
    for table, some in rows:
        columns = COLUMNS[table]
        marks = ", ".join([mark] * len(columns.split(",")))
        execute_many(f"INSERT INTO {table} ({columns}) VALUES ({marks})", some)
    for statement in indexes:
        execute(statement)
