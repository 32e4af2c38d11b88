"""What becomes of an order before and after it is sent, decided from its ledger row alone.

The order of truth is the time of reading: a record read earlier than what the ledger stands for is `superseded`.
The stamp sent is the shop's own, but never below one that Mirakl may already hold: its anti-replay guard must not
swallow a write, not even after the shop's clock went back or a refund was deleted. Where an earlier request of other
content was never answered, the stamp is one millisecond above its own, so that it loses should it still arrive.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from connectors.ledger import LONGEST_ORDER_ID, LedgerEntry
from connectors.ledger.history import Attempt, appended
from connectors.mirakl.isolation import Refused
from transforms.outcomes import Notice, Record, Reject
from transforms.times import format_time

Fate = Literal["send", "unchanged", "superseded", "refused"]

UNKEPT = "is longer than 500 characters or holds a NUL; the ledger cannot keep it"
NEWER_WAITS = "a newer reading was sent and left without an answer; read the day again (all assets), or replay"
READ_IN_FUTURE = "the ledger stands for a reading in the future: a clock is or was wrong"
SHRUNK, FUTURE_STAMP = "shrunk", "future_stamp"
_LONGEST_REASON = 500
_OWN_CODES = {"HTTP_400": "it names neither a code nor a field", "HTTP_413": "too many bytes for a request of its own"}
_NEVER_SENT = LedgerEntry("", "undelivered", "", "", "")
TWO_STORES = "stands under two stores in one reading; Mirakl tells a channel's orders apart by their id alone"


def taken(record: Record, rival: str) -> Reject:
    """Reject an order whose id another channel has sent to the same Mirakl channel: one would overwrite the other."""
    reason = f"an order of this id was delivered to the same Mirakl channel by channel {rival!r}, which is another shop"
    return Reject(record.channel_order_id, "order_id_taken", "channel_order_id", reason, record.read_at)


@dataclass(frozen=True, slots=True)
class Claim:
    """An order about to be sent: its record, the body to send, the row that says so, and the row as it was before."""

    record: Record
    body: bytes
    entry: LedgerEntry
    before: LedgerEntry | None

    @property
    def moved(self) -> bool:
        """Whether Mirakl may hold the order under another store (contract 8.17: what that does is unknown)."""
        known = self.before
        return known is not None and known.stamp is not None and known.store != self.record.store


def fate(known: LedgerEntry | None, record: Record, *, again: bool = False) -> Fate:
    """Decide what becomes of a record; `again` sends whatever is not superseded, unchanged and refused included."""
    if known is None:
        return "send"
    if moment(record.read_at) < moment(known.read_at):
        return "superseded"
    if again:
        return "send"
    if known.delivered_hash == record.payload_hash and known.store == record.store:
        return "unchanged"
    if known.outcome == "refused" and known.attempted_hash == record.payload_hash:
        return "refused"
    return "send"


def noticed(known: LedgerEntry | None, record: Record, latest: dt.datetime) -> list[Notice]:
    """Return what an order is noticed for: by normalisation, for what it lost, for a stamp later than `latest`."""
    found = list(record.notices)
    if known is not None and shrunk(known, record):
        had = f"{known.order_lines} lines and {known.adjustments or 0} adjustments"
        detail = f"was delivered with {had}, has {record.order_lines} and {record.adjustments} now"
        found.append(Notice(SHRUNK, "order_lines", detail))
    if moment(record.updated_at) > latest:
        found.append(Notice(FUTURE_STAMP, "channel_updated_at", f"the shop stamped it {record.updated_at}"))
    return found


def shrunk(known: LedgerEntry | None, record: Record) -> bool:
    """Whether an order has fewer lines or adjustments than it was delivered with."""
    return (
        known is not None
        and known.order_lines is not None
        and (record.order_lines < known.order_lines or record.adjustments < (known.adjustments or 0))
    )


def claim(known: LedgerEntry | None, record: Record, now: str, run_id: str, day: str) -> Claim:
    """Prepare an order for sending; until there is an answer its row says `undelivered`, content in doubt."""
    stamp, doubtful_stamp = _stamps(known, record)
    before = known or _NEVER_SENT
    entry = LedgerEntry(
        channel_order_id=record.channel_order_id,
        outcome="undelivered",
        read_at=record.read_at,
        run_id=run_id,
        day=day,
        store=record.store,
        attempted_hash=record.payload_hash,
        stamp=stamp,
        doubtful_stamp=doubtful_stamp,
        order_lines=before.order_lines,
        adjustments=before.adjustments,
        attempts=before.attempts + 1,
        first_sent_at=before.first_sent_at or now,
        last_sent_at=now,
        unaccepted_since=before.unaccepted_since or now,
        history=before.history,
    )
    return Claim(record, body(record, stamp), entry, known)


def body(record: Record, stamp: str) -> bytes:
    """Serialise a record under the stamp to send."""
    if stamp == record.updated_at:
        return record.payload
    return orjson.dumps({**orjson.loads(record.payload), "channel_updated_at": stamp})


def delivered(claimed: Claim) -> LedgerEntry:
    """Row of an order that Mirakl accepted."""
    record, before = claimed.record, claimed.entry
    return replace(
        before,
        outcome="delivered",
        delivered_hash=record.payload_hash,
        order_lines=max(record.order_lines, before.order_lines or 0),
        adjustments=max(record.adjustments, before.adjustments or 0),
        unaccepted_since=None,
        history=_tried(before, "delivered"),
    )


def refused(claimed: Claim, answer: Refused) -> LedgerEntry:
    """Row of an order that Mirakl refused: what it held before, it still holds."""
    before = claimed.before or _NEVER_SENT
    return replace(
        claimed.entry,
        outcome="refused",
        delivered_hash=before.delivered_hash,
        stamp=before.stamp,
        doubtful_stamp=before.doubtful_stamp,
        error_code=answer.code,
        error_field=answer.field,
        error_field_sent=answer.field_sent,
        error_reason=in_words(answer.code),
        history=_tried(claimed.entry, "refused", answer.code, answer.field),
    )


def in_words(code: str | None) -> str:
    """Say a code of Mirakl's as words: it gives no other that are meant to be read (contract 3)."""
    if code in _OWN_CODES:
        return f"refused by Mirakl: {_OWN_CODES[code]}"
    words = re.sub(r"[^A-Za-z0-9]+", " ", code or "").strip().lower()
    return f"refused by Mirakl: {words or 'no code given'}"


def undelivered(claimed: Claim, *, sent: bool, code: str, why: str) -> LedgerEntry:
    """Row of an order without a definite answer; if it never left, all that is known of Mirakl is as before."""
    tried = _tried(claimed.entry, "undelivered", code)
    entry = replace(claimed.entry, error_code=code, error_reason=why[:_LONGEST_REASON], history=tried)
    if sent:
        return entry
    before = claimed.before or _NEVER_SENT
    return replace(
        entry,
        delivered_hash=before.delivered_hash,
        attempted_hash=before.attempted_hash,
        stamp=before.stamp,
        doubtful_stamp=before.doubtful_stamp,
        attempts=before.attempts,
        first_sent_at=before.first_sent_at,
        last_sent_at=before.last_sent_at,
    )


def unchanged(known: LedgerEntry, record: Record, run_id: str, day: str) -> LedgerEntry:
    """Row of an order that Mirakl holds as the shop does: the newer reading is the one it stands for now."""
    return replace(
        known,
        outcome="delivered",
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
    return replace(known, read_at=record.read_at, run_id=run_id, day=day)


def rejected(known: LedgerEntry | None, reject: Reject, now: str, run_id: str, day: str) -> LedgerEntry | None:
    """Row of an order that our own validation rejected; None where a newer reading is known."""
    if known is not None and moment(reject.read_at) < moment(known.read_at):
        return None
    base = known or LedgerEntry(reject.channel_order_id, "rejected", reject.read_at, run_id, day)
    return replace(
        base,
        outcome="rejected",
        read_at=reject.read_at,
        run_id=run_id,
        day=day,
        error_code=reject.code,
        error_field=reject.field,
        error_field_sent=None,
        error_reason=reject.reason[:_LONGEST_REASON],
        unaccepted_since=base.unaccepted_since or now,
        history=appended(base.history, Attempt(now, run_id, "rejected", reject.code, reject.field)),
    )


def retracted(row: LedgerEntry, why: str) -> LedgerEntry:
    """Row of an order whose refusal counts for nothing: it is without a definite answer after all."""
    attempt = Attempt(row.last_sent_at or "", row.run_id, "undelivered", row.error_code, row.error_field)
    return replace(row, outcome="undelivered", error_reason=why, history=appended(row.history, attempt))


def _tried(entry: LedgerEntry, outcome: str, code: str | None = None, field: str | None = None) -> str:
    return appended(entry.history, Attempt(entry.last_sent_at or "", entry.run_id, outcome, code, field))


def left_without_answer(known: LedgerEntry) -> bool:
    """Whether a delivery ended without an answer to this order; one that is under way has no code yet."""
    return known.outcome == "undelivered" and known.error_code is not None


def keepable(order_id: str) -> bool:
    """Whether the ledger can keep an order under this id."""
    return len(order_id) <= LONGEST_ORDER_ID and "\x00" not in order_id


def under_two_stores(known: LedgerEntry, record: Record, run_id: str, day: str) -> bool:
    """Whether this very delivery has met the id before, in the same reading but under another store."""
    return (
        (known.run_id, known.day) == (run_id, day)
        and known.store not in {None, record.store}
        and moment(known.read_at) == moment(record.read_at)
    )


def moment(text: str) -> dt.datetime:
    """Read one of our own instants."""
    return dt.datetime.fromisoformat(text)


def _stamps(known: LedgerEntry | None, record: Record) -> tuple[str, str | None]:
    """Return the stamp to send, and the newest one whose request may still arrive and would then not be outdone."""
    if known is None or known.stamp is None:
        return record.updated_at, None
    in_doubt = known.stamp if known.delivered_hash is None else known.doubtful_stamp
    stamp = max(record.updated_at, known.stamp, key=moment)
    if in_doubt is None:
        return stamp, None
    if known.outcome == "undelivered" and known.attempted_hash == record.payload_hash:
        return stamp, in_doubt
    if moment(stamp) <= moment(in_doubt):
        stamp = format_time(moment(in_doubt) + dt.timedelta(milliseconds=1))
    return stamp, None
