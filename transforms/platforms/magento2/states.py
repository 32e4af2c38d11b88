"""What state a Magento order is in: Magento's own state, and what payments and shipments prove.

A merchant names statuses freely, so the state behind one decides, as `state:<state>`. A channel's own map may name
statuses, and these; `state:holded+<state before>` lets it send what is on hold as what it was before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np

from transforms.groups import Bools, Ints
from transforms.platforms.magento2.items import Products
from transforms.rowsets import Objects, Rowset, choose, filled, is_absent, is_true, objects, one_of

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


@dataclass(frozen=True, slots=True)
class History:
    """The statuses that orders went through, and the state that each of the shop's statuses belongs to."""

    rows: Rowset
    changes: Rowset
    behind: Mapping[str, Set[str]]

    def statuses(self, state: str) -> Set[str]:
        """Return the statuses that belong to a state."""
        return self.behind.get(state, frozenset())

    def passed(self, state: str) -> Bools:
        """Return which orders were in a state at some time."""
        statuses = self.statuses(state)
        return self.rows.groups.any(one_of(self.rows["status"], statuses)) | self.changes.groups.any(
            one_of(self.changes["status"], statuses)
        )


def states(orders: Rowset, history: History) -> Objects:
    """Return each order's state; an imported order that has none is in the only one that its status belongs to."""
    by_status: dict[str, list[str]] = defaultdict(list)
    for state, named in history.behind.items():
        for word in named:
            by_status[word].append(state)
    found = orders["state"].copy()
    status = orders["status"]
    for order in np.flatnonzero(~is_true(found)).tolist():
        behind = by_status.get(status[order], [])
        found[order] = behind[0] if len(behind) == 1 else None
    return found


def hints(orders: Rowset, state: Objects, has_left: Bools, ran_out_of_time: Bools) -> Objects:
    """Name the state of each order. `has_left`: units of it have been shipped, so nobody waits for money first."""
    held = orders["hold_before_state"]
    no_wait, is_paid = has_left | nothing_due(orders), _is_paid(orders)
    hint = objects([None if word is None else f"state:{word}" for word in state])
    additions = (
        ((state == "new") & no_wait, "+paid"),
        ((state == "pending_payment") & (has_left | is_paid), "+paid"),
        ((state == "processing") & (orders["status"] == "fraud"), "+fraud"),
        ((state == "canceled") & ran_out_of_time, "+unpaid"),
    )
    for holds, more in additions:
        hint[holds] += more
    is_held = (state == "holded") & is_true(held)
    hint[is_held] += "+" + held[is_held]
    return hint


def proved(unknown: Ints, orders: Rowset, products: Products, has_left: Bools) -> Objects:
    """Name what the rest of an order proves where its state does not: of the `unknown` orders."""
    found = np.full(len(orders), None, dtype=np.object_)
    if not len(unknown):
        return found
    is_due = ~nothing_due(orders)
    refunded = products.units(filled(products.cells("qty_refunded")))
    is_gone, groups = products.cancelled + refunded >= products.quantity, products.groups
    all_gone = (groups.counts > 0) & ~groups.any(~is_gone)
    word = choose(has_left | ~is_due, "state:processing", "state:new")
    word = choose(all_gone, choose(groups.any(refunded != 0), "state:closed", "state:canceled"), word)
    found[unknown] = word[unknown]
    return found


def nothing_due(orders: Rowset) -> Bools:
    """Return where shipping waits for no money: all is paid, or will be on delivery."""
    total_due = orders["total_due"]
    due = choose(is_absent(total_due), filled(orders["grand_total"]) - filled(orders["total_paid"]), total_due)
    on_delivery = [_PAID_ON_DELIVERY in (method or "") for method in orders["payment_method"]]
    return (due <= 0) | np.array(on_delivery, dtype=np.bool_)


def _is_paid(orders: Rowset) -> Bools:
    """Return where money came in for all of the order."""
    total = filled(orders["grand_total"])
    return total.astype(np.bool_) & (filled(orders["total_paid"]) >= total)
