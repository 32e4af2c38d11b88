"""What becomes of an order: the outcomes, and what follows from each.

Normalisation ends, for each order, in one valid record or in one reject that names the field and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from transforms.codes import FaultCode, NoticeCode


class Outcome(StrEnum):
    """How an order ends, for one reading of it. The values are in ledgers, metadata and the output of commands.

    `is_answered`: there is a definite answer; a day is complete when all its orders have one. `is_failure`: somebody
    must act, so it is named with code, field and reason.
    """

    is_answered: bool
    is_failure: bool

    def __new__(cls, value: str, is_answered: bool, is_failure: bool) -> Self:
        """Make a member of its value and what follows from it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.is_answered, member.is_failure = is_answered, is_failure
        return member

    #                         answered  failure
    DELIVERED = "delivered", True, False  # Mirakl accepted it
    UNCHANGED = "unchanged", True, False  # Mirakl holds it as it is; its row stays `delivered`
    SUPERSEDED = "superseded", True, False  # the ledger has a newer reading
    EXCLUDED = "excluded", True, False  # the channel's `exclude` leaves it out
    REJECTED = "rejected", True, True  # our own validation found that it cannot be sent
    REFUSED = "refused", True, True  # Mirakl refused it; sent again once it changed, or by a replay
    UNDELIVERED = "undelivered", False, True  # no definite answer: Mirakl may or may not hold it
    GONE = "gone", True, False  # it was not accepted, and is no longer in the shop


# The outcomes of rows whose order Mirakl has not accepted in its current state, the most urgent first.
UNACCEPTED = (Outcome.UNDELIVERED, Outcome.REFUSED, Outcome.REJECTED)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an operator must see about an order that is sent all the same.

    `field` is the contract's path, `detail` names the shop's word or both sums. Never personal data.
    """

    code: NoticeCode
    field: str
    detail: str


class Record(NamedTuple):
    """One valid Mirakl order, serialised once.

    `payload` is the JSON text of the order, `payload_hash` the SHA-256 of it without modification stamps
    (`channel_updated_at`, each line's `updated_at`), `updated_at` the newest source stamp and `read_at` the
    instant of the snapshot, both in UTC with `Z`.
    """

    channel_order_id: str
    store: str
    updated_at: str
    read_at: str
    payload: bytes
    payload_hash: str
    order_lines: int
    adjustments: int
    notices: tuple[Notice, ...] = ()


class Reject(NamedTuple):
    """An order that cannot become a valid record: the first fault, by the contract's path. Never personal data."""

    channel_order_id: str
    code: FaultCode
    field: str
    reason: str
    read_at: str
