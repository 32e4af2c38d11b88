"""What a chunk of orders became, as a table: a row each, which is a record or a reject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import pyarrow as pa
import pyarrow.compute as pc

from transforms.outcomes import Notice, Record, Reject

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
