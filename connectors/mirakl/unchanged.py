"""Records that Mirakl holds as they are: found in columns, many at once, before a Python object is made of any.

Most orders of a day that is read every few minutes are such, and all but a few of a repeated range.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from connectors.channels.clocks import TOLERANCE as FUTURE_TOLERANCE
from connectors.ledger import HELD, ChannelTransaction, Ledger

_INSTANT = pa.timestamp("us", "UTC")
_HELD = pa.schema([(name, pa.int64() if name in {"order_lines", "adjustments"} else pa.string()) for name in HELD])


@dataclass(slots=True)
class Unchanged:
    """Separates the unchanged records of one day from the others; `count` grows as tables are judged.

    Unchanged is a record of the content, store and counts that the ledger knows as delivered, not read earlier than
    its row, without notices in the record or the ledger, not stamped in the future, and not sent by a rival as well.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("channel_order_id", "payload_hash", "store", "read_at", "updated_at", "order_lines", "adjustments"),
        *("rejected", "notices"),
    )

    ledger: Ledger
    channel: str
    day: str
    run_id: str
    count: int = 0

    def others(self, table: pa.Table) -> pa.BooleanArray:
        """Return which rows of a table with `COLUMNS` are to be delivered: records that are not unchanged, and rejects.

        The ledger's rows of unchanged records get this reading.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        asked = table.filter(_is_plain(table))
        with self.ledger.claims(self.channel) as transaction:
            taken = transaction.taken(asked["channel_order_id"].to_pylist())
            asked = asked.filter(pc.invert(pc.is_in(asked["channel_order_id"], pa.array(list(taken), pa.string()))))
            known = _table(transaction.held(asked["channel_order_id"].to_pylist()))
            positions = pc.index_in(asked["channel_order_id"], known["channel_order_id"])
            records, rows = asked.filter(pc.is_valid(positions)), known.take(pc.drop_null(positions))
            same = _is_same(records, rows)
            # An order that Mirakl holds as it is serves as proof when its server misbehaves: one is decided about.
            records, rows = records.filter(same)[1:], rows.filter(same)[1:]
            self._read_again(transaction, records, rows)
        self.count += len(records)
        ids = records["channel_order_id"].combine_chunks()
        # Neither: `rejected` is null of an order that the channel leaves out.
        return pc.and_(pc.is_valid(table["rejected"]), pc.invert(pc.is_in(table["channel_order_id"], ids)))

    def _read_again(self, transaction: ChannelTransaction, records: pa.Table, rows: pa.Table) -> None:
        """Write the newer readings of orders; the same reading once more writes nothing."""
        is_newer = pc.or_(pc.not_equal(records["read_at"], rows["read_at"]), pc.not_equal(rows["day"], self.day))
        newer = records.filter(is_newer)
        for read_at in pc.unique(newer["read_at"]).to_pylist():
            ids = newer.filter(pc.equal(newer["read_at"], read_at))["channel_order_id"].to_pylist()
            transaction.read_again(ids, read_at, self.run_id, self.day)


def _is_plain(table: pa.Table) -> pa.BooleanArray:
    """Return which rows are records without notices, stamped in the past, the only ones of their order."""
    latest = pa.scalar(dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE, _INSTANT)
    is_past = pc.less_equal(pc.cast(table["updated_at"], _INSTANT), latest)
    is_plain = pc.and_kleene(pc.invert(table["rejected"]), pc.equal(pc.list_value_length(table["notices"]), 0))
    is_plain = pc.fill_null(pc.and_kleene(is_plain, is_past), False)
    orders = pc.value_counts(table["channel_order_id"])
    if len(orders) == len(table):
        return is_plain
    once = orders.field("values").filter(pc.equal(orders.field("counts"), 1))
    return pc.and_(is_plain, pc.is_in(table["channel_order_id"], once))


def _is_same(records: pa.Table, rows: pa.Table) -> pa.BooleanArray:
    """Return which records are what the ledger has as delivered, each beside its row."""
    found = pc.and_(
        pc.equal(records["payload_hash"], rows["delivered_hash"]), pc.equal(records["store"], rows["store"])
    )
    for name in ("order_lines", "adjustments"):
        # Fewer than were delivered once is worth a notice.
        found = pc.and_(found, pc.greater_equal(records[name], pc.fill_null(rows[name], 0)))
    not_older = pc.greater_equal(pc.cast(records["read_at"], _INSTANT), pc.cast(rows["read_at"], _INSTANT))
    return pc.fill_null(pc.and_(found, not_older), False)


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in _HELD)
    arrays = [pa.array(cells, field.type) for cells, field in zip(columns, _HELD, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_HELD)
