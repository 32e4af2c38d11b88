"""Lines of orders: which items become what: products and how many units of them left, fees and discounts."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import text_cells
from transforms.frames import Table
from transforms.groups import Bools, Ints
from transforms.parsing import mask, or_blank, strip
from transforms.platforms.woocommerce.bundles import Bundles
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item
from transforms.platforms.woocommerce.parcels import NOTHING_SENT, Shipments
from transforms.platforms.woocommerce.products import Products
from transforms.platforms.woocommerce.shipments import Sent
from transforms.platforms.woocommerce.states import PARTLY_SHIPPED

_SOMETHING = "[^ \\-0.]"


class LineUnits(NamedTuple):
    """How far a line is whose order is not wholly here or there."""

    shipped: str | Decimal | None
    partly: bool
    delivered: str | Decimal | None
    sent_at: dt.datetime | None
    is_container: bool


@dataclass(frozen=True)
class LineItems:
    """The items that become lines: their rows, their orders, and the kind of line."""

    rows: Ints
    orders: Ints
    is_product: Bools
    is_discount: Bools

    @cached_property
    def products(self) -> frozenset[int]:
        """The rows of products."""
        return frozenset(self.rows[self.is_product].tolist())


def select_lines(chunk: Chunk, is_balance: Bools, left_out: Collection[int]) -> LineItems:
    """Select the items that become lines. `is_balance`: orders of money alone; `left_out`: rows that bundles leave out.

    A negative fee, or a negative line (a trade-in), is a discount that nobody ships. Lines without units and money are
    left behind by edits, and Mirakl takes none: they become lines only where there is no other.
    """
    items, own, owners = chunk.items, chunk.own, chunk.groups.owners
    is_line = items.is_kind("line_item")[own]
    negative = _matches(strip(items.line_total), own, "^-(?s:.)*[^-0.]")
    something = _matches(items.qty, own, _SOMETHING)
    for cells in (items.line_total, items.line_tax):
        something |= _matches(cells, own, _SOMETHING)
    is_only = (chunk.groups.sum(is_line) == 1)[owners]
    may_be_product = is_line & ~negative & ~is_balance[owners]
    is_product = may_be_product & (something | is_only)
    if left_out:
        is_product &= ~np.isin(own, list(left_out))
    is_other = items.is_kind("fee")[own] | (is_line & ~may_be_product)
    is_line_item = is_product | is_other
    return LineItems(
        own[is_line_item], owners[is_line_item], is_product[is_line_item], (is_other & negative)[is_line_item]
    )


def line_units(
    chunk: Chunk,
    sent: Sent,
    bundles: Mapping[int, Bundles],
    given_up: Mapping[int, Mapping[str, Decimal]],
) -> dict[int, LineUnits]:
    """Count the units of lines, by their rows, where an order's parcels list what they hold, or it holds bundles.

    `given_up` are the units given back of orders with bundles, by the item's id.
    """
    found = {}
    listing = {order for order, parcels in sent.one_by_one.items() if parcels.lists}
    for order in listing | bundles.keys():
        parcels, of_bundles = sent.one_by_one.get(order, NOTHING_SENT), bundles.get(order)
        for item in chunk.items_of(order):
            if item.order_item_type == "line_item":
                found[item.row] = _line_units(item, parcels, of_bundles, given_up.get(order, {}))
    return found


def _line_units(item: Item, sent: Shipments, bundles: Bundles | None, given_up: Mapping[str, Decimal]) -> LineUnits:
    if bundles is None:
        return LineUnits(sent.units(item), False, sent.delivered(item), sent.sent_at(item), False)
    shipped, partly = bundles.units(item, sent.units, given_up)
    delivered, _ = bundles.units(item, sent.delivered, given_up)
    return LineUnits(shipped, partly, delivered, sent.sent_at(item), bundles.is_container(item))


def line_rows(
    chunk: Chunk,
    line_items: LineItems,
    statuses: Sequence[Cell],
    products: Products,
    sent: Sent,
    counted: Mapping[int, LineUnits],
) -> Table:
    """Write the lines. `statuses` are the orders', `counted` is what `line_units` found."""
    items, rows = chunk.items, pa.array(line_items.rows)
    is_product = pa.array(line_items.is_product)
    quantity = items.qty.take(rows)
    shipped = pc.if_else(pa.array(sent.is_whole[line_items.orders]), quantity, None)
    delivered = pc.if_else(pa.array(sent.has_arrived[line_items.orders]), quantity, None)
    partly = np.zeros(len(rows), dtype=np.bool_)
    ids, virtual = _products(chunk, line_items, products)
    sent_at = pa.nulls(len(rows), pa.string())
    if counted:
        at = [place for place, row in enumerate(line_items.rows.tolist()) if row in counted]
        own = [counted[row] for row in line_items.rows[at].tolist()]
        here = pa.array(np.isin(np.arange(len(rows)), at))
        shipped = pc.replace_with_mask(shipped, here, text_cells([units.shipped for units in own]))
        delivered = pc.replace_with_mask(delivered, here, text_cells([units.delivered for units in own]))
        sent_at = pc.replace_with_mask(sent_at, here, text_cells([units.sent_at for units in own]))
        partly[at] = [units.partly for units in own]
        virtual[at] &= [not units.is_container for units in own]
    status = pa.array(statuses, pa.string()).take(pa.array(line_items.orders))
    # Nobody knows which units left.
    unknown = mask(pc.and_(pc.is_null(shipped), pc.equal(status, PARTLY_SHIPPED)))
    partly = np.where(unknown, ~virtual, partly)
    # Nobody delivers a virtual product: it has arrived when its order is done, and holds up no other line before.
    done = pc.and_(pa.array(virtual), pc.fill_null(pc.equal(status, "wc-completed"), False))
    price = items.line_total.take(rows)

    def of_product(cells: pa.StringArray, otherwise: str | None = None) -> pa.StringArray:
        return pc.if_else(is_product, cells, otherwise)

    return Table(
        {
            "channel_order_id": chunk.orders.ids.take(pa.array(line_items.orders)),
            "channel_order_line_id": items.order_item_id.take(rows),
            "kind": of_product(pa.scalar("product"), pc.if_else(pa.array(line_items.is_discount), "discount", "fee")),
            "quantity": of_product(quantity, "1"),
            "price": pc.if_else(pc.equal(or_blank(price), ""), "0", price),
            "product_id": of_product(ids, "fee"),
            "product_title": shown(items.order_item_name.take(rows)),
            "quantity_shipped": of_product(shipped),
            "quantity_delivered": of_product(pc.if_else(done, quantity, delivered)),
            "partly_shipped": of_product(pc.if_else(pa.array(partly), "1", None)),
            "is_virtual": of_product(pc.if_else(pa.array(virtual), "1", None)),
            "shipped_at": of_product(sent_at),
        }
    )


def _products(chunk: Chunk, line_items: LineItems, products: Products) -> tuple[pa.StringArray, Bools]:
    """Return the ids of the products, and which of them nobody ships."""
    rows = pa.array(line_items.rows)
    items = chunk.items
    keys = list(zip(items.product_id.take(rows).to_pylist(), items.variation_id.take(rows).to_pylist(), strict=True))
    known = {key: (products.sku_or_id(*key), products.is_virtual(*key)) for key in set(keys)}
    ids = pa.array([known[key][0] for key in keys], pa.string())
    # A line typed in by hand has no product at all.
    own_ids = pc.binary_join_element_wise("item", items.order_item_id.take(rows), "-") if ids.null_count else ids
    return pc.coalesce(ids, own_ids), np.array([known[key][1] for key in keys], dtype=np.bool_)


def _matches(cells: pa.StringArray, rows: Ints, pattern: str) -> Bools:
    return mask(pc.match_substring_regex(cells, pattern))[rows]


def shown(names: pa.StringArray) -> pa.StringArray:
    """Return names as the buyer saw them: they may be stored as HTML (WordPress's filters, the REST API)."""
    escaped = pc.fill_null(pc.match_substring(names, "&"), False)
    if not pc.any(escaped).as_py():
        return names
    return pc.replace_with_mask(names, escaped, pa.array(list(map(html.unescape, names.filter(escaped).to_pylist()))))
