"""Statuses: the shop's word to Mirakl's, per line from quantities, and back up to the order.

Belongs here: status, status reason, can_cancel. Does not belong here: any platform's own map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
_BEFORE_ACCEPTED = frozenset({"AWAITING_ACCEPTANCE", "AWAITING_PAYMENT"})

# Why an order was given up for good before it left, and the reason of the cancelation where the shop wrote none: the
# buyer's, unless the seller would not have the order. A payment that was refused can be tried again: its units are not
# given up.
CANCELLED: Mapping[str, str] = {
    "CANCELED": "CUSTOMER_CANCELATION",
    "PAYMENT_TIMEOUT": "CUSTOMER_CANCELATION",
    "REFUSED": "CHANNEL_SPECIFIC",
    "ACCEPTANCE_TIMEOUT": "CHANNEL_SPECIFIC",
    "FRAUD_CHECK_FAILED": "CHANNEL_SPECIFIC",
    "FRAUD_CHECK_TIMEOUT": "CHANNEL_SPECIFIC",
}


@dataclass(frozen=True, slots=True)
class MappedStatus:
    """A Mirakl status with its reason; `known` is False where no map has the shop's own word."""

    status: str
    reason: str | None = None
    known: bool = True


UNMAPPED = MappedStatus("CHANNEL_SPECIFIC", known=False)
_TO_SHIP = MappedStatus("AWAITING_SHIPMENT")


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


def map_status(word: str | None, hint: str | None, mapping: ChannelMapping, proved: str | None = None) -> MappedStatus:
    """Map a status word: the channel's own map first, then the platform's; the more telling `hint` before the word.

    Where no map has either, `proved` decides, a word for what the rest of the order proves; the status is not `known`.
    """
    for words in (mapping.statuses, mapping.platform_statuses):
        for key in (hint, word):
            if key is not None and key in words:
                return parse_target(words[key])
    for words in (mapping.statuses, mapping.platform_statuses):
        if proved is not None and proved in words:
            return replace(parse_target(words[proved]), known=False)
    return UNMAPPED


@dataclass(frozen=True, slots=True)
class Quantities:
    """Units of one line; `shipped` and `delivered` are None where the shop does not know.

    `left`: it is known that the line was handed over, though not with how many units.

    `returned` units are among the shipped ones, and among those that are `refunded` once their money went back.
    `partly_shipped`: something has left, nobody knows how much.
    """

    ordered: int
    cancelled: int = 0
    refunded: int = 0
    returned: int = 0
    shipped: int | None = None
    delivered: int | None = None
    partly_shipped: bool = False
    left: bool = False

    def reached(self, units: int | None) -> bool:
        """Say whether so many units are all that were to go there: the others were given up before they left."""
        if units is None:
            return False
        gone = self.cancelled + self.refunded
        return units + gone - min(self.returned, gone, units) >= self.ordered


def line_status(mapped: MappedStatus, units: Quantities) -> MappedStatus:
    """Decide a line's status from its quantities first, its order's (or own) mapped status second.

    A closed order closes its lines. Units that came back close a line even while others are still on their way. While
    promised units neither left nor were given up, the line is open, whatever the word; what has left neither awaits its
    payment nor its acceptance.
    """
    gone = units.cancelled + units.refunded
    if mapped.status == "CLOSED":
        return mapped
    if gone >= units.ordered:
        return MappedStatus("CLOSED", "REFUNDED" if units.refunded else "CANCELED")
    if units.partly_shipped:
        return mapped if mapped.status in _BEFORE_SHIPMENT - _BEFORE_ACCEPTED else _TO_SHIP
    if mapped.status in _BEFORE_SHIPMENT or mapped.status == "SHIPPED":
        if units.reached(units.delivered):
            return MappedStatus("DELIVERED")
        if units.reached(units.shipped):
            return MappedStatus("SHIPPED")
    if mapped.status in {"SHIPPED", "DELIVERED"}:
        counted = units.shipped is not None and not units.reached(units.shipped) and not units.reached(units.delivered)
        return _TO_SHIP if counted else mapped
    if mapped.status in _BEFORE_ACCEPTED or not mapped.known:
        return _TO_SHIP if units.shipped else MappedStatus("SHIPPED") if units.left else mapped
    return mapped


def order_status(mapped: MappedStatus, lines: list[MappedStatus]) -> MappedStatus:
    """Roll lines up: closed when all are, else the least advanced open line."""
    still_open = [line for line in lines if line.status != "CLOSED"]
    if not still_open:
        reasons = {line.reason for line in lines}
        only = reasons.pop() if len(reasons) == 1 else "REFUNDED" if "REFUNDED" in reasons else None
        return mapped if mapped.status == "CLOSED" else MappedStatus("CLOSED", only)
    return min(still_open, key=lambda line: _PROGRESS.index(line.status))


def can_cancel(line: MappedStatus, shipped: int | bool | None) -> bool:
    """Say whether a line can be cancelled right now: not closed, nothing shipped."""
    return line.status in _BEFORE_SHIPMENT and not shipped
