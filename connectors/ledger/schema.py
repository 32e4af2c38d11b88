"""The ledger's tables, their versions, and the databases they can live in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.config.database_url import PERCENT_ENCODED, read_url, shown_url
from transforms.errors import UserError

_METADATA = sa.MetaData()
# Text throughout: neither a shop's ids nor Mirakl's codes have a documented length (contract 2.10), and one order with
# a long one must not be the end of a whole batch.
ORDERS = sa.Table(
    "ledger_orders",
    _METADATA,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("channel_order_id", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("store", sa.Text),
    sa.Column("delivered_hash", sa.Text),
    sa.Column("attempted_hash", sa.Text),
    sa.Column("stamp", sa.Text),
    sa.Column("doubtful_stamp", sa.Text),
    sa.Column("read_at", sa.Text, nullable=False),
    sa.Column("order_lines", sa.Integer),
    sa.Column("adjustments", sa.Integer),
    sa.Column("error_code", sa.Text),
    sa.Column("error_field", sa.Text),
    sa.Column("error_field_sent", sa.Text),
    sa.Column("error_reason", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first_sent_at", sa.Text),
    sa.Column("last_sent_at", sa.Text),
    sa.Column("unaccepted_since", sa.Text),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("history", sa.Text),
)
# `key` is the column `channel` of the tables of orders, see `destinations`; `read_until` is the latest instant at
# which any of its orders was read, `removed_until` the one before which rows were removed, see `retention`.
DESTINATIONS = sa.Table(
    "ledger_destinations",
    _METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("base_url", sa.Text),
    sa.Column("mirakl_channel_id", sa.Text),
    sa.Column("used_at", sa.Text),
    sa.Column("read_until", sa.Text),
    sa.Column("removed_until", sa.Text),
)
NOTICES = sa.Table(
    "ledger_notices",
    _METADATA,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("channel_order_id", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("detail", sa.Text, nullable=False),
)
sa.Index("ledger_notices_by_code", NOTICES.c.channel, NOTICES.c.code, NOTICES.c.channel_order_id)
NOT_ACCEPTED = ORDERS.c.unaccepted_since.is_not(None)
# Orders not accepted are few among many: an index of them alone stays small, however large the ledger.
# Written out, because SQLAlchemy would load PostgreSQL's dialect for it, also over an SQLite ledger.
_UNACCEPTED_INDEX = (
    "CREATE INDEX ledger_orders_unaccepted ON ledger_orders (channel, unaccepted_since) "
    "WHERE unaccepted_since IS NOT NULL"
)
# What is asked by day looks at the rows of its days, not at those of all years.
sa.Index("ledger_orders_by_day", ORDERS.c.channel, ORDERS.c.day, ORDERS.c.channel_order_id)
_VERSION = sa.Table("ledger_version", _METADATA, sa.Column("version", sa.Integer, primary_key=True))
# What takes a ledger from version 1 to 2, from 2 to 3, and so on: statements that SQLite and PostgreSQL both know.
# A release that changes the tables above appends one entry here, and changes none.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE ledger_destinations (key TEXT NOT NULL PRIMARY KEY, channel TEXT NOT NULL,
            base_url TEXT, mirakl_channel_id TEXT, used_at TEXT, read_until TEXT)""",
        """INSERT INTO ledger_destinations (key, channel, read_until)
            SELECT channel, channel, max(read_at) FROM ledger_orders GROUP BY channel""",
    ),
    (
        """CREATE TABLE ledger_notices (channel TEXT NOT NULL, channel_order_id TEXT NOT NULL, code TEXT NOT NULL,
            field TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (channel, channel_order_id, code, field))""",
        "CREATE INDEX ledger_notices_by_code ON ledger_notices (channel, code)",
    ),
    ("ALTER TABLE ledger_orders ADD COLUMN history TEXT",),
    ("ALTER TABLE ledger_destinations ADD COLUMN removed_until TEXT",),
    (
        "CREATE INDEX ledger_orders_by_day ON ledger_orders (channel, day, channel_order_id)",
        "DROP INDEX ledger_notices_by_code",
        "CREATE INDEX ledger_notices_by_code ON ledger_notices (channel, code, channel_order_id)",
    ),
)


class LedgerError(UserError):
    """The ledger cannot be opened or used. The message holds the reason and what to do; never a password."""


def prepare(connection: sa.Connection) -> bool:
    """Make the tables, or bring those that are there up to date; the caller holds the only transaction.

    Return whether they were made.

    Raises:
        LedgerError: they were written by a newer version of this software, or are incomplete.
    """
    newest = 1 + len(_MIGRATIONS)
    if not sa.inspect(connection).has_table(_VERSION.name):
        _METADATA.create_all(connection)
        connection.exec_driver_sql(_UNACCEPTED_INDEX)
        connection.execute(_VERSION.insert().values(version=newest))
        return True
    version = connection.execute(sa.select(_VERSION.c.version)).scalar_one_or_none()
    if version is None:
        raise LedgerError(
            "LEDGER_URL: the ledger does not say of which version it is: its table ledger_version is empty, as after "
            "an incomplete copy; restore it from a backup"
        )
    if version > newest:
        raise LedgerError(f"LEDGER_URL: the ledger has schema {version}, this software knows up to {newest}; update it")
    for statements in _MIGRATIONS[version - 1 :]:
        for statement in statements:
            connection.exec_driver_sql(statement)
    if version < newest:
        connection.execute(_VERSION.update().values(version=newest))
    return False


@contextmanager
def as_ledger_error() -> Iterator[None]:
    """Turn what a database complains about into a LedgerError."""
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        lines = str(getattr(error, "orig", error)).strip().splitlines()
        raise LedgerError(
            f"LEDGER_URL: the ledger cannot be used ({lines[0] if lines else type(error).__name__}); "
            "see that its database is there, writable and has room, then run again: what was under way is sent again"
        ) from None


def open_engine(url: str) -> sa.Engine:
    """Open SQLite or PostgreSQL; nothing is connected yet.

    Raises:
        LedgerError: not such a URL.
    """
    try:
        parsed = read_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            return _sqlite_engine(parsed)
        if parsed.get_backend_name() == "postgresql":
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            # Whoever waits for a server that is gone silently waits half a minute, not a quarter of an hour.
            options: dict[str, int | None] = {}
            if parsed.get_driver_name().startswith("psycopg"):
                options["tcp_user_timeout"] = 30_000
            if parsed.get_driver_name() == "psycopg":
                # A statement that was prepared in one session of a pooler is not known in the next.
                options["prepare_threshold"] = None
            return sa.create_engine(parsed, pool_pre_ping=True, pool_size=10, connect_args=options)
    except (ArgumentError, ValueError, NoSuchModuleError, ImportError):
        pass
    except OSError as error:
        raise LedgerError(f"LEDGER_URL: the folder of the ledger cannot be made ({error.strerror})") from None
    raise LedgerError(
        "LEDGER_URL is not a database address this software can keep its ledger in; "
        "expected sqlite:///path/to/ledger.sqlite or postgresql+psycopg://user:password@host/database; "
        f"{PERCENT_ENCODED}"
    )


def exists_at(url: str) -> bool:
    """Whether there is a ledger at a URL; nothing is made on the way to find out.

    Raises:
        LedgerError: not such a URL, or not reachable.
    """
    parsed = _parsed(url)
    if parsed is not None and parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return False
    engine = open_engine(url)
    try:
        with as_ledger_error(), engine.connect() as connection:
            return sa.inspect(connection).has_table(_VERSION.name)
    finally:
        engine.dispose()


def empty_engine() -> sa.Engine:
    """Return a database in memory, for a ledger that is not there."""
    return sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})


def shown(url: str) -> str:
    """Return a URL as it may be printed."""
    parsed = _parsed(url)
    return "" if parsed is None else shown_url(parsed)


def _parsed(url: str) -> sa.URL | None:
    try:
        return read_url(url)
    except (ArgumentError, ValueError):
        return None


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    path = Path(url.database or "")
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"LEDGER_URL: the folder {folder} cannot be made ({error.strerror})") from None
    # What SQLite puts beside it has the same mode: whoever could write there could let an order go unsent. SQLite says
    # itself where it cannot be made.
    with suppress(OSError):
        if not path.exists():
            path.touch(mode=0o600)
    engine = sa.create_engine(url, connect_args={"timeout": 60})

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # Our own BEGIN IMMEDIATE rules, not the driver's implicit BEGIN. WAL lets readers read while one writes;
        # NORMAL survives a killed process, and after a power cut at most repeats the last requests.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine
