"""A chunk of orders: typed columns of orders, lines and taxes, rows sorted by their order.

Broken cells hold zero, so that no rule has to mind them: their orders are rejects, see `chunk_reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa

from transforms.groups import Bools, Exact, Groups, Ints
from transforms.parsing import Read, codes


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders; `digits` and `unit` are of their currencies: decimals, and how much makes a minor one.

    `gross`: prices and shipping include the listed taxes.
    """

    cells: pa.RecordBatch
    ids: pa.StringArray
    currency: pa.StringArray
    digits: Ints
    unit: Exact
    gross: Bools
    created_at: Read
    updated_at: Read
    shipped_at: Read
    shipping_deadline: Read
    delivery_earliest: Read
    delivery_latest: Read
    total: Read
    total_paid: Read
    total_refunded: Read
    shipping_price: Read
    has_incident: Read
    pickup: Read
    cancelled_at: Read

    def __len__(self) -> int:
        """Count the orders."""
        return len(self.cells)

    def newest(self) -> Ints:
        """Return when each order changed last: a copied or imported one may claim to have before its own creation."""
        return np.maximum(self.updated_at.values, self.created_at.values)

    def paid_beyond_refunds(self) -> Bools:
        """Return which orders were paid and not given back in full."""
        beyond: Bools = self.total_paid.values > np.abs(self.total_refunded.values)
        return beyond

    def paid_once_more(self) -> Bools:
        """Return which orders were refunded in full, and paid again."""
        total, paid, refunded = self.total.values, self.total_paid.values, self.total_refunded.values
        again: Bools = (total != 0) & (refunded != 0) & (paid - np.abs(refunded) >= total)
        return again


@dataclass(frozen=True, slots=True)
class Lines:
    """What is sent as lines: products and fees.

    `measures` are the quantities, by row, of lines that are sold by measure, and count as one unit.
    """

    cells: pa.RecordBatch
    groups: Groups
    is_fee: Bools
    quantity: Ints
    measures: Mapping[int, Decimal]
    price: Exact
    total_shipping_price: Read
    created_at: Read
    updated_at: Read
    shipped_at: Read
    cancelled_at: Read
    is_virtual: Bools
    partly_shipped: Bools
    can_cancel: Read
    can_refund: Read
    quantity_cancelled: Read
    quantity_refunded: Read
    quantity_returned: Read
    quantity_shipped: Read
    quantity_delivered: Read

    def is_shipped(self) -> Bools:
        """Return which lines somebody ships."""
        return ~self.is_fee & ~self.is_virtual

    def path(self, row: int) -> str:
        """Return the contract's path of a line."""
        return f"order_lines[{self.groups.index[row]}]"


@dataclass(frozen=True, slots=True)
class Discounts:
    """Lines that cannot be sent as such: taken off one line (`lines`, see `off_line`), or off all (-1).

    `gross` is money of which the shop does not name the tax.
    """

    owners: Ints
    price: Exact
    gross: Exact
    lines: Ints


@dataclass(frozen=True, slots=True)
class Taxes:
    """Taxes of lines and orders; those of adjustments stand elsewhere.

    `lines` is -1 where the tax is of the order, below where it is of a discount on one line, see `off_line`.
    """

    cells: pa.RecordBatch
    owners: Ints
    lines: Ints
    is_shipping: Bools
    amount: Read


@dataclass(frozen=True, slots=True)
class Child:
    """Rows of a frame that belong to an order of the chunk, sorted by it; text."""

    cells: pa.RecordBatch
    groups: Groups


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything of some orders that rules are about."""

    orders: Orders
    lines: Lines
    discounts: Discounts
    taxes: Taxes
    adjustments: Child
    refund_taxes: Child
    addresses: Child
    custom_attributes: Child


def off_line(lines: Ints) -> Ints:
    """Mark positions of lines as those that something is taken off: -2 and below; -1 stays. Its own inverse."""
    return np.where(lines == -1, -1, -2 - lines)


def line_of(rows: Child, lines: Child) -> Ints:
    """Return the line of its order that each row names, by position; -1 where there is no such line."""
    count = len(lines.cells)
    if not count or not len(rows.cells):
        return np.full(len(rows.cells), -1, dtype=np.int64)
    ids = pa.concat_arrays([lines.cells["channel_order_line_id"], rows.cells["channel_order_line_id"]])
    place, words = codes(ids)
    keys = place + np.concatenate((lines.groups.owners, rows.groups.owners)) * len(words)
    order = np.argsort(keys[:count], kind="stable")
    known = keys[:count][order]
    # Of lines of one id, the last.
    found = np.searchsorted(known, keys[count:], side="right") - 1
    named = np.where(known[np.maximum(found, 0)] == keys[count:], order[np.maximum(found, 0)], -1)
    return np.where(found < 0, -1, named).astype(np.int64)
