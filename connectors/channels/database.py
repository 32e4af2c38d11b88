"""Read-only sessions on shop databases: drivers, zones, snapshots and the database's own clock.

Belongs here: what differs between MariaDB/MySQL and SQLite. Does not belong here: any platform's tables.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from connectors.channels.errors import ShopError

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 600


def open_engine(channel: str, database_url: str) -> sa.Engine:
    """Make an engine for a shop database; nothing is connected yet.

    Raises:
        ShopError: not a database URL, or of a kind that no installed driver speaks.
    """
    try:
        url = make_url(database_url)
        if url.get_backend_name() == "sqlite":
            return _sqlite(channel, url)
        if url.get_backend_name() in {"mysql", "mariadb"}:
            return _mysql(url)
        return sa.create_engine(url, poolclass=sa.NullPool)
    except (ArgumentError, NoSuchModuleError, ValueError, ImportError):
        raise ShopError(
            "bad_url",
            f"channel {channel!r}: database_url is not a database address that an installed driver speaks; "
            "expected for example mysql+pymysql://user:password@host/database (special characters of the password "
            "percent-encoded)",
        ) from None


def _sqlite(channel: str, url: URL) -> sa.Engine:
    path = Path(url.database or "")
    if not path.is_file():
        raise ShopError("unreachable", f"channel {channel!r}: there is no SQLite file at {path}")

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)


def _mysql(url: URL) -> sa.Engine:
    if url.drivername in {"mysql", "mariadb"}:
        url = url.set(drivername=f"{url.drivername}+pymysql")
    # The password stays in the URL object: SQLAlchemy masks it, and pymysql takes it as it is, whatever it holds.
    return sa.create_engine(
        url.update_query_dict({"charset": "utf8mb4"}),
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, "read_timeout": READ_TIMEOUT_SECONDS},
    )


@contextmanager
def read_only_snapshot(channel: str, engine: sa.Engine, any_table: str) -> Iterator[tuple[sa.Connection, dt.datetime]]:
    """Open one consistent read-only snapshot; yield the connection and the instant of it by the database's clock.

    The clock is read by the very statement that opens the snapshot (a read of `any_table`), so that of two snapshots
    the later one also has the later instant.
    """
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
                clock = f"SELECT strftime('%Y-%m-%d %H:%M:%f', 'now'), (SELECT 1 FROM {any_table} LIMIT 1)"  # noqa: S608
            else:
                connection.exec_driver_sql("SET SESSION time_zone = '+00:00'")
                connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                connection.exec_driver_sql("START TRANSACTION READ ONLY")
                clock = f"SELECT UTC_TIMESTAMP(6), (SELECT 1 FROM {any_table} LIMIT 1)"  # noqa: S608
            instant = connection.exec_driver_sql(clock).scalar_one()
            if isinstance(instant, str):
                instant = dt.datetime.fromisoformat(instant)
            yield connection, instant.replace(tzinfo=dt.UTC)
            connection.exec_driver_sql("ROLLBACK")
    except DBAPIError as error:
        raise shop_error(channel, error) from None


def shop_error(channel: str, error: DBAPIError, where: str = "") -> ShopError:
    """Say a driver's error in one message: the driver's own words, without SQL, parameters or password."""
    cause = error.orig
    number = cause.args[0] if cause is not None and cause.args and isinstance(cause.args[0], int) else None
    words = str(cause.args[-1]) if cause is not None and cause.args else type(cause).__name__
    place = f"channel {channel!r}{where}"
    if number in {1044, 1045, 1142, 1143}:
        return ShopError("access_denied", f"{place}: the database refuses access ({words}); the user needs SELECT")
    if number in {1049, 2002, 2003, 2005, 2006, 2013} or "unable to open" in words:
        return ShopError("unreachable", f"{place}: the database cannot be reached ({words}); check database_url")
    if number in {1146, 1054} or "no such table" in words or "no such column" in words:
        return ShopError(
            "missing_table", f"{place}: {words}; check table_prefix, and that the shop's version is supported"
        )
    return ShopError("bad_sql", f"{place}: {words}")
