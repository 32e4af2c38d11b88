"""The rows of a chunk of orders: columns of what nearly all orders need, typed rows of what is worked one by one.

Cells are text, whatever the driver made of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text, id_cells, text_cells
from transforms.frames import Frame
from transforms.groups import Bools, Groups, Ints
from transforms.parsing import mask
from transforms.platforms.woocommerce.item_meta import Cell as Cell
from transforms.platforms.woocommerce.item_meta import ItemMeta, read_item_meta
from transforms.platforms.woocommerce.serialised import moments
from transforms.rows import Rows

_NEVER_ORDERED = frozenset({"wc-checkout-draft", "auto-draft", "draft"})
BEFORE_THE_BIN = "_wp_trash_meta_status"
Meta = Mapping[str, Cell]


class Order(NamedTuple):
    """What of an order's own row is looked at order by order."""

    order_id: str
    status: Cell
    total_amount: Cell
    billing_email: Cell
    parent_order_id: Cell
    created_via: Cell


class Item(NamedTuple):
    """An item of an order or of a refund; `row` is its place among all items, which are sorted by their id."""

    row: int
    order_item_id: str
    order_item_name: Cell
    order_item_type: Cell
    product_id: Cell
    variation_id: Cell
    qty: Cell
    line_total: Cell
    line_tax: Cell
    refunded_item_id: Cell
    method_id: Cell
    cost: Cell
    total_tax: Cell


class Refund(NamedTuple):
    """A refund document's own row."""

    order_id: Cell
    refund_id: str
    total_amount: Cell
    date_created_gmt: Cell
    refund_amount: Cell
    refund_reason: Cell


class _OrderMeta(NamedTuple):
    order_id: Cell
    meta_key: str
    meta_value: Cell


Row = TypeVar("Row", bound=NamedTuple)


@dataclass(frozen=True)
class Orders:
    """The orders, one a row of each column; rules that ask for `rows` are about one order at a time.

    `paid_at` and `completed_at` are null where the shop's cell is no time.
    """

    rows: Sequence[Order]
    currency: pa.StringArray
    created_at: pa.StringArray
    paid_at: pa.StringArray
    completed_at: pa.StringArray

    def __len__(self) -> int:
        """Count the orders."""
        return len(self.rows)

    @cached_property
    def ids(self) -> pa.StringArray:
        """The orders' ids."""
        return pa.array([order.order_id for order in self.rows], pa.string())

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Which row an order is, by its id."""
        return {order.order_id: number for number, order in enumerate(self.rows)}


@dataclass(frozen=True)
class Items:
    """Items of orders; `orders` is the row of the order that an item is of, -1 where it is none of the chunk.

    `cells` are the columns of `Item` as the driver gave them.
    """

    orders: Ints
    cells: Sequence[Sequence[Any]]
    order_item_id: pa.StringArray
    order_item_name: pa.StringArray
    order_item_type: pa.StringArray
    product_id: pa.StringArray
    variation_id: pa.StringArray
    qty: pa.StringArray
    line_total: pa.StringArray
    line_tax: pa.StringArray
    line_tax_data: pa.StringArray
    refunded_item_id: pa.StringArray
    method_id: pa.StringArray
    instance_id: pa.StringArray
    cost: pa.StringArray
    total_tax: pa.StringArray
    taxes: pa.StringArray
    rate_id: pa.StringArray
    label: pa.StringArray
    rate_percent: pa.StringArray

    def is_kind(self, *kinds: str) -> Bools:
        """Return which items are of these types."""
        return mask(pc.is_in(self.order_item_type, pa.array(kinds)))

    def of(self, rows: Ints) -> list[Item]:
        """Return some items as rows."""
        return [
            Item(row, *[cell if type(cell := column[row]) is str else as_text(cell) for column in self.cells])  # type: ignore[arg-type]
            for row in rows.tolist()
        ]


@dataclass(frozen=True)
class Chunk:
    """All of a chunk.

    `items` are in the order of the query, which is that of their ids; `own` are those of orders, sorted by order;
    `refunded` those of refunds, by the refund's id. `tracking` and `meta` are meta of orders, by the order's row:
    what tracking plugins write, and all else. `item_meta` is by the item's id, `keys` are its keys by the order's row.
    """

    orders: Orders
    items: Items
    own: Ints
    refunded: Mapping[str, Sequence[Item]]
    refunds: Mapping[str, Sequence[Refund]]
    tracking: Mapping[int, Meta]
    meta: Mapping[int, Meta]
    item_meta: Mapping[str, Sequence[ItemMeta]]
    keys: Mapping[int, frozenset[str]]

    @cached_property
    def groups(self) -> Groups:
        """The own items by order."""
        return Groups(self.items.orders[self.own], len(self.orders))

    def without(self, orders: Collection[int], rows: Collection[int]) -> Chunk:
        """Leave out items, by their rows, and all that hangs on some orders."""
        return replace(
            self,
            own=self.own[~np.isin(self.own, list(rows)) & ~np.isin(self.items.orders[self.own], list(orders))],
            tracking={order: meta for order, meta in self.tracking.items() if order not in orders},
            meta={order: meta for order, meta in self.meta.items() if order not in orders},
            keys={order: keys for order, keys in self.keys.items() if order not in orders},
        )

    def meta_of(self, items: Iterable[Item]) -> dict[str, Meta]:
        """Return the meta of some items, by their ids; of two of one key the first counts."""
        found: dict[str, Meta] = {}
        for item in items:
            if rows := self.item_meta.get(item.order_item_id):
                found[item.order_item_id] = {row.meta_key or "": row.meta_value for row in reversed(rows)}
        return found

    @cached_property
    def _items_of(self) -> dict[int, list[Item]]:
        return {}

    def items_of(self, order: int) -> list[Item]:
        """Return the items of an order as rows."""
        if order not in self._items_of:
            self._items_of[order] = self.items.of(self.own[self.groups.rows(order)])
        return self._items_of[order]


def read_chunk(rows: Rows, tracking_keys: frozenset[str]) -> Chunk:
    """Read the rows of a chunk. Orders that were thrown away as carts are left out."""
    meta_rows = list(rows_as(_OrderMeta, rows, "order_meta"))
    carts = {row.order_id for row in meta_rows if row.meta_key == BEFORE_THE_BIN and row.meta_value in _NEVER_ORDERED}
    orders = _orders(rows["orders"], carts)
    numbers = orders.numbers
    tracking: dict[int, dict[str, Cell]] = defaultdict(dict)
    meta: dict[int, dict[str, Cell]] = defaultdict(dict)
    for row in meta_rows:
        number = numbers.get(row.order_id or "")
        if number is not None:
            # Most orders that have meta have that of a parcel, and nothing else.
            of_order = tracking[number] if row.meta_key in tracking_keys else meta[number]
            of_order.setdefault(row.meta_key, row.meta_value)
    refunds: dict[str, list[Refund]] = defaultdict(list)
    for refund in rows_as(Refund, rows, "refunds"):
        refunds[refund.order_id or ""].append(refund)
    items, refund_ids, more = _items(rows.get("items"), orders)
    is_own = mask(pc.is_null(refund_ids)) & (items.orders >= 0)
    own = np.flatnonzero(is_own)
    item_meta: dict[str, Sequence[ItemMeta]] = {}
    keys: dict[int, set[str]] = defaultdict(set)
    for item_row, found in more.items():
        if is_own[item_row]:
            item_meta[items.order_item_id[item_row].as_py()] = found
            keys[int(items.orders[item_row])].update(one.meta_key or "" for one in found)
    return Chunk(
        orders=orders,
        items=items,
        own=own[np.argsort(items.orders[own], kind="stable")],
        refunded=_refunded(items, refund_ids),
        refunds=refunds,
        tracking=tracking,
        meta=meta,
        item_meta=item_meta,
        keys={number: frozenset(found) for number, found in keys.items()},
    )


def rows_as(kind: type[Row], rows: Rows, query: str) -> Iterator[Row]:
    """Yield the rows of a query; none where the query was left out (its table is not there)."""
    frame = rows.get(query)
    if frame is not None:
        yield from map(kind._make, zip(*(_texts(frame[name]) for name in kind._fields), strict=True))


def first_filled(*columns: pa.StringArray | pa.StringScalar) -> pa.StringArray:
    """Return the first cell that is not empty, row by row; the last column's as it is."""
    *others, last = columns
    return pc.coalesce(*(pc.if_else(pc.equal(column, ""), None, column) for column in others), last)


def _texts(values: Iterable[Any]) -> list[Cell]:
    values = list(values)
    kinds = set(map(type, values))
    # What serialised PHP holds counts its bytes: text stays as it is, NUL included.
    if kinds <= {str, type(None)}:
        return values
    if kinds == {int}:
        return list(map(str, values))
    return [value if value is None or type(value) is str else as_text(value) for value in values]


def _orders(frame: Frame, carts: set[Cell]) -> Orders:
    rows = list(rows_as(Order, {"orders": frame}, "orders"))
    kept = np.array([order.order_id not in carts for order in rows], dtype=np.bool_)

    def column(name: str) -> pa.StringArray:
        cells = text_cells(frame[name])
        return cells if kept.all() else cells.filter(pa.array(kept))

    return Orders(
        rows=[order for order in rows if order.order_id not in carts],
        currency=column("currency"),
        created_at=column("date_created_gmt"),
        paid_at=moments(column("date_paid_gmt")),
        completed_at=moments(column("date_completed_gmt")),
    )


def _items(frame: Frame | None, orders: Orders) -> tuple[Items, pa.StringArray, Mapping[int, Sequence[ItemMeta]]]:
    """Read all items, which refund each is of (null where of none), and what meta they have that is no column."""
    names = [field.name for field in fields(Items) if field.name not in {"orders", "cells"}]
    if frame is None:
        nothing = pa.array([], pa.string())
        return Items(orders=np.array([], dtype=np.int64), cells=(), **dict.fromkeys(names, nothing)), nothing, {}
    numbers = orders.numbers
    owners = np.array([numbers.get(order_id or "", -1) for order_id in _texts(frame["order_id"])], dtype=np.int64)
    types = list(frame["order_item_type"])
    meta = read_item_meta(list(frame["meta"]), types)
    raw: dict[str, list[Any]] = {"order_item_id": list(frame["order_item_id"]), "order_item_type": types}
    raw |= {"order_item_name": list(frame["order_item_name"]), **meta.columns}
    cells = {name: id_cells(raw[name]) if name.endswith("_id") else text_cells(raw[name]) for name in names}
    rows = [raw[name] for name in Item._fields[1:]]
    return Items(orders=owners, cells=rows, **cells), id_cells(frame["refund_id"]), meta.more


def _refunded(items: Items, refund_ids: pa.StringArray) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    rows = np.flatnonzero(mask(pc.is_valid(refund_ids)))
    for refund_id, item in zip(refund_ids.take(pa.array(rows)).to_pylist(), items.of(rows), strict=True):
        found[refund_id].append(item)
    return found
