"""What was sent to Mirakl, when, and with what outcome: one row per channel and order, and no personal data.

Mirakl has no way to ask what it holds (contract 4B), so this is the only proof of delivery. Two writes frame every
request: a claim before it leaves, the outcome when the answer is there. A process killed in between leaves the order
`undelivered`, which is the truth: Mirakl may or may not hold it, and the next run sends it again.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from connectors.ledger import claims, destinations, notices, retention, rows
from connectors.ledger.claims import Acceptance
from connectors.ledger.destinations import Destination
from connectors.ledger.notices import Noticed
from connectors.ledger.rows import LedgerEntry
from connectors.ledger.schema import (
    NOT_ACCEPTED,
    NOTICES,
    ORDERS,
    LedgerError,
    as_ledger_error,
    empty_engine,
    exists_at,
    open_engine,
    prepare,
    shown,
)
from connectors.ledger.sender import StillHeld, database_lock, file_lock
from connectors.ledger.transaction import ChannelTransaction

# PostgreSQL indexes at most some 2,700 bytes; 500 characters of UTF-8 and the channel's name fit.
LONGEST_ORDER_ID = 500
# Of a channel that never sent anything to a destination: no row has it.
_NO_KEY = ""


class NoticeSummary(NamedTuple):
    """Orders with a notice of one code: how many, on which days, the first of them, and what most are for."""

    orders: int
    first_day: str
    last_day: str
    listed: list[Noticed]
    details: list[tuple[str, int]]


class Ledger:
    """The ledger at a SQLAlchemy URL, SQLite or PostgreSQL; made and brought up to date on first use. Thread-safe.

    A channel's rows are those of one destination: the one named by `deliver_to` or `look_at`, else the one that the
    channel delivered to last.

    Whoever only reads asks not to `create`: a ledger that `is_missing` is then an empty one, in memory. `address` is
    where it is, without a password. `was_made` is a ledger that was not there before.

    Raises:
        LedgerError: not such a URL, not reachable, or written by a newer version of this software.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.is_missing = not create and not exists_at(url)
        self._engine = empty_engine() if self.is_missing else open_engine(url)
        self.address = shown(url)
        self._sqlite = self._engine.dialect.name == "sqlite"
        # SQLite lets one write at a time and has others poll; threads of this process queue up instead.
        self._writing = threading.Lock()
        self._keys: dict[str, str] = {}
        self._rivals: dict[str, dict[str, str]] = {}
        try:
            with self._transaction("schema") as connection:
                self.was_made = prepare(connection) and not self.is_missing
        except LedgerError:
            self.dispose()
            raise

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def one_sender(
        self, waiting: Callable[[], None], *, credential: str = "", first: bool = False
    ) -> Iterator[StillHeld]:
        """Hold the exclusive lock of a credential's one sender: nobody else sends with it and this ledger meanwhile.

        `waiting` is called once if somebody does now. Who is `first` goes before all others that wait.

        What is yielded returns, asked before each request, whether that is still so: the lock is lost when the session
        with the ledger's database ends. A sender that was killed leaves nothing behind.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        with ExitStack() as stack:
            held: StillHeld = lambda: True  # noqa: E731 - of a ledger in memory, which nobody else has
            if self._engine.dialect.name == "postgresql":
                held = stack.enter_context(database_lock(self._engine, credential, waiting, first=first))
            elif (database := self._engine.url.database) and database != ":memory:":
                path = Path(f"{database}.sending{f'.{credential}' if credential else ''}")
                try:
                    held = stack.enter_context(file_lock(path, waiting, first=first))
                except OSError as error:
                    raise LedgerError(f"LEDGER_URL: {path} cannot be made ({error.strerror})") from None
            yield held

    def deliver_to(self, channel: str, destination: Destination, rivals: Sequence[str] = ()) -> list[Destination]:
        """Let a channel's rows be those of this destination, which something is about to be sent to.

        `rivals` are channels of other shops with the same destination, see `taken`. Return the channel's other
        destinations where nothing was sent to this one before.
        """
        with self._transaction(channel) as connection:
            before = destinations.known(connection, channel)
            self._keys[channel] = destinations.use(connection, channel, destination, now())
            self._rivals[channel] = destinations.keys_of(connection, rivals, destination)
        if destinations.key_of(before, destination) is not None:
            return []
        return [other.destination for other in before if other.destination is not None]

    def look_at(self, channel: str, destination: Destination, rivals: Sequence[str] = ()) -> list[Destination]:
        """Let a channel's rows be those of this destination, without writing; return what `deliver_to` would."""
        with self._reading() as connection:
            there = destinations.known(connection, channel)
            self._rivals[channel] = destinations.keys_of(connection, rivals, destination)
        key = destinations.key_of(there, destination)
        self._keys[channel] = key or _NO_KEY
        return [] if key else [other.destination for other in there if other.destination is not None]

    @contextmanager
    def claims(self, channel: str) -> Iterator[ChannelTransaction]:
        """Open a transaction in which nobody else claims orders of this channel."""
        with self._transaction(channel) as connection:
            yield ChannelTransaction(connection, self._written(connection, channel), self._rivals.get(channel, {}))

    def known(self, channel: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        """Return the rows of these orders; one query for up to 5,000."""
        with self._reading() as connection:
            return rows.known(connection, self._key(connection, channel), order_ids)

    def taken(self, channel: str, order_ids: Sequence[str]) -> dict[str, str]:
        """Return order id -> rival channel of those orders that a rival sent to the same destination."""
        with self._reading() as connection:
            return rows.taken(connection, self._rivals.get(channel, {}), order_ids)

    def write(self, channel: str, entries: Sequence[LedgerEntry]) -> None:
        """Write rows, whatever is there."""
        with self._transaction(channel) as connection:
            rows.write(connection, self._written(connection, channel), entries)

    def accept(self, channel: str, run_id: str, accepted: Sequence[Acceptance]) -> None:
        """Write down that Mirakl holds orders as this run claimed them; a row claimed anew since is left alone."""
        if not accepted:
            return
        with self._transaction(channel) as connection:
            claims.accept(connection, self._written(connection, channel), run_id, accepted)

    def settle(self, channel: str, outcomes: Sequence[tuple[LedgerEntry, LedgerEntry]]) -> None:
        """Write (row as claimed, row as it ended); a row claimed anew since, by whoever, is left alone."""
        if not outcomes:
            return
        with self._transaction(channel) as connection:
            rows.settle(connection, self._written(connection, channel), outcomes)

    def unaccepted(
        self, channel: str | None = None, code: str | None = None, since: str | None = None, limit: int | None = None
    ) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield (channel, row) of orders that Mirakl has not accepted in their current state, the oldest first.

        `since` is a day (`2026-01-31`): only rows of that day or later.
        """
        query = sa.select(ORDERS.c.channel, *rows.COLUMNS).where(NOT_ACCEPTED)
        if code is not None:
            query = query.where(ORDERS.c.error_code == code)
        if since is not None:
            query = query.where(rows.day_alone >= since)
        query = query.order_by(ORDERS.c.channel, ORDERS.c.unaccepted_since, ORDERS.c.channel_order_id).limit(limit)
        with self._reading() as connection:
            names = destinations.channels(connection) if channel is None else [channel]
            keys = {self._key(connection, name): name for name in names}
            query = query.where(ORDERS.c.channel.in_(keys))
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield keys[row[0]], LedgerEntry._make(row[1:])

    def sent_elsewhere(self, channel: str) -> list[Destination] | None:
        """Return where else a channel's orders went while none went to the destination looked at; None once one did."""
        with self._reading() as connection:
            if self._key(connection, channel) != _NO_KEY:
                return None
            there = destinations.known(connection, channel)
        return [other.destination for other in there if other.destination is not None]

    def is_empty(self) -> bool:
        """Whether it knows no order at all."""
        with self._reading() as connection:
            return connection.execute(sa.select(ORDERS.c.channel).limit(1)).first() is None

    def count_unaccepted(self, channel: str) -> dict[str, tuple[int, str]]:
        """Return outcome -> (how many orders, since when the oldest) of orders not accepted now."""
        query = (
            sa.select(ORDERS.c.outcome, sa.func.count(), sa.func.min(ORDERS.c.unaccepted_since))
            .where(NOT_ACCEPTED)
            .group_by(ORDERS.c.outcome)
        )
        with self._reading() as connection:
            of_channel = query.where(ORDERS.c.channel == self._key(connection, channel))
            return {outcome: (count, oldest) for outcome, count, oldest in connection.execute(of_channel)}

    def noticed(self, channel: str, code: str, limit: int, *, stamped_after: str | None = None) -> NoticeSummary:
        """Return which orders have such a notice; with `stamped_after` only those with a later stamp at Mirakl."""
        where = NOTICES.c.code == code
        if stamped_after is not None:
            where &= ORDERS.c.stamp > stamped_after
        with self._reading() as connection:
            key = self._key(connection, channel)
            count, first, last = notices.counted(connection, key, where)
            if not count:
                return NoticeSummary(0, "", "", [], [])
            listed = notices.listed(connection, key, where, limit)
            return NoticeSummary(count, first, last, listed, notices.details(connection, key, where, limit))

    def rejected_for(self, channel: str, field: str, limit: int) -> tuple[int, list[LedgerEntry]]:
        """Return how many orders are rejected for a field (the end of its path), and the first by day and order."""
        with self._reading() as connection:
            return rows.rejected_for(connection, self._key(connection, channel), field, limit)

    def read_after(self, channel: str, instant: str, limit: int | None = None) -> tuple[int, list[LedgerEntry]]:
        """Return how many orders were read later than an instant, and the first of them by day and order."""
        with self._reading() as connection:
            return rows.read_after(connection, self._key(connection, channel), instant, limit)

    def rewind(self, channel: str, instant: str) -> list[str]:
        """Let orders that were read later than an instant count as read then; return their ids."""
        with self._transaction(channel) as connection:
            return rows.rewind(connection, self._written(connection, channel), instant)

    def order_ids(
        self, channel: str, first_day: str | None = None, last_day: str | None = None
    ) -> Iterator[list[LedgerEntry]]:
        """Yield the rows of a channel in pages of up to 1,000: by order id, or of these days, both included, by day.

        A row that is moved to a later day meanwhile may come twice.
        """
        with self._reading() as connection:
            key = self._key(connection, channel)
        by_day = first_day is not None or last_day is not None
        place = (ORDERS.c.day, ORDERS.c.channel_order_id) if by_day else (ORDERS.c.channel_order_id,)
        query = sa.select(*rows.COLUMNS).where(ORDERS.c.channel == key).order_by(*place).limit(1000)
        if first_day is not None:
            query = query.where(ORDERS.c.day >= first_day)
        if last_day is not None:
            query = query.where(ORDERS.c.day <= last_day)
        rest = query
        while True:
            # Each page is a query of its own: nothing is held open while the caller works on one.
            with self._reading() as connection:
                page = [LedgerEntry._make(row) for row in connection.execute(rest)]
            if not page:
                return
            yield page
            reached = (getattr(page[-1], column.name) for column in place)
            rest = query.where(sa.tuple_(*place) > sa.tuple_(*reached))

    def remove_settled(self, before: dt.date, keep: Collection[str] = ()) -> int:
        """Remove rows of orders settled before a day, of all channels but those to `keep`, see `retention`.

        Return how many. Each thousand is a transaction of its own, so that no delivery waits for long.
        """
        removed = 0
        with self._reading() as connection:
            channels = [name for name in destinations.channels(connection) if name not in keep]
            keys = {name: [known.key for known in destinations.known(connection, name)] for name in channels}
        for channel, key in ((name, key) for name in channels for key in keys[name]):
            after: tuple[str, str] | None = ("", "")
            while after is not None:
                with self._transaction(channel) as connection:
                    count, after = retention.remove_page(connection, key, before.isoformat(), after)
                removed += count
        return removed

    def vacuum(self) -> bool:
        """Give the room of removed rows back where a SQLite file has much of it; return whether it was done.

        PostgreSQL uses it again by itself.
        """
        if not self._sqlite:
            return False
        with self._writing, self._reading() as connection:
            return retention.vacuum_sqlite(connection)

    def _key(self, connection: sa.Connection, channel: str) -> str:
        if channel in self._keys:
            return self._keys[channel]
        return next((found.key for found in destinations.known(connection, channel)), _NO_KEY)

    def _written(self, connection: sa.Connection, channel: str) -> str:
        """Return the key that rows are written under."""
        if self._keys.get(channel, _NO_KEY) is _NO_KEY:
            self._keys[channel] = destinations.use(connection, channel, None, now())
        return self._keys[channel]

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with as_ledger_error(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self, lock: str) -> Iterator[sa.Connection]:
        turn = self._writing if self._sqlite else nullcontext()
        with turn, as_ledger_error(), self._engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"ledger {lock}"})
            # Whatever is raised, a connection that is closed before its commit takes everything back.
            yield connection
            connection.commit()


def now() -> str:
    """Return this instant as the ledger writes instants."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
