"""One consistent view of a shop: windows, paging, running queries."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors.channels.database import limit_statements
from connectors.channels.driver_errors import driver_errors
from connectors.channels.errors import ShopError
from connectors.channels.feed_window import FeedWindow, as_text, shifted
from connectors.channels.queries import CHANGES_BY_ID, Query, Use
from connectors.channels.source import ShopSource
from connectors.channels.statements import Parameters, Statements
from connectors.channels.versions import versions
from transforms.database_values import Cell
from transforms.frames import Frame, Table, table

PAGE_SIZE = 10_000
# Memory goes by rows, and some orders have a thousand lines: a chunk is as many orders as have about so many rows.
READ_ROWS = 20_000
FIRST_ORDERS = 20
_FEED_COLUMNS = ["order_id", "changed_at"]
_BEFORE_ALL = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
_NO_LIMIT = 2**31 - 1

Rows = Mapping[str, Frame]
_Entry = TypeVar("_Entry")


class Snapshot:
    """One consistent view of a shop. `read_at` is its instant in UTC, by the shop database's own clock."""

    def __init__(
        self,
        source: ShopSource,
        change_times: str,
        connection: sa.Connection,
        read_at: dt.datetime,
        queries: Mapping[str, Query],
    ) -> None:
        self.read_at = read_at
        self._source, self._change_times = source, change_times
        self._connection, self.queries = connection, queries
        self._statements = Statements(source.channel, connection)
        self._once: dict[str, Table] | None = None
        self._size = min(FIRST_ORDERS, source.chunk_size)
        self._chunks_read = 0

    def chunks(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, Table]]:
        """Yield the rows of whole orders whose newest change lies in [start, end), chunk by chunk.

        Each chunk holds one frame per query, cells as the driver gave them, and `changes`: what the feed says of its
        orders.

        Raises:
            ShopError: a query fails, or the list of changes is not one: unordered, or with an order twice.
        """
        for page in self._pages("changes", start, end):
            yield from self.whole(page)

    def changes(self, start: dt.datetime, end: dt.datetime) -> Iterator[list[tuple[Any, Any]]]:
        """Yield the change feed of [start, end) page by page: (internal order id, change as the feed says it).

        Raises:
            ShopError: as `chunks`.
        """
        yield from self._pages("changes", start, end)

    def whole(self, entries: Sequence[tuple[Any, Any]]) -> Iterator[dict[str, Table]]:
        """Yield the rows of these orders, entries of the change feed, chunk by chunk."""
        for chunk in self._slices(entries):
            changes = table(_FEED_COLUMNS, chunk)
            yield self._chunk([order_id for order_id, _ in chunk], changes)

    def change_text(self, change: Any) -> str:
        """Write a change, or an instant, as text that sorts as the feed's changes do."""
        moment = self._moment(change) if isinstance(change, dt.datetime) else change
        return moment.isoformat(sep=" ") if isinstance(moment, dt.datetime) else str(moment)

    def placed(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, Table]]:
        """Yield the rows of whole orders that were placed in [start, end), like `chunks`.

        Raises:
            ShopError: as `chunks`, or the platform has no placed.sql.
        """
        if "placed" not in self.queries:
            raise ShopError(
                "bad_query",
                f"channel {self._source.channel!r}: orders cannot be asked for by the day they were placed: "
                f"{self._source.platform} has no placed.sql",
            )
        for page in self._pages("placed", start, end):
            for chunk in self._slices(page):
                yield self._chunk([order_id for order_id, _ in chunk])

    def orders(self, channel_order_ids: Sequence[str]) -> Iterator[dict[str, Table]]:
        """Yield the rows of these orders, whatever their day, chunk by chunk; ids that the shop lacks yield none."""
        for ids in self._slices(channel_order_ids):
            if "find" in self.queries:
                ids = self.find(ids)
            if ids:
                yield self._chunk(ids)

    def first_changes(self, name: str, start: dt.datetime, end: dt.datetime, limit: int) -> list[tuple[Any, Any]]:
        """Return at most `limit` entries of a feed: (internal order id, time as the feed says it)."""
        return next(self._pages(name, start, end, limit))

    def first_changed(self, start: dt.datetime, end: dt.datetime, limit: int, seconds: float) -> list[tuple[Any, Any]]:
        """Return the first `limit` entries of the change feed: (internal order id, change as the feed says it).

        Raises:
            ShopError: the query fails, or takes longer than `seconds`.
        """
        limit_statements(self._connection, seconds)
        return next(self._pages("changes", start, end, limit))

    def raw_changes(self, name: str, start: dt.datetime, end: dt.datetime, limit: int) -> list[tuple[Any, Any]]:
        """Return the first `limit` rows of a feed as the driver gives them, whatever is wrong with their times.

        Raises:
            ShopError: the query fails.
        """
        begin = self._moment(start)
        bounds = {"start": begin, "end": self._moment(end), "page_size": limit}
        before = self._moment(start - dt.timedelta(seconds=1))
        _, rows = self._run(self.queries[name], {**bounds, "after_time": before, "after_id": None})
        return [(row[0], row[1]) for row in rows]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Let what is asked here fail without failing what is asked afterwards: PostgreSQL aborts a transaction else.

        Raises:
            ShopError: what is asked here raised it.
        """
        if self._connection.dialect.name != "postgresql":
            yield
            return
        self._connection.exec_driver_sql("SAVEPOINT tried")
        try:
            yield
        except ShopError:
            self._connection.exec_driver_sql("ROLLBACK TO SAVEPOINT tried")
            raise
        self._connection.exec_driver_sql("RELEASE SAVEPOINT tried")

    def versions(self, prefix: str) -> dict[str, str]:
        """Return the versions of database and platform, see `versions`.

        Raises:
            ShopError: the database cannot be asked.
        """
        with driver_errors(self._source.channel):
            return versions(self._connection, self._source.platform, prefix)

    def query(self, name: str, order_ids: Sequence[Any]) -> Table:
        """Read one query, of these orders where it asks for some."""
        query = self.queries[name]
        return self._frame(query, order_ids)

    def rows(self, order_ids: Sequence[Any], changes: Table | None = None) -> dict[str, Table]:
        """Read all rows of these orders, by the platform's internal ids: one frame per query.

        `changes` are theirs as the feed gave them; where they come from elsewhere, the shop is asked.
        """
        read = {q.name: self._frame(q, order_ids) for q in self.queries.values() if q.use is Use.PER_CHUNK}
        if changes is None and (self._knows_changes_by_id() or "updated_at" not in read["orders"].columns):
            changes = self.changes_of(order_ids)
        return {**self.once(), **read, **({} if changes is None else {"changes": changes})}

    def _knows_changes_by_id(self) -> bool:
        """Return whether the changes of single orders can be asked for without asking for those of all."""
        return "page_size" not in self.queries[CHANGES_BY_ID].parameters

    def changes_of(self, order_ids: Sequence[Any]) -> Table:
        """Return the newest changes of these orders, as the feed gives them: order_id, changed_at."""
        query = self.queries[CHANGES_BY_ID]
        bounds = {}
        if not self._knows_changes_by_id():
            bounds = {"start": _BEFORE_ALL, "end": self.read_at + dt.timedelta(days=1)}
            bounds |= {"after_time": _BEFORE_ALL - dt.timedelta(seconds=1)}
        moments = {name: self._moment(moment) for name, moment in bounds.items()}
        everything = {"after_id": None, "page_size": _NO_LIMIT} if moments else {}
        columns, rows = self._run(query, {**moments, **everything}, order_ids)
        if columns != _FEED_COLUMNS:
            raise self._bad_feed(query, "does not yield the two columns order_id and changed_at")
        return table(columns, [(order_id, self._change(query, changed_at)) for order_id, changed_at in rows])

    def once(self) -> dict[str, Table]:
        """Read the queries that are not about single orders, once a snapshot."""
        if self._once is None:
            self._once = {q.name: self._frame(q) for q in self.queries.values() if q.use is Use.ONCE}
        return self._once

    def find(self, channel_order_ids: Sequence[str]) -> list[Any]:
        """Translate order ids of the channel to the platform's internal ones."""
        _, found = self._run(self.queries["find"], {}, channel_order_ids)
        return [row[0] for row in found]

    def probe(self, name: str) -> bool:
        """Return whether the query of a requirement yields a row."""
        _, found = self._run(self.queries[name], {})
        return bool(found)

    def _slices(self, items: Sequence[_Entry]) -> Iterator[list[_Entry]]:
        begin = 0
        while begin < len(items):
            size = self._size
            yield list(items[begin : begin + size])
            begin += size

    def _chunk(self, order_ids: Sequence[Any], changes: Table | None = None) -> dict[str, Table]:
        """Read a chunk, and let the next be as large as the rows of this one allow."""
        if self._chunks_read and self._source.pause_seconds:
            time.sleep(self._source.pause_seconds)
        self._chunks_read += 1
        rows = self.rows(order_ids, changes)
        count = sum(len(rows[query.name]) for query in self.queries.values() if query.use is Use.PER_CHUNK)
        fitting = READ_ROWS * len(order_ids) // max(count, 1)
        self._size = max(1, min(fitting, 4 * self._size, self._source.chunk_size))
        return rows

    def _pages(
        self, name: str, start: dt.datetime, end: dt.datetime, size: int | None = None
    ) -> Iterator[list[tuple[Any, Any]]]:
        size = size or PAGE_SIZE
        window = FeedWindow(self._moment(start), self._moment(end))
        # Before the window, so that no order's change is equal to it; the id, of whatever type, is then not looked at.
        after: tuple[Any, Any] = (None, shifted(window.start, -1))
        while True:
            query = self.queries[name]
            bounds = {"start": window.start, "end": window.end, "page_size": size}
            columns, rows = self._run(query, {**bounds, "after_time": after[1], "after_id": after[0]})
            if columns != _FEED_COLUMNS:
                raise self._bad_feed(query, "does not yield the two columns order_id and changed_at")
            page = [(order_id, self._change(query, changed_at)) for order_id, changed_at in rows]
            if any(later[1] < earlier[1] for earlier, later in pairwise([after, *page])):
                raise self._bad_feed(query, "is not ordered by changed_at")
            if len({order_id for order_id, _ in page}) < len(page):
                raise self._bad_feed(query, "has an order twice")
            if after in page:
                raise self._bad_feed(query, "yields the last order of a page again on the next")
            yield page
            if len(page) == size:
                after = page[-1]
                window.after_full_page(after[1])
            elif window.after_short_page(few=2 * len(page) < size):
                after = (None, shifted(window.start, -1))
            else:
                return

    def _change(self, query: Query, cell: Any) -> Any:
        if self._change_times == "timestamptz":
            if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
                return cell
            raise self._bad_feed(query, "yields a changed_at that is no timestamptz")
        if isinstance(cell, dt.datetime):
            return as_text(cell)
        if isinstance(cell, str):
            return cell
        hint = " but a number (an epoch is converted: FROM_UNIXTIME, to_timestamp)" if isinstance(cell, int) else ""
        raise self._bad_feed(query, f"yields a changed_at that is no time{hint}")

    def _bad_feed(self, query: Query, fault: str) -> ShopError:
        return ShopError(
            "bad_feed",
            f"channel {self._source.channel!r}: {query.file} {fault}; it must yield order_id and changed_at, once an "
            "order, ordered by (changed_at, order_id), beyond (:after_time, :after_id)",
        )

    def _moment(self, moment: dt.datetime) -> dt.datetime | str:
        match self._change_times:
            case "timestamptz":
                return moment.astimezone(dt.UTC)
            case "local":
                return as_text(moment.astimezone(ZoneInfo(self._source.timezone)))
            case _:
                return as_text(moment.astimezone(dt.UTC))

    def _frame(self, query: Query, order_ids: Sequence[Cell] = ()) -> Table:
        columns, rows = self._run(query, {}, order_ids)
        if len(set(columns)) < len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            raise ShopError(
                "bad_frame", f"channel {self._source.channel!r}: {query.file} yields two columns named {twice!r}"
            )
        return table(columns, rows)

    def _run(
        self, query: Query, parameters: Parameters, ids: Sequence[Cell] = ()
    ) -> tuple[list[str], Sequence[tuple[Cell, ...]]]:
        settings = {"store": self._source.store, "timezone": self._source.timezone}
        bound = {name: value for name, value in settings.items() if name in query.parameters}
        return self._statements.run(query, {**parameters, **bound}, ids)
