"""Finding the orders that Mirakl refuses, so that every other one of the request is delivered.

Mirakl takes a request whole or not at all (contract 4A.3). The rules, in order of cost:
- named orders are taken out and the rest is sent; when it is accepted, a single named order is proven bad by that;
- several named orders are each sent alone until positions have earned trust, and from then on confirmed together;
- where nothing usable is named, or the rest is refused although the named orders are good, the request is halved.
No order is called refused on a position's word alone, so a wrong position costs requests, never a good order.

Bound: halving finds b bad orders among n with at most 1 + 2 b ceil(log2 n) requests; a position that lies adds two
and the orders it named. `tests/connectors/test_isolation.py` counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.mirakl.errors import Fault
from connectors.mirakl.pointers import Pointers, order_position, our_field, signature
from transforms.outcomes import Record

SYSTEMIC_AFTER = 10
CONFIRM_TOGETHER = 6
_SPOT_CHECKS = 2

Faults = tuple[Fault, ...]


class Systemic(Exception):
    """Order after order is refused for one reason, and none accepted in between: the fault may not be in the orders."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused order: Mirakl's code, the field as Mirakl wrote it, and the field resolved to our record."""

    record: Record
    code: str
    field: str
    field_sent: str | None

    @property
    def kind(self) -> str:
        """Code and field, positions starred."""
        return signature(self.code, self.field)


class Report(Protocol):
    """Where isolation tells what it knows for certain, as soon as it does."""

    def accepted(self, records: Sequence[Record]) -> None:
        """Mirakl holds these."""

    def refused(self, orders: Sequence[Refused]) -> None:
        """Mirakl does not want these."""

    def retracted(self, orders: Sequence[Refused], why: str, *, proven: bool) -> None:
        """The fault did not lie in these, for certain when `proven`."""


Post = Callable[[Sequence[Record]], Faults | None]


@dataclass(slots=True)
class Evidence:
    """What the answers of one store have shown so far; shared by all threads that deliver to it.

    `accepted_last` is a record that Mirakl accepted in this run. `in_a_row` are the orders refused alone since then,
    for the same code and field, each with the report that heard of it. `condemned` is that code and field once the
    fault was concluded not to lie in the orders; it stands until Mirakl accepts one or refuses one otherwise.
    `group_held`: orders confirmed together have stood their spot check, so the next ones get a smaller one.
    """

    pointers: Pointers = field(default_factory=Pointers)
    accepted_last: Record | None = None
    in_a_row: list[tuple[Report, Refused]] = field(default_factory=list)
    condemned: str | None = None
    group_held: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def systemic(self) -> bool:
        """Whether ten or more orders in a row were refused alone, all for the same code and field."""
        return self.condemned is not None or len(self.in_a_row) >= SYSTEMIC_AFTER

    def accepted(self, record: Record) -> None:
        """Hear that Mirakl accepts this order."""
        with self.lock:
            self.accepted_last = record
            self.condemned = None
            self.in_a_row.clear()

    def refused_alone(self, report: Report, refused: Refused) -> None:
        """Hear of an order refused alone."""
        with self.lock:
            if self.condemned != refused.kind:
                self.condemned = None
            if self.in_a_row and self.in_a_row[-1][1].kind != refused.kind:
                self.in_a_row.clear()
            self.in_a_row.append((report, refused))

    def condemn(self, why: str, *, proven: bool) -> None:
        """Conclude that the fault does not lie in the orders refused in a row: they are not refused after all."""
        with self.lock:
            retracted, self.in_a_row = self.in_a_row, []
            self.condemned = retracted[-1][1].kind if retracted else self.condemned
        for report, refused in retracted:
            report.retracted([refused], why, proven=proven)


class Isolation:
    """Delivers requests of one store and isolates what is refused. One instance a thread may share.

    `post` sends records in one request and returns the faults of a 400, or None when all were accepted; what else
    goes wrong it raises. `report` hears outcomes as they become certain.
    """

    def __init__(self, post: Post, report: Report, evidence: Evidence) -> None:
        self._post, self._report, self._evidence = post, report, evidence
        self._pointers = evidence.pointers
        self._suspects: list[Refused] = []
        self._confirming: set[str] = set()
        self._lock = threading.Lock()

    @property
    def suspects(self) -> frozenset[str]:
        """The ids of named orders that wait to be confirmed together, or are being confirmed by some thread."""
        with self._lock:
            return frozenset(self._confirming).union(suspect.record.channel_order_id for suspect in self._suspects)

    def deliver(self, records: Sequence[Record]) -> bool:
        """Send records as one request and settle every one of them; return whether Mirakl took them at once."""
        faults = self._send(records)
        if faults is not None:
            self._settle(records, faults)
        return faults is None

    def confirm(self, *, all_of_them: bool = True) -> None:
        """Settle named orders that wait to be confirmed together; without `all_of_them` only full groups."""
        while True:
            with self._lock:
                size = min(100, len(self._suspects))
                if not size or (size < 100 and not all_of_them):
                    return
                group, self._suspects = self._suspects[:size], self._suspects[size:]
                ids = {suspect.record.channel_order_id for suspect in group}
                self._confirming |= ids
            try:
                self._confirm(group)
            finally:
                with self._lock:
                    self._confirming -= ids

    def _send(self, records: Sequence[Record]) -> Faults | None:
        faults = self._post(records)
        if faults is None:
            self._evidence.accepted(records[-1])
            self._report.accepted(records)
        return faults

    def _settle(self, records: Sequence[Record], faults: Faults) -> None:
        """Settle records that were just refused together."""
        if len(records) == 1:
            self.refuse(records[0], faults)
            return
        named = self._pointers.named(faults, len(records))
        if named:
            self._without(records, faults, named)
        else:
            self._pointers.learn(faults, self._halve(records, faults))

    def _without(self, records: Sequence[Record], faults: Faults, named: frozenset[int]) -> None:
        base = self._pointers.base
        suspects = [_refused(records[position], faults, position + base) for position in sorted(named)]
        rest = [record for position, record in enumerate(records) if position not in named]
        second = self._send(rest)
        if second is None and len(suspects) == 1:
            self._pointers.proved()
            self._report.refused(suspects)
        elif second is None and not any(map(_between_orders, suspects)):
            while suspects and not self._pointers.trusted:
                self._each_alone([suspects.pop(0).record])
            with self._lock:
                self._suspects.extend(suspects)
            self.confirm(all_of_them=False)
        elif second is None:
            self._each_alone([suspect.record for suspect in suspects])
        elif self._pointers.trusted and self._pointers.named(second, len(rest)):
            # Only some of the faults were listed; the named ones wait, and the next naming is followed.
            with self._lock:
                self._suspects.extend(suspects)
            self._settle(rest, second)
        else:
            bad = self._each_alone([suspect.record for suspect in suspects])
            if len(bad) == len(suspects):
                self._settle(rest, second)
            else:
                self._pointers.learn(faults, self._positions(records, bad | self._halve_known(rest, second)))

    def _each_alone(self, records: Sequence[Record]) -> set[str]:
        """Send each alone; return the ids of those refused: all of them, where their naming was right."""
        bad: set[str] = set()
        for record in records:
            faults = self._send([record])
            if faults is None:
                self._pointers.lied()
            else:
                self._pointers.proved()
                self.refuse(record, faults)
                bad.add(record.channel_order_id)
        return bad

    def _halve(self, records: Sequence[Record], faults: Faults) -> frozenset[int]:
        return self._positions(records, self._halve_known(records, faults))

    @staticmethod
    def _positions(records: Sequence[Record], bad: set[str]) -> frozenset[int]:
        return frozenset(position for position, record in enumerate(records) if record.channel_order_id in bad)

    def _halve_known(self, records: Sequence[Record], faults: Faults) -> set[str]:
        """Halve records known to be refused together; return the ids of the bad ones."""
        if len(records) == 1:
            self.refuse(records[0], faults)
            return {records[0].channel_order_id}
        middle = len(records) // 2
        left, right = records[:middle], records[middle:]
        bad: set[str] = set()
        answer = self._send(left)
        if answer is not None:
            bad |= self._halve_known(left, answer)
            answer = self._send(right)
            return bad if answer is None else bad | self._halve_known(right, answer)
        # The left half is good, so the fault lies in the right one: it is not sent whole a second time.
        if len(right) > 1:
            return self._halve_known(right, faults)
        answer = self._send(right)
        return set() if answer is None else self._halve_known(right, answer)

    def _confirm(self, group: list[Refused]) -> None:
        """Send suspects together, in reversed order; all named again and a spot check refused alone: all refused."""
        group = group[::-1]
        if len(group) >= CONFIRM_TOGETHER and self._pointers.trusted:
            faults = self._send([suspect.record for suspect in group])
            if faults is None:
                self._pointers.lied()
                return
            named = frozenset(number - self._pointers.base for number in self._pointers.raw(faults))
            if named == frozenset(range(len(group))):
                checks = 1 if self._evidence.group_held else _SPOT_CHECKS
                sample, group = group[:checks], group[checks:]
                if len(self._each_alone([suspect.record for suspect in sample])) == len(sample):
                    self._evidence.group_held = True
                    self._report.refused(group)
                    return
            else:
                self._pointers.lied()
        self._each_alone([suspect.record for suspect in group])

    def refuse(self, record: Record, faults: Faults) -> None:
        """Settle an order that was refused alone.

        Raises:
            Systemic: so were the orders before it, and for the same reason.
        """
        refused = _refused(record, faults, None)
        self._report.refused([refused])
        self._evidence.refused_alone(self._report, refused)
        if self._evidence.systemic:
            raise Systemic(
                f"order after order is refused for the same reason ({refused.kind}) and none accepted: "
                "the fault is likely in the configuration or at Mirakl, not in the orders"
            )


def _between_orders(refused: Refused) -> bool:
    """Whether the fault may lie between two orders: a line's id that both claim. Apart, one of them is good."""
    return refused.field.endswith("_id")


def _refused(record: Record, faults: Faults, number: int | None) -> Refused:
    own = next((fault for fault in faults if number is not None and order_position(fault.field) == number), faults[0])
    return Refused(record, own.code, our_field(own.field), own.field)
