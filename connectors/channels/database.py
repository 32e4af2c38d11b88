"""Read-only sessions on shop databases: drivers, zones, snapshots and the database's own clock."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from connectors.channels.errors import ShopError
from connectors.channels.tls import TlsError, pymysql_tls
from connectors.config.database_url import PERCENT_ENCODED, read_url
from transforms.database_values import Cell

CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 600

_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
# How a session begins its snapshot, and its clock in UTC.
_SESSIONS = {
    "sqlite": ("BEGIN",),
    "postgresql": (
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        "SET LOCAL TIME ZONE 'UTC'",
        # The snapshot lies open while what it gave is worked on.
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        f"SET LOCAL statement_timeout = '{READ_TIMEOUT_SECONDS}s'",
    ),
    "mysql": (
        # No mode of the server's changes what the SQL means, and none of its time-outs ends a snapshot that lies open
        # while what it gave is worked on. MariaDB and MySQL each pass over the comments that are meant for the other.
        # Lists that queries put together come whole.
        f"""SET SESSION sql_mode = '', time_zone = '+00:00', wait_timeout = 28800, group_concat_max_len = 4294967295
            /*M!100101 , max_statement_time = {READ_TIMEOUT_SECONDS} */
            /*M!100300 , idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0 */
            /*!50708 , max_execution_time = {READ_TIMEOUT_SECONDS * 1000} */""",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION READ ONLY",
    ),
}
_CLOCKS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "clock_timestamp()",
    "mysql": "UTC_TIMESTAMP(6)",
}
# Text that is not UTF-8 costs its own characters, not the chunk.
_TOLERANT_TEXT = partial(str, encoding="utf-8", errors="replace")


def open_engine(channel: str, database_url: str) -> sa.Engine:
    """Make an engine for a shop database; nothing is connected yet.

    Raises:
        ShopError: not a database URL, or of a kind that no installed driver speaks.
    """
    try:
        url = read_url(database_url)
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        match url.get_backend_name():
            case "sqlite":
                return _sqlite(channel, url)
            case "mysql" | "mariadb" if url.get_driver_name() == "pymysql":
                return _mysql(channel, url)
            case "postgresql":
                return _postgresql(url)
            case _:
                return _engine(url, {})
    except (NoSuchModuleError, ImportError):
        raise ShopError(
            "no_driver", f"channel {channel!r}: no driver for {url.drivername} is installed; {_remedy(url)}"
        ) from None
    except (ArgumentError, ValueError):
        raise ShopError(
            "bad_url",
            f"channel {channel!r}: database_url is not a database address; expected env:NAME, or for example "
            f"mysql://user:password@host/database; {PERCENT_ENCODED}",
        ) from None
    except TlsError as error:
        raise ShopError("bad_url", f"channel {channel!r}: database_url: {error}") from None


def _remedy(url: URL) -> str:
    if url.get_backend_name() == "postgresql":
        return "write postgresql://... and install channel-to-mirakl[postgresql]"
    if url.get_backend_name() in {"mysql", "mariadb"}:
        return "write mysql://..., whose driver is installed"
    return "install the SQLAlchemy dialect of that database and name it in database_url, as dialect+driver://..."


def _sqlite(channel: str, url: URL) -> sa.Engine:
    path = Path(url.database or "")
    if not path.is_file():
        raise ShopError("unreachable", f"channel {channel!r}: there is no SQLite file at {path}; check database_url")

    def connect() -> sqlite3.Connection:
        address = f"{path.absolute().as_uri()}?mode=ro"
        # One thread at a time uses it, not always the same.
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        connection.text_factory = _TOLERANT_TEXT
        # Before 3.44 SQLite has none; this is the function of the other databases.
        connection.create_function("concat", -1, _concat, deterministic=True)
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)


def _concat(*values: str | int | None) -> str | None:
    return None if None in values else "".join(map(str, values))


def _mysql(channel: str, url: URL) -> sa.Engine:
    if not url.database:
        raise ShopError(
            "bad_url",
            f"channel {channel!r}: database_url names no database; expected mysql://user:password@host/DATABASE",
        )
    # Whoever does not greet at once is no MariaDB or MySQL; a query may take longer.
    timeouts = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "read_timeout": CONNECT_TIMEOUT_SECONDS}
    url, tls = pymysql_tls(url)
    # SQLAlchemy asks for the mode as soon as it is connected, and quotes names as ANSI_QUOTES would have it.
    options = {**timeouts, **tls, "sql_mode": ""}
    engine = _engine(url.update_query_dict({"charset": "utf8mb4"}), options)
    sa.event.listen(engine, "do_connect", _connected)
    sa.event.listen(engine, "connect", _wait_for_queries)
    return engine


def _connected(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> Any:
    from connectors.channels.pymysql_rows import Connection

    # pymysql would write it in Latin-1, which is not what the server knows, or cannot hold it at all.
    if isinstance(options.get("password"), str):
        options["password"] = options["password"].encode()
    return Connection(**options)


def _wait_for_queries(connection: Any, _: Any) -> None:
    connection._read_timeout = READ_TIMEOUT_SECONDS


def _postgresql(url: URL) -> sa.Engine:
    # Without prepared statements, so that a pooler between (PgBouncer) does not matter; a snapshot is one transaction.
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "prepare_threshold": None}
    engine = _engine(url, {**options, "keepalives_idle": 30, "application_name": "channel-to-mirakl"})
    sa.event.listen(engine, "connect", _keep_cells)
    return engine


def _keep_cells(connection: Any, _: Any) -> None:
    """Take as text what Python cannot hold: JSON would lose digits, and `infinity` would cost the whole chunk."""
    from psycopg import DataError
    from psycopg.types import datetime as loaders
    from psycopg.types.string import TextLoader

    def tolerant(loader: Any) -> Any:
        class Tolerant(loader):  # type: ignore[misc]  # psycopg registers loaders as classes
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        return Tolerant

    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, TextLoader)
    connection.adapters.register_loader("date", tolerant(loaders.DateLoader))
    connection.adapters.register_loader("timestamp", tolerant(loaders.TimestampLoader))
    connection.adapters.register_loader("timestamptz", tolerant(loaders.TimestamptzLoader))


def _engine(url: URL, connect_args: dict[str, Any]) -> sa.Engine:
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=connect_args)
    # Sessions of the databases that are known here are begun by hand.
    known = url.get_backend_name() in {"mysql", "mariadb", "postgresql"}
    return engine.execution_options(isolation_level="AUTOCOMMIT") if known else engine


def begin_snapshot(connection: sa.Connection, any_table: str, session: Sequence[str], clock: str) -> dt.datetime:
    """Open one consistent read-only snapshot; return the instant of it by the database's clock, in UTC.

    Our own clock is not asked: it may be the wrong one. The database's is read by the very statement that opens the
    snapshot (a read of `any_table`), so that of two snapshots the later one also has the later instant. Closing the
    connection ends it. For a database that is not known here, `session` are the statements that begin it, and `clock`
    the query of its time in UTC.
    """
    backend = "mysql" if connection.dialect.name == "mariadb" else connection.dialect.name
    for statement in session or _SESSIONS.get(backend, ()):
        connection.exec_driver_sql(statement)
    if backend in _CLOCKS:
        clock = f"SELECT {_CLOCKS[backend]}, (SELECT 1 FROM {any_table} LIMIT 1)"  # noqa: S608
    instant = connection.exec_driver_sql(clock).scalar_one()
    if isinstance(instant, str):
        instant = dt.datetime.fromisoformat(instant)
    read_at: dt.datetime = instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)
    return read_at


def fetch_all(
    connection: sa.Connection, execute: Callable[[], sa.CursorResult[Any]]
) -> tuple[list[str], Sequence[tuple[Cell, ...]]] | None:
    """Execute a statement; return the names of its columns and its rows as the driver makes them, None without rows."""
    if connection.dialect.name != "sqlite":
        return _fetched(execute())
    database: Any = connection.connection.driver_connection
    database.text_factory = str  # SQLite's own decoder, twice as fast as any that tolerates damage
    try:
        return _fetched(execute())
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
    finally:
        database.text_factory = _TOLERANT_TEXT
    return _fetched(execute())


def _fetched(result: sa.CursorResult[Any]) -> tuple[list[str], Sequence[tuple[Cell, ...]]] | None:
    if not result.returns_rows:
        return None
    # Not SQLAlchemy's rows: one object more for each, for nothing.
    rows: Sequence[tuple[Cell, ...]] = result.cursor.fetchall()
    columns = list(result.keys())
    result.close()
    return columns, rows


def limit_statements(connection: sa.Connection, seconds: float) -> None:
    """Let the database end every further statement of this connection that takes longer than `seconds`."""
    match connection.dialect.name:
        case "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")
        case "mysql" | "mariadb" if connection.dialect.is_mariadb:  # type: ignore[attr-defined]  # of this dialect only
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {seconds}")
        case "mysql" | "mariadb":
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {round(seconds * 1000)}")
        case "sqlite":
            database: Any = connection.connection.driver_connection
            end = time.monotonic() + seconds
            database.set_progress_handler(lambda: time.monotonic() > end, 100_000)


def known_clock(connection: sa.Connection) -> bool:
    """Return whether this module knows how to ask this database for its time."""
    return connection.dialect.name in {*_CLOCKS, "mariadb"}
