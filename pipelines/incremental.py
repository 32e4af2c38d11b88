"""What a day that was read before need not be read again: orders whose change is the one they were stored with.

The change feed is asked whole. An order is carried over from the stored frames when the feed still gives the very
change it was stored with, and that change was old enough to be final when the order was read: of two changes that share
a stamp, or of one that was committed late, the second may have come after it. Orders that left the day are in its feed
no more, and leave its frames.

What was normalised is carried over likewise, reading by reading, while the channel's mapping and the rules are the
same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

import transforms
from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from pipelines.operations.shop import Shop
from transforms.coverage import Word, coverage
from transforms.frames import CHUNK_ORDERS, CHUNK_ROWS, id_cells
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Normalised

# How long before it was read an order must have changed for its change to be final.
FINAL_AFTER = dt.timedelta(minutes=5)


@dataclass(slots=True)
class RawDay:
    """The raw orders of one day, chunk by chunk; the counts are whole once all chunks were taken.

    `newest_change` is the last of the change feed, as the feed writes times; empty where no order changed.
    """

    shop: Shop
    day: str
    orders_read: int = 0
    orders_carried_over: int = 0
    order_lines: int = 0
    newest_change: str = ""

    def chunks(
        self, frames: FrameStorage, channel: str, asset: str, unaccepted: Iterable[str], *, reread: bool
    ) -> Iterator[pa.Table]:
        """Yield the day's orders: what is stored and unchanged first, then what had to be read.

        Everything is read with `reread`, and where the stored frames are not there or were read from another source.
        `unaccepted` orders are read again whatever their change: of one left without an answer a replay may have read
        more than is stored.
        """
        ids, changes, feed = _feed(self.shop, self.day)
        if len(changes):
            self.newest_change = changes[-1].as_py()
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
        for table in _together(kept, _lines):
            self.orders_read += table.num_rows
            self.orders_carried_over += table.num_rows
            self.order_lines += _lines(table)
            yield table


def rules(mapping: ChannelMapping) -> str:
    """Digest what decides how a raw order is normalised: the channel's mapping, and the rules themselves."""
    digest = hashlib.sha256(orjson.dumps(asdict(mapping), option=orjson.OPT_SORT_KEYS, default=sorted))
    for path in sorted(Path(transforms.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(slots=True)
class NormalisedDay:
    """The outcomes of one day's raw orders, chunk by chunk; `words` are counted once all chunks were taken."""

    frames: FrameStorage
    channel: str
    day: str
    words: Counter[Word] = field(default_factory=Counter)

    def chunks(self, raw_asset: str, asset: str, mapping: ChannelMapping) -> Iterator[Normalised]:
        """Yield what is stored of these very readings first, then what had to be normalised."""
        known = [pa.array([], pa.string())]
        if self.frames.made_from(self.channel, asset, self.day) == rules(mapping):
            keys = self.frames.read(self.channel, raw_asset, self.day, tables.READING)
            asked = pa.concat_arrays([*known, *map(tables.readings, keys)])
            kept = self._kept(self.frames.read(self.channel, asset, self.day), asked, known)
            for table in _together(kept, lambda table: pc.sum(table["order_lines"]).as_py() or 0):
                yield from map(Normalised, table.combine_chunks().to_batches())
        done = pa.concat_arrays(known)
        for chunk in self.frames.read(self.channel, raw_asset, self.day):
            self.words += coverage(tables.order_frames_of(chunk), mapping)
            rest = chunk.filter(pc.invert(pc.is_in(tables.readings(chunk), done)))
            for together in tables.by_reading(rest):
                yield normalise(tables.order_frames_of(together), mapping)

    def _kept(
        self, stored: Iterable[pa.Table], asked: pa.StringArray, known: list[pa.StringArray]
    ) -> Iterator[pa.Table]:
        for table in stored:
            readings = tables.readings(table)
            found = pc.is_in(readings, asked)
            known.append(readings.filter(found))
            yield table.filter(found)


def _feed(shop: Shop, day: str) -> tuple[pa.StringArray, pa.StringArray, list[tuple[Any, Any]]]:
    """Return the feed of a day as cells (ids, changes), and as the shop's database gives it."""
    feed: list[tuple[Any, Any]] = []
    ids = [pa.array([], pa.string())]
    changes = [pa.array([], pa.string())]
    for page in shop.feed(day):
        feed += page
        ids.append(id_cells([order_id for order_id, _ in page]))
        changes.append(pa.array([shop.change_text(change) for _, change in page], pa.string()))
    return pa.concat_arrays(ids), pa.concat_arrays(changes), feed


def _final(
    index: pa.Table, ids: pa.StringArray, changes: pa.StringArray, shop: Shop, unaccepted: pa.StringArray
) -> pa.StringArray:
    """Return the stored orders (by internal id) that the feed gives unchanged, and that were final when read."""
    stored = tables.internal_ids(index)
    readings = pc.dictionary_encode(index["read_at"].combine_chunks())
    # Of a reading in the future, when a clock was wrong, no change is final: it would never be read right.
    limits = [
        shop.change_text(read_at - FINAL_AFTER) if read_at <= shop.read_at else ""
        for read_at in readings.dictionary.to_pylist()
    ]
    change = index["changed_at"].combine_chunks()
    unchanged = pc.equal(change, changes.take(pc.index_in(stored, ids)))
    final = pc.less(change, pa.array(limits, pa.string()).take(readings.indices))
    accepted = pc.invert(pc.is_in(index["channel_order_id"].combine_chunks(), unaccepted))
    kept = pc.fill_null(pc.and_(pc.and_(unchanged, final), accepted), False)
    # An id that stands twice is carried over whole or not at all.
    return pc.unique(stored.filter(pc.and_(kept, pc.invert(pc.is_in(stored, stored.filter(pc.invert(kept)))))))


def _together(chunks: Iterable[pa.Table], lines: Callable[[pa.Table], int]) -> Iterator[pa.Table]:
    """Join small tables: what is carried over again and again must not fall to pieces."""
    gathered: list[pa.Table] = []
    orders = rows = 0
    for chunk in chunks:
        gathered.append(chunk)
        orders += chunk.num_rows
        rows += chunk.num_rows + lines(chunk)
        if orders >= CHUNK_ORDERS or rows >= CHUNK_ROWS:
            yield pa.concat_tables(gathered)
            gathered, orders, rows = [], 0, 0
    if orders:
        yield pa.concat_tables(gathered)


def _lines(raw: pa.Table) -> int:
    return pc.sum(pc.list_value_length(raw["lines"])).as_py() or 0
