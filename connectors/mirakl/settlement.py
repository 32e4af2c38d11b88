"""One day's orders between their claim and their outcome: each is claimed once, and ends once."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.channels.clocks import TOLERANCE as FUTURE_TOLERANCE
from connectors.ledger import LONGEST_ORDER_ID, Ledger, LedgerEntry, now
from connectors.mirakl import claims
from connectors.mirakl.claims import Claim
from connectors.mirakl.isolation import Refused
from connectors.mirakl.report import DayReport, Failure
from transforms.outcomes import Notice, Record, Reject


@dataclass(slots=True, eq=False)
class Pending:
    """A claimed order on its way: whether it has left, whether it is suspected of failing the server, and its end.

    `silence` says what came instead of an answer when it was last sent.
    """

    claim: Claim
    sent: bool = False
    suspected: bool = False
    silence: str | None = None
    outcome: str | None = None

    @property
    def order_id(self) -> str:
        """The order's id on the channel."""
        return self.claim.record.channel_order_id


class Settlement:
    """Claims the orders of one day, hears what became of them, and writes it down. Thread-safe."""

    def __init__(
        self,
        ledger: Ledger,
        channel: str,
        report: DayReport,
        *,
        run_id: str,
        again: bool,
        as_it_is: bool = False,
        log: logging.Logger,
    ) -> None:
        self.report = report
        self._ledger, self._channel, self._run_id, self._again, self._log = ledger, channel, run_id, again, log
        self._as_it_is = as_it_is
        self._open: dict[str, Pending] = {}
        self._held: dict[str, Record] = {}
        self._lock = threading.Lock()

    def reject(self, rejects: Sequence[Reject]) -> None:
        """Write down what our own validation rejected."""
        self.report.count("orders_read", len(rejects))
        instant = now()
        with self._ledger.claims(self._channel) as transaction:
            known = transaction.known([_ledger_id(reject.channel_order_id) for reject in rejects])
            # The order may stand twice in what the shop delivered: then it is rejected twice, and its row is one.
            rows = {
                row.channel_order_id: row
                for reject in rejects
                if (row := self._reject(known.get(_ledger_id(reject.channel_order_id)), reject, instant)) is not None
            }
            transaction.write(list(rows.values()))
            # What it is rejected for stands in its row.
            transaction.notice(dict.fromkeys(rows, ()))

    def _reject(self, known: LedgerEntry | None, reject: Reject, instant: str) -> LedgerEntry | None:
        row = claims.rejected(known, reject, instant, self._run_id, self.report.day)
        if row is None:
            self._supersede(known)
            return None
        order_id = _ledger_id(reject.channel_order_id)
        self._fail(order_id, "rejected", reject.code, reject.field, reject.reason)
        return replace(row, channel_order_id=order_id)

    def claim(self, records: Sequence[Record]) -> list[Pending]:
        """Decide about records, each id once, and claim those that must be sent, in one transaction."""
        chosen = self._one_each(self._keepable(records))
        sending: list[Pending] = []
        rows: list[LedgerEntry] = []
        noticed: dict[str, Sequence[Notice]] = {}
        instant, latest = now(), dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE
        with self._ledger.claims(self._channel) as transaction:
            known, taken = transaction.known(list(chosen)), transaction.taken(list(chosen))
            for order_id, record in chosen.items():
                row = known.get(order_id)
                if row is not None and self._as_it_is:
                    row = replace(row, order_lines=None, adjustments=None)
                if order_id in taken:
                    entry, pending = self._reject(row, claims.taken(record, taken[order_id]), instant), None
                else:
                    entry, pending = self._decide(row, record, instant)
                if entry is not None:
                    rows.append(entry)
                    noticed[order_id] = () if entry.outcome == "rejected" else claims.noticed(row, record, latest)
                sending += [pending] if pending is not None else []
            transaction.write(rows)
            transaction.notice(noticed)
        with self._lock:
            self._open.update((pending.order_id, pending) for pending in sending)
        moved = [pending.order_id for pending in sending if pending.claim.moved]
        if moved:
            self._log.warning(f"{len(moved)} orders stood under another store before, the first is {moved[0]}")
        return sending

    def _keepable(self, records: Sequence[Record]) -> list[Record]:
        kept = [record for record in records if claims.keepable(record.channel_order_id)]
        self.report.count("orders_read", len(kept))
        if len(kept) < len(records):
            self.reject(
                [
                    Reject(record.channel_order_id, "invalid", "channel_order_id", claims.UNKEPT, record.read_at)
                    for record in records
                    if not claims.keepable(record.channel_order_id)
                ]
            )
        return kept

    def _one_each(self, records: Sequence[Record]) -> dict[str, Record]:
        """Choose one record an id: never is one order twice in a request, and the newest reading counts."""
        chosen: dict[str, Record] = {}
        for record in records:
            other = chosen.get(record.channel_order_id)
            if other is None:
                chosen[record.channel_order_id] = record
            elif other.store != record.store and claims.moment(other.read_at) == claims.moment(record.read_at):
                self._fail_two_stores(record)
            else:
                self.report.count("superseded")
                later = claims.moment(record.read_at) >= claims.moment(other.read_at)
                chosen[record.channel_order_id] = record if later else other
        return chosen

    def _decide(
        self, row: LedgerEntry | None, record: Record, instant: str
    ) -> tuple[LedgerEntry | None, Pending | None]:
        if row is not None and claims.under_two_stores(row, record, self._run_id, self.report.day):
            self._fail_two_stores(record)
            return None, None
        fate = claims.fate(row, record, again=self._again)
        if fate == "send":
            claim = claims.claim(row, record, instant, self._run_id, self.report.day)
            return claim.entry, Pending(claim)
        if row is None or fate == "superseded":
            self._supersede(row)
            return None, None
        if fate == "unchanged":
            self.report.count("unchanged")
            self._held[record.store] = record
            return claims.unchanged(row, record, self._run_id, self.report.day), None
        self._fail_refused(
            record.channel_order_id, row.error_code, row.error_field, "; not sent again, as it has not changed"
        )
        return claims.still_refused(row, record, self._run_id, self.report.day), None

    def held(self, store: str) -> Record | None:
        """Return an order of this day that Mirakl holds as it is, if one is known."""
        return self._held.get(store)

    def as_delivered(self, record: Record) -> bytes:
        """Serialise an order that Mirakl holds under the stamp it was sent with."""
        row = self._ledger.known(self._channel, [record.channel_order_id]).get(record.channel_order_id)
        return claims.body(record, (row and row.stamp) or record.updated_at)

    def _supersede(self, newer: LedgerEntry | None) -> None:
        """Count an order whose newer reading the ledger stands for; it has an answer only if that one has.

        A reading in the future is none: a clock was wrong, and every change until then would be lost.
        """
        if newer is None:
            self.report.count("superseded")
        elif claims.moment(newer.read_at) > dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE:
            why = f"{claims.READ_IN_FUTURE}; `mirakl-orders replay {self._channel} --read-in-future` mends it"
            self._leave(newer.channel_order_id, "READ_IN_FUTURE", "read_at", why)
        elif claims.left_without_answer(newer):
            self._leave(newer.channel_order_id, newer.error_code or "", "order", claims.NEWER_WAITS)
        else:
            self.report.count("superseded")

    def _leave(self, order_id: str, code: str, field: str, why: str) -> None:
        self._fail(order_id, "undelivered", code, field, why)
        self.report.stopped = self.report.stopped or why

    def open(self, order_ids: Iterable[str]) -> list[Pending]:
        """Return those of these orders that have no outcome yet."""
        with self._lock:
            return [pending for order_id in order_ids if (pending := self._open.get(order_id)) is not None]

    def all_open(self) -> list[Pending]:
        """Return every order that has no outcome yet."""
        with self._lock:
            return list(self._open.values())

    def accepted(self, records: Sequence[Record]) -> None:
        """Write down what Mirakl accepted."""
        done = self._end([record.channel_order_id for record in records], "delivered")
        self._settle([(pending.claim.entry, claims.delivered(pending.claim)) for pending in done])
        self.report.count("delivered", len(done))
        accepted_at = dt.datetime.now(dt.UTC)
        changed = [claims.moment(pending.claim.record.updated_at) for pending in done]
        self.report.note_ages((accepted_at - moment).total_seconds() for moment in changed)
        latest = accepted_at + FUTURE_TOLERANCE
        for pending, moment in zip(done, changed, strict=True):
            if claims.shrunk(pending.claim.before, pending.claim.record):
                self.report.note_shrunk(pending.order_id)
            if moment > latest:
                self.report.note_future_stamp(pending.order_id)

    def refused(self, orders: Sequence[Refused]) -> None:
        """Write down what Mirakl refused."""
        answers = {order.record.channel_order_id: order for order in orders}
        done = self._end(answers, "refused")
        self._settle(
            [(pending.claim.entry, claims.refused(pending.claim, answers[pending.order_id])) for pending in done]
        )
        for pending in done:
            answer = answers[pending.order_id]
            self._fail_refused(pending.order_id, answer.code, answer.field)

    def retracted(self, orders: Sequence[Refused], why: str, *, proven: bool) -> None:
        """Write down that refused orders have no definite answer after all.

        Where that is not proven, only orders sent for the first time: one that is refused again stays refused, so that
        orders behind it get their turn.
        """
        ids = [order.record.channel_order_id for order in orders]
        with self._ledger.claims(self._channel) as transaction:
            rows = [
                claims.retracted(row, why)
                for row in transaction.known(ids).values()
                if row.outcome == "refused" and row.run_id == self._run_id and (proven or row.attempts == 1)
            ]
            transaction.write(rows)
        for row in rows:
            self.report.retract(row.channel_order_id, why)

    def undelivered(self, orders: Iterable[Pending], code: str, why: str) -> None:
        """Write down that these orders have no definite answer, and are not sent any more in this run."""
        done = self._end([pending.order_id for pending in orders], "undelivered")
        self._settle(
            [
                (pending.claim.entry, claims.undelivered(pending.claim, sent=pending.sent, code=code, why=why))
                for pending in done
            ]
        )
        for pending in done:
            self._leave(pending.order_id, code, "order", why)

    def _end(self, order_ids: Iterable[str], outcome: str) -> list[Pending]:
        with self._lock:
            ended = [pending for order_id in order_ids if (pending := self._open.pop(order_id, None)) is not None]
            for pending in ended:
                pending.outcome = outcome
        return ended

    def _settle(self, outcomes: Sequence[tuple[LedgerEntry, LedgerEntry]]) -> None:
        if outcomes:
            self._ledger.settle(self._channel, outcomes)

    def _fail_refused(self, order_id: str, code: str | None, field: str | None, more: str = "") -> None:
        self._fail(order_id, "refused", code or "", field or "order", f"{claims.in_words(code)}{more}")

    def _fail_two_stores(self, record: Record) -> None:
        self._fail(record.channel_order_id, "rejected", "duplicate_order", "origin.channel_store_id", claims.TWO_STORES)

    def _fail(self, order_id: str, outcome: str, code: str, field: str, reason: str) -> None:
        self.report.fail(Failure(order_id, outcome, code, field, reason))


def _ledger_id(order_id: str) -> str:
    return order_id.replace("\x00", "")[:LONGEST_ORDER_ID]
