"""Trying a shop: everything is asked once, of a few orders, and all that is wrong is reported, not only the first."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import pyarrow as pa

from connectors.channels.check_money import wrong_money
from connectors.channels.check_taxes import misplaced_taxes
from connectors.channels.check_text import wrong_text
from connectors.channels.check_times import wrong_times
from connectors.channels.check_units import wrong_units
from connectors.channels.clocks import clocks_differ
from connectors.channels.errors import ShopError
from connectors.channels.platform import with_prefix
from connectors.channels.queries import Use
from connectors.channels.reader import ShopReader
from connectors.channels.schema import Schema
from connectors.channels.snapshot import Snapshot
from transforms.columns import COLUMNS, Column, Kind
from transforms.frames import FRAME_NAMES, Frame, OrderFrames
from transforms.money import parse_amount
from transforms.parsing import parse_flag
from transforms.spelling import did_you_mean
from transforms.times import TimeError, parse_time

_T = TypeVar("_T")
SAMPLE_ORDERS = 100
SAMPLE_DAYS = 30
# How far back is looked until there are enough orders: a large shop has them in a day, and works out every change of
# the days that it is asked about.
_DAYS_BACK = (1, 7, SAMPLE_DAYS)

_OF_PRODUCTS = frozenset({"product_id", "product_title", "quantity", "price"})
_EPOCH = "; an epoch is converted in SQL (FROM_UNIXTIME, to_timestamp, datetime(x, 'unixepoch'))"
# What an epoch of 0 becomes, which shops write for "never".
_NEVER = "1970-01-01"
# Columns of orders.sql by which what is sent is proved.
_PROOFS = {
    "total": "nothing proves the prices, and a wrong one goes unnoticed",
    "total_refunded": "nothing proves the refunds, and a missing one goes unnoticed",
}
_KEYS = {"orders": "channel_order_id", "lines": "channel_order_line_id", "adjustments": "channel_adjustment_id"}


Fault = Literal["error", "warning", "orders"]
# Beyond this share of the sample's rows it is the SQL that is wrong, not some order.
_MOST_ROWS_AT_FAULT = 0.5


@dataclass(frozen=True, slots=True)
class ShopFinding:
    """What is wrong with a shop. An `error` keeps orders from being read whole; a `warning` may be meant.

    `orders` is about some orders alone: they cannot be sent, the configuration is none the worse for it.
    """

    verdict: Fault
    message: str


def check_shop(reader: ShopReader) -> list[ShopFinding]:
    """Try everything without sending anything, and return all that is found; a shop that can be read has no finding.

    Never raises for what is wrong with the shop: each fault is a finding.
    """
    try:
        with reader.opened() as (snapshot, schema, faults):
            findings = [ShopFinding("error", str(fault)) for fault in faults]
            if words := clocks_differ(snapshot.read_at):
                findings.append(ShopFinding("warning", f"channel {reader.source.channel!r}: {words}"))
            findings += _indexes(reader, schema)
            findings += _queries(reader, snapshot)
            if not any(finding.verdict == "error" for finding in findings):
                findings += _times(reader, snapshot)
            return findings
    except ShopError as error:
        return [ShopFinding("error", str(error))]


def _indexes(reader: ShopReader, schema: Schema) -> Iterator[ShopFinding]:
    for index in reader.platform.settings.indexes:
        table = with_prefix(index.table, reader.prefix)
        if schema.has_table(table) and not schema.has_index(table, index.column):
            name = f"{table}_{index.column}".replace(".", "_").lower()
            column = schema.quoted_column(index.column)
            statement = f"CREATE INDEX {name} ON {schema.quoted(table)} ({column})"
            yield ShopFinding(
                "warning",
                f"channel {reader.source.channel!r}: no index on {table}.{index.column}; every read looks through the "
                f"whole table. {statement}",
            )


def _queries(reader: ShopReader, snapshot: Snapshot) -> list[ShopFinding]:
    findings: list[ShopFinding] = []

    def tried(ask: Callable[..., _T], *arguments: Any) -> _T | None:
        try:
            with snapshot.savepoint():
                return ask(*arguments)
        except ShopError as error:
            findings.append(ShopFinding("error", str(error)))
            return None

    end = snapshot.read_at + dt.timedelta(days=1)
    ever = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    order_ids: list[Any] = []
    rows: dict[str, Frame] = {}
    for name, query in sorted(snapshot.queries.items(), key=lambda item: item[1].use is not Use.FEED):
        if query.use is Use.FEED:
            recent = tried(_recent, snapshot, partial(snapshot.first_changes, name, end=end, limit=SAMPLE_ORDERS))
            if not order_ids and recent is not None:
                _, named = recent
                named = named or tried(snapshot.first_changes, name, ever, end, SAMPLE_ORDERS) or []
                order_ids = [order_id for order_id, _ in named]
        elif query.use in {Use.PER_CHUNK, Use.ONCE}:
            frame = tried(snapshot.query, name, order_ids)
            if frame is not None:
                rows[name] = frame
        elif query.use is Use.BY_ID:
            tried(snapshot.changes_of, order_ids)
    if reader.platform.shape is not None:
        return findings
    sound = _Folder(reader.source.channel, rows)
    findings += sound.columns()
    if not any(finding.verdict == "error" for finding in findings):
        frames = tried(reader.frames, rows, snapshot.read_at)
        if frames is not None:
            findings += sound.cells(frames)
            findings += sound.keys(frames)
            platform = reader.platform
            gross = platform.amounts_include_tax
            suspicions = (
                *wrong_money(frames, platform.rate_divisor, gross),
                *misplaced_taxes(frames, gross),
                *wrong_units(frames, gross),
            )
            findings += [sound.finding(verdict, name, words) for verdict, name, words in suspicions]
            findings += [sound.finding("warning", name, words) for name, words in wrong_text(frames, rows)]
            if len(frames.orders) < len(order_ids):
                gone = len(order_ids) - len(frames.orders)
                findings.append(
                    sound.finding(
                        "warning", "orders", f"has no row for {gone} of {len(order_ids)} orders of changes.sql"
                    )
                )
            findings += _ids(sound, snapshot, frames, order_ids, tried)
    return findings


def _recent(snapshot: Snapshot, ask: Callable[[dt.datetime], list[_T]]) -> tuple[dt.datetime, list[_T]]:
    """Ask for a sample of what changed since a time, the last day if it has enough; return that time and the sample."""
    start = snapshot.read_at
    entries: list[_T] = []
    for days in _DAYS_BACK:
        start = snapshot.read_at - dt.timedelta(days=days)
        entries = ask(start)
        if len(entries) == SAMPLE_ORDERS:
            break
    return start, entries


def _times(reader: ShopReader, snapshot: Snapshot) -> Iterator[ShopFinding]:
    end = snapshot.read_at + dt.timedelta(days=1)
    start, _ = _recent(snapshot, lambda since: snapshot.raw_changes("changes", since, end, SAMPLE_ORDERS))
    for words in wrong_times(reader, snapshot, start, end, SAMPLE_ORDERS):
        yield ShopFinding("warning", f"channel {reader.source.channel!r}: {words}")


def _ids(
    sound: _Folder, snapshot: Snapshot, frames: OrderFrames, order_ids: list[Any], tried: Callable[..., Any]
) -> Iterator[ShopFinding]:
    ids = [cell for cell in frames.orders["channel_order_id"].tolist() if cell is not None]
    if "find" in snapshot.queries:
        found = tried(snapshot.find, ids)
        if found is not None and not set(found) >= set(order_ids):
            yield sound.finding("error", "find", "does not find the orders of changes.sql by their channel_order_id")
    elif not {str(order_id) for order_id in order_ids} <= set(ids):
        yield sound.finding(
            "warning",
            "find",
            "is missing, though channel_order_id is not the order_id of changes.sql: single orders cannot be asked for",
        )


class _Folder:
    """A custom channel's frames as its queries yield them, of a sample of orders."""

    def __init__(self, channel: str, rows: Mapping[str, Frame]) -> None:
        self._channel, self._rows = channel, rows

    def finding(self, verdict: Fault, name: str, words: str) -> ShopFinding:
        return ShopFinding(verdict, f"channel {self._channel!r}: {name}.sql {words}")

    def columns(self) -> Iterator[ShopFinding]:
        """Judge the columns of each query; they are there without a row as well."""
        for name, frame in self._rows.items():
            if name not in COLUMNS:
                yield self.finding("warning", name, f"is no frame and is not used; frames are {', '.join(FRAME_NAMES)}")
                continue
            known = [column.name for column in COLUMNS[name]]
            for column in COLUMNS[name]:
                if column.required and column.name not in frame.columns:
                    yield self.finding("error", name, f"lacks the required column {column.name!r}: {column.meaning}")
            if name == "orders":
                for proof in [proof for proof in self._proofs() if proof not in frame.columns]:
                    words = f"yields no {proof!r}: {_PROOFS[proof]}"
                    yield self.finding("warning", name, words)
            for other in frame.columns:
                if other not in known:
                    hint = did_you_mean(other, known)
                    yield self.finding("warning", name, f"yields {other!r}, which is no column of this frame{hint}")

    def _proofs(self) -> Iterator[str]:
        yield "total"
        if "adjustments" in self._rows:
            yield "total_refunded"

    def cells(self, frames: OrderFrames) -> Iterator[ShopFinding]:
        """Judge each cell by its column's kind; one finding a column, with its first row.

        What only some rows have is a fault of these orders, not of the SQL.
        """
        for name, frame in frames.items():
            owners = frame["channel_order_id"].tolist()
            kinds = frame["kind"].tolist() if name == "lines" else []
            for column in COLUMNS[name]:
                faults = [
                    (row, fault)
                    for row, cell in enumerate(frame[column.name].tolist())
                    if (fault := _fault(column, cell)) is not None
                    # A discount is no line to Mirakl: nobody asks for its product, and gross_amount may be its price.
                    and not (kinds and kinds[row] == "discount" and column.name in _OF_PRODUCTS and not cell)
                ]
                if faults and (name in self._rows):
                    row, fault = faults[0]
                    more = f"; so are {len(faults) - 1} more rows" if len(faults) > 1 else ""
                    place = f"column {column.name!r}, row {row + 1} (order {owners[row]})"
                    verdict: Fault = "error" if len(faults) > _MOST_ROWS_AT_FAULT * len(frame) else "orders"
                    yield self.finding(verdict, name, f"{place}: {fault}{more}")
                if column.kind == "time" and name in self._rows:
                    yield from self._zero_epochs(name, column.name, frame[column.name].tolist(), owners)

    def _zero_epochs(self, name: str, column: str, cells: list[Any], owners: list[Any]) -> Iterator[ShopFinding]:
        never = [row for row, cell in enumerate(cells) if cell is not None and cell.startswith(_NEVER)]
        if never:
            place = f"column {column!r}, row {never[0] + 1} (order {owners[never[0]]})"
            words = f"{place}: is {_NEVER}, an epoch of 0; where it means never, write NULLIF(x, 0) around the epoch"
            yield self.finding("warning", name, words)

    def keys(self, frames: OrderFrames) -> Iterator[ShopFinding]:
        """Find duplicate rows, and rows that belong to nothing."""
        children = dict(frames.items())
        for name, key in _KEYS.items():
            cells = children[name][key].tolist()
            twice = next((cell for cell, count in Counter(cells).items() if cell is not None and count > 1), None)
            if twice is not None:
                owners = [
                    owner
                    for owner, cell in zip(children[name]["channel_order_id"].tolist(), cells, strict=True)
                    if cell == twice
                ]
                cause = "a join multiplies rows"
                if name != "orders" and len(set(owners)) == len(owners):
                    cause = (
                        f"each in another order ({owners[0]}, {owners[1]}, ...); ids are unique on the channel: put "
                        "the order's id before them, and so in all files that name them"
                    )
                yield self.finding("error", name, f"column {key!r}: {twice} occurs {len(owners)} times; {cause}")
        orders, lines, adjustments = (set(children[name][key].tolist()) for name, key in _KEYS.items())
        for name in FRAME_NAMES[1:]:
            yield from self._orphans(name, children[name], "channel_order_id", orders, "error")
        for name in ("adjustments", "taxes", "custom_attributes"):
            yield from self._orphans(name, children[name], "channel_order_line_id", lines, "warning")
        yield from self._orphans("taxes", children["taxes"], "channel_adjustment_id", adjustments, "error")
        without = orders - set(children["lines"]["channel_order_id"].tolist())
        if without:
            verdict: Fault = "error" if without == orders else "orders"
            yield self.finding(verdict, "lines", f"has no line of order {min(map(str, without))}; it is rejected")

    def _orphans(
        self, name: str, frame: pa.RecordBatch, key: str, known: set[Any], verdict: Literal["error", "warning"]
    ) -> Iterator[ShopFinding]:
        for row, cell in enumerate(frame[key].tolist()):
            if cell is not None and cell not in known:
                yield self.finding(verdict, name, f"column {key!r}, row {row + 1}: there is no {cell}")
                return


def _fault(column: Column, cell: str | None) -> str | None:
    if cell is None or not cell.strip():
        # An empty tax is none; a line without a price is damage.
        return "is empty" if column.required and column.name != "amount" else None
    if column.words and cell not in column.words:
        return f"is not {' or '.join(column.words)}{did_you_mean(cell, column.words)}"
    try:
        read = _READERS.get(column.kind)
        return None if read is None else read(cell)
    except ValueError as error:
        return str(error)


def _amount(cell: str) -> None:
    parse_amount(cell)


def _time(cell: str) -> None:
    try:
        parse_time(cell)
    except TimeError as error:
        raise ValueError(f"{error}{_EPOCH if cell.strip().isdigit() else ''}") from None


def _flag(cell: str) -> None:
    parse_flag(cell)


_READERS: Mapping[Kind, Callable[[str], str | None]] = {
    "amount": _amount,
    "rate": _amount,
    "units": _amount,
    "time": _time,
    "flag": _flag,
}
