"""Order frames to Mirakl records and rejects: each order ends as exactly one of the two.

One bad order never stops another: whatever is wrong with an order becomes its reject, with the contract's path.
The payloads are JSON made from columns; `transforms.records` judges the finished bytes, and what passes is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.chunk import Chunk, read_chunk
from transforms.exclusion import excluded, without_excluded
from transforms.faults import Faults, Notices, Stage
from transforms.frames import OrderFrames
from transforms.gate import judge
from transforms.groups import Ints
from transforms.json_text import joined
from transforms.mapping import ChannelMapping
from transforms.order import Payloads, build_orders
from transforms.outcomes import MIRAKL_ORDERS, Normalised
from transforms.parsing import codes, looked_up
from transforms.plain import plain
from transforms.times import format_time


def normalise(frames: OrderFrames, mapping: ChannelMapping) -> Normalised:
    """Turn whole orders into records and rejects, in the order of the orders frame. Never raises for a row."""
    left_out = _left_out(frames, mapping)
    frames = without_excluded(frames, mapping)
    if len(left_out):
        made = normalise(frames, mapping).table
        return Normalised(pa.Table.from_batches([made, left_out]).combine_chunks().to_batches()[0])
    faults, notices = Faults(), Notices()
    if not len(frames.orders):
        return Normalised(pa.RecordBatch.from_pylist([], MIRAKL_ORDERS))
    chunk = read_chunk(frames, mapping, faults)
    payloads = build_orders(chunk, mapping, faults, notices)
    built = [order for order in range(len(chunk.orders)) if order not in faults]
    rows = pa.array(built, pa.int64())
    judge(payloads.json.take(rows), chunk.orders.currency.take(rows), built, faults)
    held = {"unmapped_status": mapping.reject_unmapped, "money_mismatch": mapping.strict_money}
    for order in notices.orders():
        for notice in notices.of(order):
            if held.get(notice.code):
                faults.add(order, (Stage.HELD,), notice.code, notice.field, notice.detail)
    stores = _stores(chunk, mapping, faults)
    sound = [order for order in built if order not in faults]
    return Normalised(_batch(frames, chunk, payloads, stores, np.array(sound, dtype=np.int64), faults, notices))


def _left_out(frames: OrderFrames, mapping: ChannelMapping) -> pa.RecordBatch:
    ids = pc.fill_null(frames.orders["channel_order_id"].filter(pa.array(excluded(frames.orders, mapping))), "")
    cells = {"channel_order_id": ids, "read_at": pa.array([format_time(frames.read_at)] * len(ids), pa.string())}
    columns = [cells.get(field.name, pa.nulls(len(ids), field.type)) for field in MIRAKL_ORDERS]
    return pa.RecordBatch.from_arrays(columns, schema=MIRAKL_ORDERS)


def _stores(chunk: Chunk, mapping: ChannelMapping, faults: Faults) -> pa.StringArray:
    place, keys = codes(chunk.orders.cells["store"])
    stores = [mapping.store_id if key is None or not mapping.stores else mapping.stores.get(key) for key in keys]
    for order in np.flatnonzero(np.array([store is None for store in stores])[place]).tolist():
        key = keys[place[order]]
        named = "the shop names no store; set mirakl_store_id"
        problem = named if key is None else f"shop store {plain(key)!r} is not in `stores`"
        faults.add(order, (Stage.STORE,), "unknown_store", "origin.channel_store_id", problem)
    return looked_up(place, stores)


def _batch(
    frames: OrderFrames,
    chunk: Chunk,
    payloads: Payloads,
    stores: pa.StringArray,
    sound: Ints,
    faults: Faults,
    notices: Notices,
) -> pa.RecordBatch:
    """Put the records and rejects of a chunk into one table, the rejects last."""
    rows, rejected = pa.array(sound), sorted(faults.orders())
    found = [fault for order in rejected if (fault := faults.get(order)) is not None]
    size = len(sound) + len(rejected)
    unstamped = joined(stores, "\n", payloads.unstamped).take(rows).cast(pa.binary()).to_pylist()
    ids = pc.fill_null(frames.orders["channel_order_id"], "").take(pa.array(rejected, pa.int64()))

    def told(values: pa.Array) -> pa.Array:
        return pa.concat_arrays([values, pa.nulls(len(rejected), values.type)])

    def wrong(values: Sequence[str]) -> pa.Array:
        return pa.concat_arrays([pa.nulls(len(sound), pa.string()), pa.array(values, pa.string())])

    said = [[asdict(notice) for notice in notices.of(order)] for order in sound.tolist()]
    columns = {
        "channel_order_id": pa.concat_arrays([chunk.orders.ids.take(rows), ids]),
        "rejected": pa.array(np.arange(size) >= len(sound)),
        "read_at": pa.array([format_time(frames.read_at)] * size, pa.string()),
        "store": told(stores.take(rows)),
        "updated_at": told(payloads.updated_at.take(rows)),
        "payload": told(payloads.json.take(rows).cast(pa.binary())),
        "payload_hash": told(pa.array([hashlib.sha256(text).hexdigest() for text in unstamped], pa.string())),
        "order_lines": told(pa.array(payloads.order_lines[sound], pa.int32())),
        "adjustments": told(pa.array(payloads.adjustments[sound], pa.int32())),
        "notices": pa.array([*said, *([] for _ in rejected)], MIRAKL_ORDERS.field("notices").type),
        "code": wrong([fault.code for fault in found]),
        "field": wrong([fault.field for fault in found]),
        "reason": wrong([fault.reason for fault in found]),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MIRAKL_ORDERS.names], schema=MIRAKL_ORDERS)
