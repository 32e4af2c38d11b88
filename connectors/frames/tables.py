"""Order frames, records and rejects as Arrow tables: one row an order, so that a file is read order by order.

A raw order carries its lines, adjustments, taxes, addresses and custom attributes as lists of structs: whole orders
stay whole in storage too. Cells are text, as in the frames.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms import normalised
from transforms.frames import COLUMNS, SCHEMAS, OrderFrames
from transforms.normalised import Normalised
from transforms.outcomes import Record, Reject
from transforms.times import format_time

SOURCE_KEY = b"channel_to_mirakl.source"
_TEXT = pa.string()
_CHILDREN = {
    name: [column.name for column in columns if column.name != "channel_order_id"]
    for name, columns in COLUMNS.items()
    if name != "orders"
}


RAW_ORDERS = pa.schema(
    [
        *((column.name, _TEXT) for column in COLUMNS["orders"]),
        *((name, pa.list_(pa.struct([(column, _TEXT) for column in names]))) for name, names in _CHILDREN.items()),
        ("read_at", pa.timestamp("us", "UTC")),
        ("changed_at", _TEXT),
    ]
)
# What decides whether a stored order must be read again.
INDEX = pa.schema([RAW_ORDERS.field(name) for name in ("channel_order_id", "internal_id", "read_at", "changed_at")])
READING = ("channel_order_id", "read_at")
_NO_CHANGES = pa.table({"internal_id": pa.array([], _TEXT), "changed_at": pa.array([], _TEXT)})
MIRAKL_ORDERS = normalised.MIRAKL_ORDERS
RECORD_COLUMNS, REJECT_COLUMNS = normalised.RECORD_COLUMNS, normalised.REJECT_COLUMNS


def raw_table(frames: OrderFrames, changes: pa.Table = _NO_CHANGES) -> pa.Table:
    """Fold order frames into one row an order. Rows of an order that is not in the orders frame are left out.

    A platform's queries read the rows of every order that changed; its orders query leaves out carts and drafts.
    `changes` is the change feed: `internal_id`, `changed_at`.
    """
    orders = frames.orders
    columns = list(orders.columns)
    columns += [_folded(getattr(frames, name), names, orders["channel_order_id"]) for name, names in _CHILDREN.items()]
    columns.append(pa.array([frames.read_at] * len(orders), RAW_ORDERS.field("read_at").type))
    columns.append(_whole(changes["changed_at"]).take(pc.index_in(internal_ids(orders), changes["internal_id"])))
    return pa.Table.from_arrays(columns, schema=RAW_ORDERS)


def made_from(schema: pa.Schema, source: str) -> pa.Schema:
    """Return a schema that records what its frames are made from."""
    return schema.with_metadata({SOURCE_KEY: source.encode()})


def by_reading(table: pa.Table) -> Iterator[pa.Table]:
    """Divide raw orders into those that were read together."""
    for read_at in pc.unique(table["read_at"]):
        yield table.filter(pc.equal(table["read_at"], read_at))


def readings(orders: pa.Table) -> pa.StringArray:
    """Return what tells one reading of an order from another, the same of raw orders and of what they became."""
    read_at = orders["read_at"].combine_chunks()
    if not pa.types.is_string(read_at.type):
        instants = pc.dictionary_encode(read_at)
        texts = pa.array([format_time(instant) for instant in instants.dictionary.to_pylist()], _TEXT)
        read_at = texts.take(instants.indices)
    return pc.binary_join_element_wise(pc.fill_null(_whole(orders["channel_order_id"]), ""), read_at, "\n")


def internal_ids(orders: pa.RecordBatch | pa.Table) -> pa.StringArray:
    """Return the ids of orders as the change feed knows them."""
    ids = pc.coalesce(orders["internal_id"], orders["channel_order_id"])
    return _whole(ids) if isinstance(ids, pa.ChunkedArray) else ids


def _folded(frame: pa.RecordBatch, names: list[str], ids: pa.StringArray) -> pa.ListArray:
    positions = pc.index_in(frame["channel_order_id"], ids)
    kept = pc.drop_null(pc.if_else(pc.is_valid(positions), pa.array(np.arange(len(frame))), None))
    owners = positions.take(kept).to_numpy(zero_copy_only=False)
    order = kept.take(pa.array(np.argsort(owners, kind="stable")))
    offsets = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=len(ids)))))
    cells = pa.StructArray.from_arrays([frame[name].take(order) for name in names], names)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), cells)


def order_frames_of(table: pa.Table) -> OrderFrames:
    """Unfold raw orders, at least one, into order frames, by name; all were read in one snapshot."""
    table = table.combine_chunks()
    orders = pa.RecordBatch.from_arrays(
        [_whole(table[name]) for name in SCHEMAS["orders"].names], schema=SCHEMAS["orders"]
    )
    ids = orders["channel_order_id"]
    children = {name: _unfolded(name, _whole(table[name]), names, ids) for name, names in _CHILDREN.items()}
    read_at: dt.datetime = table["read_at"][0].as_py()
    return OrderFrames(orders=orders, **children, read_at=read_at.astimezone(dt.UTC))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _unfolded(name: str, lists: pa.ListArray, names: list[str], ids: pa.StringArray) -> pa.RecordBatch:
    owners = ids.take(pc.list_parent_indices(lists))
    cells = lists.flatten()
    by_name = dict(zip(cells.type.names, cells.flatten(), strict=True))
    return pa.RecordBatch.from_arrays([owners, *(by_name[column] for column in names)], schema=SCHEMAS[name])


def mirakl_table(normalised: Normalised) -> pa.Table:
    """Return the records and rejects of one chunk as they are stored, the rejects last."""
    return pa.Table.from_batches([normalised.table]).cast(MIRAKL_ORDERS)


def records_of(tables: Iterable[pa.Table]) -> Iterator[Record]:
    """Yield the records of stored tables, in their order."""
    return chain.from_iterable(map(normalised.records_of, tables))


def rejects_of(tables: Iterable[pa.Table]) -> Iterator[Reject]:
    """Yield the rejects of stored tables, in their order."""
    return chain.from_iterable(map(normalised.rejects_of, tables))


STORED = {"raw_orders": RAW_ORDERS, "mirakl_orders": MIRAKL_ORDERS}


def columns_of(schema: pa.Schema) -> frozenset[tuple[str, str]]:
    """Return name and type of each column, and of each column in a list: `lines.sku`. Their order does not count."""
    found: set[tuple[str, str]] = set()
    for field in schema:
        if pa.types.is_list(field.type):
            found |= {(f"{field.name}.{cell.name}", str(cell.type)) for cell in field.type.value_type}
        else:
            found.add((field.name, str(field.type)))
    return frozenset(found)


# A channel may leave these out, and so may frames that were stored before there was such a column.
_OPTIONAL = frozenset(
    (column.name if name == "orders" else f"{name}.{column.name}", str(_TEXT))
    for name, columns in COLUMNS.items()
    for column in columns
    if not column.required
)


def is_readable(stored: pa.Schema, asset: str) -> bool:
    """Return whether frames hold what this version of the software knows, but for optional columns that came later."""
    found, known = columns_of(stored), columns_of(STORED[asset])
    return found <= known and known - found <= (_OPTIONAL if asset == "raw_orders" else frozenset())


def with_later_columns(table: pa.Table) -> pa.Table:
    """Give raw orders the optional columns that came after they were stored, without cells."""
    for field in RAW_ORDERS:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(RAW_ORDERS.names).cast(RAW_ORDERS)
