"""What becomes of an order: the outcomes, and what follows from each.

Normalisation ends, for each order, in one valid record or in one reject that names the field and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import repeat
from typing import NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc

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

_TEXT = pa.string()
MIRAKL_ORDERS = pa.schema(
    [
        ("channel_order_id", _TEXT),
        ("rejected", pa.bool_()),
        ("read_at", _TEXT),
        ("store", _TEXT),
        ("updated_at", _TEXT),
        ("payload", pa.binary()),
        ("payload_hash", _TEXT),
        ("order_lines", pa.int32()),
        ("adjustments", pa.int32()),
        ("notices", pa.list_(pa.struct([("code", _TEXT), ("field", _TEXT), ("detail", _TEXT)]))),
        ("code", _TEXT),
        ("field", _TEXT),
        ("reason", _TEXT),
    ]
)
_RECORD = [
    *("channel_order_id", "store", "updated_at", "read_at", "payload", "payload_hash"),
    *("order_lines", "adjustments", "notices"),
]
_REJECT = ["channel_order_id", "code", "field", "reason", "read_at"]
RECORD_COLUMNS = ("rejected", *_RECORD)
REJECT_COLUMNS = ("rejected", *_REJECT)


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


@dataclass(frozen=True)
class Normalised:
    """What one chunk became: a table in the shape of `MIRAKL_ORDERS`, one row an order; and its objects.

    `rejected` is null of an order that the channel leaves out: it is neither a record nor a reject.
    """

    table: pa.RecordBatch

    @cached_property
    def records(self) -> list[Record]:
        """The records, in the order of the chunk."""
        return list(records_of(self.table))

    @cached_property
    def rejects(self) -> list[Reject]:
        """The rejects, in the order of the chunk."""
        return list(rejects_of(self.table))

    @property
    def excluded(self) -> list[str]:
        """The ids of orders that the channel leaves out."""
        return excluded_of(self.table)

    def noticed(self) -> Iterator[tuple[str, Notice]]:
        """Yield the notices, each with the id of its order."""
        rows = self.table.filter(pc.greater(pc.list_value_length(self.table["notices"]), 0))
        for order_id, notices in zip(rows["channel_order_id"].to_pylist(), rows["notices"].to_pylist(), strict=True):
            for notice in notices:
                yield order_id, Notice(**notice)


def excluded_of(table: pa.RecordBatch | pa.Table) -> list[str]:
    """List the ids of orders that the channel leaves out."""
    return list(table.filter(pc.is_null(table["rejected"]))["channel_order_id"].to_pylist())


def records_of(table: pa.RecordBatch | pa.Table) -> Iterator[Record]:
    """Yield the records of a table that has `RECORD_COLUMNS`."""
    rows = table.filter(pc.invert(table["rejected"]))
    # Several times as fast as `to_pylist`, which makes a scalar of each cell first.
    cells = [rows[name].to_numpy(zero_copy_only=False).tolist() for name in _RECORD[:-1]]
    return map(Record, *cells, _notices(rows["notices"]))


def rejects_of(table: pa.RecordBatch | pa.Table) -> Iterator[Reject]:
    """Yield the rejects of a table that has `REJECT_COLUMNS`."""
    rows = table.filter(table["rejected"])
    return map(Reject, *(rows[name].to_pylist() for name in _REJECT))


def _notices(column: pa.Array | pa.ChunkedArray) -> Iterator[tuple[Notice, ...]]:
    if pc.max(pc.list_value_length(column)).as_py():
        return (tuple(Notice(**notice) for notice in notices) for notices in column.to_pylist())
    return repeat((), len(column))
