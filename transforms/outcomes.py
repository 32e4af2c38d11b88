"""What normalisation ends in: for each order one valid record, or one reject that names the field and the reason.

Belongs here: these value types. Does not belong here: how they come about (`normalise`) or where they go.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an operator must see about an order that is sent all the same.

    `code` is stable (`unmapped_status`, `money_mismatch`, `dropped_field`), `field` is the contract's path,
    `detail` names the shop's word or both sums. Never personal data.
    """

    code: str
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class Record:
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


@dataclass(frozen=True, slots=True)
class Reject:
    """An order that cannot become a valid record: the first fault, by the contract's path. Never personal data."""

    channel_order_id: str
    code: str
    field: str
    reason: str
    read_at: str
