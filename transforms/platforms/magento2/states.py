"""What state a Magento order is in: Magento's own word for it, and what payments and shipments prove.

A merchant names statuses freely, so the state behind one decides, as `state:<state>`. A channel's own map may name
statuses, and these; `state:holded+<state before>` lets it send what is on hold as what it was before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

STATUSES: Mapping[str, str] = {
    "state:new": "AWAITING_PAYMENT",
    "state:new+paid": "AWAITING_SHIPMENT",
    "state:pending_payment": "AWAITING_PAYMENT",
    "state:pending_payment+paid": "AWAITING_SHIPMENT",
    "state:payment_review": "AWAITING_FRAUD_CHECK",
    "state:processing": "AWAITING_SHIPMENT",
    "state:processing+fraud": "AWAITING_FRAUD_CHECK",
    "state:complete": "SHIPPED",
    "state:complete+unshipped": "AWAITING_SHIPMENT",  # a line of which units have neither left nor been given back
    "state:closed": "CLOSED/REFUNDED",
    "state:canceled": "CLOSED/CANCELED",
    "state:canceled+unpaid": "CLOSED/PAYMENT_TIMEOUT",
    "state:holded": "CHANNEL_SPECIFIC",
    **{
        f"state:holded+{state}": "CHANNEL_SPECIFIC"
        for state in ("new", "pending_payment", "payment_review", "processing", "complete")
    },
}
_PAID_ON_DELIVERY = "cashondelivery"


def state_word(order: Any, state: str | None, has_left: bool, ran_out_of_time: bool) -> str | None:
    """Name the state of an order. `has_left`: units of it have been shipped, so nobody waits for money first."""
    match state:
        case None:
            return None
        case "new" if has_left or nothing_due(order):
            return "state:new+paid"
        case "pending_payment" if has_left or is_paid(order):
            return "state:pending_payment+paid"
        case "processing" if order.status == "fraud":
            return "state:processing+fraud"
        case "canceled" if ran_out_of_time:
            return "state:canceled+unpaid"
        case "holded" if order.hold_before_state:
            return f"state:holded+{order.hold_before_state}"
        case _:
            return f"state:{state}"


def proved(order: Any, lines: Sequence[tuple[int, int, int]], has_left: bool) -> str:
    """Name what the rest of an order proves where its state does not: `lines` are (ordered, cancelled, refunded)."""
    if lines and all(cancelled + refunded >= ordered for ordered, cancelled, refunded in lines):
        return "state:closed" if any(refunded for _, _, refunded in lines) else "state:canceled"
    return "state:processing" if has_left or nothing_due(order) else "state:new"


def state_of_status(status: str | None, statuses: Mapping[str, Set[str]]) -> str | None:
    """Return the state of an imported order that has none: the only one its status stands under."""
    states = [state for state, named in statuses.items() if status in named]
    return states[0] if len(states) == 1 else None


def nothing_due(order: Any) -> bool:
    """Say whether shipping waits for no money: all is paid, or will be on delivery."""
    zero = Decimal(0)
    due = (order.grand_total or zero) - (order.total_paid or zero) if order.total_due is None else order.total_due
    return due <= 0 or _PAID_ON_DELIVERY in (order.payment_method or "")


def is_paid(order: Any) -> bool:
    """Say whether money came in for all of the order."""
    return bool(order.grand_total) and (order.total_paid or 0) >= order.grand_total
