"""What becomes of an order before and after it is sent, decided from its ledger row alone.

The order of truth is the time of reading: a record read earlier than the reading in its ledger row is `superseded`.
The stamp sent is the shop's own, but never below one that Mirakl may already hold: its anti-replay guard must not
swallow a write, not even after the shop's clock went back or a refund was deleted. Where an earlier request of other
content was never answered, the stamp is one millisecond above its own, so that it loses should it still arrive.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import orjson

from connectors.ledger import LONGEST_ORDER_ID, Acceptance, Claim, ClaimedTogether, LedgerEntry, claimed_row
from connectors.ledger.history import Attempt, appended
from connectors.mirakl.errors import UnansweredCode
from connectors.mirakl.pointers import Refusal
from transforms.codes import NoticeCode
from transforms.outcomes import Notice, Outcome, Record, Reject
from transforms.times import format_time


class Decision(StrEnum):
    """What becomes of a record."""

    SEND = "send"
    UNCHANGED = "unchanged"  # Mirakl holds this content
    SUPERSEDED = "superseded"  # the ledger has a newer reading
    REFUSED = "refused"  # Mirakl refused this content before


class Unanswered(NamedTuple):
    """Why an order is without an answer: code (a refusal's own where a row was left with one), field and reason."""

    code: str
    field: str
    reason: str


TOO_LONG_ID = "is longer than 500 characters or holds a NUL; the ledger cannot keep it"
NEWER_UNANSWERED = "a newer reading was sent and left without an answer; read the day again (all assets), or replay"
READ_IN_FUTURE = "the ledger's row is of a reading in the future: a clock is or was wrong"
_IN_FUTURE: UnansweredCode = "READ_IN_FUTURE"
_TOO_LONG_AGO: UnansweredCode = "READ_TOO_LONG_AGO"
READ_TOO_LONG_AGO = Unanswered(
    _TOO_LONG_AGO,
    "read_at",
    "was read before the ledger's rows were removed ([ledger] retention_days), so a newer reading may have been "
    "delivered; read the day again (all assets, every order)",
)
SHRUNK: NoticeCode = "shrunk"
FUTURE_STAMP: NoticeCode = "future_stamp"
TWO_STORES = "is under two stores in one reading; Mirakl distinguishes a channel's orders by their id alone"
_LONGEST_REASON = 500
# As rows hold them: drivers take members of an enumeration for something else.
_DELIVERED, _REFUSED = Outcome.DELIVERED.value, Outcome.REFUSED.value
_REJECTED, _UNDELIVERED = Outcome.REJECTED.value, Outcome.UNDELIVERED.value
_OWN_CODES = {"HTTP_400": "it names neither a code nor a field", "HTTP_413": "too many bytes for a request of its own"}
_NEVER_SENT = LedgerEntry("", _UNDELIVERED, "", "", "")


def id_taken(record: Record, rival: str) -> Reject:
    """Reject an order whose id another channel has sent to the same Mirakl channel: one would overwrite the other."""
    reason = f"an order of this id was delivered to the same Mirakl channel by channel {rival!r}, which is another shop"
    return Reject(record.channel_order_id, "order_id_taken", "channel_order_id", reason, record.read_at)


@dataclass(slots=True, eq=False)
class ClaimedOrder:
    """An order between its claim and its outcome: its record, the body to send, its claim, and the row before.

    What changes: `sent` once it has left, `suspected` while Mirakl's server may fail over it, `last_error` of the
    request that last held it and got no answer, and its `outcome`.
    """

    order_id: str
    record: Record
    body: bytes
    claim: Claim
    claimed: ClaimedTogether
    before: LedgerEntry | None
    sent: bool = False
    suspected: bool = False
    last_error: str | None = None
    outcome: Outcome | None = None

    @property
    def entry(self) -> LedgerEntry:
        """The row as the claim has left it."""
        return claimed_row(self.claim, self.claimed, self.before)

    @property
    def moved(self) -> bool:
        """Whether Mirakl may hold the order under another store (contract 8.17: what that does is unknown)."""
        known = self.before
        return known is not None and known.stamp is not None and known.store != self.record.store


def may_be_outdated(known: LedgerEntry | None, record: Record, removed_until: str) -> bool:
    """Whether an order may have been delivered from a later reading whose row was removed since."""
    is_known = known is not None and known.stamp is not None
    return not is_known and moment(record.read_at) < moment(removed_until)


def decide(known: LedgerEntry | None, record: Record, *, again: bool = False) -> Decision:
    """Decide what becomes of a record; `again` sends whatever is not superseded, unchanged and refused included."""
    if known is None:
        return Decision.SEND
    if record.read_at != known.read_at and moment(record.read_at) < moment(known.read_at):
        return Decision.SUPERSEDED
    if again:
        return Decision.SEND
    if known.delivered_hash == record.payload_hash and known.store == record.store:
        return Decision.UNCHANGED
    if known.outcome == Outcome.REFUSED and known.attempted_hash == record.payload_hash:
        return Decision.REFUSED
    return Decision.SEND


def unanswered(newer: LedgerEntry, channel: str, latest: dt.datetime) -> Unanswered | None:
    """Return why a superseded order is without an answer all the same, by the row that supersedes it.

    It has an answer only if the newer reading has one; one that is under way has no code yet. A reading later than
    `latest` lies in the future: a clock was wrong, and every change until then would be lost.
    """
    if moment(newer.read_at) > latest:
        repair = f"`mirakl-orders replay {channel} --read-in-future` corrects it"
        return Unanswered(_IN_FUTURE, "read_at", f"{READ_IN_FUTURE}; {repair}")
    if newer.outcome == Outcome.UNDELIVERED and newer.error_code is not None:
        return Unanswered(newer.error_code, "order", NEWER_UNANSWERED)
    return None


def notices_of(known: LedgerEntry | None, record: Record, latest: str) -> list[Notice]:
    """Return what an order is noticed for: by normalisation, for what it lost, for a stamp later than `latest`."""
    found = list(record.notices)
    if known is not None and has_shrunk(known, record):
        had = f"{known.order_lines} lines and {known.adjustments or 0} adjustments"
        detail = f"was delivered with {had}, has {record.order_lines} and {record.adjustments} now"
        found.append(Notice(SHRUNK, "order_lines", detail))
    if is_after(record.updated_at, latest):
        found.append(Notice(FUTURE_STAMP, "channel_updated_at", f"the shop stamped it {record.updated_at}"))
    return found


def has_shrunk(known: LedgerEntry | None, record: Record) -> bool:
    """Whether an order has fewer lines or adjustments than it was delivered with."""
    return (
        known is not None
        and known.order_lines is not None
        and (record.order_lines < known.order_lines or record.adjustments < (known.adjustments or 0))
    )


def claim(
    known: LedgerEntry | None, record: Record, claimed: ClaimedTogether, removed_until: str | None = None
) -> ClaimedOrder:
    """Prepare an order for sending; until there is an answer its row is `undelivered`, its content in doubt.

    Of an order whose row knows no stamp Mirakl may hold one all the same where rows were removed, but none later than
    `removed_until`.
    """
    if known is not None and known.stamp is not None:
        stamp, doubtful_stamp = _stamps(known, known.stamp, record)
    else:
        stamp, doubtful_stamp = record.updated_at, None
        if removed_until is not None and moment(stamp) <= moment(removed_until):
            stamp = format_time(moment(removed_until) + dt.timedelta(milliseconds=1))
    lines, adjustments = (None, None) if known is None else (known.order_lines, known.adjustments)
    order_id, store, read_at = record.channel_order_id, record.store, record.read_at
    row = Claim(order_id, store, record.payload_hash, stamp, doubtful_stamp, read_at, lines, adjustments)
    body = record.payload if stamp == record.updated_at else stamped(record, stamp)
    return ClaimedOrder(order_id, record, body, row, claimed, known)


def stamped(record: Record, stamp: str) -> bytes:
    """Serialise a record under the stamp to send."""
    if stamp == record.updated_at:
        return record.payload
    return orjson.dumps({**orjson.loads(record.payload), "channel_updated_at": stamp})


def accepted(orders: Iterable[ClaimedOrder]) -> list[Acceptance]:
    """Return what is written down of orders that Mirakl accepted; line and adjustment counts are the most delivered."""
    alike: dict[tuple[str, int, str, int, int, str], list[str]] = {}
    claimed, first = None, ""
    for order in orders:
        record, before = order.record, order.before
        if claimed is not order.claimed:
            claimed = order.claimed
            attempt = Attempt(claimed.instant, claimed.run_id, _DELIVERED)
            first = appended(None, attempt)
        attempts, lines, adjustments, history = 1, record.order_lines, record.adjustments, first
        if before is not None:
            attempts += before.attempts
            lines = max(lines, before.order_lines or 0)
            adjustments = max(adjustments, before.adjustments or 0)
            history = appended(before.history, attempt) if before.history else first
        shared = (record.read_at, attempts, claimed.instant, lines, adjustments, history)
        alike.setdefault(shared, []).append(order.order_id)
    return [Acceptance(order_ids, *shared) for shared, order_ids in alike.items()]


def refused(order: ClaimedOrder, refusal: Refusal) -> LedgerEntry:
    """Row of an order that Mirakl refused: what it held before, it still holds."""
    before, entry = order.before or _NEVER_SENT, order.entry
    return entry._replace(
        outcome=_REFUSED,
        delivered_hash=before.delivered_hash,
        stamp=before.stamp,
        doubtful_stamp=before.doubtful_stamp,
        error_code=refusal.code,
        error_field=refusal.field,
        error_field_sent=refusal.field_sent,
        error_reason=refusal_reason(refusal.code),
        history=_with_attempt(entry, _REFUSED, refusal.code, refusal.field),
    )


def refusal_reason(code: str | None) -> str:
    """Write out a code of Mirakl's: it gives no other text that is meant to be read (contract 3)."""
    if code in _OWN_CODES:
        return f"refused by Mirakl: {_OWN_CODES[code]}"
    text = re.sub(r"[^A-Za-z0-9]+", " ", code or "").strip().lower()
    return f"refused by Mirakl: {text or 'no code given'}"


def undelivered(order: ClaimedOrder, code: str, reason: str) -> LedgerEntry:
    """Row of an order without a definite answer; if it never left, all that is known of Mirakl is as before."""
    entry = order.entry
    entry = entry._replace(
        error_code=code,
        error_reason=reason[:_LONGEST_REASON],
        history=_with_attempt(entry, _UNDELIVERED, code),
    )
    if order.sent:
        return entry
    before = order.before or _NEVER_SENT
    return entry._replace(
        delivered_hash=before.delivered_hash,
        attempted_hash=before.attempted_hash,
        stamp=before.stamp,
        doubtful_stamp=before.doubtful_stamp,
        attempts=before.attempts,
        first_sent_at=before.first_sent_at,
        last_sent_at=before.last_sent_at,
    )


def unchanged(known: LedgerEntry, record: Record, run_id: str, day: str) -> LedgerEntry:
    """Row of an order that Mirakl holds as the shop does: its reading is the newer one now."""
    return known._replace(
        outcome=_DELIVERED,
        read_at=record.read_at,
        run_id=run_id,
        day=day,
        error_code=None,
        error_field=None,
        error_field_sent=None,
        error_reason=None,
        unaccepted_since=None,
    )


def still_refused(known: LedgerEntry, record: Record, run_id: str, day: str) -> LedgerEntry:
    """Row of an order refused before with this very content, and not sent again."""
    return known._replace(read_at=record.read_at, run_id=run_id, day=day)


def rejected(known: LedgerEntry | None, reject: Reject, now: str, run_id: str, day: str) -> LedgerEntry | None:
    """Row of an order that our own validation rejected; None where a newer reading is known."""
    if known is not None and moment(reject.read_at) < moment(known.read_at):
        return None
    base = known or LedgerEntry(reject.channel_order_id, _REJECTED, reject.read_at, run_id, day)
    return base._replace(
        outcome=_REJECTED,
        read_at=reject.read_at,
        run_id=run_id,
        day=day,
        error_code=reject.code,
        error_field=reject.field,
        error_field_sent=None,
        error_reason=reject.reason[:_LONGEST_REASON],
        unaccepted_since=base.unaccepted_since or now,
        history=appended(base.history, Attempt(now, run_id, _REJECTED, reject.code, reject.field)),
    )


def retracted(row: LedgerEntry, reason: str) -> LedgerEntry:
    """Row of an order whose refusal counts for nothing: it is without a definite answer after all."""
    attempt = Attempt(row.last_sent_at or "", row.run_id, _UNDELIVERED, row.error_code, row.error_field)
    return row._replace(outcome=_UNDELIVERED, error_reason=reason, history=appended(row.history, attempt))


def _with_attempt(entry: LedgerEntry, outcome: str, code: str | None = None, field: str | None = None) -> str:
    return appended(entry.history, Attempt(entry.last_sent_at or "", entry.run_id, outcome, code, field))


def are_keepable(order_ids: Sequence[str]) -> bool:
    """Whether the ledger can keep orders under these ids, all of them."""
    return max(map(len, order_ids), default=0) <= LONGEST_ORDER_ID and "\x00" not in "".join(order_ids)


def is_under_two_stores(known: LedgerEntry, record: Record, run_id: str, day: str) -> bool:
    """Whether this very delivery has met the id before, in the same reading but under another store."""
    return (
        known.store not in {None, record.store}
        and (known.run_id, known.day) == (run_id, day)
        and moment(known.read_at) == moment(record.read_at)
    )


def is_after(instant: str, other: str) -> bool:
    """Whether one of our instants is later than another, to the second: in UTC and of one form, they sort as texts."""
    return instant[:19] > other[:19]


def moment(text: str) -> dt.datetime:
    """Read one of our own instants."""
    return dt.datetime.fromisoformat(text)


def _stamps(known: LedgerEntry, held: str, record: Record) -> tuple[str, str | None]:
    """Return the stamp to send, and the newest one whose request may still arrive and would then not be outdone.

    `held` is the newest stamp that Mirakl may hold.
    """
    in_doubt = held if known.delivered_hash is None else known.doubtful_stamp
    stamp = max(record.updated_at, held, key=moment)
    if in_doubt is None:
        return stamp, None
    if known.outcome == Outcome.UNDELIVERED and known.attempted_hash == record.payload_hash:
        return stamp, in_doubt
    if moment(stamp) <= moment(in_doubt):
        stamp = format_time(moment(in_doubt) + dt.timedelta(milliseconds=1))
    return stamp, None
