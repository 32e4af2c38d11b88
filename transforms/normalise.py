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

from transforms.chunk import Chunk
from transforms.chunk_reading import read_chunk
from transforms.exclusion import excluded, without_excluded
from transforms.faults import Faults, Notices, Stage
from transforms.frames import OrderFrames
from transforms.gate import judge
from transforms.groups import Ints
from transforms.json_text import joined
from transforms.mapping import ChannelMapping
from transforms.normalised import MIRAKL_ORDERS, Normalised
from transforms.order import Payloads, build_orders
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
    built = _sound(chunk, faults)
    judge(_picked(payloads.json, built), _picked(chunk.orders.currency, built), built.tolist(), faults)
    held = {"unmapped_status": mapping.reject_unmapped, "money_mismatch": mapping.strict_money}
    for order in notices.orders():
        for notice in notices.of(order):
            if held.get(notice.code):
                faults.add(order, (Stage.HELD,), notice.code, notice.field, notice.detail)
    stores = _stores(chunk, mapping, faults)
    return Normalised(_batch(frames, chunk, payloads, stores, faults, notices))


def _sound(chunk: Chunk, faults: Faults) -> Ints:
    """Return the orders without faults."""
    return np.setdiff1d(np.arange(len(chunk.orders)), np.array(faults.orders(), dtype=np.int64), assume_unique=True)


def _picked(column: pa.Array, rows: Ints) -> pa.Array:
    """Take rows, all different and in their order: mostly all there are, and nothing is copied."""
    return column if len(rows) == len(column) else column.take(pa.array(rows))


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
    faults: Faults,
    notices: Notices,
) -> pa.RecordBatch:
    """Put the records and rejects of a chunk into one table, the rejects last."""
    sound, rejected = _sound(chunk, faults), sorted(faults.orders())
    found = [fault for order in rejected if (fault := faults.get(order)) is not None]
    size = len(sound) + len(rejected)
    ids = pc.fill_null(frames.orders["channel_order_id"], "").take(pa.array(rejected, pa.int64()))

    def of_records(values: pa.Array) -> pa.Array:
        own = _picked(values, sound)
        return pa.concat_arrays([own, pa.nulls(len(rejected), own.type)]) if rejected else own

    def of_rejects(values: Sequence[str]) -> pa.Array:
        return pa.concat_arrays([pa.nulls(len(sound), pa.string()), pa.array(values, pa.string())])

    columns = {
        "channel_order_id": pa.concat_arrays([_picked(chunk.orders.ids, sound), ids]),
        "rejected": pa.array(np.arange(size) >= len(sound)),
        "read_at": pa.array([format_time(frames.read_at)] * size, pa.string()),
        "store": of_records(stores),
        "updated_at": of_records(payloads.updated_at),
        "payload": of_records(payloads.json.cast(pa.binary())),
        "payload_hash": of_records(_hashes(joined(stores, "\n", *payloads.unstamped))),
        "order_lines": of_records(pa.array(payloads.order_lines, pa.int32())),
        "adjustments": of_records(pa.array(payloads.adjustments, pa.int32())),
        "notices": _notices(notices, [*sound.tolist(), *(None for _ in rejected)]),
        "code": of_rejects([fault.code for fault in found]),
        "field": of_rejects([fault.field for fault in found]),
        "reason": of_rejects([fault.reason for fault in found]),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MIRAKL_ORDERS.names], schema=MIRAKL_ORDERS)


def _hashes(texts: pa.StringArray) -> pa.StringArray:
    # By numpy, as `to_pylist` makes a scalar of each cell first.
    values = texts.cast(pa.binary()).to_numpy(zero_copy_only=False)
    return pa.array([hashlib.sha256(text).hexdigest() for text in values], pa.string())


def _notices(notices: Notices, orders: Sequence[int | None]) -> pa.ListArray:
    kind = MIRAKL_ORDERS.field("notices").type
    noticed = set(notices.orders())
    of_orders = [[asdict(notice) for notice in notices.of(order)] if order in noticed else () for order in orders]
    return pa.array(of_orders, kind)
