"""Which orders left, all of them, with whom and when: as columns.

Nearly all shipped orders have one parcel, noted by one plugin, whose contents are unknown: those are read in
columns. Others are worked one by one (`parcels`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text
from transforms.groups import Bools, Ints
from transforms.packed import one_entries
from transforms.parsing import mask, microseconds, or_blank, strip, times
from transforms.platforms.woocommerce.chunk import Cell, Chunk, first_filled, rows_as
from transforms.platforms.woocommerce.parcels import (
    CARRIER,
    LISTS,
    NOTED,
    STATUS,
    Fulfillment,
    Shipments,
    shipments_of,
)
from transforms.platforms.woocommerce.serialised import moment
from transforms.platforms.woocommerce.states import PARTLY_SHIPPED
from transforms.rows import Rows

_SENT_AT = "date_shipped"


@dataclass(frozen=True)
class Sent:
    """What left of the orders, one row an order: whether all of it, and arrived; who carried it, when it left.

    `one_by_one` are the orders that were worked one by one.
    """

    is_whole: Bools
    has_arrived: Bools
    carrier: list[Cell]
    at: list[Cell]
    one_by_one: Mapping[int, Shipments]


def shipments(chunk: Chunk, rows: Rows, zone: str, one_by_one: Collection[int]) -> Sent:
    """Gather the parcels of orders; `zone` is the site's, `one_by_one` are orders to be worked so in any case."""
    native: dict[int, list[Fulfillment]] = defaultdict(list)
    for row in rows_as(Fulfillment, rows, "fulfillments"):
        if (order := chunk.orders.numbers.get(row.order_id or "")) is not None:
            native[order].append(row)
    noted = {
        order: meta[NOTED]
        for order, meta in chunk.tracking.items()
        if len(meta) == 1 and NOTED in meta and order not in native and order not in one_by_one
    }
    whole, arrived = (np.zeros(len(chunk.orders), dtype=np.bool_) for _ in range(2))
    carrier: list[Cell] = [None] * len(chunk.orders)
    completed_at: list[Cell] = chunk.orders.completed_at.to_pylist()
    at = list(completed_at)
    done = _noted(chunk, noted, zone, whole, carrier, at) if noted else set()
    worked = {}
    for order in (chunk.tracking.keys() | native.keys()) - done:
        worked[order] = sent = shipments_of(chunk, order, native.get(order, ()), zone, completed_at[order])
        whole[order], arrived[order] = sent.is_whole, sent.has_arrived
        carrier[order], at[order] = sent.carrier, as_text(sent.at)
    return Sent(whole, arrived, carrier, at, worked)


def _noted(
    chunk: Chunk, noted: Mapping[int, Cell], zone: str, whole: Bools, carrier: list[Cell], at: list[Cell]
) -> set[int]:
    """Fill in the orders with one parcel that is nothing but texts, lists nothing and has no status; return them."""
    cells = pa.array(noted.values(), pa.string())
    is_plain, found = one_entries(cells, (*CARRIER, *STATUS, *LISTS, _SENT_AT))
    for name in (*STATUS, *LISTS):
        is_plain &= mask(pc.is_null(found[name]))
    plain = pa.array(is_plain)
    orders = np.array(list(noted), dtype=np.int64)[is_plain]
    # A parcel that lists nothing holds the whole order, unless by its status the order was sent in part.
    is_whole = np.array(
        [chunk.orders.rows[order].status != PARTLY_SHIPPED for order in orders.tolist()], dtype=np.bool_
    )
    whole[orders] = is_whole
    carriers = strip(first_filled(*(found[name].filter(plain) for name in CARRIER)))
    sent, was_sent = _moments(found[_SENT_AT].filter(plain), zone)
    done = times(chunk.orders.completed_at.take(pa.array(orders)), "UTC")
    first = np.where(was_sent & (~done.present | (sent < done.values)), sent, done.values)
    texts = pa.array(first).cast(pa.timestamp("us")).cast(pa.string())
    texts = pc.replace_substring(texts, ".000000", "").to_pylist()
    known = (is_whole & was_sent).tolist()
    for order, name, is_known, text in zip(orders.tolist(), carriers.to_pylist(), known, texts, strict=True):
        carrier[order] = name or None
        if is_known:
            at[order] = text
    return set(orders.tolist())


def _moments(cells: pa.StringArray, zone: str) -> tuple[Ints, Bools]:
    """Read times as microseconds since 1970, see `moment`; and where there is one."""
    text = strip(or_blank(cells))
    is_count = pc.match_substring_regex(text, "^[0-9]{9,10}$")
    values = pc.if_else(is_count, text, "0").cast(pa.int64()).to_numpy() * 1_000_000
    present = mask(is_count)
    for row in np.flatnonzero(~present & mask(pc.not_equal(text, ""))).tolist():
        if (time := moment(text[row].as_py(), zone)) is not None:
            values[row], present[row] = microseconds(time), True
    return values, present
