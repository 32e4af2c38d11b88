"""One order, looked at from all sides: the shop, the record it becomes, what Mirakl holds, and what would happen now.

Nothing is sent and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

import orjson

from connectors.frames.storage import FrameStorage
from connectors.ledger import Ledger, LedgerEntry, history
from connectors.mirakl import decisions
from connectors.mirakl.decisions import Decision
from pipelines.config.settings import Channel
from pipelines.operations import payloads
from pipelines.operations.plan import accepted_payloads
from pipelines.operations.shop import Shop
from transforms.frames import OrderFrames
from transforms.normalise import normalise
from transforms.outcomes import Notice, Outcome, Record, Reject

_SHOP_WORDS = (
    "status",
    "status_hint",
    "status_proved",
    "currency",
    "amounts",
    "total",
    "total_paid",
    "total_refunded",
    "shipping_price",
    "created_at",
    "updated_at",
    "store",
)
_LINE_WORDS = (
    "channel_order_line_id",
    "kind",
    "status",
    "quantity",
    "quantity_shipped",
    "quantity_refunded",
    "quantity_cancelled",
    "price",
)


@dataclass(slots=True)
class Look:
    """What is known of one order.

    `shop`: the shop's own words and sums, `lines` those of its lines; empty where the shop lacks it. `record` is the
    order as it would be sent (personal data), or `reject` says why it cannot be. `row` is the ledger's. `changes` are
    the fields in which the record differs from what Mirakl holds, None where that is not stored here any more.
    """

    channel: str
    channel_order_id: str
    shop: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, str]] = field(default_factory=list)
    record: Record | None = None
    reject: Reject | None = None
    row: LedgerEntry | None = None
    changes: list[str] | None = None
    is_excluded: bool = False
    next: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the shop or the ledger has the order."""
        return bool(self.shop) or self.row is not None

    def values(self, *, personal: bool) -> dict[str, Any]:
        """Return it as plain values; without `personal`, texts of the record that may name somebody are masked."""
        record, reject, row = self.record, self.reject, self.row
        payload = None if record is None else orjson.loads(record.payload)
        return {
            "channel": self.channel,
            "channel_order_id": self.channel_order_id,
            "shop": self.shop or None,
            "lines": self.lines,
            "record": payload if personal or payload is None else payloads.masked(payload),
            "store": record.store if record else None,
            "payload_hash": record.payload_hash if record else None,
            "reject": None if reject is None else _reject_values(reject),
            "notices": [_notice_values(notice) for notice in (record.notices if record else ())],
            "mirakl": None if row is None else _held_values(row),
            "history": [] if row is None else [attempt._asdict() for attempt in history.read(row.history)],
            "changes": self.changes,
            "next": self.next,
        }


def look(channel: Channel, order_id: str, shop: Shop, ledger: Ledger, storage: FrameStorage) -> Look:
    """Look at one order; see `Look.is_known` for one that nobody has."""
    found = Look(channel.name, order_id)
    found.row = ledger.known(channel.name, [order_id]).get(order_id)
    for frames in shop.orders([order_id]):
        _read(found, frames)
        normalised = normalise(frames, channel.mapping())
        found.record = next(iter(normalised.records), None)
        found.reject = next(iter(normalised.rejects), None)
        found.is_excluded = bool(normalised.excluded)
    if found.record is not None and (rival := ledger.taken(channel.name, [order_id]).get(order_id)):
        found.reject = decisions.id_taken(found.record, rival)
        found.record = None
    if found.record is not None and found.row is not None:
        accepted = accepted_payloads(storage, channel.name, [found.row]).get(order_id)
        if accepted is not None:
            compared = payloads.differences(orjson.loads(accepted), orjson.loads(found.record.payload))
            found.changes = [payloads.change(*one) for one in compared]
    found.next = _next(found)
    return found


def _read(found: Look, frames: OrderFrames) -> None:
    for row in frames.orders.to_pylist():
        found.shop = {name: row[name] for name in _SHOP_WORDS if row[name] is not None}
    for row in frames.lines.to_pylist():
        found.lines.append({name: row[name] for name in _LINE_WORDS if row[name] is not None})


def _next(found: Look) -> str:
    if found.record is not None:
        return _next_of(decisions.decide(found.row, found.record), found.channel, found.channel_order_id)
    if found.reject is not None:
        return (
            "nothing: it cannot be sent, see `reject`; correct it in the shop or the mapping; the next sync tries again"
        )
    if found.is_excluded:
        return "nothing: `exclude` in channels.toml leaves it out; what Mirakl holds of it stays as it is"
    if found.row is not None:
        return "nothing: the shop does not have it any more; Mirakl has no way to delete an order"
    return "nothing: it is not known anywhere"


def _next_of(decision: Decision, channel: str, order_id: str) -> str:
    match decision:
        case Decision.SEND:
            return "the next sync of its day sends it"
        case Decision.UNCHANGED:
            return "nothing: Mirakl holds it as it is"
        case Decision.SUPERSEDED:
            return "nothing: a newer reading of it is known"
        case Decision.REFUSED:
            again = f"`mirakl-orders replay {channel} --order {order_id}` tries again"
            return f"nothing until its content changes: Mirakl refused it as it is; {again}"
        case _:
            assert_never(decision)


def _reject_values(reject: Reject) -> dict[str, str]:
    return {"code": reject.code, "field": reject.field, "reason": reject.reason}


def _notice_values(notice: Notice) -> dict[str, str]:
    return {"code": notice.code, "field": notice.field, "detail": notice.detail}


def _held_values(row: LedgerEntry) -> dict[str, Any]:
    """Return what Mirakl holds: for certain where there is a hash; the stamp is the newest that it may hold."""
    accepted = [attempt.at for attempt in history.read(row.history) if attempt.outcome == Outcome.DELIVERED]
    return {
        "holds": "nothing or an unknown state" if row.delivered_hash is None else "this hash, for certain",
        "delivered_hash": row.delivered_hash,
        "accepted_at": accepted[-1] if accepted and row.delivered_hash else None,
        "outcome": row.outcome,
        "code": row.error_code,
        "field": row.error_field,
        "reason": row.error_reason,
        "stamp": row.stamp,
        "store": row.store,
        "order_lines": row.order_lines,
        "adjustments": row.adjustments,
        "first_sent_at": row.first_sent_at,
        "last_sent_at": row.last_sent_at,
        "not_accepted_since": row.unaccepted_since,
    }
