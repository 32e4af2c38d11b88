"""What a day that was read before need not be read again: orders whose change is the one they were stored with.

The change feed is asked whole. An order is carried over from the stored frames when the feed still gives the very
change it was stored with, and that change was old enough to be final when the order was read: of two changes that share
a stamp, or of one that was committed late, the second may have come after it. Orders that left the day are in its feed
no more, and leave its frames.

Belongs here: choosing, and putting a day's frames together. Does not belong here: reading a shop (`shop`), files
(`storage`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import tables
from pipelines.shop import Shop
from pipelines.storage import FrameStorage
from transforms.frames import CHUNK_ORDERS, CHUNK_ROWS, id_cells

# How long before it was read an order must have changed for its change to be final.
FINAL_AFTER = dt.timedelta(minutes=5)


@dataclass(slots=True)
class RawDay:
    """The raw orders of one day, chunk by chunk; the counts are whole once all chunks were taken."""

    shop: Shop
    day: str
    orders_read: int = 0
    orders_carried_over: int = 0
    order_lines: int = 0

    def chunks(
        self, frames: FrameStorage, channel: str, asset: str, unaccepted: Iterable[str], *, reread: bool
    ) -> Iterator[pa.Table]:
        """Yield the day's orders: what is stored and unchanged first, then what had to be read.

        Everything is read with `reread`, and where the stored frames are not there or were read from another source.
        `unaccepted` orders are read again whatever their change: of one left without an answer a replay may have read
        more than is stored.
        """
        ids, changes, feed = _feed(self.shop, self.day)
        carried = pa.array([], pa.string())
        if not reread and frames.made_from(channel, asset, self.day) == self.shop.fingerprint():
            stored = frames.read(channel, asset, self.day, tables.INDEX.names)
            index = pa.concat_tables([tables.INDEX.empty_table(), *stored])
            carried = _final(index, ids, changes, self.shop, pa.array(unaccepted, pa.string()))
            yield from self._carried(frames.read(channel, asset, self.day), carried)
        known = pc.is_in(ids, carried).to_numpy(zero_copy_only=False)
        changed = pa.table({"internal_id": ids, "changed_at": changes})
        for chunk in self.shop.whole(list(compress(feed, ~known))):
            self.orders_read += len(chunk.orders)
            self.order_lines += len(chunk.lines)
            yield tables.raw_table(chunk, changed)

    def _carried(self, stored: Iterable[pa.Table], carried: pa.StringArray) -> Iterator[pa.Table]:
        kept = (table.filter(pc.is_in(tables.internal_ids(table), carried)) for table in stored)
        for table in _together(kept):
            self.orders_read += table.num_rows
            self.orders_carried_over += table.num_rows
            self.order_lines += pc.sum(pc.list_value_length(table["lines"])).as_py() or 0
            yield table


def _feed(shop: Shop, day: str) -> tuple[pa.StringArray, pa.StringArray, list[Any]]:
    """Return the feed of a day as cells (ids, changes), and its ids as the shop's database knows them."""
    feed: list[Any] = []
    ids = [pa.array([], pa.string())]
    changes = [pa.array([], pa.string())]
    for page in shop.feed(day):
        feed += [order_id for order_id, _ in page]
        ids.append(id_cells([order_id for order_id, _ in page]))
        changes.append(pa.array([shop.change_text(change) for _, change in page], pa.string()))
    return pa.concat_arrays(ids), pa.concat_arrays(changes), feed


def _final(
    index: pa.Table, ids: pa.StringArray, changes: pa.StringArray, shop: Shop, unaccepted: pa.StringArray
) -> pa.StringArray:
    """Return the stored orders (by internal id) that the feed gives unchanged, and that were final when read."""
    stored = tables.internal_ids(index)
    readings = pc.dictionary_encode(index["read_at"].combine_chunks())
    limits = [shop.change_text(read_at - FINAL_AFTER) for read_at in readings.dictionary.to_pylist()]
    change = index["changed_at"].combine_chunks()
    unchanged = pc.equal(change, changes.take(pc.index_in(stored, ids)))
    final = pc.less(change, pa.array(limits, pa.string()).take(readings.indices))
    accepted = pc.invert(pc.is_in(index["channel_order_id"].combine_chunks(), unaccepted))
    kept = pc.fill_null(pc.and_(pc.and_(unchanged, final), accepted), False)
    # An id that stands twice is carried over whole or not at all.
    return pc.unique(stored.filter(pc.and_(kept, pc.invert(pc.is_in(stored, stored.filter(pc.invert(kept)))))))


def _together(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables: what is carried over again and again must not fall to pieces."""
    gathered: list[pa.Table] = []
    orders = rows = 0
    for chunk in chunks:
        gathered.append(chunk)
        orders += chunk.num_rows
        rows += chunk.num_rows + (pc.sum(pc.list_value_length(chunk["lines"])).as_py() or 0)
        if orders >= CHUNK_ORDERS or rows >= CHUNK_ROWS:
            yield pa.concat_tables(gathered)
            gathered, orders, rows = [], 0, 0
    if gathered:
        yield pa.concat_tables(gathered)
