"""What state a Medusa order is in: its own status, and what its payment collections and its lines prove."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from transforms.groups import Bools
from transforms.platforms.medusa.lines import Lines
from transforms.platforms.medusa.prices import Broken
from transforms.rowsets import Objects, Rowset, choose, is_absent, one_of

_UNPAID = ("not_paid", "awaiting", "requires_action", "partially_authorized")
_REFUSED = ("canceled", "failed")
_PAID = ("authorized", "partially_captured", "completed")
_LIVE = ("pending", "completed", "archived")
_DELIVERED = "archived+delivered"

# An order's status, or with a plus: that and the state of its payment collections (or, where archived, of its lines).
STATUSES: Mapping[str, str] = {
    **dict.fromkeys(_LIVE, "AWAITING_SHIPMENT"),
    **{f"{status}+{payment}": "AWAITING_PAYMENT" for status in _LIVE for payment in _UNPAID},
    **{f"{status}+{payment}": "CLOSED/REFUSED_PAYMENT" for status in _LIVE for payment in _REFUSED},
    _DELIVERED: "CLOSED/AUTOMATICALLY_CLOSED",
    "requires_action": "AWAITING_PAYMENT",
    "canceled": "CLOSED/CANCELED",
    "removed": "CLOSED/CANCELED",  # a line that the order's version no longer has
}


def hints(orders: Rowset, lines: Lines, payments: Rowset, owed: Objects, broken: Broken) -> Objects:
    """Return what is more precise than `status`: an archived order that was delivered, or how an order waits for money.

    `owed` is what credit does not pay. A free order needs no payment, and Medusa then makes no collection or leaves it
    as it was. What has left waits for none.
    """
    status = orders["status"]
    has_left = lines.groups.any(broken.numbers(lines.rows["shipped_quantity"], lines.groups.owners) > 0)
    waits = ~_paid(payments, broken) & (owed > 0) & ~has_left
    is_delivered = (status == "archived") & _delivered(lines, broken)
    found = choose(is_delivered, _DELIVERED, None)
    payment = _payment(payments)
    for order in np.flatnonzero(waits & ~is_delivered).tolist():
        found[order] = f"{status[order]}+{payment[order]}"
    return found


def statuses(orders: Rowset, hint: Objects) -> Objects:
    """Return each order's word: a payment's state that nobody mapped must not pass for paid."""
    status = orders["status"]
    unknown = ~is_absent(hint) & ~one_of(hint, STATUSES) & one_of(status, _LIVE)
    return choose(unknown, hint, status)


def _paid(payments: Rowset, broken: Broken) -> Bools:
    """Return which orders were paid, by any of their payment collections."""
    paid = one_of(payments["status"], _PAID)
    captured = broken.numbers(choose(paid, None, payments["captured_amount"]), payments.groups.owners)
    return payments.groups.any(paid | (captured > 0))


def _payment(payments: Rowset) -> Objects:
    """Return the state of each order's payment: of the first collection that was not refused, else of the first."""
    status = payments["status"]
    waiting = payments.where(~one_of(status, _REFUSED)).first()["status"]
    state = choose(is_absent(waiting), payments.first()["status"], waiting)
    return choose(is_absent(state), "not_paid", state)


def _delivered(lines: Lines, broken: Broken) -> Bools:
    """Return of which orders every line was delivered, as far as it is still theirs."""
    owners = lines.groups.owners
    delivered = broken.numbers(lines.rows["delivered_quantity"], owners)
    kept = broken.numbers(lines.rows["quantity"], owners) - lines.returned
    missing = ~lines.is_removed & (delivered < kept)
    return (lines.groups.counts > 0) & ~lines.groups.any(missing)
