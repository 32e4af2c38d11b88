"""Finding the orders that Mirakl refuses, so that every other one of the request is delivered.

Mirakl takes a request whole or not at all (contract 4A.3). The rules, in order of cost:
- named orders are taken out and the rest is sent; when it is accepted, a single named order is proven bad by that;
- several named orders are each sent alone until positions have earned trust, and from then on confirmed together;
- where nothing usable is named, or the rest is refused although the named orders are good, the request is halved.
No order counts as refused for being named alone, so a wrong position costs requests, never a good order.

Bound: halving finds b bad orders among n with at most 1 + 2 b ceil(log2 n) requests; a position that misses adds two
and the orders it named. `tests/connectors/mirakl/test_isolation.py` counts.

A pure state machine, written as generators: what comes out is the orders of the next request, what is sent in is its
answer: the faults of a 400, or None where all were accepted. Whatever else goes wrong is raised into it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.errors import Fault
from connectors.mirakl.pointers import Refusal
from connectors.mirakl.policy import CONFIRM_TOGETHER, Evidence, Verdicts

_CONFIRMED_AT_MOST = 100

Batch = Sequence[ClaimedOrder]
Faults = tuple[Fault, ...]
Result = TypeVar("Result")
# What is yielded and sent in is the business of `ask` alone.
Steps = Generator[Any, Any, Result]
Ask = Callable[[Batch], Steps[Faults | None]]


def ask(batch: Batch) -> Generator[Batch, Faults | None, Faults | None]:
    """Yield the orders of a request, be sent its faults."""
    return (yield batch)


class Systemic(Exception):
    """Order after order is refused for one reason, and none accepted in between: the fault may not be in the orders."""


class Isolation:
    """Isolates what is refused in requests of one store and day; several requests may be under way at once.

    `ask` asks Mirakl. `verdicts` receives outcomes as they become certain.
    """

    def __init__(self, verdicts: Verdicts, evidence: Evidence, ask: Ask = ask) -> None:
        self._verdicts, self._evidence, self._ask = verdicts, evidence, ask
        self._pointers = evidence.pointers
        self._suspects: list[tuple[ClaimedOrder, Refusal]] = []
        self._confirming: set[str] = set()

    @property
    def suspects(self) -> frozenset[str]:
        """The ids of named orders that wait to be confirmed together, or are being confirmed."""
        return frozenset(self._confirming).union(order.order_id for order, _ in self._suspects)

    def isolate(self, batch: Batch) -> Steps[bool]:
        """Send orders as one request and settle every one of them; return whether Mirakl took them at once."""
        faults = yield from self._send(batch)
        if faults is not None:
            yield from self._find_refused(batch, faults)
        return faults is None

    def confirm(self, *, all_of_them: bool = True) -> Steps[None]:
        """Settle named orders that wait to be confirmed together; without `all_of_them` only full groups."""
        while self._suspects and (all_of_them or len(self._suspects) >= _CONFIRMED_AT_MOST):
            group, self._suspects = self._suspects[:_CONFIRMED_AT_MOST], self._suspects[_CONFIRMED_AT_MOST:]
            ids = {order.order_id for order, _ in group}
            self._confirming |= ids
            try:
                yield from self._confirm(group)
            finally:
                self._confirming -= ids

    def refuse_alone(self, order: ClaimedOrder, faults: Faults) -> None:
        """Settle an order that was refused alone.

        Raises:
            Systemic: so were the orders before it, and for the same reason.
        """
        refusal = Refusal.of(faults)
        self._verdicts.refuse([(order, refusal)])
        self._evidence.record_refused_alone(self._verdicts, order, refusal)
        if self._evidence.is_systemic:
            raise Systemic(
                f"order after order is refused for the same reason ({refusal.kind}) and none accepted: "
                "the fault is likely in the configuration or at Mirakl, not in the orders"
            )

    def _send(self, batch: Batch) -> Steps[Faults | None]:
        faults = yield from self._ask(batch)
        if faults is None:
            self._evidence.record_accepted(batch[-1].record)
            self._verdicts.accept(list(batch))
        return faults

    def _find_refused(self, batch: Batch, faults: Faults) -> Steps[None]:
        """Settle orders that were just refused together."""
        if len(batch) == 1:
            self.refuse_alone(batch[0], faults)
            return
        named = self._pointers.named(faults, len(batch))
        if named:
            yield from self._send_without(batch, faults, named)
        else:
            bad = yield from self._halve(batch, faults)
            self._pointers.learn(faults, _positions(batch, bad))

    def _send_without(self, batch: Batch, faults: Faults, named: frozenset[int]) -> Steps[None]:
        base = self._pointers.base
        suspects = [(batch[position], Refusal.of(faults, position + base)) for position in sorted(named)]
        rest = [order for position, order in enumerate(batch) if position not in named]
        second = yield from self._send(rest)
        if second is None and len(suspects) == 1:
            self._pointers.record_hit()
            self._verdicts.refuse(suspects)
        elif second is None and not any(map(_is_between_orders, suspects)):
            while suspects and not self._pointers.trusted:
                yield from self._each_alone([suspects.pop(0)[0]])
            self._suspects.extend(suspects)
            yield from self.confirm(all_of_them=False)
        elif second is None:
            yield from self._each_alone([order for order, _ in suspects])
        elif self._pointers.trusted and self._pointers.named(second, len(rest)):
            # Only some of the faults were listed; the named ones wait, and the next naming is followed.
            self._suspects.extend(suspects)
            yield from self._find_refused(rest, second)
        else:
            bad = yield from self._each_alone([order for order, _ in suspects])
            if len(bad) == len(suspects):
                yield from self._find_refused(rest, second)
            else:
                bad |= yield from self._halve(rest, second)
                self._pointers.learn(faults, _positions(batch, bad))

    def _each_alone(self, orders: Batch) -> Steps[set[str]]:
        """Send each alone; return the ids of those refused: all of them, where their naming was right."""
        bad: set[str] = set()
        for order in orders:
            faults = yield from self._send([order])
            if faults is None:
                self._pointers.record_miss()
            else:
                self._pointers.record_hit()
                self.refuse_alone(order, faults)
                bad.add(order.order_id)
        return bad

    def _halve(self, batch: Batch, faults: Faults) -> Steps[set[str]]:
        """Halve orders known to be refused together; return the ids of the bad ones."""
        if len(batch) == 1:
            self.refuse_alone(batch[0], faults)
            return {batch[0].order_id}
        middle = len(batch) // 2
        left, right = batch[:middle], batch[middle:]
        bad: set[str] = set()
        answer = yield from self._send(left)
        if answer is not None:
            bad = yield from self._halve(left, answer)
        elif len(right) > 1:
            # The left half is good, so the fault lies in the right one: it is not sent whole a second time.
            return (yield from self._halve(right, faults))
        answer = yield from self._send(right)
        if answer is not None:
            bad |= yield from self._halve(right, answer)
        return bad

    def _confirm(self, group: list[tuple[ClaimedOrder, Refusal]]) -> Steps[None]:
        """Send suspects together, in reversed order; all named again and a spot check refused alone: all refused."""
        group = group[::-1]
        if len(group) >= CONFIRM_TOGETHER and self._pointers.trusted:
            faults = yield from self._send([order for order, _ in group])
            if faults is None:
                self._pointers.record_miss()
                return
            named = frozenset(number - self._pointers.base for number in self._pointers.numbers(faults))
            if named == frozenset(range(len(group))):
                checks = self._evidence.spot_checks
                sample, group = group[:checks], group[checks:]
                bad = yield from self._each_alone([order for order, _ in sample])
                if len(bad) == len(sample):
                    self._evidence.groups_held = True
                    self._verdicts.refuse(group)
                    return
            else:
                self._pointers.record_miss()
        yield from self._each_alone([order for order, _ in group])


def _positions(batch: Batch, bad: set[str]) -> frozenset[int]:
    return frozenset(position for position, order in enumerate(batch) if order.order_id in bad)


def _is_between_orders(suspect: tuple[ClaimedOrder, Refusal]) -> bool:
    """Whether the fault may lie between two orders: a line's id that both claim. Apart, one of them is good."""
    return suspect[1].field.endswith("_id")
