"""The values that Mirakl's contract allows, and the target of a channel's map of statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from transforms.spelling import did_you_mean

Status = Literal[
    "AWAITING_FRAUD_CHECK",
    "AWAITING_ACCEPTANCE",
    "AWAITING_PAYMENT",
    "AWAITING_SHIPMENT",
    "SHIPPED",
    "DELIVERED",
    "CLOSED",
    "CHANNEL_SPECIFIC",
]
StatusReason = Literal[
    "ACCEPTANCE_TIMEOUT",
    "AUTOMATICALLY_CLOSED",
    "CANCELED",
    "FRAUD_CHECK_FAILED",
    "FRAUD_CHECK_TIMEOUT",
    "PAYMENT_TIMEOUT",
    "REFUNDED",
    "REFUSED",
    "REFUSED_PAYMENT",
]
AdjustmentReason = Literal[
    "CUSTOMER_CANCELATION",
    "OUT_OF_STOCK",
    "RETURN",
    "ITEM_NOT_RECEIVED",
    "AGREEMENT",
    "DEFECT",
    "UNABLE_TO_DELIVER",
    "CHANNEL_SPECIFIC",
]
AdjustmentType = Literal["REFUND", "CANCELATION"]
FulfillmentType = Literal["FULFILLED_BY_SELLER", "FULFILLED_BY_PARTNER"]

_STATUSES = frozenset(get_args(Status))
_STATUS_REASONS = frozenset(get_args(StatusReason))


@dataclass(frozen=True, slots=True)
class MappedStatus:
    """A Mirakl status with its reason; `known` is False where no map has the shop's own word."""

    status: str
    reason: str | None = None
    known: bool = True


def parse_target(target: str) -> MappedStatus:
    """Read a map's right side, `STATUS` or `STATUS/REASON`.

    Raises:
        ValueError: not a status, or not a reason, of the contract.
    """
    status, _, reason = target.partition("/")
    if status not in _STATUSES:
        hint = did_you_mean(status, _STATUSES) or f"; use one of {', '.join(sorted(_STATUSES))}"
        raise ValueError(f"{status!r} is not a Mirakl status{hint}")
    if reason and reason not in _STATUS_REASONS:
        hint = did_you_mean(reason, _STATUS_REASONS) or f"; use one of {', '.join(sorted(_STATUS_REASONS))}"
        raise ValueError(f"{reason!r} is not a Mirakl status reason{hint}")
    return MappedStatus(status, reason or None)
