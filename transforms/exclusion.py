"""Orders that a channel leaves out: neither sent nor rejected, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.frames import OrderFrames
from transforms.groups import Bools
from transforms.mapping import ChannelMapping
from transforms.parsing import mask


def excluded(orders: pa.RecordBatch, mapping: ChannelMapping) -> Bools:
    """Return which orders one of the channel's exclusions names."""
    out = np.zeros(len(orders), dtype=np.bool_)
    for exclusion in mapping.exclude:
        out |= mask(pc.is_in(orders[exclusion.column], pa.array(sorted(exclusion.values), pa.string())))
    return out


def without_excluded(frames: OrderFrames, mapping: ChannelMapping) -> OrderFrames:
    """Return the frames without the orders that the channel leaves out, and without their rows."""
    out = excluded(frames.orders, mapping)
    if not out.any():
        return frames
    orders = frames.orders.filter(pa.array(~out))
    kept = {
        name: frame.filter(pc.is_in(frame["channel_order_id"], orders["channel_order_id"]))
        for name, frame in frames.items()
        if name != "orders"
    }
    return replace(frames, orders=orders, **kept)


def reasons(orders: pa.RecordBatch, mapping: ChannelMapping) -> Counter[tuple[str, str]]:
    """Count the orders left out by column and value; of several exclusions the first counts."""
    found: Counter[tuple[str, str]] = Counter()
    left = orders
    for exclusion in mapping.exclude:
        out = pc.is_in(left[exclusion.column], pa.array(sorted(exclusion.values), pa.string()))
        found.update((exclusion.column, str(value)) for value in left[exclusion.column].filter(out).to_pylist())
        left = left.filter(pc.invert(out))
    return found
