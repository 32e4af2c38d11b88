"""Sending batches of a day, and what to do when an answer is not about single orders.

- The store is unknown or the credential refused: that store stops, nothing is bisected.
- The request has too many bytes: halves.
- The server fails over a batch time and again: halves, until it is clear whether it fails for everyone (then nothing
  more is sent to anyone) or over one order (then that one alone is left without an answer).
- Ten orders in a row are refused for one reason: an order that Mirakl holds, sent once more, tells bad luck from a
  fault that is not in the orders. Where Mirakl holds none, ten others do, spread over the batch; as they prove less,
  the store is stopped for that day only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from connectors.mirakl.errors import Fault, NoAnswer, OrdersRefused, RequestTooLarge, SenderLost, StoreStopped
from connectors.mirakl.isolation import SYSTEMIC_AFTER, Isolation, Systemic
from connectors.mirakl.pointers import is_about_origin
from connectors.mirakl.settlement import Pending, Settlement
from transforms.outcomes import Record

if TYPE_CHECKING:
    from connectors.mirakl.delivery import Delivery

# One order that makes Mirakl's server fail must not hold up the others for the whole budget again and again.
_PROBE_BUDGET = 10.0
_NO_ANSWER = "NO_ANSWER"


class Sending:
    """Sends the batches of one day; every order of a batch ends, or waits to be confirmed. Thread-safe.

    `isolating` counts the requests that held an order already sent before.
    """

    def __init__(self, delivery: Delivery, settlement: Settlement) -> None:
        self._delivery, self._settlement = delivery, settlement
        self._isolations: dict[str, Isolation] = {}
        self.isolating = 0
        self._abandoned = False
        self._lock = threading.Lock()

    def abandon(self) -> None:
        """Let nothing more of this day leave; what is under way is finished."""
        self._abandoned = True

    def batch(self, store: str, batch: Sequence[Pending]) -> None:
        """Send one batch."""
        self._send(store, batch)
        self.give_up(self._rest(store, batch))

    def confirm(self) -> None:
        """Settle the named orders that wait to be confirmed together."""
        for store, isolation in list(self._isolations.items()):
            waiting = self._settlement.open(isolation.suspects)
            while isolation.suspects:
                if not self._answered(store, waiting, isolation.confirm):
                    self._probe(store, waiting)

    def give_up(self, orders: Sequence[Pending]) -> None:
        """Leave orders without an answer."""
        by_store: dict[str, list[Pending]] = {}
        for pending in orders:
            by_store.setdefault(pending.claim.record.store, []).append(pending)
        for store, left in by_store.items():
            silence = (_NO_ANSWER, left[0].silence or "Mirakl gave no definite answer to this order")
            self._settlement.undelivered(left, *(self._delivery.stopped(store) or silence))

    def _send(self, store: str, batch: Sequence[Pending]) -> None:
        if batch and not self._answered(store, batch, lambda: self._isolate(store, batch)):
            self._probe(store, batch)

    def _isolate(self, store: str, batch: Sequence[Pending]) -> None:
        clean = self._isolation(store).deliver([pending.claim.record for pending in batch])
        trusted = self._delivery.store(store).evidence.pointers.trusted
        self._delivery.batch_size.answered(clean=clean, halving=not trusted)
        if not clean and all(pending.outcome == "delivered" for pending in batch):
            # Refused together, taken apart: it was the request, not an order.
            self._delivery.batch_size.too_many(len(batch))

    def _isolation(self, store: str) -> Isolation:
        evidence = self._delivery.store(store).evidence
        with self._lock:
            if store not in self._isolations:
                self._isolations[store] = Isolation(
                    lambda records: self._post(store, records), self._settlement, evidence
                )
            return self._isolations[store]

    def _answered(
        self, store: str, batch: Sequence[Pending], send: Callable[[], None], *, sampling: bool = False
    ) -> bool:
        """Send, and act on what is not about single orders; return False when it may lie in this batch all the same."""
        delivery = self._delivery
        try:
            send()
        except _Stopped:
            pass
        except RequestTooLarge:
            self._smaller(store, batch)
        except NoAnswer as error:
            delivery.silent_since = delivery.client.answers
            for pending in batch:
                pending.silence = str(error)
            if error.about_batch and not delivery.stop.is_set():
                return False
            delivery.stop_store(store, _NO_ANSWER, str(error), every_store=True)
        except SenderLost as error:
            delivery.stop_store(store, "SENDER_LOST", str(error), every_store=True)
        except StoreStopped as error:
            delivery.stop_store(store, "STORE_STOPPED", str(error))
        except Systemic as error:
            if not sampling:
                self._sample(store, batch, str(error))
        return True

    def _sample(self, store: str, batch: Sequence[Pending], why: str) -> None:
        """Find out whether a fault is systemic; if not, send what is left of a batch."""
        evidence = self._delivery.store(store).evidence
        held = evidence.accepted_last or self._settlement.held(store)
        if held is not None:
            if not self._answered(store, batch, lambda: self._send_again(store, held)):
                return
            enough = SYSTEMIC_AFTER
        else:
            self._ask_others(store, self._rest(store, batch))
            enough = 2 * SYSTEMIC_AFTER
        if len(evidence.in_a_row) >= enough or evidence.condemned is not None:
            self._delivery.stop_store(store, "SYSTEMIC", why, this_day=held is None)
            evidence.condemn(why, proven=held is not None)
        self._send(store, self._rest(store, batch))

    def _send_again(self, store: str, held: Record) -> None:
        """Send an order that Mirakl holds, as it is: accepted once more, it clears the store of suspicion.

        Under the stamp it has there: a newer one of the shop's would hide from us what Mirakl ignores from then on.
        """
        if self._delivery.stopped(store) is not None:
            raise _Stopped
        with self._lock:
            self.isolating += 1
        body = self._delivery.body(store, [self._settlement.as_delivered(held)])
        try:
            self._delivery.client.post_orders(
                body, budget=_PROBE_BUDGET, stop=self._delivery.stop, allowed=self._delivery.allowed
            )
        except (OrdersRefused, RequestTooLarge):
            return
        self._delivery.store(store).evidence.accepted(held)

    def _ask_others(self, store: str, rest: Sequence[Pending]) -> None:
        """Send some orders alone, spread over these, until one is accepted or refused for another reason."""
        for pending in rest[:: max(1, len(rest) // SYSTEMIC_AFTER)]:
            if self._delivery.store(store).evidence.systemic:
                self._answered(store, [pending], partial(self._isolate, store, [pending]), sampling=True)

    def _smaller(self, store: str, batch: Sequence[Pending]) -> None:
        """Send what is left of a batch in two halves."""
        rest = self._rest(store, batch)
        if len(rest) == 1:
            record, fault = rest[0].claim.record, Fault("HTTP_413", None)
            self._answered(store, rest, lambda: self._isolation(store).refuse(record, (fault,)))
            return
        for half in _halves(rest):
            self._send(store, half)

    def _probe(self, store: str, batch: Sequence[Pending]) -> None:
        """Find out whether Mirakl's server fails for everyone, or over one order of this batch."""
        rest = self._rest(store, batch)
        if len(rest) <= 1:
            return
        for pending in rest:
            pending.suspected = True
        answers = self._delivery.client.answers
        halves = _halves(rest)
        failing = [half for half in halves if not self._answered(store, half, partial(self._isolate, store, half))]
        if self._delivery.client.answers == answers:
            why = "Mirakl answers with nothing but server errors"
            self._delivery.stop_store(store, _NO_ANSWER, why, every_store=True)
            return
        for half in failing:
            self._probe(store, half)

    def _rest(self, store: str, batch: Sequence[Pending]) -> list[Pending]:
        """Return what of a batch has no outcome yet, named orders that wait to be confirmed aside."""
        waiting = self._isolation(store).suspects
        return [pending for pending in batch if pending.outcome is None and pending.order_id not in waiting]

    def _post(self, store: str, records: Sequence[Record]) -> tuple[Fault, ...] | None:
        """Send one request; return the faults of a refusal.

        Raises:
            _Stopped: nothing may be sent to this store any more.
        """
        delivery = self._delivery
        if self._abandoned or delivery.stopped(store) is not None:
            raise _Stopped
        sending = self._settlement.open(record.channel_order_id for record in records)
        with self._lock:
            self.isolating += any(pending.sent for pending in sending)
        for pending in sending:
            pending.sent = True
        body = delivery.body(store, [pending.claim.body for pending in sending])
        # Neither shall a server that is down: after one budget spent in vain, the next is a short one.
        silent = delivery.silent_since == delivery.client.answers
        budget = _PROBE_BUDGET if silent or any(pending.suspected for pending in sending) else None
        try:
            delivery.client.post_orders(body, budget=budget, stop=delivery.stop, allowed=delivery.allowed)
            delivery.batch_size.taken(len(body))
        except OrdersRefused as refusal:
            about_origin = next(filter(is_about_origin, refusal.faults), None)
            if about_origin is not None:
                raise StoreStopped(
                    f"the request's origin is refused with code {about_origin.code}; "
                    "check mirakl_channel_id and mirakl_store_id"
                ) from None
            if len(records) > 1:
                delivery.log.info(f"{len(records)} orders refused with code {refusal.faults[0].code}: isolating")
            return refusal.faults
        except RequestTooLarge:
            delivery.batch_size.too_large(len(body))
            delivery.log.info(f"{len(records)} orders are too many bytes ({len(body):,}): sending fewer")
            raise
        return None


class _Stopped(Exception):
    """Nothing may be sent to this store any more; what is open stays open."""


def _halves(orders: Sequence[Pending]) -> list[Sequence[Pending]]:
    middle = (len(orders) + 1) // 2
    return [half for half in (orders[:middle], orders[middle:]) if half]
