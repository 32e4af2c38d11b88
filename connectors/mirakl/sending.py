"""Sending batches of a store, and what to do when an answer is not about single orders.

- The store is unknown or the credential refused: that store stops, nothing is bisected.
- The request has too many bytes: halves.
- The server fails over a batch time and again: halves, until it is clear whether it fails for everyone (then nothing
  more is sent to anyone) or over one order (then that one alone is left without an answer).
- Ten orders in a row are refused for one reason: an order that Mirakl holds, sent once more, distinguishes bad luck
  from a fault that is not in the orders. Where Mirakl holds none, ten others do, spread over the batch; as they prove
  less, the store is stopped for that day only.

Generators, as `isolation`: requests come out, answers are sent in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.errors import (
    Fault,
    MiraklError,
    NoAnswer,
    OrdersRefused,
    RequestTooLarge,
    SenderLost,
    StoreStopped,
)
from connectors.mirakl.isolation import Batch, Faults, Isolation, Systemic
from connectors.mirakl.pointers import is_about_origin
from connectors.mirakl.policy import SUSPECT_SECONDS, SYSTEMIC_AFTER
from connectors.mirakl.run import Run, Stop
from connectors.mirakl.settlement import Settlement
from transforms.outcomes import Outcome, Record

Result = TypeVar("Result")


class Request(NamedTuple):
    """A request to post: its body, and for how many seconds it is repeated (None: as configured)."""

    body: bytes
    budget: float | None


# None: Mirakl accepted all of it.
Answer = MiraklError | None
Steps = Generator[Request, Answer, Result]


class StoreSender:
    """Sends the batches of one store and day; every order of a batch ends, or waits to be confirmed.

    `isolating` counts the requests that held an order already sent before. `abandon` lets nothing more leave.
    """

    def __init__(self, run: Run, store: str, settlement: Settlement) -> None:
        self._run, self._store, self._settlement = run, store, settlement
        self._size, self._evidence = run.size, run.evidence(store)
        self._isolation = Isolation(settlement, self._evidence, self._ask)
        self.isolating = 0
        self.abandoned = False

    def send_batch(self, batch: Batch) -> Steps[None]:
        """Send one batch."""
        yield from self._send(batch)
        if rest := self._open(batch):
            self._settlement.leave_unanswered(rest, self._run.stop_of(self._store))

    def confirm(self) -> Steps[None]:
        """Settle the named orders that wait to be confirmed together."""
        waiting = self._settlement.open_among(self._isolation.suspects)
        while self._isolation.suspects:
            if not (yield from self._act_on_errors(waiting, self._isolation.confirm)):
                yield from self._probe(waiting)

    def _send(self, batch: Batch) -> Steps[None]:
        if batch and not (yield from self._act_on_errors(batch, partial(self._isolate, batch))):
            yield from self._probe(batch)

    def _isolate(self, batch: Batch) -> Steps[None]:
        clean = yield from self._isolation.isolate(batch)
        self._size.record_answer(clean=clean, halving=not self._evidence.pointers.trusted)
        if not clean and all(order.outcome is Outcome.DELIVERED for order in batch):
            # Refused together, accepted apart: it was the request, not an order.
            self._size.record_too_many(len(batch))

    def _act_on_errors(self, batch: Batch, send: Callable[[], Steps[None]], *, sampling: bool = False) -> Steps[bool]:
        """Send, and act on what is not about single orders; return False when it may lie in this batch all the same."""
        try:
            yield from send()
        except _Stopped:
            pass
        except RequestTooLarge:
            yield from self._send_smaller(batch)
        except NoAnswer as error:
            self._run.silent_since = self._run.answers
            for order in batch:
                order.last_error = str(error)
            if error.about_batch and not self._run.interrupt.is_set():
                return False
            self._run.stop_all(Stop(error.code, str(error)))
        except SenderLost as error:
            self._run.stop_all(Stop(error.code, str(error)))
        except StoreStopped as error:
            self._run.stop_store(self._store, Stop(error.code, str(error)))
        except Systemic as error:
            if not sampling:
                yield from self._find_cause(batch, str(error))
        return True

    def _find_cause(self, batch: Batch, reason: str) -> Steps[None]:
        """Find out whether a fault is systemic; if not, send what is left of a batch."""
        evidence = self._evidence
        held = evidence.accepted_last or self._settlement.unchanged_record(self._store)
        if held is not None:
            if not (yield from self._act_on_errors(batch, partial(self._send_again, held))):
                return
            enough = SYSTEMIC_AFTER
        else:
            yield from self._ask_others(self._open(batch))
            enough = 2 * SYSTEMIC_AFTER
        if len(evidence.refused_in_a_row) >= enough or evidence.systemic_kind is not None:
            self._run.stop_store(self._store, Stop("SYSTEMIC", reason, this_day=held is None))
            evidence.mark_systemic(reason, proven=held is not None)
        yield from self._send(self._open(batch))

    def _send_again(self, held: Record) -> Steps[None]:
        """Send an order that Mirakl holds, as it is: accepted once more, it clears the store of suspicion.

        Under the stamp it has there: a newer one of the shop's would hide from us what Mirakl ignores from then on.
        """
        if self._run.stop_of(self._store) is not None:
            raise _Stopped
        self.isolating += 1
        try:
            yield from self._post([self._settlement.as_delivered(held)], SUSPECT_SECONDS)
        except (OrdersRefused, RequestTooLarge):
            return
        self._evidence.record_accepted(held)

    def _ask_others(self, rest: Batch) -> Steps[None]:
        """Send some orders alone, spread over these, until one is accepted or refused for another reason."""
        for order in rest[:: max(1, len(rest) // SYSTEMIC_AFTER)]:
            if self._evidence.is_systemic:
                yield from self._act_on_errors([order], partial(self._isolate, [order]), sampling=True)

    def _send_smaller(self, batch: Batch) -> Steps[None]:
        """Send what is left of a batch in two halves."""
        rest = self._open(batch)
        if len(rest) == 1:
            yield from self._act_on_errors(rest, partial(self._refuse_too_large, rest[0]))
            return
        for half in _halves(rest):
            yield from self._send(half)

    def _refuse_too_large(self, order: ClaimedOrder) -> Steps[None]:
        self._isolation.refuse_alone(order, (Fault("HTTP_413", None),))
        yield from ()

    def _probe(self, batch: Batch) -> Steps[None]:
        """Find out whether Mirakl's server fails for everyone, or over one order of this batch."""
        rest = self._open(batch)
        if len(rest) <= 1:
            return
        for order in rest:
            order.suspected = True
        self._run.log.info(
            f"no answer to {len(rest)} orders together: sending them in halves, to see over which it fails"
        )
        answers = self._run.answers
        failing: list[Batch] = []
        for half in _halves(rest):
            is_answered = yield from self._act_on_errors(half, partial(self._isolate, half))
            failing += [] if is_answered else [half]
        if self._run.answers == answers:
            self._run.stop_all(Stop("NO_ANSWER", "Mirakl answers with nothing but server errors"))
            return
        for half in failing:
            yield from self._probe(half)

    def _open(self, batch: Batch) -> list[ClaimedOrder]:
        """Return what of a batch has no outcome yet, named orders that wait to be confirmed aside."""
        waiting = self._isolation.suspects
        return [order for order in batch if order.outcome is None and order.order_id not in waiting]

    def _ask(self, batch: Batch) -> Steps[Faults | None]:
        """Send one request; return the faults of a refusal.

        Raises:
            _Stopped: nothing may be sent to this store any more.
        """
        if self.abandoned or self._run.stop_of(self._store) is not None:
            raise _Stopped
        self.isolating += any(order.sent for order in batch)
        for order in batch:
            order.sent = True
        # A server that is down is not waited for again and again: after one budget spent in vain, the next is short.
        is_short = self._run.is_silent or any(order.suspected for order in batch)
        try:
            yield from self._post([order.body for order in batch], SUSPECT_SECONDS if is_short else None)
        except OrdersRefused as refusal:
            about_origin = next(filter(is_about_origin, refusal.faults), None)
            if about_origin is not None:
                raise StoreStopped(
                    f"the request's origin is refused with code {about_origin.code}; "
                    "check mirakl_channel_id and mirakl_store_id"
                ) from None
            if len(batch) > 1:
                self._run.log.info(f"{len(batch)} orders refused with code {refusal.faults[0].code}: isolating")
            return refusal.faults
        return None

    def _post(self, orders: Sequence[bytes], budget: float | None) -> Steps[None]:
        """Have one request posted.

        Raises:
            MiraklError: it was not accepted.
        """
        body = self._run.body(self._store, orders)
        answer = yield Request(body, budget)
        if isinstance(answer, OrdersRefused | RequestTooLarge | None):
            self._run.answers += 1
        if isinstance(answer, RequestTooLarge):
            self._size.record_too_large(len(body))
        if answer is not None:
            raise answer
        self._size.record_accepted(len(body))


class _Stopped(Exception):
    """Nothing may be sent to this store any more; what is open stays open."""


def _halves(orders: Batch) -> Iterable[Batch]:
    middle = (len(orders) + 1) // 2
    return [half for half in (orders[:middle], orders[middle:]) if half]
