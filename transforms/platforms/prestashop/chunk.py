"""A chunk of PrestaShop's orders: whose row is whose, and which taxes the lines have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from transforms.database_values import text_cells
from transforms.platforms.prestashop.shares import Shares, shares
from transforms.rows import Rows
from transforms.rowsets import Rowset, numbering, rowset, whole


@dataclass(frozen=True, slots=True)
class Chunk:
    """The orders and their lines, each by its place; `order_ids` and `line_ids` are theirs as text."""

    rows: Rows
    orders: Rowset
    orders_by_id: Mapping[Any, int]
    order_ids: pa.StringArray
    lines: Rowset
    lines_by_id: Mapping[Any, int]
    line_ids: pa.StringArray
    shares: Shares
    _of_orders: dict[str, Rowset] = field(default_factory=dict)

    def of_orders(self, query: str) -> Rowset:
        """Return the rows of a query by the orders they belong to."""
        if query not in self._of_orders:
            self._of_orders[query] = rowset(self.rows, query, "order_id", self.orders_by_id)
        return self._of_orders[query]

    def of_lines(self, query: str) -> Rowset:
        """Return the rows of a query by the lines they belong to."""
        return rowset(self.rows, query, "id_order_detail", self.lines_by_id)

    def ids_of_lines(self, places: pa.Array) -> dict[str, pa.StringArray]:
        """Return the cells that name the order and the line of some lines."""
        orders = pa.array(self.lines.groups.owners).take(places)
        return {"channel_order_id": self.order_ids.take(orders), "channel_order_line_id": self.line_ids.take(places)}


def read_chunk(rows: Rows) -> Chunk:
    """Find whose row is whose."""
    orders = whole(rows, "orders")
    orders_by_id = numbering(orders["order_id"])
    lines = rowset(rows, "lines", "order_id", orders_by_id)
    lines_by_id = numbering(lines["id_order_detail"])
    line_taxes = rowset(rows, "line_taxes", "id_order_detail", lines_by_id)
    return Chunk(
        rows=rows,
        orders=orders,
        orders_by_id=orders_by_id,
        order_ids=text_cells(orders["order_id"]),
        lines=lines,
        lines_by_id=lines_by_id,
        line_ids=text_cells(lines["id_order_detail"]),
        shares=shares(rows, lines, lines_by_id, line_taxes),
    )
