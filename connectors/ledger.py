"""What was sent to Mirakl, when, and with what outcome: one row per channel and order, and no personal data.

Mirakl has no way to ask what it holds (contract 4B), so this is the only proof of delivery. Two writes frame every
request: a claim before it leaves, the outcome when the answer is there. A process killed in between leaves the order
`undelivered`, which is the truth: Mirakl may or may not hold it, and the next run sends it again.

Belongs here: the table, its versions, and reading and writing it. Does not belong here: HTTP, or what a shop holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

_METADATA = sa.MetaData()
_ORDERS = sa.Table(
    "ledger_orders",
    _METADATA,
    sa.Column("channel", sa.String(100), primary_key=True),
    sa.Column("channel_order_id", sa.String(200), primary_key=True),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("store", sa.String(200)),
    sa.Column("delivered_hash", sa.String(64)),
    sa.Column("attempted_hash", sa.String(64)),
    sa.Column("stamp", sa.String(30)),
    sa.Column("read_at", sa.String(30), nullable=False),
    sa.Column("order_lines", sa.Integer),
    sa.Column("adjustments", sa.Integer),
    sa.Column("error_code", sa.String(300)),
    sa.Column("error_field", sa.String(300)),
    sa.Column("error_field_sent", sa.String(300)),
    sa.Column("error_reason", sa.String(500)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first_sent_at", sa.String(30)),
    sa.Column("last_sent_at", sa.String(30)),
    sa.Column("unaccepted_since", sa.String(30)),
    sa.Column("run_id", sa.String(100), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Index("ledger_orders_unaccepted", "channel", "unaccepted_since"),
)
_VERSION = sa.Table("ledger_version", _METADATA, sa.Column("version", sa.Integer, primary_key=True))
# Each entry takes the schema from its index to the next version; a release only ever appends.
_MIGRATIONS: tuple[Sequence[str], ...] = ()
_SCHEMA_VERSION = 1 + len(_MIGRATIONS)

UNACCEPTED = ("undelivered", "refused", "rejected")


class LedgerError(Exception):
    """The ledger cannot be opened or used. The message says why and what to do; never a password."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One order's row.

    `outcome`: delivered, refused, rejected or undelivered (no definite answer). `delivered_hash` is what Mirakl holds
    for certain, None while that is in doubt; `stamp` the newest `channel_updated_at` that Mirakl may hold; `read_at`
    the reading that the row stands for; line and adjustment counts are those last delivered. Times are UTC with `Z`.
    """

    channel_order_id: str
    outcome: str
    read_at: str
    run_id: str
    day: str
    store: str | None = None
    delivered_hash: str | None = None
    attempted_hash: str | None = None
    stamp: str | None = None
    order_lines: int | None = None
    adjustments: int | None = None
    error_code: str | None = None
    error_field: str | None = None
    error_field_sent: str | None = None
    error_reason: str | None = None
    attempts: int = 0
    first_sent_at: str | None = None
    last_sent_at: str | None = None
    unaccepted_since: str | None = None


_FIELDS = tuple(item.name for item in fields(LedgerEntry))
_COLUMNS = [_ORDERS.c[name] for name in _FIELDS]


class Ledger:
    """The ledger at a SQLAlchemy URL, SQLite or PostgreSQL; made and brought up to date on first use. Thread-safe.

    Raises:
        LedgerError: not such a URL, not reachable, or written by a newer version of this software.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        try:
            with self._transaction("schema") as connection:
                self._prepare(connection)
        except DBAPIError as error:
            words = str(error.orig).strip().splitlines()
            raise LedgerError(f"LEDGER_URL: the ledger cannot be opened ({words[0] if words else ''})") from None

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def claims(self, channel: str) -> Iterator[Claims]:
        """Open a transaction in which nobody else claims orders of this channel."""
        with self._transaction(channel) as connection:
            yield Claims(self, connection, channel)

    def known(self, channel: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        """Return the rows of these orders, in one query."""
        with self._engine.connect() as connection:
            return self._known(connection, channel, order_ids)

    def write(self, channel: str, entries: Sequence[LedgerEntry]) -> None:
        """Write rows, whatever stands there."""
        with self._transaction(channel) as connection:
            self._upsert(connection, channel, entries)

    def settle(self, channel: str, entries: Sequence[LedgerEntry]) -> None:
        """Write outcomes of claimed orders; a row claimed since by a newer reading or another run is left alone."""
        with self._transaction(channel) as connection:
            rows = self._known(connection, channel, [entry.channel_order_id for entry in entries])
            mine = [
                entry
                for entry in entries
                if (row := rows.get(entry.channel_order_id)) is None
                or (row.run_id == entry.run_id and row.attempted_hash == entry.attempted_hash)
            ]
            self._upsert(connection, channel, mine)

    def unaccepted(
        self, channel: str | None = None, code: str | None = None, since: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield (channel, row) of orders that Mirakl has not accepted in their current state, the oldest first.

        `since` is a day (`2026-01-31`): only rows of that day or later.
        """
        query = sa.select(_ORDERS.c.channel, *_COLUMNS).where(_ORDERS.c.outcome.in_(UNACCEPTED))
        for column, value in ((_ORDERS.c.channel, channel), (_ORDERS.c.error_code, code)):
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            query = query.where(_ORDERS.c.day >= since)
        query = query.order_by(_ORDERS.c.channel, _ORDERS.c.unaccepted_since, _ORDERS.c.channel_order_id).limit(limit)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield row[0], LedgerEntry(*row[1:])

    def count_unaccepted(self, channel: str) -> dict[str, tuple[int, str]]:
        """Return outcome -> (how many orders, since when the oldest) of orders not accepted now."""
        query = (
            sa.select(_ORDERS.c.outcome, sa.func.count(), sa.func.min(_ORDERS.c.unaccepted_since))
            .where(_ORDERS.c.channel == channel, _ORDERS.c.outcome.in_(UNACCEPTED))
            .group_by(_ORDERS.c.outcome)
        )
        with self._engine.connect() as connection:
            return {outcome: (count, oldest) for outcome, count, oldest in connection.execute(query)}

    def order_ids(self, channel: str) -> Iterator[list[LedgerEntry]]:
        """Yield all rows of a channel, in pages of 1,000 by order id."""
        after = ""
        while True:
            query = (
                sa.select(*_COLUMNS)
                .where(_ORDERS.c.channel == channel, _ORDERS.c.channel_order_id > after)
                .order_by(_ORDERS.c.channel_order_id)
                .limit(1000)
            )
            with self._engine.connect() as connection:
                page = [LedgerEntry(*row) for row in connection.execute(query)]
            if not page:
                return
            yield page
            after = page[-1].channel_order_id

    @contextmanager
    def _transaction(self, lock: str) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"ledger {lock}"})
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _prepare(self, connection: sa.Connection) -> None:
        _METADATA.create_all(connection)
        version = connection.execute(sa.select(_VERSION.c.version)).scalar_one_or_none()
        if version is None:
            connection.execute(_VERSION.insert().values(version=_SCHEMA_VERSION))
            return
        if version > _SCHEMA_VERSION:
            raise LedgerError(
                f"LEDGER_URL: the ledger has schema {version}, this software knows up to {_SCHEMA_VERSION}; update it"
            )
        for statements in _MIGRATIONS[version - 1 :]:
            for statement in statements:
                connection.exec_driver_sql(statement)
        connection.execute(_VERSION.update().values(version=_SCHEMA_VERSION))

    def _known(self, connection: sa.Connection, channel: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        query = sa.select(*_COLUMNS).where(_ORDERS.c.channel == channel, _ORDERS.c.channel_order_id.in_(order_ids))
        return {row[0]: LedgerEntry(*row) for row in connection.execute(query)}

    def _upsert(self, connection: sa.Connection, channel: str, entries: Sequence[LedgerEntry]) -> None:
        if not entries:
            return
        insert = self._insert(_ORDERS)
        changes = {name: insert.excluded[name] for name in _FIELDS if name != "channel_order_id"}
        statement = insert.on_conflict_do_update(index_elements=["channel", "channel_order_id"], set_=changes)
        connection.execute(statement, [{"channel": channel, **asdict(entry)} for entry in entries])


class Claims:
    """One transaction on a channel's rows: read what is known, then write, with nobody in between."""

    def __init__(self, ledger: Ledger, connection: sa.Connection, channel: str) -> None:
        self._ledger, self._connection, self._channel = ledger, connection, channel

    def known(self, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        """Return the rows of these orders, in one query."""
        return self._ledger._known(self._connection, self._channel, order_ids)

    def write(self, entries: Sequence[LedgerEntry]) -> None:
        """Write rows, in bulk."""
        self._ledger._upsert(self._connection, self._channel, entries)


def now() -> str:
    """Return this instant as the ledger writes instants."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed)
        if parsed.get_backend_name() == "postgresql":
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            return sa.create_engine(parsed, pool_pre_ping=True, pool_size=10)
    except (ArgumentError, NoSuchModuleError, ImportError):
        pass
    raise LedgerError(
        "LEDGER_URL is not a database address this software can keep its ledger in; "
        "expected sqlite:///path/to/ledger.sqlite or postgresql+psycopg://user:password@host/database"
    )


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": 60})

    @sa.event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        # Our own BEGIN IMMEDIATE rules, not the driver's implicit BEGIN. WAL lets readers read while one writes;
        # NORMAL survives a killed process, and after a power cut at most repeats the last requests.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    return engine
