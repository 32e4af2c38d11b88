"""One order's row of the ledger, read and written in bulk: one statement for a chunk of orders, on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.ledger.schema import DESTINATIONS, NOT_ACCEPTED, NOTICES, ORDERS

_IDS_PER_QUERY = 5000


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One order's row.

    `outcome`: delivered, refused, rejected or undelivered (no definite answer). `delivered_hash` is what Mirakl holds
    for certain, None while that is in doubt; `attempted_hash` what was sent last; `stamp` the newest
    `channel_updated_at` that Mirakl may hold, `doubtful_stamp` that of an earlier request which was never answered and
    may still arrive; `read_at` the reading that the row stands for; line and adjustment counts are the most that were
    delivered since somebody last sent the order by its id. `unaccepted_since` is set while Mirakl has not accepted the
    order's current state, and only then. `history` is what was tried, see `history`. Times are UTC with `Z`.
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
    history: str | None = None


_FIELDS = tuple(item.name for item in fields(LedgerEntry))
COLUMNS = [ORDERS.c[name] for name in _FIELDS]
_cells = attrgetter(*_FIELDS)
# Rows that come as one list a column: a statement a row costs PostgreSQL several times as much.
_LISTS = (
    sa.func.unnest(*(sa.bindparam(column.name, type_=sa.ARRAY(column.type)) for column in COLUMNS))
    .table_valued(*(sa.column(column.name, column.type) for column in COLUMNS))
    .render_derived("given")
)
_GIVEN = sa.select(sa.bindparam("channel", type_=sa.Text), *_LISTS.c)
_KNOWN = sa.select(*COLUMNS).where(ORDERS.c.channel == sa.bindparam("channel"))
# One parameter however many ids: a list in the statement is compiled anew for every length.
_IN_JSON = ORDERS.c.channel_order_id.in_(
    sa.select(sa.func.json_each(sa.bindparam("order_ids", type_=sa.JSON)).table_valued("value").c.value)
)
_KNOWN_IN = _KNOWN.where(_IN_JSON)
# A look into the index for each id, whatever PostgreSQL believes of the table: of one that has grown since its last
# ANALYZE it believes that reading the whole channel costs less, again for every chunk of a first backfill.
_ASKED = (
    sa.func.unnest(sa.bindparam("order_ids", type_=sa.ARRAY(sa.Text)))
    .table_valued(sa.column("channel_order_id", sa.Text))
    .render_derived("asked")
)


def _each(query: sa.Select[Any]) -> sa.Select[Any]:
    found = query.where(ORDERS.c.channel_order_id == _ASKED.c.channel_order_id).limit(1).lateral("known")
    return sa.select(*found.c).select_from(_ASKED.join(found, sa.true()))


_KNOWN_EACH = _each(_KNOWN)
# Of an order that is delivered and noticed for nothing, what tells whether a record would change its row.
_SETTLED = sa.select(*(ORDERS.c[name] for name in ("channel_order_id", "delivered_hash", "store", "read_at"))).where(
    ORDERS.c.channel == sa.bindparam("channel"),
    ORDERS.c.day == sa.bindparam("day"),
    ORDERS.c.outcome == "delivered",
    ORDERS.c.unaccepted_since.is_(None),
    ~sa.exists().where(NOTICES.c.channel == ORDERS.c.channel, NOTICES.c.channel_order_id == ORDERS.c.channel_order_id),
)
_SETTLED_IN, _SETTLED_EACH = _SETTLED.where(_IN_JSON), _each(_SETTLED)


def _upserting(insert: postgresql.Insert | sqlite.Insert) -> sa.Insert:
    changes = {name: insert.excluded[name] for name in _FIELDS if name != "channel_order_id"}
    return insert.on_conflict_do_update(index_elements=["channel", "channel_order_id"], set_=changes)


_WRITE = _upserting(sqlite.insert(ORDERS))
_WRITE_ALL = _upserting(postgresql.insert(ORDERS).from_select(["channel", *_FIELDS], _GIVEN))


_READ_UNTIL = (
    DESTINATIONS.update()
    .where(
        DESTINATIONS.c.key == sa.bindparam("of"),
        sa.func.coalesce(DESTINATIONS.c.read_until, "") < sa.bindparam("until"),
    )
    .values(read_until=sa.bindparam("until"))
)


def known(connection: sa.Connection, key: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
    """Return the rows of these orders; one query for up to 5,000."""
    query = _KNOWN_EACH if connection.dialect.name == "postgresql" else _KNOWN_IN
    rows: dict[str, LedgerEntry] = {}
    for begin in range(0, len(order_ids), _IDS_PER_QUERY):
        asked = {"channel": key, "order_ids": list(order_ids[begin : begin + _IDS_PER_QUERY])}
        rows.update((row[0], LedgerEntry(*row)) for row in connection.execute(query, asked))
    return rows


def settled(connection: sa.Connection, key: str, day: str, order_ids: Sequence[str]) -> set[tuple[str, str, str, str]]:
    """Return (order, delivered hash, store, read instant) of those orders of a day that are delivered and not noticed.

    One query for up to 5,000.
    """
    query = _SETTLED_EACH if connection.dialect.name == "postgresql" else _SETTLED_IN
    found: set[tuple[str, str, str, str]] = set()
    for begin in range(0, len(order_ids), _IDS_PER_QUERY):
        asked = {"channel": key, "day": day, "order_ids": list(order_ids[begin : begin + _IDS_PER_QUERY])}
        found.update(tuple(row) for row in connection.execute(query, asked))
    return found


def taken(connection: sa.Connection, rivals: Mapping[str, str], order_ids: Sequence[str]) -> dict[str, str]:
    """Return order id -> rival of those orders that were sent under a rival's key; one query a rival."""
    return {
        order_id: rival
        for key, rival in rivals.items()
        for order_id, row in known(connection, key, order_ids).items()
        if row.stamp is not None
    }


def write(connection: sa.Connection, key: str, entries: Sequence[LedgerEntry]) -> None:
    """Write rows, each order once, whatever stands there."""
    if not entries:
        return
    cells = [_cells(entry) for entry in entries]
    if connection.dialect.name == "postgresql":
        columns = dict(zip(_FIELDS, map(list, zip(*cells, strict=True)), strict=True))
        connection.execute(_WRITE_ALL, {"channel": key, **columns})
    else:
        connection.execute(_WRITE, [{"channel": key, **dict(zip(_FIELDS, row, strict=True))} for row in cells])
    connection.execute(_READ_UNTIL, {"of": key, "until": max(entry.read_at for entry in entries)})


def rejected_for(connection: sa.Connection, key: str, field: str, limit: int) -> tuple[int, list[LedgerEntry]]:
    """Return how many orders are rejected for a field, see `Ledger.rejected_for`."""
    of_field = ORDERS.c.error_field.like(f"%{field}")
    return _first(connection, (ORDERS.c.channel == key, NOT_ACCEPTED, ORDERS.c.outcome == "rejected", of_field), limit)


def read_after(connection: sa.Connection, key: str, instant: str, limit: int | None) -> tuple[int, list[LedgerEntry]]:
    """Return how many orders were read later, see `Ledger.read_after`; all rows are looked at only if there are any."""
    until = connection.scalar(sa.select(DESTINATIONS.c.read_until).where(DESTINATIONS.c.key == key))
    if until is None or until <= instant:
        return 0, []
    return _first(connection, (ORDERS.c.channel == key, ORDERS.c.read_at > instant), limit)


def rewind(connection: sa.Connection, key: str, instant: str) -> list[str]:
    """Let orders that were read later count as read at an instant; return their ids."""
    later = (ORDERS.c.channel == key, ORDERS.c.read_at > instant)
    order_ids = list(connection.scalars(sa.select(ORDERS.c.channel_order_id).where(*later)))
    connection.execute(ORDERS.update().where(*later).values(read_at=instant))
    connection.execute(DESTINATIONS.update().where(DESTINATIONS.c.key == key).values(read_until=instant))
    return order_ids


def _first(
    connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]], limit: int | None
) -> tuple[int, list[LedgerEntry]]:
    count = connection.scalar(sa.select(sa.func.count()).select_from(ORDERS).where(*where)) or 0
    if not count:
        return 0, []
    query = sa.select(*COLUMNS).where(*where).order_by(ORDERS.c.day, ORDERS.c.channel_order_id).limit(limit)
    return count, [LedgerEntry(*row) for row in connection.execute(query)]
