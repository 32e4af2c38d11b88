"""A chunk of PrestaShop's orders: whose row is whose, and which taxes the lines have.

Belongs here: what every frame needs. Does not belong here: what any of it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from transforms.platforms.prestashop.columns import Children, children, owned
from transforms.platforms.prestashop.shares import Shares, shares
from transforms.rows import Rows


@dataclass(frozen=True, slots=True)
class Chunk:
    """The orders and their lines, each by its place; `order_ids` and `line_ids` are theirs as text."""

    rows: Rows
    orders: Children
    orders_by_id: Mapping[Any, int]
    order_ids: pa.StringArray
    lines: Children
    lines_by_id: Mapping[Any, int]
    line_ids: pa.StringArray
    shares: Shares

    def of_orders(self, query: str) -> Children:
        """Return the rows of a query by the orders they belong to."""
        return children(self.rows, query, "order_id", self.orders_by_id)

    def of_lines(self, query: str) -> Children:
        """Return the rows of a query by the lines they belong to."""
        return children(self.rows, query, "id_order_detail", self.lines_by_id)

    def ids_of_lines(self, places: pa.Array) -> dict[str, pa.StringArray]:
        """Return the cells that name the order and the line of some lines."""
        orders = pa.array(self.lines.owners).take(places)
        return {"channel_order_id": self.order_ids.take(orders), "channel_order_line_id": self.line_ids.take(places)}


def read_chunk(rows: Rows) -> Chunk:
    """Find whose row is whose."""
    size = len(rows["orders"])
    orders = owned(rows["orders"], range(size), size)
    orders_by_id = {cell: place for place, cell in enumerate(orders.cells("order_id"))}
    lines = children(rows, "lines", "order_id", orders_by_id)
    lines_by_id = {cell: place for place, cell in enumerate(lines.cells("id_order_detail"))}
    line_taxes = children(rows, "line_taxes", "id_order_detail", lines_by_id)
    return Chunk(
        rows=rows,
        orders=orders,
        orders_by_id=orders_by_id,
        order_ids=orders.text("order_id"),
        lines=lines,
        lines_by_id=lines_by_id,
        line_ids=lines.text("id_order_detail"),
        shares=shares(rows, lines, lines_by_id, line_taxes),
    )
