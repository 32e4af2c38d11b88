"""What was sent to Mirakl, when, and with what outcome: one row per channel and order, and no personal data.

Mirakl has no way to ask what it holds (contract 4B), so this is the only proof of delivery. Two writes frame every
request: a claim before it leaves, the outcome when the answer is there. A process killed in between leaves the order
`undelivered`, which is the truth: Mirakl may or may not hold it, and the next run sends it again.

Belongs here: reading and writing rows. Does not belong here: the tables (`ledger_schema`), HTTP, or what a shop holds.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, fields
from operator import attrgetter

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.ledger_schema import NOT_ACCEPTED, ORDERS, LedgerError, explained, open_engine, prepare

__all__ = ["LONGEST_ORDER_ID", "UNACCEPTED", "Claims", "Ledger", "LedgerEntry", "LedgerError", "now"]

UNACCEPTED = ("undelivered", "refused", "rejected")
_IDS_PER_QUERY = 5000
# PostgreSQL indexes at most some 2,700 bytes; 500 characters of UTF-8 and the channel's name fit.
LONGEST_ORDER_ID = 500


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One order's row.

    `outcome`: delivered, refused, rejected or undelivered (no definite answer). `delivered_hash` is what Mirakl holds
    for certain, None while that is in doubt; `attempted_hash` what was sent last; `stamp` the newest
    `channel_updated_at` that Mirakl may hold, `doubtful_stamp` that of an earlier request which was never answered and
    may still arrive; `read_at` the reading that the row stands for; line and adjustment counts
    are those last delivered. `unaccepted_since` is set while Mirakl has not accepted the order's current state, and
    only then. Times are UTC with `Z`.
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
    doubtful_stamp: str | None = None
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
_COLUMNS = [ORDERS.c[name] for name in _FIELDS]
_cells = attrgetter(*_FIELDS)


class Ledger:
    """The ledger at a SQLAlchemy URL, SQLite or PostgreSQL; made and brought up to date on first use. Thread-safe.

    Raises:
        LedgerError: not such a URL, not reachable, or written by a newer version of this software.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        # SQLite lets one write at a time and has others poll; threads of this process queue up instead.
        self._writing = threading.Lock()
        try:
            with self._transaction("schema") as connection:
                prepare(connection)
        except LedgerError:
            self.dispose()
            raise

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def claims(self, channel: str) -> Iterator[Claims]:
        """Open a transaction in which nobody else claims orders of this channel."""
        with self._transaction(channel) as connection:
            yield Claims(self, connection, channel)

    def known(self, channel: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        """Return the rows of these orders; one query for up to 5,000."""
        with self._reading() as connection:
            return self._known(connection, channel, order_ids)

    def write(self, channel: str, entries: Sequence[LedgerEntry]) -> None:
        """Write rows, whatever stands there."""
        with self._transaction(channel) as connection:
            self._upsert(connection, channel, entries)

    def settle(self, channel: str, outcomes: Sequence[tuple[LedgerEntry, LedgerEntry]]) -> None:
        """Write (row as claimed, row as it ended); a row claimed anew since, by whoever, is left alone."""
        with self._transaction(channel) as connection:
            rows = self._known(connection, channel, [claimed.channel_order_id for claimed, _ in outcomes])
            mine = [ended for claimed, ended in outcomes if rows.get(claimed.channel_order_id, claimed) == claimed]
            self._upsert(connection, channel, mine)

    def unaccepted(
        self, channel: str | None = None, code: str | None = None, since: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield (channel, row) of orders that Mirakl has not accepted in their current state, the oldest first.

        `since` is a day (`2026-01-31`): only rows of that day or later.
        """
        query = sa.select(ORDERS.c.channel, *_COLUMNS).where(NOT_ACCEPTED)
        for column, value in ((ORDERS.c.channel, channel), (ORDERS.c.error_code, code)):
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            query = query.where(ORDERS.c.day >= since)
        query = query.order_by(ORDERS.c.channel, ORDERS.c.unaccepted_since, ORDERS.c.channel_order_id).limit(limit)
        with self._reading() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield row[0], LedgerEntry(*row[1:])

    def count_unaccepted(self, channel: str) -> dict[str, tuple[int, str]]:
        """Return outcome -> (how many orders, since when the oldest) of orders not accepted now."""
        query = (
            sa.select(ORDERS.c.outcome, sa.func.count(), sa.func.min(ORDERS.c.unaccepted_since))
            .where(ORDERS.c.channel == channel, NOT_ACCEPTED)
            .group_by(ORDERS.c.outcome)
        )
        with self._reading() as connection:
            return {outcome: (count, oldest) for outcome, count, oldest in connection.execute(query)}

    def order_ids(
        self, channel: str, first_day: str | None = None, last_day: str | None = None
    ) -> Iterator[list[LedgerEntry]]:
        """Yield the rows of a channel in pages of up to 1,000 by order id; of these days where given, both included."""
        query = sa.select(*_COLUMNS).where(ORDERS.c.channel == channel).order_by(ORDERS.c.channel_order_id)
        if first_day is not None:
            query = query.where(ORDERS.c.day >= first_day)
        if last_day is not None:
            query = query.where(ORDERS.c.day <= last_day)
        page: list[LedgerEntry] = []
        while True:
            # Each page is a query of its own: nothing is held open while the caller works on one.
            rest = query.where(ORDERS.c.channel_order_id > page[-1].channel_order_id) if page else query
            with self._reading() as connection:
                page = [LedgerEntry(*row) for row in connection.execute(rest.limit(1000))]
            if not page:
                return
            yield page

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self, lock: str) -> Iterator[sa.Connection]:
        alone = self._writing if self._engine.dialect.name == "sqlite" else nullcontext()
        with alone, explained(), self._engine.connect() as connection:
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

    def _known(self, connection: sa.Connection, channel: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        rows: dict[str, LedgerEntry] = {}
        for begin in range(0, len(order_ids), _IDS_PER_QUERY):
            ids = order_ids[begin : begin + _IDS_PER_QUERY]
            query = sa.select(*_COLUMNS).where(ORDERS.c.channel == channel, ORDERS.c.channel_order_id.in_(ids))
            rows.update((row[0], LedgerEntry(*row)) for row in connection.execute(query))
        return rows

    def _upsert(self, connection: sa.Connection, channel: str, entries: Sequence[LedgerEntry]) -> None:
        if not entries:
            return
        insert = self._insert(ORDERS)
        changes = {name: insert.excluded[name] for name in _FIELDS if name != "channel_order_id"}
        statement = insert.on_conflict_do_update(index_elements=["channel", "channel_order_id"], set_=changes)
        connection.execute(
            statement, [{"channel": channel, **dict(zip(_FIELDS, _cells(entry), strict=True))} for entry in entries]
        )


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
