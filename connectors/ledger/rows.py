"""One order's row of the ledger, read and written in bulk: one statement for a chunk of orders, on either database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from connectors.ledger.schema import DESTINATIONS, NOT_ACCEPTED, NOTICES, ORDERS
from transforms.outcomes import Outcome

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_IDS_PER_QUERY = 5000


class LedgerEntry(NamedTuple):
    """One order's row.

    `outcome`: delivered, refused, rejected or undelivered (no definite answer). `delivered_hash` is what Mirakl holds
    for certain, None while that is in doubt; `attempted_hash` what was sent last; `stamp` the newest
    `channel_updated_at` that Mirakl may hold, `doubtful_stamp` that of an earlier request which was never answered and
    may still arrive; `read_at` when what the row is about was read; line and adjustment counts are the most that were
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


_FIELDS = LedgerEntry._fields
COLUMNS = [ORDERS.c[name] for name in _FIELDS]
# A day by which no index is chosen: of all rows of a channel's days few are not accepted, and those have an index.
day_alone = ORDERS.c.day.concat("")
# A row is settled by the claim that it was made by, and by no other: what identifies one.
_CLAIM = ("run_id", "read_at", "attempts", "last_sent_at")
_claim_of = itemgetter(*map(_FIELDS.index, _CLAIM))


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
_UNDER_WAY_EACH = _each(
    sa.select(ORDERS.c.channel_order_id, *(ORDERS.c[name] for name in _CLAIM)).where(
        ORDERS.c.channel == sa.bindparam("channel"),
        ORDERS.c.outcome == Outcome.UNDELIVERED.value,
        ORDERS.c.error_code.is_(None),
    )
)
# What decides whether a record would change the row of an order that is delivered and noticed for nothing.
HELD = ("channel_order_id", "delivered_hash", "store", "read_at", "day", "order_lines", "adjustments")
_HELD = sa.select(*(ORDERS.c[name] for name in HELD)).where(
    ORDERS.c.channel == sa.bindparam("channel"),
    ORDERS.c.outcome == Outcome.DELIVERED.value,
    ORDERS.c.unaccepted_since.is_(None),
    ~sa.exists().where(NOTICES.c.channel == ORDERS.c.channel, NOTICES.c.channel_order_id == ORDERS.c.channel_order_id),
)
_HELD_IN, _HELD_EACH = _HELD.where(_IN_JSON), _each(_HELD)
_READ_AGAIN = (
    ORDERS.update()
    .where(ORDERS.c.channel == sa.bindparam("key"))
    .values(read_at=sa.bindparam("newer"), run_id=sa.bindparam("run"), day=sa.bindparam("of_day"))
)
_READ_AGAIN_IN = _READ_AGAIN.where(_IN_JSON)
# Row addresses, looked up one id at a time as above; nobody else writes to the channel meanwhile.
_ADDRESSES = _each(
    sa.select(sa.literal_column("ledger_orders.ctid").label("ctid")).where(ORDERS.c.channel == sa.bindparam("key"))
)
_READ_AGAIN_EACH = _READ_AGAIN.where(
    sa.literal_column("ledger_orders.ctid") == sa.any_(sa.func.array(_ADDRESSES.scalar_subquery()))
)
_READ_UNTIL = (
    DESTINATIONS.update()
    .where(
        DESTINATIONS.c.key == sa.bindparam("of"),
        sa.func.coalesce(DESTINATIONS.c.read_until, "") < sa.bindparam("until"),
    )
    .values(read_until=sa.bindparam("until"))
)


def _upserting(insert: postgresql.Insert | sqlite.Insert) -> sa.Insert:
    changes = {name: insert.excluded[name] for name in _FIELDS if name != "channel_order_id"}
    return insert.on_conflict_do_update(index_elements=["channel", "channel_order_id"], set_=changes)


@cache
def _write_all() -> sa.Insert:
    """Build PostgreSQL's statement for rows that come as one JSON text.

    It takes several times as long for a statement a row, and its driver for a list a column, of which it writes each
    cell by itself.
    """
    from sqlalchemy.dialects import postgresql  # an SQLite ledger does without

    given = (
        sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), postgresql.JSON))
        .table_valued(*(sa.column(column.name, column.type) for column in COLUMNS))
        .render_derived("given", with_types=True)
    )
    return _upserting(
        postgresql.insert(ORDERS).from_select(
            ["channel", *_FIELDS], sa.select(sa.bindparam("channel", type_=sa.Text), *given.c)
        )
    )


def _settling(columns: Iterable[str]) -> sa.Update:
    """Update columns of one row as it was claimed, and of no other."""
    of_claim = (ORDERS.c[name].is_not_distinct_from(sa.bindparam(f"claim_{name}")) for name in _CLAIM)
    return (
        ORDERS.update()
        .where(
            ORDERS.c.channel == sa.bindparam("key"),
            ORDERS.c.channel_order_id == sa.bindparam("channel_order_id"),
            ORDERS.c.outcome == sa.literal_column(f"'{Outcome.UNDELIVERED}'"),
            ORDERS.c.error_code.is_(None),
            *of_claim,
        )
        .values({name: sa.bindparam(name) for name in columns})
    )


_PLACES = ("key", *_FIELDS, *(f"claim_{name}" for name in _CLAIM))


class _ManyRows:
    """A statement of SQLite's, compiled once and given rows as tuples.

    The cells of a row are in the order of `_PLACES`: key, the fields of an entry, the claim's. What SQLAlchemy does
    with a dictionary a row costs as much as SQLite itself.
    """

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        compiled = statement.compile(dialect=sqlite.dialect())
        names = compiled.positiontup
        assert names is not None
        self._text, self._cells = str(compiled), itemgetter(*map(_PLACES.index, names))

    def execute(self, connection: sa.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        connection.exec_driver_sql(self._text, list(map(self._cells, rows)))


_WRITE_MANY = _ManyRows(
    _upserting(
        sqlite.insert(ORDERS).values({"channel": sa.bindparam("key"), **{name: sa.bindparam(name) for name in _FIELDS}})
    )
)
_SETTLE_MANY = _ManyRows(_settling(_FIELDS[1:]))


def known(connection: sa.Connection, key: str, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
    """Return the rows of these orders; one query for up to 5,000."""
    query = _KNOWN_EACH if is_postgresql(connection) else _KNOWN_IN
    rows: dict[str, LedgerEntry] = {}
    for begin in range(0, len(order_ids), _IDS_PER_QUERY):
        asked = {"channel": key, "order_ids": list(order_ids[begin : begin + _IDS_PER_QUERY])}
        rows.update((row[0], LedgerEntry._make(row)) for row in _tuples(connection, query, asked))
    return rows


def held(connection: sa.Connection, key: str, order_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return `HELD` of those of these orders that are delivered and noticed for nothing; one query for up to 5,000."""
    query = _HELD_EACH if is_postgresql(connection) else _HELD_IN
    found: list[tuple[Any, ...]] = []
    for begin in range(0, len(order_ids), _IDS_PER_QUERY):
        asked = {"channel": key, "order_ids": list(order_ids[begin : begin + _IDS_PER_QUERY])}
        found += _tuples(connection, query, asked)
    return found


def read_again(
    connection: sa.Connection, key: str, order_ids: Sequence[str], read_at: str, run_id: str, day: str
) -> None:
    """Give the rows of these orders a newer reading, in which they were as before."""
    statement = _READ_AGAIN_EACH if is_postgresql(connection) else _READ_AGAIN_IN
    given = {"key": key, "order_ids": list(order_ids), "newer": read_at, "run": run_id, "of_day": day}
    connection.execute(statement, given)
    note_read(connection, key, read_at)


def taken(connection: sa.Connection, rivals: Mapping[str, str], order_ids: Sequence[str]) -> dict[str, str]:
    """Return order id -> rival of those orders that were sent under a rival's key; one query a rival."""
    return {
        order_id: rival
        for key, rival in rivals.items()
        for order_id, row in known(connection, key, order_ids).items()
        if row.stamp is not None
    }


def write(connection: sa.Connection, key: str, entries: Sequence[LedgerEntry]) -> None:
    """Write rows, each order once, whatever is there."""
    if not entries:
        return
    if is_postgresql(connection):
        rows = orjson.dumps([entry._asdict() for entry in entries]).decode()
        connection.execute(_write_all(), {"channel": key, "rows": rows})
    else:
        _WRITE_MANY.execute(connection, [(key, *entry) for entry in entries])
    note_read(connection, key, max(entry.read_at for entry in entries))


def settle(connection: sa.Connection, key: str, outcomes: Sequence[tuple[LedgerEntry, LedgerEntry]]) -> None:
    """Write (row as claimed, row as it ended) over the rows that are as claimed, see `Ledger.settle`."""
    if not is_postgresql(connection):
        _SETTLE_MANY.execute(connection, [(key, *ended, *_claim_of(claimed)) for claimed, ended in outcomes])
        return
    asked = {"channel": key, "order_ids": [claimed.channel_order_id for claimed, _ in outcomes]}
    under_way = {tuple(row) for row in connection.execute(_UNDER_WAY_EACH, asked)}
    ours = [ended for claimed, ended in outcomes if (claimed.channel_order_id, *_claim_of(claimed)) in under_way]
    write(connection, key, ours)


def _tuples(connection: sa.Connection, query: sa.Select[Any], asked: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    """Return rows as the driver makes them: what SQLAlchemy wraps around each costs as much as reading it."""
    result = connection.execute(query, asked)
    assert result.cursor is not None  # a SELECT has one
    found: Sequence[tuple[Any, ...]] = result.cursor.fetchall()
    result.close()
    return found


def note_read(connection: sa.Connection, key: str, read_at: str) -> None:
    """Note until when a channel's orders were read."""
    connection.execute(_READ_UNTIL, {"of": key, "until": read_at})


def is_postgresql(connection: sa.Connection) -> bool:
    """Whether this is PostgreSQL; else it is SQLite."""
    return connection.dialect.name == "postgresql"


def rejected_for(connection: sa.Connection, key: str, field: str, limit: int) -> tuple[int, list[LedgerEntry]]:
    """Return how many orders are rejected for a field, see `Ledger.rejected_for`."""
    of_field = ORDERS.c.error_field.like(f"%{field}")
    return _first(
        connection, (ORDERS.c.channel == key, NOT_ACCEPTED, ORDERS.c.outcome == Outcome.REJECTED.value, of_field), limit
    )


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
    query = sa.select(*COLUMNS).where(*where).order_by(day_alone, ORDERS.c.channel_order_id).limit(limit)
    return count, [LedgerEntry._make(row) for row in connection.execute(query)]
