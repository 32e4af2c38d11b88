"""Statuses of WooCommerce and of its usual plugins, and what the rest of an order proves where they are vague."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

STATUSES: Mapping[str, str] = {
    "wc-pending": "AWAITING_PAYMENT",
    "wc-pending+completed": "SHIPPED",
    "wc-on-hold": "AWAITING_PAYMENT",
    "wc-on-hold+completed": "SHIPPED",
    "wc-partial-payment": "AWAITING_PAYMENT",
    "wc-partially-paid": "AWAITING_PAYMENT",
    "wc-scheduled-payment": "AWAITING_PAYMENT",
    "wc-processing": "AWAITING_SHIPMENT",
    "wc-partial-shipped": "AWAITING_SHIPMENT",
    "wc-completed": "SHIPPED",
    "wc-shipped": "SHIPPED",
    "wc-delivered": "DELIVERED",
    "wc-cancelled+unpaid": "CLOSED/PAYMENT_TIMEOUT",
    "wc-cancelled": "CLOSED/CANCELED",
    "trash": "CLOSED/CANCELED",
    "wc-failed": "CLOSED/REFUSED_PAYMENT",
    "wc-refunded": "CLOSED/REFUNDED",
}
PARTLY_SHIPPED = "wc-partial-shipped"
# WooCommerce itself takes orders in these for paid, whether a date of payment was kept or not (imports keep none).
_PAID = frozenset({"wc-processing", "wc-completed", "wc-partial-shipped", "wc-shipped", "wc-delivered"})
# Final statuses: an order in the bin keeps the one it had.
_ENDED = frozenset({"wc-completed", "wc-shipped", "wc-delivered", "wc-cancelled", "wc-failed", "wc-refunded"})
_UNPAID = frozenset({"wc-pending", "wc-on-hold"})


class State(NamedTuple):
    """An order's status, a more specific one, the one that is proved where nobody mapped it; whether it is paid."""

    status: str | None
    hint: str | None
    proved: str | None
    is_paid: bool


@lru_cache(maxsize=4096)
def state(status: str | None, before_the_bin: str | None, is_paid: bool, has_left: bool, out_of_time: bool) -> State:
    """Read the state of an order. `out_of_time`: WooCommerce noted that nobody paid in time.

    `is_paid` and `has_left` are whether there is a date of payment and of completion. An order that was completed once
    has left: whatever status a plugin or a dispute gives it later, it does not await payment.
    """
    if status in _PAID:
        return State(status, None, None, is_paid=True)
    if status == "trash" and before_the_bin:
        if before_the_bin in _ENDED:
            status = before_the_bin
        elif before_the_bin not in STATUSES and has_left:
            status = "wc-completed"
    hint = proved = None
    if status == "wc-cancelled" and not is_paid and out_of_time:
        hint = "wc-cancelled+unpaid"
    elif status in _UNPAID and has_left:
        hint = f"{status}+completed"
    elif status not in STATUSES:
        proved = "wc-completed" if has_left else "wc-processing" if is_paid else None
    return State(status, hint, proved, is_paid or status in _PAID)
