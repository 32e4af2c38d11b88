"""An order's newest change as the stamp that is sent: `changes.sql` alone determines it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import id_cells, text_cells
from transforms.frames import Frame, OrderFrames
from transforms.times import TimeError, format_time, parse_time


def with_changes(frames: OrderFrames, changes: Frame, change_zone: str, cell_zone: str) -> OrderFrames:
    """Let orders without an `updated_at` of their own have the change that the feed gives them.

    `change_zone` is that of the feed's times without offset, `cell_zone` that of the frames'.
    """
    orders = frames.orders
    if not orders["updated_at"].null_count:
        return frames
    ids = pc.coalesce(orders["internal_id"], orders["channel_order_id"])
    stamps = text_cells(changes["changed_at"])
    if change_zone != cell_zone:
        stamps = pa.array([_in_utc(stamp, change_zone) for stamp in stamps.to_pylist()], pa.string())
    newest = stamps.take(pc.index_in(ids, id_cells(changes["order_id"])))
    place = orders.schema.get_field_index("updated_at")
    filled = pc.coalesce(orders["updated_at"], newest)
    return replace(frames, orders=orders.set_column(place, orders.schema.field(place), filled))


def _in_utc(stamp: str | None, zone: str) -> str | None:
    try:
        moment = parse_time(stamp, zone)
    except TimeError:
        return stamp  # what is no time costs its order, by the cell's name
    return None if moment is None else format_time(moment)
