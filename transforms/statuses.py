"""Statuses: the shop's word to Mirakl's, per line from quantities, and back up to the order.

Belongs here: status, status reason, can_cancel. Does not belong here: any platform's own map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from transforms.mapping import ChannelMapping
from transforms.records import Status, StatusReason
from transforms.spelling import did_you_mean

STATUSES = frozenset(get_args(Status))
STATUS_REASONS = frozenset(get_args(StatusReason))

# Least advanced first: an order is as far as the open line that is furthest behind.
_PROGRESS = (
    "CHANNEL_SPECIFIC",
    "AWAITING_FRAUD_CHECK",
    "AWAITING_ACCEPTANCE",
    "AWAITING_PAYMENT",
    "AWAITING_SHIPMENT",
    "SHIPPED",
    "DELIVERED",
)
_BEFORE_SHIPMENT = frozenset(_PROGRESS[:5])


@dataclass(frozen=True, slots=True)
class MappedStatus:
    """A Mirakl status with its reason; `known` is False where no map has the shop's word."""

    status: str
    reason: str | None = None
    known: bool = True


UNMAPPED = MappedStatus("CHANNEL_SPECIFIC", known=False)


def parse_target(target: str) -> MappedStatus:
    """Read a map's right side, `STATUS` or `STATUS/REASON`.

    Raises:
        ValueError: not a status, or not a reason, of the contract.
    """
    status, _, reason = target.partition("/")
    if status not in STATUSES:
        hint = did_you_mean(status, STATUSES) or f"; use one of {', '.join(sorted(STATUSES))}"
        raise ValueError(f"{status!r} is not a Mirakl status{hint}")
    if reason and reason not in STATUS_REASONS:
        hint = did_you_mean(reason, STATUS_REASONS) or f"; use one of {', '.join(sorted(STATUS_REASONS))}"
        raise ValueError(f"{reason!r} is not a Mirakl status reason{hint}")
    return MappedStatus(status, reason or None)


def map_status(word: str | None, hint: str | None, mapping: ChannelMapping) -> MappedStatus:
    """Map a status word: the channel's own map first, then the platform's; the more telling `hint` before the word."""
    for words in (mapping.statuses, mapping.platform_statuses):
        for key in (hint, word):
            if key is not None and key in words:
                return parse_target(words[key])
    return UNMAPPED


@dataclass(frozen=True, slots=True)
class Quantities:
    """Units of one line; `shipped` and `delivered` are None where the shop does not know."""

    ordered: int
    cancelled: int = 0
    refunded: int = 0
    shipped: int | None = None
    delivered: int | None = None


def line_status(mapped: MappedStatus, units: Quantities) -> MappedStatus:
    """Decide a line's status from its quantities first, its order's (or own) mapped status second.

    A closed order closes its lines. Units that came back close a line even while others are still on their way.
    """
    gone = units.cancelled + units.refunded
    if mapped.status == "CLOSED":
        return mapped
    if gone >= units.ordered:
        return MappedStatus("CLOSED", "REFUNDED" if units.refunded else "CANCELED")
    if mapped.status in _BEFORE_SHIPMENT or mapped.status == "SHIPPED":
        waiting = units.ordered - gone
        if units.delivered is not None and units.delivered >= waiting:
            return MappedStatus("DELIVERED")
        if units.shipped is not None and units.shipped >= waiting:
            return MappedStatus("SHIPPED")
    return mapped


def order_status(mapped: MappedStatus, lines: list[MappedStatus]) -> MappedStatus:
    """Roll lines up: closed when all are, else the least advanced open line."""
    still_open = [line for line in lines if line.status != "CLOSED"]
    if not still_open:
        reasons = {line.reason for line in lines}
        only = reasons.pop() if len(reasons) == 1 else "REFUNDED" if "REFUNDED" in reasons else None
        return mapped if mapped.status == "CLOSED" else MappedStatus("CLOSED", only)
    return min(still_open, key=lambda line: _PROGRESS.index(line.status))


def can_cancel(line: MappedStatus, shipped: int | None) -> bool:
    """Say whether a line can be cancelled right now: not closed, nothing shipped."""
    return line.status in _BEFORE_SHIPMENT and not shipped
