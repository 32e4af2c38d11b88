"""The codes of orders that cannot be sent or that somebody must look at; docs/codes.md explains each.

Ledgers, metadata, alerts and scripts hold them: they are never renamed. A code that is not listed here is an error of
types wherever it is passed.
"""

from typing import Literal

RejectCode = Literal[
    "missing",
    "invalid",
    "invalid_amount",
    "invalid_time",
    "invalid_quantity",
    "invalid_flag",
    "invalid_word",
    "invalid_address",
    "unknown_currency",
    "unknown_store",
    "no_lines",
    "duplicate_order",
    "duplicate_line",
    "order_id_taken",
]
# What normalisation notices, and what delivering does by the ledger.
NormalisationNotice = Literal["unmapped_status", "money_mismatch", "dropped_field", "no_address"]
DeliveryNotice = Literal["shrunk", "future_stamp", "read_in_future"]
NoticeCode = NormalisationNotice | DeliveryNotice
# A channel may hold orders with a notice back (`unmapped`, `money`): its code is their fault's then.
FaultCode = RejectCode | NoticeCode
