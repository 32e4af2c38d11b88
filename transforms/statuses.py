"""Statuses: the shop's word to Mirakl's, per line from quantities, and back up to the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import pyarrow as pa

from transforms.groups import Bools, Exact, Groups, Ints
from transforms.mapping import ChannelMapping
from transforms.parsing import Read, codes, combinations
from transforms.vocabulary import MappedStatus, StatusReason, parse_target

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
_WORDS = (*_PROGRESS, "CLOSED")
AWAITING_SHIPMENT, SHIPPED, DELIVERED, CLOSED = (
    _WORDS.index(word) for word in ("AWAITING_SHIPMENT", "SHIPPED", "DELIVERED", "CLOSED")
)
_BEFORE_ACCEPTED = [_WORDS.index(word) for word in ("AWAITING_ACCEPTANCE", "AWAITING_PAYMENT")]
CHANNEL_SPECIFIC, NO_REASON = 0, 0

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
REASONS: Mapping[str | None, int] = {None: NO_REASON} | {
    reason: number for number, reason in enumerate(sorted(get_args(StatusReason)), 1)
}


@dataclass(frozen=True, slots=True)
class Statuses:
    """A column of statuses: positions in Mirakl's words, least advanced first, and in `REASONS`; see `MappedStatus`."""

    status: Ints
    reason: Ints
    known: Bools

    @classmethod
    def looked_up(cls, place: Ints, statuses: Sequence[MappedStatus]) -> Statuses:
        """Return a column of some statuses, by their positions."""
        return cls(
            np.array([_WORDS.index(mapped.status) for mapped in statuses], dtype=np.int64)[place],
            np.array([REASONS[mapped.reason] for mapped in statuses], dtype=np.int64)[place],
            np.array([mapped.known for mapped in statuses], dtype=np.bool_)[place],
        )

    def of(self, rows: Exact) -> Statuses:
        """Return the statuses of these rows."""
        return Statuses(self.status[rows], self.reason[rows], self.known[rows])

    def unless(self, rows: Bools, other: Statuses) -> Statuses:
        """Return another column's statuses in these rows."""
        return Statuses(
            np.where(rows, other.status, self.status),
            np.where(rows, other.reason, self.reason),
            np.where(rows, other.known, self.known),
        )

    def decided(self, *rules: tuple[Bools, Ints | int, Ints | int]) -> Statuses:
        """Let the first rule whose condition holds give status and reason; where none does, nothing changes."""
        conditions = [condition for condition, _, _ in rules]
        status = np.select(conditions, [status for _, status, _ in rules], self.status)
        reason = np.select(conditions, [reason for _, _, reason in rules], self.reason)
        return Statuses(status, reason, self.known)

    def closed(self) -> Bools:
        """Return which are closed."""
        closed: Bools = self.status == CLOSED
        return closed

    def before_shipment(self) -> Bools:
        """Return which still wait for something before they can leave."""
        return self.status <= AWAITING_SHIPMENT

    def before_accepted(self) -> Bools:
        """Return which still wait for a payment or for somebody who accepts them."""
        return np.isin(self.status, _BEFORE_ACCEPTED)

    def words(self) -> pa.StringArray:
        """Return Mirakl's words."""
        return pa.array(_WORDS).take(pa.array(self.status))

    def reason_words(self) -> pa.StringArray:
        """Return Mirakl's words for the reasons; null where there is none."""
        return pa.array(list(REASONS), pa.string()).take(pa.array(self.reason))


UNMAPPED = MappedStatus("CHANNEL_SPECIFIC", known=False)


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


def map_orders(cells: pa.RecordBatch, mapping: ChannelMapping) -> Statuses:
    """Map the status words of the orders frame."""
    place, words = combinations(cells["status"], cells["status_hint"], cells["status_proved"])
    return Statuses.looked_up(place, [map_status(word, hint, mapping, proved) for word, hint, proved in words])


def map_lines(cells: pa.RecordBatch, orders: Statuses, owners: Ints, mapping: ChannelMapping) -> Statuses:
    """Map the lines' own status words; a line without one has its order's status."""
    place, words = codes(cells["status"])
    own = Statuses.looked_up(place, [map_status(word, None, mapping) for word in words])
    return orders.of(owners).unless(np.array([bool(word) for word in words])[place], own)


@dataclass(frozen=True, slots=True)
class Quantities:
    """Units of lines; of `shipped` and `delivered`, where the shop knows them.

    `left`: it is known that the line was handed over, though not with how many units.

    `returned` units are among the shipped ones, and among those that are `refunded` once their money went back.
    `partly_shipped`: something has left, nobody knows how much.
    """

    ordered: Ints
    cancelled: Ints
    refunded: Ints
    returned: Ints
    shipped: Read
    delivered: Read
    partly_shipped: Bools
    left: Bools

    def gone(self) -> Ints:
        """Return the units that are not to be had any more."""
        return self.cancelled + self.refunded

    def reached(self, units: Read) -> Bools:
        """Return whether so many units are all that were to go there: the others were given up before they left."""
        gone = self.gone()
        kept = gone - np.minimum(np.minimum(self.returned, gone), units.values)
        return units.present & (units.values + kept >= self.ordered)


def line_statuses(mapped: Statuses, units: Quantities) -> Statuses:
    """Decide lines' statuses from their quantities first, their order's (or own) mapped status second.

    A closed order closes its lines. Units that came back close a line even while others are still on their way. While
    promised units neither left nor were given up, the line is open, whatever the word; what has left neither awaits its
    payment nor its acceptance.
    """
    unchanged = mapped.status, mapped.reason
    before_shipment, before_accepted = mapped.before_shipment(), mapped.before_accepted()
    on_its_way = before_shipment | (mapped.status == SHIPPED)
    sent = (mapped.status == SHIPPED) | (mapped.status == DELIVERED)
    arrived, shipped = units.reached(units.delivered), units.reached(units.shipped)
    all_gone = np.where(units.refunded != 0, REASONS["REFUNDED"], REASONS["CANCELED"])
    says_little = before_accepted | ~mapped.known
    return mapped.decided(
        # The first that holds decides.
        (mapped.closed(), *unchanged),
        (units.gone() >= units.ordered, CLOSED, all_gone),
        (units.partly_shipped & before_shipment & ~before_accepted, *unchanged),
        (units.partly_shipped, AWAITING_SHIPMENT, NO_REASON),
        (on_its_way & arrived, DELIVERED, NO_REASON),
        (on_its_way & shipped, SHIPPED, NO_REASON),
        (sent & units.shipped.present & ~shipped & ~arrived, AWAITING_SHIPMENT, NO_REASON),
        (sent, *unchanged),
        (says_little & (units.shipped.values != 0), AWAITING_SHIPMENT, NO_REASON),
        (says_little & units.left, SHIPPED, NO_REASON),
    )


def order_statuses(mapped: Statuses, lines: Statuses, groups: Groups) -> Statuses:
    """Roll lines up: closed when all are, else the least advanced open line."""
    furthest_behind = groups.least(np.where(lines.closed(), CLOSED, lines.status), CLOSED)
    decides = groups.first(lines.status == furthest_behind[groups.owners])
    least, most = groups.least(lines.reason, len(REASONS)), -groups.least(-lines.reason, len(REASONS))
    refunded = groups.any(lines.reason == REASONS["REFUNDED"])
    only = np.where(least == most, least, np.where(refunded, REASONS["REFUNDED"], NO_REASON))
    all_closed = furthest_behind == CLOSED
    reason = lines.reason[np.maximum(decides, 0)] if len(lines.reason) else only
    return mapped.decided(
        (all_closed & mapped.closed(), mapped.status, mapped.reason),
        (all_closed, CLOSED, only),
        (~all_closed, furthest_behind, reason),
    )


def can_cancel(lines: Statuses, shipped: Bools) -> Bools:
    """Return which lines can be cancelled right now: not closed, nothing shipped."""
    return lines.before_shipment() & ~shipped
