"""Rows of the orders of which something was cancelled or given back, as objects: memos, comments, parcels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from decimal import Decimal
from typing import Any

from transforms.platforms.magento2.cancelled import Cancellation, cancellations
from transforms.platforms.magento2.refunds import Memo
from transforms.platforms.magento2.sold import Sold
from transforms.rows import Rows, rows_by, rows_of, when
from transforms.rowsets import ZERO


class Documents:
    """The rows of some orders of a chunk. `cancelled`: the statuses that belong to the state of cancelled orders."""

    def __init__(self, rows: Rows, order_ids: Container[Any], cancelled: Set[str]) -> None:
        self._cancelled = cancelled
        self.orders = {row.order_id: row for row in rows_of(rows, "orders", "order_id", order_ids)}
        self._items = rows_by(rows, "items", "order_id", order_ids)
        self._shipments = rows_by(rows, "shipments", "order_id", order_ids)
        self._memos = rows_by(rows, "creditmemos", "order_id", order_ids)
        self._memo_items = rows_by(rows, "creditmemo_items", "creditmemo_id")
        self._memo_comments = rows_by(rows, "creditmemo_comments", "creditmemo_id")
        self._history = rows_by(rows, "status_history", "order_id", order_ids)
        self._changes = rows_by(rows, "status_changes", "order_id", order_ids)

    def items(self, order_id: Any) -> dict[Any, Any]:
        """Return an order's item rows by id."""
        return {row.item_id: row for row in self._items[order_id]}

    def cancellations(self, order_id: Any, products: Sequence[Sold]) -> Iterator[Cancellation]:
        """Yield what was cancelled of an order."""
        history = self._history[order_id]
        moments = [row for row in (*history, *self._changes[order_id]) if row.status in self._cancelled]
        return cancellations(self.orders[order_id], products, history, moments)

    def memos(self, order_id: Any) -> Iterator[Memo]:
        """Yield an order's credit memos."""
        for row in self._memos[order_id]:
            comments = (comment.comment for comment in self._memo_comments[row.creditmemo_id])
            yield Memo(row, self._memo_items[row.creditmemo_id], _words([row.customer_note, *comments]))

    def left_by(self, order_id: Any) -> Callable[[Any, dt.datetime], Decimal]:
        """Return what counts how much had been shipped of an item row by a moment."""
        shipments = self._shipments[order_id]

        def count(shipper: Any, at: dt.datetime) -> Decimal:
            parcels = [row for row in shipments if row.order_item_id == shipper.item_id]
            # Some other software may count what it shipped without writing a shipment: then nobody knows when.
            if not parcels:
                return Decimal(shipper.qty_shipped or ZERO)
            return sum((row.qty or ZERO for row in parcels if when(row.created_at) <= at), ZERO)

        return count


def _words(texts: Iterable[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None
