"""What a sync would send, without sending it: the shop read now, with the mapping of now, against the ledger.

Where the payload that Mirakl holds is still among the stored frames, the fields that would change are named: that is
how a change of a mapping is looked at before it is let loose.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.frames import tables
from connectors.frames.storage import FrameStorage, StorageError
from connectors.ledger import Ledger, LedgerEntry
from connectors.mirakl import decisions
from connectors.mirakl.decisions import Decision
from pipelines.config.blocks import MiraklLimits
from pipelines.config.settings import Channel
from pipelines.operations import payloads, progress
from pipelines.operations.shop import Shop
from transforms.coverage import Word, coverage
from transforms.frames import OrderFrames
from transforms.normalise import normalise
from transforms.outcomes import Outcome, Record, Reject

# A `send` is counted as one of two: new to Mirakl, or changed.
SENT = ("new", "changed")
_NOT_SENT = tuple(decision.value for decision in Decision if decision is not Decision.SEND)
OUTCOMES = (*SENT, *_NOT_SENT, Outcome.EXCLUDED.value, Outcome.REJECTED.value)
_COMPARED = 1000
_POSITION = re.compile(r"\[[0-9]+\]")
# Fields with an enumeration for a type: their values are worth counting apart.
_ENUMERATED = frozenset({"status", "status_reason", "type", "reason", "can_cancel", "can_refund"})


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order that is new, changed, rejected or still refused, or that is noticed: by code, field and reason.

    `changes` are the fields that differ from what Mirakl holds, where that is still stored.
    """

    channel_order_id: str
    day: str
    outcome: str
    code: str | None = None
    field: str | None = None
    reason: str | None = None
    changes: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """Return it as plain values, one shape for all."""
        named = {"channel_order_id": self.channel_order_id, "day": self.day, "fate": self.outcome, "code": self.code}
        return {**named, "field": self.field, "reason": self.reason, "changes": list(self.changes)}


@dataclass(slots=True)
class Plan:
    """What would become of the orders: `outcomes` counts those of `OUTCOMES`.

    `noticed` counts the notices of orders that go out all the same, by code; `fields` counts, over the first
    1,000 changed orders of a day whose accepted payload is still stored (`compared`), the fields that would change.
    `requests` are those of a sync in which Mirakl refuses nothing: it sends day by day and store by store. `warnings`
    are about the shop's own SQL: stamps that are not those of its changes.
    """

    limits: MiraklLimits
    outcomes: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    rejects: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[Word] = field(default_factory=Counter)
    compared: int = 0
    requests: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def would_send(self) -> bool:
        """Whether a sync would send anything."""
        return any(self.outcomes[name] for name in SENT)

    @property
    def cannot_send(self) -> bool:
        """Whether orders are among them that cannot be sent or that Mirakl refused before."""
        return bool(self.outcomes[Outcome.REJECTED] or self.outcomes[Outcome.REFUSED])

    def summary(self) -> dict[str, Any]:
        """Return it as plain values, with the seconds that the requests take at the configured rate."""
        return {
            **{name: self.outcomes[name] for name in OUTCOMES},
            "noticed": dict(self.noticed),
            "requests": self.requests,
            "seconds": round(self.requests / self.limits.requests_per_second, 1),
            "compared": self.compared,
            "fields": dict(self.fields.most_common()),
            "rejects": [{"orders": n, "code": code, "field": path} for (code, path), n in self.rejects.most_common()],
            "unmapped": [{**word._asdict(), "count": count} for word, count in self.unmapped.most_common()],
            "warnings": self.warnings,
        }


def plan(
    channel: Channel,
    days: Sequence[str],
    shop: Shop,
    ledger: Ledger,
    frames_storage: FrameStorage,
    limits: MiraklLimits,
    *,
    report: Callable[[PlannedOrder], None] = lambda _: None,
    keep: Callable[[Record], None] = lambda _: None,
) -> Plan:
    """Find out what a sync of these days would do.

    `report` is called with every order but the unchanged and superseded ones without a notice, `keep` with every
    record that would be sent.
    """
    result = Plan(limits, warnings=shop.wrong_times(min(days), max(days)))
    mapping = channel.mapping()
    for day in days:
        batches = _Batches(limits)
        changed: dict[str, tuple[LedgerEntry, Record]] = {}
        for frames in progress.tracked("comparing", day, shop.changed(day), _orders):
            normalised = normalise(frames, mapping)
            words = coverage(frames, mapping)
            result.outcomes[Outcome.EXCLUDED.value] += len(normalised.excluded)
            result.unmapped.update({word: count for word, count in words.items() if word.fate == "unmapped"})
            ids = [record.channel_order_id for record in normalised.records]
            known, taken = ledger.known(channel.name, ids), ledger.taken(channel.name, ids)
            held = [
                decisions.id_taken(record, taken[record.channel_order_id])
                for record in normalised.records
                if record.channel_order_id in taken
            ]
            for reject in (*normalised.rejects, *held):
                result.outcomes[Outcome.REJECTED.value] += 1
                result.rejects[reject.code, reject.field] += 1
                report(_rejected(reject, day))
            for record in normalised.records:
                if record.channel_order_id in taken:
                    continue
                row = known.get(record.channel_order_id)
                decision = decisions.decide(row, record)
                outcome = decision.value
                if decision is Decision.SEND:
                    batches.add(record)
                    keep(record)
                    outcome = "new" if row is None or row.delivered_hash is None else "changed"
                    if row is not None and outcome == "changed" and len(changed) < _COMPARED:
                        changed[record.channel_order_id] = (row, record)
                result.outcomes[outcome] += 1
                result.noticed.update(notice.code for notice in record.notices)
                if record.channel_order_id not in changed:
                    _report(record, day, outcome, row, report)
        result.requests += batches.requests
        _compare(result, changed, day, frames_storage, channel.name, report)
    return result


def _orders(frames: OrderFrames) -> int:
    return len(frames.orders)


@dataclass(slots=True)
class _Batches:
    """Counts the requests of one day: by store, as many orders as fit by number and bytes."""

    limits: MiraklLimits
    requests: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    size: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        store, size = record.store, len(record.payload)
        full = self.orders[store] == self.limits.orders_per_request
        if full or not self.orders[store] or self.size[store] + size > self.limits.max_request_bytes:
            self.requests += 1
            self.orders[store] = self.size[store] = 0
        self.orders[store] += 1
        self.size[store] += size


def _rejected(reject: Reject, day: str) -> PlannedOrder:
    return PlannedOrder(reject.channel_order_id, day, Outcome.REJECTED.value, reject.code, reject.field, reject.reason)


def _report(
    record: Record,
    day: str,
    outcome: str,
    row: LedgerEntry | None,
    report: Callable[[PlannedOrder], None],
    changes: Sequence[str] = (),
) -> None:
    order_id = record.channel_order_id
    for notice in record.notices:
        report(PlannedOrder(order_id, day, outcome, notice.code, notice.field, notice.detail, tuple(changes)))
    if record.notices or outcome in {Outcome.UNCHANGED, Outcome.SUPERSEDED}:
        return
    if outcome == Outcome.REFUSED and row is not None:
        reason = "refused by Mirakl with this very content; not sent again until it changes, or on replay"
        report(PlannedOrder(order_id, day, outcome, row.error_code, row.error_field, reason))
    else:
        report(PlannedOrder(order_id, day, outcome, changes=tuple(changes)))


def _compare(
    result: Plan,
    changed: dict[str, tuple[LedgerEntry, Record]],
    day: str,
    storage: FrameStorage,
    channel: str,
    report: Callable[[PlannedOrder], None],
) -> None:
    """Name the fields of changed orders that differ from what Mirakl holds."""
    accepted = accepted_payloads(storage, channel, [row for row, _ in changed.values()])
    for order_id, (row, record) in changed.items():
        changes: list[str] = []
        if order_id in accepted:
            result.compared += 1
            found = list(payloads.differences(orjson.loads(accepted[order_id]), orjson.loads(record.payload)))
            changes = [payloads.change(*one) for one in found]
            result.fields.update(list(dict.fromkeys(_counted(*one) for one in found)))
        _report(record, day, "changed", row, report, changes)


def accepted_payloads(storage: FrameStorage, channel: str, rows: Sequence[LedgerEntry]) -> dict[str, bytes]:
    """Return, by order, the payload that Mirakl holds, as far as the frames of the day it was delivered for have it."""
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if row.delivered_hash is not None:
            wanted[row.day][row.channel_order_id] = row.delivered_hash
    return {
        record.channel_order_id: record.payload
        for day, hashes in wanted.items()
        for record in _stored(storage, channel, day)
        if hashes.get(record.channel_order_id) == record.payload_hash
    }


def _stored(storage: FrameStorage, channel: str, day: str) -> Iterator[Record]:
    try:
        yield from tables.records_of(storage.read(channel, "mirakl_orders", day, tables.RECORD_COLUMNS))
    except StorageError:
        return  # never normalised on this machine, or removed after the retention time: nothing to compare with


def _counted(path: str, old: Any, new: Any) -> str:
    """Name a change so that those of many orders are one: positions left out, values only of enumerations."""
    place = _POSITION.sub("[*]", path)
    has_values = path.rpartition(".")[2] in _ENUMERATED
    return payloads.change(path, old, new).replace(path, place, 1) if has_values else place
