"""Records that would change nothing: Mirakl holds them, and the ledger says so for this very reading.

Most orders of a day that is read every few minutes are such. They are told by four columns, many at once, before a
record is made of any.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connectors.ledger import Ledger

COLUMNS = ("channel_order_id", "payload_hash", "store", "read_at", "rejected", "notices")


@dataclass(slots=True)
class Settled:
    """Tells the settled records of one day from the others; `count` grows as tables are judged."""

    ledger: Ledger
    channel: str
    day: str
    count: int = 0

    def others(self, table: pa.Table) -> pa.BooleanArray:
        """Return which rows of a table with `COLUMNS` must be delivered: true for rejects and noticed records, too."""
        plain = pc.and_(pc.invert(table["rejected"]), pc.equal(pc.list_value_length(table["notices"]), 0))
        asked = table.filter(plain)
        ids = asked["channel_order_id"].to_pylist()
        known = self.ledger.settled(self.channel, self.day, ids)
        rows = zip(ids, *(asked[name].to_pylist() for name in ("payload_hash", "store", "read_at")), strict=True)
        settled = [row[0] for row in rows if row in known]
        # An order that Mirakl holds as it is serves as proof when its server misbehaves: one is delivered as ever.
        settled = settled[1:]
        # An id that stands twice goes the long way.
        twice = {order_id for order_id in settled if ids.count(order_id) > 1} if len(set(ids)) < len(ids) else set()
        done = pa.array([order_id for order_id in settled if order_id not in twice], pa.string())
        self.count += len(done)
        return pc.invert(pc.and_(plain, pc.is_in(table["channel_order_id"], done)))
