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
import pickle
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

import transforms
from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from pipelines.operations import progress
from pipelines.operations.shop import Shop
from transforms.coverage import Word, coverage
from transforms.database_values import id_cells
from transforms.frames import CHUNK_ORDERS, CHUNK_ROWS
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.normalised import Normalised

# How long before it was read an order must have changed for its change to be final.
FINAL_AFTER = dt.timedelta(minutes=5)
_TEXT = pa.string()
_CHANGES = pa.schema([("internal_id", _TEXT), ("changed_at", _TEXT)])


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
        """Yield the day's orders: what had to be read, then what is stored and unchanged.

        Everything is read with `reread`, and where the stored frames are not there or were read from another source.
        `unaccepted` orders are read again whatever their change: of one left without an answer a replay may have read
        more than is stored.
        """
        feed = [_Page(page) for page in self.shop.feed(self.day)]
        progress.report("reading", self.day, 0, total=sum(page.orders for page in feed))
        known = pa.array(np.zeros(sum(page.orders for page in feed), bool))
        carried = pa.array([], pa.bool_())
        if not reread and frames.made_from(channel, asset, self.day) == self.shop.fingerprint():
            index = frames.read(channel, asset, self.day, tables.INDEX.names)
            stored = pa.concat_tables([_CHANGES.empty_table(), *_final(index, self.shop, pa.array(unaccepted, _TEXT))])
            cells = (page.open(self.shop)[1] for page in feed)
            known, carried = _unchanged(pa.concat_tables([_CHANGES.empty_table(), *cells]), stored)
        begin = 0
        for page in feed:
            entries, changed = page.open(self.shop)
            if entries:
                self.newest_change = changed["changed_at"][-1].as_py()
            changed_since = pc.invert(known.slice(begin, len(entries))).to_pylist()
            begin += len(entries)
            for chunk in self.shop.whole(list(compress(entries, changed_since))):
                self.orders_read += len(chunk.orders)
                self.order_lines += len(chunk.lines)
                yield tables.raw_table(chunk, changed)
        if pc.any(carried).as_py():
            for table in _together(_chosen(frames.read(channel, asset, self.day), carried), _lines):
                self.orders_read += table.num_rows
                self.orders_carried_over += table.num_rows
                self.order_lines += _lines(table)
                yield table


@dataclass(slots=True)
class _Page:
    """A page of the change feed, packed until its turn comes: that of a million orders is some 10 MB."""

    orders: int
    packed: bytes

    def __init__(self, page: list[tuple[Any, Any]]) -> None:
        self.orders, self.packed = len(page), zlib.compress(pickle.dumps(page, pickle.HIGHEST_PROTOCOL), 1)

    def open(self, shop: Shop) -> tuple[list[tuple[Any, Any]], pa.Table]:
        """Return the page as the shop's database knows it, and as cells: `internal_id`, `changed_at`."""
        page: list[tuple[Any, Any]] = pickle.loads(zlib.decompress(self.packed))  # noqa: S301 packed by `__init__`
        changes = pa.array([shop.change_text(change) for _, change in page], pa.string())
        return page, pa.table({"internal_id": id_cells([order_id for order_id, _ in page]), "changed_at": changes})


def _unchanged(feed: pa.Table, stored: pa.Table) -> tuple[pa.BooleanArray, pa.BooleanArray]:
    """Return which orders of the feed are stored with the very same change, and which of the stored those are."""
    feed_ids, feed_changes = (feed[name].combine_chunks() for name in _CHANGES.names)
    ids, changes = (stored[name].combine_chunks() for name in _CHANGES.names)
    positions = pc.index_in(ids, feed_ids)
    unchanged = pc.fill_null(pc.equal(changes, feed_changes.take(positions)), False)
    # An id that occurs twice is carried over whole or not at all.
    unchanged = pc.and_(unchanged, pc.invert(pc.is_in(ids, ids.filter(pc.invert(unchanged)))))
    return pc.is_in(feed_ids, ids.filter(unchanged)), unchanged


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
        done = None
        if self.frames.made_from(self.channel, asset, self.day) == rules(mapping):
            raw, stored = self._readings(raw_asset), self._readings(asset)
            kept, done = pc.is_in(stored, raw), pc.is_in(raw, stored)
            del raw, stored
            still_so = _chosen(self.frames.read(self.channel, asset, self.day), kept)
            for table in _together(still_so, lambda table: pc.sum(table["order_lines"]).as_py() or 0):
                yield from map(Normalised, table.combine_chunks().to_batches())
        begin = 0
        for chunk in self.frames.read(self.channel, raw_asset, self.day):
            self.words += coverage(tables.order_frames_of(chunk), mapping)
            rest = chunk if done is None else chunk.filter(pc.invert(done.slice(begin, chunk.num_rows)))
            begin += chunk.num_rows
            for together in tables.by_reading(rest):
                yield normalise(tables.order_frames_of(together), mapping)

    def _readings(self, asset: str) -> pa.StringArray:
        chunks = self.frames.read(self.channel, asset, self.day, tables.READING)
        return pa.concat_arrays([pa.array([], _TEXT), *map(tables.readings, chunks)])


def _final(index: Iterable[pa.Table], shop: Shop, unaccepted: pa.StringArray) -> Iterator[pa.Table]:
    """Yield the stored orders, by internal id, each with its change; null where it was not final when it was read."""
    for table in index:
        readings = pc.dictionary_encode(table["read_at"].combine_chunks())
        # Of a reading in the future, when a clock was wrong, no change is final: it would never be read right.
        limits = [
            shop.change_text(read_at - FINAL_AFTER) if read_at <= shop.read_at else ""
            for read_at in readings.dictionary.to_pylist()
        ]
        change = table["changed_at"].combine_chunks()
        final = pc.less(change, pa.array(limits, pa.string()).take(readings.indices))
        accepted = pc.invert(pc.is_in(table["channel_order_id"].combine_chunks(), unaccepted))
        kept = pc.if_else(pc.and_(final, accepted), change, None)
        yield pa.Table.from_arrays([tables.internal_ids(table), kept], schema=_CHANGES)


def _chosen(stored: Iterable[pa.Table], mask: pa.BooleanArray) -> Iterator[pa.Table]:
    """Yield the rows of stored tables that a mask over all of them takes."""
    begin = 0
    for table in stored:
        yield table.filter(mask.slice(begin, table.num_rows))
        begin += table.num_rows


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
