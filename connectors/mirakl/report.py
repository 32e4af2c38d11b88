"""What delivering one day came to: counts, failures and their kinds."""

from __future__ import annotations

import datetime as dt
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from connectors.mirakl.pointers import signature
from transforms.outcomes import Outcome
from transforms.plain import one_line
from transforms.plural import counted

# `gone` is found out by a replay, not by delivering.
OUTCOMES = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.GONE)
COUNTS = ("orders_read", *OUTCOMES, "requests", "requests_isolating", "retries")
FAILURES_KEPT = 50
_KINDS_NAMED, _ORDERS_NAMED = 10, 10


@dataclass(frozen=True, slots=True)
class Failure:
    """One order that is not at Mirakl in its current state, and why. No personal data."""

    channel_order_id: str
    outcome: str
    code: str
    field: str
    reason: str


@dataclass(slots=True)
class DayReport:
    """One day's delivery. `failures` holds the first 50 of `failures_total`; `signatures` counts all kinds.

    `shrunk` names orders with fewer lines or adjustments than delivered before, `future_stamps` orders whose source
    stamp lies in the future (the first 50 each). `ages` are the seconds from the newest change in the shop to Mirakl's
    acceptance, one a delivered order.
    `stopped` says why orders were left without an answer. `statuses` counts requests by HTTP status.
    """

    day: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    failures: list[Failure] = field(default_factory=list)
    failures_total: int = 0
    signatures: Counter[str] = field(default_factory=Counter)
    shrunk: list[str] = field(default_factory=list)
    shrunk_total: int = 0
    future_stamps: list[str] = field(default_factory=list)
    future_stamps_total: int = 0
    ages: array[float] = field(default_factory=lambda: array("f"), repr=False)
    stopped: str | None = None
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """How many orders have no definite answer; the day is complete without any."""
        return sum(self.counts[outcome] for outcome in Outcome if not outcome.is_answered)

    def count(self, name: str, number: int = 1) -> None:
        """Add to one count."""
        self.counts[name] += number

    def exclude(self, number: int) -> None:
        """Count orders that were read and that the channel leaves out."""
        self.count("orders_read", number)
        self.count(Outcome.EXCLUDED, number)

    def fail(self, failure: Failure) -> None:
        """Count one order that failed."""
        self.counts[failure.outcome] += 1
        self.failures_total += 1
        self.signatures[signature(failure.code, failure.field)] += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(failure)

    def retract(self, order_id: str, reason: str) -> None:
        """Count a refused order as undelivered instead."""
        self.counts[Outcome.REFUSED] -= 1
        self.counts[Outcome.UNDELIVERED] += 1
        self.failures = [
            replace(failure, outcome=Outcome.UNDELIVERED.value, reason=reason)
            if failure.channel_order_id == order_id and failure.outcome == Outcome.REFUSED
            else failure
            for failure in self.failures
        ]
        self.stopped = self.stopped or reason

    def note_shrunk(self, order_id: str) -> None:
        """Count an order that lost lines or adjustments."""
        self.shrunk_total += 1
        if len(self.shrunk) < FAILURES_KEPT:
            self.shrunk.append(order_id)

    def note_future_stamp(self, order_id: str) -> None:
        """Count an order stamped in the future by its shop."""
        self.future_stamps_total += 1
        if len(self.future_stamps) < FAILURES_KEPT:
            self.future_stamps.append(order_id)

    def note_ages(self, changed_at: Iterable[str]) -> None:
        """Note how long orders accepted now took from the shop to Mirakl; a stamp in the future counts as now."""
        now, instant = time.time(), dt.datetime.fromisoformat
        self.ages.extend([max(now - instant(text).timestamp(), 0.0) for text in changed_at])

    def failure_lines(self) -> Iterator[str]:
        """Yield a line a kind of failure with the ids of its first orders; of the first kinds only."""
        ids: dict[tuple[str, str], list[str]] = {}
        for failure in self.failures:
            key = (failure.outcome, signature(failure.code, failure.field))
            ids.setdefault(key, []).append(failure.channel_order_id)
        for (outcome, kind), named in list(ids.items())[:_KINDS_NAMED]:
            orders = max(self.signatures[kind], len(named))
            more = ", ..." if orders > _ORDERS_NAMED else ""
            first = one_line(", ".join(named[:_ORDERS_NAMED]))
            yield f"{self.day}: {counted(orders, 'order')} {outcome} ({kind}): {first}{more}"
        if len(ids) > _KINDS_NAMED:
            yield f"{self.day}: {self.failures_total:,} orders failed in all"

    def add(self, other: DayReport) -> None:
        """Add what another delivery came to."""
        for name, number in other.counts.items():
            self.counts[name] += number
        self.failures = (self.failures + other.failures)[:FAILURES_KEPT]
        self.failures_total += other.failures_total
        self.signatures += other.signatures
        self.shrunk = (self.shrunk + other.shrunk)[:FAILURES_KEPT]
        self.shrunk_total += other.shrunk_total
        self.future_stamps = (self.future_stamps + other.future_stamps)[:FAILURES_KEPT]
        self.future_stamps_total += other.future_stamps_total
        self.ages.extend(other.ages)
        self.stopped = self.stopped or other.stopped
        self.statuses += other.statuses
