"""The two writes that frame nearly every request, many orders at once: their claims, and that Mirakl accepted them.

What all rows of a statement share is given once, and what follows from the row before is worked out where it lies: a
row whose every cell goes through a driver costs twice as much. The texts are the same for both databases, but for where
their rows come from: to SQLite they go as parameters, to PostgreSQL as one JSON text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from connectors.ledger.rows import LedgerEntry, is_postgresql, note_read
from transforms.outcomes import Outcome


class Claim(NamedTuple):
    """What a claim writes of one order, see `LedgerEntry`; the rest follows from the row before, see `claimed_row`."""

    channel_order_id: str
    store: str
    attempted_hash: str
    stamp: str
    doubtful_stamp: str | None
    read_at: str
    order_lines: int | None
    adjustments: int | None


class ClaimedTogether(NamedTuple):
    """What the claims of one transaction share: which run makes them, for which day, and when."""

    run_id: str
    day: str
    instant: str


class Acceptance(NamedTuple):
    """What is written of orders that Mirakl accepted, those together that differ in their ids alone.

    `read_at`, `attempts` and `last_sent_at` identify their claims.
    """

    order_ids: list[str]
    read_at: str
    attempts: int
    last_sent_at: str
    order_lines: int
    adjustments: int
    history: str


_CLAIM = """
    INSERT INTO ledger_orders (channel, outcome, run_id, day, attempts, first_sent_at, last_sent_at, unaccepted_since,
        channel_order_id, store, attempted_hash, stamp, doubtful_stamp, read_at, order_lines, adjustments)
    SELECT {channel}, 'undelivered', {run_id}, {day}, 1, {instant}, {instant}, {instant}, {cells} FROM {rows} WHERE true
    ON CONFLICT (channel, channel_order_id) DO UPDATE SET
        outcome = excluded.outcome, run_id = excluded.run_id, day = excluded.day, store = excluded.store,
        delivered_hash = NULL, attempted_hash = excluded.attempted_hash,
        stamp = excluded.stamp, doubtful_stamp = excluded.doubtful_stamp, read_at = excluded.read_at,
        order_lines = excluded.order_lines, adjustments = excluded.adjustments,
        error_code = NULL, error_field = NULL, error_field_sent = NULL, error_reason = NULL,
        attempts = ledger_orders.attempts + 1, last_sent_at = excluded.last_sent_at,
        first_sent_at = coalesce(ledger_orders.first_sent_at, excluded.first_sent_at),
        unaccepted_since = coalesce(ledger_orders.unaccepted_since, excluded.unaccepted_since)
"""
_ACCEPT = """
    UPDATE ledger_orders SET outcome = 'delivered', delivered_hash = attempted_hash, unaccepted_since = NULL,
        order_lines = {order_lines}, adjustments = {adjustments}, history = {history}
    {rows} WHERE channel = {channel} AND {of_order}
        AND outcome = 'undelivered' AND error_code IS NULL AND run_id = {run_id}
        AND ledger_orders.read_at = {read_at} AND ledger_orders.attempts = {attempts}
        AND ledger_orders.last_sent_at = {last_sent_at}
"""
# More gain nothing, and SQLite takes 32,766 parameters at most.
_CLAIMED_AT_ONCE = 100


@lru_cache
def _claim_on_sqlite(orders: int) -> str:
    """Write the claim of so many orders: four parameters that they share, then one a cell."""
    cells = [f"column{number}" for number in range(1, len(Claim._fields) + 1)]
    places = f"({', '.join('?' * len(cells))})"
    return _CLAIM.format(
        channel="?1",
        run_id="?2",
        day="?3",
        instant="?4",
        cells=", ".join(cells),
        rows=f"(VALUES {', '.join([places] * orders)})",
    )


_SHARED = Acceptance._fields[1:]
_ACCEPT_ON_SQLITE = _ACCEPT.format(
    **{name: f"?{number}" for number, name in enumerate(_SHARED, 2)},
    channel=f"?{len(_SHARED) + 2}",
    run_id=f"?{len(_SHARED) + 3}",
    rows="",
    of_order="channel_order_id IN (SELECT value FROM json_each(?1))",
)
_CLAIM_ON_POSTGRESQL = sa.text(
    _CLAIM.format(
        **{name: f"CAST(:{name} AS text)" for name in ("channel", *ClaimedTogether._fields)},
        cells=", ".join(Claim._fields),
        rows="""json_to_recordset(CAST(:rows AS json)) AS given(channel_order_id text, store text, attempted_hash text,
            stamp text, doubtful_stamp text, read_at text, order_lines integer, adjustments integer)""",
    )
)
_ACCEPTED = """json_to_recordset(CAST(:rows AS json)) AS given(order_ids json, read_at text, attempts integer,
    last_sent_at text, order_lines integer, adjustments integer, history text)
    CROSS JOIN LATERAL json_array_elements_text(given.order_ids) AS each(order_id)"""
# Addresses first, looked up one id a time, see `rows`.
_ADDRESSES = """
    SELECT found.ctid FROM {accepted} CROSS JOIN LATERAL (
        SELECT known.ctid FROM ledger_orders AS known
        WHERE known.channel = :channel AND known.channel_order_id = each.order_id LIMIT 1
    ) AS found
"""
_ACCEPT_ON_POSTGRESQL = sa.text(
    _ACCEPT.format(
        **{name: f"given.{name}" for name in _SHARED},
        channel=":channel",
        run_id=":run_id",
        rows=f"FROM {_ACCEPTED}",
        of_order=f"""ledger_orders.channel_order_id = each.order_id
            AND ledger_orders.ctid = ANY (ARRAY({_ADDRESSES.format(accepted=_ACCEPTED)}))""",
    )
)


def claim(connection: sa.Connection, key: str, claims: Sequence[Claim], together: ClaimedTogether) -> None:
    """Claim orders, each once: from now on their rows are those that `claimed_row` makes."""
    if not claims:
        return
    if is_postgresql(connection):
        rows = orjson.dumps([claim._asdict() for claim in claims]).decode()
        connection.execute(_CLAIM_ON_POSTGRESQL, {"channel": key, "rows": rows, **together._asdict()})
    else:
        for begin in range(0, len(claims), _CLAIMED_AT_ONCE):
            some = claims[begin : begin + _CLAIMED_AT_ONCE]
            connection.exec_driver_sql(_claim_on_sqlite(len(some)), (key, *together, *chain.from_iterable(some)))
    note_read(connection, key, max(claim.read_at for claim in claims))


def claimed_row(claim: Claim, together: ClaimedTogether, before: LedgerEntry | None) -> LedgerEntry:
    """Return the row that a claim makes of the row before."""
    before = before or LedgerEntry(claim.channel_order_id, "", "", "", "")
    return LedgerEntry(
        outcome=Outcome.UNDELIVERED.value,
        run_id=together.run_id,
        day=together.day,
        attempts=before.attempts + 1,
        first_sent_at=before.first_sent_at or together.instant,
        last_sent_at=together.instant,
        unaccepted_since=before.unaccepted_since or together.instant,
        history=before.history,
        **claim._asdict(),
    )


def accept(connection: sa.Connection, key: str, run_id: str, accepted: Sequence[Acceptance]) -> None:
    """Write down that Mirakl holds these orders as a run claimed them; a row claimed anew since is left alone."""
    if is_postgresql(connection):
        rows = orjson.dumps([one._asdict() for one in accepted]).decode()
        connection.execute(_ACCEPT_ON_POSTGRESQL, {"channel": key, "run_id": run_id, "rows": rows})
    else:
        rows_given = [(orjson.dumps(one.order_ids).decode(), *one[1:], key, run_id) for one in accepted]
        connection.exec_driver_sql(_ACCEPT_ON_SQLITE, rows_given)
