"""What a sync would send, without sending it: the shop read now, with the mapping of now, against the ledger.

Where the payload that Mirakl holds is still among the stored frames, the fields that would change are counted: that is
how a change of a mapping is looked at before it is let loose.

Belongs here: the comparison. Does not belong here: sending.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.ledger import Ledger
from connectors.mirakl import claims
from pipelines import tables
from pipelines.assets import MIRAKL_ORDERS
from pipelines.settings import Channel, MiraklLimits
from pipelines.shop import Shop
from pipelines.storage import FrameStorage, StorageError
from transforms.normalise import normalise
from transforms.outcomes import Record

FATES = ("new", "changed", "unchanged", "superseded", "refused", "rejected")
_COMPARED = 1000
# Only words of the contract are shown; any other value may be somebody's name.
_SHOWN = frozenset({"status", "status_reason", "type", "reason", "can_cancel", "can_refund"})


@dataclass(slots=True)
class Plan:
    """What would become of the orders: `fates` counts new, changed, unchanged, superseded, refused and rejected ones.

    `fields` counts, over the first 1,000 changed orders whose accepted payload is still stored, the fields that would
    change (`path`, and for words of the contract `old -> new`).
    """

    fates: Counter[str] = field(default_factory=Counter)
    sent_by_store: Counter[str] = field(default_factory=Counter)
    rejects: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    compared: int = 0

    def summary(self, limits: MiraklLimits) -> dict[str, Any]:
        """Return it as plain values, with the requests that a sync without refusals needs, and their seconds."""
        requests = sum(math.ceil(orders / limits.orders_per_request) for orders in self.sent_by_store.values())
        return {
            **{name: self.fates[name] for name in FATES},
            "requests": requests,
            "seconds": round(requests / limits.requests_per_second, 1),
            "compared": self.compared,
            "fields": dict(self.fields.most_common()),
            "rejects": [{"orders": n, "code": code, "field": path} for (code, path), n in self.rejects.most_common()],
        }


def plan(channel: Channel, days: Sequence[str], shop: Shop, ledger: Ledger, frames_storage: FrameStorage) -> Plan:
    """Find out what a sync of these days would do."""
    result = Plan()
    mapping = channel.mapping()
    for day in days:
        changed: dict[str, tuple[str, bytes]] = {}
        for frames in shop.changed(day):
            normalised = normalise(frames, mapping)
            result.fates["rejected"] += len(normalised.rejects)
            result.rejects.update((reject.code, reject.field) for reject in normalised.rejects)
            ids = [record.channel_order_id for record in normalised.records]
            known, taken = ledger.known(channel.name, ids), ledger.taken(channel.name, ids)
            for record in normalised.records:
                if record.channel_order_id in taken:
                    reject = claims.taken(record, taken[record.channel_order_id])
                    result.fates["rejected"] += 1
                    result.rejects[reject.code, reject.field] += 1
                    continue
                row = known.get(record.channel_order_id)
                outcome: str = claims.fate(row, record)
                if outcome == "send":
                    result.sent_by_store[record.store] += 1
                    outcome = "new" if row is None or row.delivered_hash is None else "changed"
                    if row is not None and row.delivered_hash and result.compared + len(changed) < _COMPARED:
                        changed[record.channel_order_id] = (row.delivered_hash, record.payload)
                result.fates[outcome] += 1
        if changed:
            _compare(result, changed, _stored(frames_storage, channel.name, day))
    return result


def _stored(storage: FrameStorage, channel: str, day: str) -> Iterator[Record]:
    try:
        yield from tables.records_of(storage.read(channel, MIRAKL_ORDERS, day, tables.RECORD_COLUMNS))
    except StorageError:
        return  # never normalised on this machine, or removed after the retention time: nothing to compare with


def _compare(result: Plan, changed: dict[str, tuple[str, bytes]], stored: Iterator[Record]) -> None:
    for record in stored:
        accepted_hash, payload = changed.get(record.channel_order_id, ("", b""))
        if record.payload_hash == accepted_hash:
            result.compared += 1
            result.fields.update(set(_differences("", orjson.loads(record.payload), orjson.loads(payload))))


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _differences(f"{path}[*]", before, after)
    elif old != new and not path.endswith("updated_at"):
        yield f"{path}: {_word(old)} -> {_word(new)}" if path.rpartition(".")[2] in _SHOWN else path


def _word(value: Any) -> str:
    return "absent" if value is None else str(value)
