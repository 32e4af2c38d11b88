"""One day's orders between their claim and their outcome: each is claimed once, and ends once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import assert_never

from connectors.channels.clocks import TOLERANCE as FUTURE_TOLERANCE
from connectors.ledger import LONGEST_ORDER_ID, ClaimedTogether, Ledger, LedgerEntry, now
from connectors.mirakl import decisions
from connectors.mirakl.decisions import ClaimedOrder, Decision, moment
from connectors.mirakl.pointers import Refusal
from connectors.mirakl.report import DayReport, Failure
from connectors.mirakl.run import Stop
from transforms.outcomes import Notice, Outcome, Record, Reject
from transforms.times import format_time


class Settlement:
    """Claims the orders of one day, and writes down what became of them; used from one thread.

    `again` and `as_it_is` as in `Delivery.deliver`.
    """

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
        self._open: dict[str, ClaimedOrder] = {}
        self._unchanged: dict[str, Record] = {}
        self._removed_until: str | None = None

    def reject(self, rejects: Sequence[Reject]) -> None:
        """Write down what our own validation rejected."""
        self.report.count("orders_read", len(rejects))
        instant = now()
        with self._ledger.claims(self._channel) as transaction:
            known = transaction.known([_ledger_id(reject.channel_order_id) for reject in rejects])
            # The shop may have delivered the order twice: then it is rejected twice, and its row is one.
            rows = {
                row.channel_order_id: row
                for reject in rejects
                if (row := self._reject(known.get(_ledger_id(reject.channel_order_id)), reject, instant)) is not None
            }
            transaction.write(list(rows.values()))
            # What it is rejected for is in its row.
            transaction.notice(dict.fromkeys(rows, ()))

    def _reject(self, known: LedgerEntry | None, reject: Reject, instant: str) -> LedgerEntry | None:
        row = decisions.rejected(known, reject, instant, self._run_id, self.report.day)
        if row is None:
            self._supersede(known)
            return None
        order_id = _ledger_id(reject.channel_order_id)
        self._fail(order_id, Outcome.REJECTED, reject.code, reject.field, reject.reason)
        return row._replace(channel_order_id=order_id)

    def claim(self, records: Sequence[Record]) -> list[ClaimedOrder]:
        """Decide about records, each id once, and claim those that must be sent, in one transaction."""
        chosen = self._one_each(self._keepable(records))
        claimed: list[ClaimedOrder] = []
        rows: list[LedgerEntry] = []
        noticed: dict[str, Sequence[Notice]] = {}
        together, latest = ClaimedTogether(self._run_id, self.report.day, now()), _latest()
        # In UTC and of one form they sort as texts: one comparison rules out a stamp in the future in all of a chunk.
        is_ahead = decisions.is_after(max((record.updated_at for record in chosen.values()), default=""), latest)
        with self._ledger.claims(self._channel) as transaction:
            known, taken = transaction.known(list(chosen)), transaction.taken(list(chosen))
            self._removed_until = transaction.removed_until()
            for order_id, record in chosen.items():
                row = known.get(order_id)
                if order_id in taken:
                    kept = self._reject(row, decisions.id_taken(record, taken[order_id]), together.instant)
                    if kept is not None:
                        rows.append(kept)
                        noticed[order_id] = ()
                elif self._removed_until and decisions.may_be_outdated(row, record, self._removed_until):
                    self._fail_unanswered(order_id, *decisions.READ_TOO_LONG_AGO)
                elif row is None:
                    # `decide` sends what has no row; most orders of a first delivery need not ask it.
                    claimed.append(decisions.claim(None, record, together, self._removed_until))
                    # An order that is new to the ledger has no notices there that could have to go.
                    if record.notices or is_ahead:
                        noticed[order_id] = decisions.notices_of(None, record, latest)
                else:
                    if self._as_it_is:
                        row = row._replace(order_lines=None, adjustments=None)
                    if self._decide(row, record, together, claimed, rows):
                        noticed[order_id] = decisions.notices_of(row, record, latest)
            transaction.claim([order.claim for order in claimed], together)
            transaction.write(rows)
            transaction.notice(noticed)
        self._open.update((order.order_id, order) for order in claimed)
        if moved := [order.order_id for order in claimed if order.before is not None and order.moved]:
            self._log.warning(f"{len(moved)} orders were under another store before, the first is {moved[0]}")
        return claimed

    def _keepable(self, records: Sequence[Record]) -> Sequence[Record]:
        self.report.count("orders_read", len(records))
        if decisions.are_keepable([record.channel_order_id for record in records]):
            return records
        kept = [record for record in records if decisions.are_keepable([record.channel_order_id])]
        self.report.count("orders_read", len(kept) - len(records))
        self.reject(
            [
                Reject(record.channel_order_id, "invalid", "channel_order_id", decisions.TOO_LONG_ID, record.read_at)
                for record in records
                if not decisions.are_keepable([record.channel_order_id])
            ]
        )
        return kept

    def _one_each(self, records: Sequence[Record]) -> dict[str, Record]:
        """Choose one record an id: never is one order twice in a request, and the newest reading counts."""
        chosen = {record.channel_order_id: record for record in records}
        if len(chosen) == len(records):
            return chosen
        chosen.clear()
        for record in records:
            other = chosen.get(record.channel_order_id)
            if other is None:
                chosen[record.channel_order_id] = record
            elif other.store != record.store and moment(other.read_at) == moment(record.read_at):
                self._fail_two_stores(record)
            else:
                self.report.count(Outcome.SUPERSEDED)
                later = moment(record.read_at) >= moment(other.read_at)
                chosen[record.channel_order_id] = record if later else other
        return chosen

    def _decide(
        self,
        row: LedgerEntry,
        record: Record,
        together: ClaimedTogether,
        claimed: list[ClaimedOrder],
        rows: list[LedgerEntry],
    ) -> bool:
        """Add an order that has a row to `claimed`, or its new row to `rows`; False where it keeps the row it has."""
        run_id, day = together.run_id, together.day
        if decisions.is_under_two_stores(row, record, run_id, day):
            self._fail_two_stores(record)
            return False
        decision = decisions.decide(row, record, again=self._again)
        match decision:
            case Decision.SUPERSEDED:
                self._supersede(row)
                return False
            case Decision.SEND:
                claimed.append(decisions.claim(row, record, together, self._removed_until))
            case Decision.UNCHANGED:
                self.report.count(Outcome.UNCHANGED)
                self._unchanged[record.store] = record
                rows.append(decisions.unchanged(row, record, run_id, day))
            case Decision.REFUSED:
                refusal = Refusal(row.error_code or "", row.error_field or "order", row.error_field_sent)
                self._fail_refused(record.channel_order_id, refusal, "; not sent again, as it has not changed")
                rows.append(decisions.still_refused(row, record, run_id, day))
            case _:
                assert_never(decision)
        return True

    def unchanged_record(self, store: str) -> Record | None:
        """Return an order of this day that Mirakl holds as it is, if one is known."""
        return self._unchanged.get(store)

    def as_delivered(self, record: Record) -> bytes:
        """Serialise an order that Mirakl holds under the stamp it was sent with."""
        row = self._ledger.known(self._channel, [record.channel_order_id]).get(record.channel_order_id)
        return decisions.stamped(record, (row and row.stamp) or record.updated_at)

    def _supersede(self, newer: LedgerEntry | None) -> None:
        """Count an order of which the ledger has a newer reading; it has an answer only if that one has."""
        latest = dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE
        why = None if newer is None else decisions.unanswered(newer, self._channel, latest)
        if newer is None or why is None:
            self.report.count(Outcome.SUPERSEDED)
        else:
            self._fail_unanswered(newer.channel_order_id, *why)

    def open_among(self, order_ids: Iterable[str]) -> list[ClaimedOrder]:
        """Return those of these orders that have no outcome yet."""
        return [order for order_id in order_ids if (order := self._open.get(order_id)) is not None]

    def open_orders(self) -> list[ClaimedOrder]:
        """Return every order that has no outcome yet."""
        return list(self._open.values())

    def accept(self, orders: Sequence[ClaimedOrder]) -> None:
        """Write down what Mirakl accepted."""
        done = self._end(orders, Outcome.DELIVERED)
        self._ledger.accept(self._channel, self._run_id, decisions.accepted(done))
        self.report.count(Outcome.DELIVERED, len(done))
        changed_at = [order.record.updated_at for order in done]
        self.report.note_ages(changed_at)
        latest = _latest()
        if decisions.is_after(max(changed_at, default=""), latest):
            for order in done:
                if decisions.is_after(order.record.updated_at, latest):
                    self.report.note_future_stamp(order.order_id)
        for order in done:
            if order.before is not None and decisions.has_shrunk(order.before, order.record):
                self.report.note_shrunk(order.order_id)

    def refuse(self, orders: Sequence[tuple[ClaimedOrder, Refusal]]) -> None:
        """Write down what Mirakl refused."""
        refusals = {order.order_id: refusal for order, refusal in orders}
        done = self._end([order for order, _ in orders], Outcome.REFUSED)
        rows = [(order.entry, decisions.refused(order, refusals[order.order_id])) for order in done]
        self._ledger.settle(self._channel, rows)
        for order in done:
            self._fail_refused(order.order_id, refusals[order.order_id])

    def retract(self, order: ClaimedOrder, reason: str, *, proven: bool) -> None:
        """Write down that a refused order has no definite answer after all.

        Where that is not proven, only an order sent for the first time: one that is refused again stays refused, so
        that orders behind it get their turn.
        """
        with self._ledger.claims(self._channel) as transaction:
            row = transaction.known([order.order_id]).get(order.order_id)
            if row is None or row.outcome != Outcome.REFUSED or row.run_id != self._run_id:
                return
            if not proven and row.attempts != 1:
                return
            transaction.write([decisions.retracted(row, reason)])
        self.report.retract(order.order_id, reason)

    def leave_unanswered(self, orders: Iterable[ClaimedOrder], stop: Stop | None) -> None:
        """Write down that these orders have no definite answer, and are not sent any more in this run.

        Without a `stop` each for what came instead of an answer when it was last sent.
        """
        done = self._end(orders, Outcome.UNDELIVERED)
        silence = "Mirakl gave no definite answer to this order"
        whys = [stop or Stop("NO_ANSWER", order.last_error or silence) for order in done]
        rows = [
            (order.entry, decisions.undelivered(order, why.code, why.reason))
            for order, why in zip(done, whys, strict=True)
        ]
        self._ledger.settle(self._channel, rows)
        for order, why in zip(done, whys, strict=True):
            self._fail_unanswered(order.order_id, why.code, "order", why.reason)

    def _end(self, orders: Iterable[ClaimedOrder], outcome: Outcome) -> list[ClaimedOrder]:
        ended = [order for order in orders if self._open.pop(order.order_id, None) is not None]
        for order in ended:
            order.outcome = outcome
        return ended

    def _fail_unanswered(self, order_id: str, code: str, field: str, reason: str) -> None:
        self._fail(order_id, Outcome.UNDELIVERED, code, field, reason)
        self.report.stopped = self.report.stopped or reason

    def _fail_refused(self, order_id: str, refusal: Refusal, more: str = "") -> None:
        reason = f"{decisions.refusal_reason(refusal.code)}{more}"
        self._fail(order_id, Outcome.REFUSED, refusal.code, refusal.field, reason)

    def _fail_two_stores(self, record: Record) -> None:
        field = "origin.channel_store_id"
        self._fail(record.channel_order_id, Outcome.REJECTED, "duplicate_order", field, decisions.TWO_STORES)

    def _fail(self, order_id: str, outcome: Outcome, code: str, field: str, reason: str) -> None:
        self.report.fail(Failure(order_id, outcome.value, code, field, reason))


def _latest() -> str:
    """Return the latest stamp that a shop's clock may give now."""
    return format_time(dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE)


def _ledger_id(order_id: str) -> str:
    return order_id.replace("\x00", "")[:LONGEST_ORDER_ID]
