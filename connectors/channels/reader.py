"""One reader for all shops: a window selects changed orders, then whole orders are read, chunk by chunk.

A window selects orders, never rows: Mirakl replaces an order as a whole, so half of one would destroy the rest.

Belongs here: windows, paging, running queries. Does not belong here: what a platform's rows mean.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa

from connectors.channels.database import begin_snapshot, open_engine
from connectors.channels.driver_errors import driver_errors
from connectors.channels.errors import ShopError
from connectors.channels.platform import load_platform
from connectors.channels.queries import Query, Use, load_queries, with_prefix
from connectors.channels.schema import Schema, quoted
from transforms.frames import FRAME_NAMES, FrameError, OrderFrames, order_frames, table

PAGE_SIZE = 10_000

_PREFIX = re.compile(r"[A-Za-z0-9_]*")
Rows = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class ShopSource:
    """Where a channel's orders are.

    `platform`: a built-in name, or the path of a folder. `table_prefix`: as the shop has it, the platform's usual one
    when None. `timezone`: zone of shop-local times. `chunk_size`: orders. `store`: what queries bind as `:store`.
    """

    channel: str
    platform: str
    database_url: str
    table_prefix: str | None = None
    timezone: str = "UTC"
    chunk_size: int = 500
    store: str | None = None


class ShopReader:
    """Reads whole orders of one shop.

    Raises:
        ShopError: the platform is unknown, its settings or the prefix are wrong, or the URL is not a database's.
    """

    def __init__(self, source: ShopSource) -> None:
        self.source = source
        self.platform = load_platform(source.channel, source.platform)
        settings = self.platform.settings
        self.prefix = settings.table_prefix if source.table_prefix is None else source.table_prefix
        if not _PREFIX.fullmatch(self.prefix):
            raise ShopError(
                "bad_prefix",
                f"channel {source.channel!r}: table_prefix {self.prefix!r} may hold only letters, digits and _",
            )
        self._engine = open_engine(source.channel, source.database_url)

    def dispose(self) -> None:
        """Close what is still open."""
        self._engine.dispose()

    def check(self) -> None:
        """Try every query without reading an order.

        Raises:
            ShopError: unreachable, access denied, a missing table or column, or orders kept elsewhere.
        """
        with self.snapshot() as snapshot:
            snapshot.rows([])

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open one consistent read-only snapshot of the shop, after making sure that it is the right shop.

        Raises:
            ShopError: as `check`.
        """
        channel, settings = self.source.channel, self.platform.settings
        anchor = with_prefix(settings.anchor, self.prefix)
        # Only what asks the shop stands inside `driver_errors`: the caller's block may use another database.
        with driver_errors(channel):
            connection = self._engine.connect()
        with connection:
            with driver_errors(channel):
                schema = Schema(connection)
                self._require_anchor(schema, anchor)
                queries = load_queries(channel, self.platform, self.prefix, schema)
                read_at = begin_snapshot(connection, quoted(connection, anchor))
                snapshot = Snapshot(self.source, settings.change_times, connection, read_at, queries)
                self._require(schema, snapshot)
            yield snapshot

    def frames(self, rows: Rows, read_at: dt.datetime) -> OrderFrames:
        """Turn the rows of one chunk into order frames.

        Raises:
            ShopError: a query of a custom channel lacks a required column.
        """
        if self.platform.shape is not None:
            return self.platform.shape(rows, read_at, self.source.timezone)
        try:
            return order_frames({name: rows[name] for name in FRAME_NAMES if name in rows}, read_at)
        except FrameError as error:
            raise ShopError("bad_frame", f"channel {self.source.channel!r}: {error}") from None

    def _require_anchor(self, schema: Schema, anchor: str) -> None:
        if schema.has_table(anchor):
            return
        name = with_prefix(self.platform.settings.anchor, "")
        seen = sorted(table.removesuffix(name) for table in schema.table_names() if table.endswith(name))
        if name != self.platform.settings.anchor and seen:
            hint = f"prefixes seen: {', '.join(map(repr, seen))}; set table_prefix"
        else:
            hint = "check database_url: this database holds no such shop, or the user may not see it"
        raise ShopError("missing_table", f"channel {self.source.channel!r}: no table {anchor}; {hint}")

    def _require(self, schema: Schema, snapshot: Snapshot) -> None:
        for need in self.platform.settings.require:
            name = with_prefix(need.table or "", self.prefix)
            met = (
                (not name or schema.has_table(name))
                and (not need.column or schema.has_column(name, need.column))
                and (not need.query or snapshot.probe(need.query))
            )
            if not met:
                message = with_prefix(need.message, self.prefix)
                raise ShopError("unsupported", f"channel {self.source.channel!r}: {message}")


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
        self._connection, self._queries = connection, queries
        self._once: dict[str, pd.DataFrame] | None = None

    def chunks(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the rows of whole orders whose newest change lies in [start, end), chunk by chunk.

        Each chunk holds one frame per query, cells as the driver gave them.

        Raises:
            ShopError: a query fails, or the list of changes is not one: unordered, or with an order twice.
        """
        yield from self._feed("changes", start, end)

    def placed(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the rows of whole orders that were placed in [start, end), like `chunks`.

        Raises:
            ShopError: as `chunks`, or the platform has no placed.sql.
        """
        if "placed" not in self._queries:
            raise ShopError(
                "bad_query",
                f"channel {self._source.channel!r}: orders cannot be asked for by the day they were placed: "
                f"{self._source.platform} has no placed.sql",
            )
        yield from self._feed("placed", start, end)

    def orders(self, channel_order_ids: Sequence[str]) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the rows of these orders, whatever their day, chunk by chunk; ids that the shop lacks yield none."""
        for ids in _slices(channel_order_ids, self._source.chunk_size):
            if "find" in self._queries:
                _, found = self._run(self._queries["find"], {"channel_order_ids": ids})
                ids = [row[0] for row in found]
            if ids:
                yield self.rows(ids)

    def rows(self, order_ids: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Read all rows of these orders, by the platform's internal ids: one frame per query."""
        if self._once is None:
            self._once = {q.name: self._frame(q, {}) for q in self._queries.values() if q.use is Use.ONCE}
        # NULL is in a list of every type, an empty list is not.
        ids = list(order_ids) or [None]
        read = {q.name: self._frame(q, {"order_ids": ids}) for q in self._queries.values() if q.use is Use.PER_CHUNK}
        return {**self._once, **read}

    def probe(self, name: str) -> bool:
        """Say whether the query of a requirement yields a row."""
        _, found = self._run(self._queries[name], {})
        return bool(found)

    def _feed(self, name: str, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, pd.DataFrame]]:
        for page in self._pages(name, start, end):
            for ids in _slices([row[0] for row in page], self._source.chunk_size):
                yield self.rows(ids)

    def _pages(self, name: str, start: dt.datetime, end: dt.datetime) -> Iterator[list[tuple[Any, Any]]]:
        bounds = {"start": self._moment(start), "end": self._moment(end), "page_size": PAGE_SIZE}
        # Before the window, so that no order's change is equal to it; the id, of whatever type, is then not looked at.
        after: tuple[Any, Any] = (None, self._moment(start - dt.timedelta(seconds=1)))
        while True:
            query = self._queries[name]
            columns, rows = self._run(query, {**bounds, "after_time": after[1], "after_id": after[0]})
            if columns != ["order_id", "changed_at"]:
                raise self._bad_feed(query, "does not yield the two columns order_id and changed_at")
            page = [(order_id, self._change(query, changed_at)) for order_id, changed_at in rows]
            if any(later[1] < earlier[1] for earlier, later in pairwise([after, *page])):
                raise self._bad_feed(query, "is not ordered by changed_at")
            if len({order_id for order_id, _ in page}) < len(page):
                raise self._bad_feed(query, "has an order twice")
            yield page
            if len(page) < PAGE_SIZE:
                return
            if page[-1] == after:
                raise self._bad_feed(query, "yields the same page again")
            after = page[-1]

    def _change(self, query: Query, cell: Any) -> Any:
        if self._change_times == "timestamptz":
            if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
                return cell
            raise self._bad_feed(query, "yields a changed_at that is no timestamptz")
        if isinstance(cell, dt.datetime):
            return _text(cell)
        if isinstance(cell, str):
            return cell
        raise self._bad_feed(query, "yields a changed_at that is no time")

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
                return _text(moment.astimezone(ZoneInfo(self._source.timezone)))
            case _:
                return _text(moment.astimezone(dt.UTC))

    def _frame(self, query: Query, parameters: dict[str, Any]) -> pd.DataFrame:
        columns, rows = self._run(query, parameters)
        if len(set(columns)) < len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            raise ShopError(
                "bad_frame", f"channel {self._source.channel!r}: {query.file} yields two columns named {twice!r}"
            )
        return table(columns, rows)

    def _run(self, query: Query, parameters: dict[str, Any]) -> tuple[list[str], Sequence[Sequence[Any]]]:
        if "store" in query.parameters:
            parameters = {**parameters, "store": self._source.store}
        with driver_errors(self._source.channel, f", query {query.file}"):
            result = self._connection.execute(query.statement, parameters)
            return list(result.keys()), result.fetchall()


def _slices(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])


def _text(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ")
