"""What Magento orders cost beside their items, and what of them was cancelled and given back, order by order.

Few orders have any of it; only their rows become objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transforms.frames import FrameRow
from transforms.groups import Bools, Ints
from transforms.platforms.magento2.documents import Documents
from transforms.platforms.magento2.extras import Extra, columns_of, extras, line_cells, tax_cells
from transforms.platforms.magento2.items import Products
from transforms.platforms.magento2.money import Charges
from transforms.platforms.magento2.refunds import Given, Refunds
from transforms.platforms.magento2.sold import SoldLines
from transforms.platforms.magento2.states import History
from transforms.rows import Rows
from transforms.rowsets import Rowset


@dataclass(frozen=True, slots=True)
class Beside:
    """Rows of the frames, and by product the units of which credit memos gave back a part of their price only.

    `lines` and `line_taxes` are what orders cost beside their items; `rest` are taxes that belong to nothing.
    """

    reduced: Ints
    lines: list[FrameRow] = field(default_factory=list)
    line_taxes: list[FrameRow] = field(default_factory=list)
    rest: list[FrameRow] = field(default_factory=list)
    adjustments: list[FrameRow] = field(default_factory=list)
    refund_taxes: list[FrameRow] = field(default_factory=list)


def beside(rows: Rows, orders: Rowset, history: History, products: Products, charges: Charges) -> Beside:
    """Work the orders that cost more than items and shipping, or of which something was cancelled or given back."""
    has_extras, goes_back = _has_extras(orders, charges), _goes_back(rows, orders, products)
    found = Beside(np.zeros(len(products.row), dtype=np.int64))
    worked = np.flatnonzero(has_extras | goes_back).tolist()
    if not worked:
        return found
    ids = orders["order_id"]
    documents = Documents(rows, {ids[order] for order in worked}, history.statuses("canceled"))
    sold = SoldLines(products, charges.products)
    for order in worked:
        row = documents.orders[ids[order]]
        own, rest = extras(row, charges.rest.by_kind(order))
        number = {"channel_order_id": row.increment_id}
        for extra in own:
            owner = extra.line_id if extra.is_line else None
            found.lines.append(number | line_cells(extra))
            found.line_taxes.extend(number | tax_cells(tax, owner) for tax in extra.money.taxes)
        found.rest.extend(number | tax_cells(tax) for taxes in rest.values() for tax in taxes)
        if goes_back[order]:
            given, reduced = _given_back(documents, row, sold, charges, own, order)
            found.adjustments.extend(number | one.adjustment() for one in given)
            found.refund_taxes.extend(number | cells for one in given for cells in one.taxes())
            found.reduced[products.groups.rows(order)] = reduced
    return found


def _given_back(
    documents: Documents, row: Any, sold: SoldLines, charges: Charges, extras: list[Extra], order: int
) -> tuple[list[Given], list[int]]:
    """Return what was given back of one order, and of each line the units of which a part of the price was."""
    lines = sold.of(order, documents.items(row.order_id))
    refunds = Refunds(row, lines, charges.shipping.money(order), extras, documents.left_by(row.order_id))
    cancelled = documents.cancellations(row.order_id, [line.product for line in lines.values()])
    given = [*refunds.cancelled(cancelled), *refunds.given_back(documents.memos(row.order_id))]
    return given, [line.reduced for line in lines.values()]


def _has_extras(orders: Rowset, charges: Charges) -> Bools:
    found = charges.rest.taxes.groups.counts > 0
    for column in columns_of(orders.columns):
        found |= orders[column].astype(np.bool_)
    return found


def _goes_back(rows: Rows, orders: Rowset, products: Products) -> Bools:
    memos = rows.get("creditmemos")
    with_memo = frozenset(() if memos is None else memos["order_id"])
    found = np.array([order_id in with_memo for order_id in orders["order_id"]], dtype=np.bool_)
    found |= (orders["state"] == "canceled") | products.groups.any(products.cancelled > 0)
    return found
