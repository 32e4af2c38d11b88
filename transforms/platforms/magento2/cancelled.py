"""Cancelled units: Magento counts them on their item and writes no document about them.

The reason is found, if anywhere, in a comment of the order: of a whole order in the one written when it was
cancelled, of single units in one that speaks of it, of their product, or was written when the item changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.platforms.magento2.sold import Sold
from transforms.reasons import matched_keyword
from transforms.rows import when

_WITH_IT = dt.timedelta(minutes=5)
_OF_A_CANCELLATION = frozenset({"OUT_OF_STOCK", "CUSTOMER_CANCELATION"})


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Units of a line that were cancelled: when, the shop's words about it, and the reason where these give none."""

    line_id: Any
    quantity: int
    at: Any
    words: str | None
    reason: str


def cancellations(
    order: Any, products: Sequence[Sold], history: Sequence[Any], moments: Sequence[Any]
) -> Iterator[Cancellation]:
    """Yield what was cancelled of each product sold.

    `history` are the order's comments; `moments` those rows of its history at which it was cancelled as a whole.
    """
    # An edited order lives on in its successor: nobody has cancelled anything.
    edited = bool(order.relation_child_id)
    whole = min(moments, key=lambda row: when(row.created_at), default=None)
    comments = [row for row in history if row.comment and (row.entity_name or "order") == "order"]
    for product in products:
        # What has left was not cancelled, even where the order was.
        kept = product.left + product.units(product.row.qty_refunded or Decimal(0))
        quantity = max(product.quantity - kept, 0) if order.state == "canceled" else product.cancelled
        if not quantity:
            continue
        if edited:
            at, words = whole.created_at if whole else product.row.updated_at, None
        elif whole is not None:
            at, words = whole.created_at, _words(_of_the_order(comments, moments, whole.created_at))
        else:
            about = _about(product, products, comments)
            at = about[0].created_at if about else product.row.updated_at
            words = _words(about or _near(comments, product.row.updated_at))
        reason = "CHANNEL_SPECIFIC" if edited else "CUSTOMER_CANCELATION"
        yield Cancellation(product.row.item_id, quantity, at, words, reason)


def _of_the_order(comments: Sequence[Any], moments: Sequence[Any], at: Any) -> list[Any]:
    written = {id(row) for row in moments}
    return [row for row in comments if id(row) in written] or _near(comments, at)


def _near(comments: Sequence[Any], at: Any) -> list[Any]:
    return [row for row in comments if abs(when(row.created_at) - when(at)) <= _WITH_IT]


def _about(product: Sold, products: Sequence[Sold], comments: Sequence[Any]) -> list[Any]:
    """Return the first comment that speaks of the product's cancellation: by its name, else of no other product's."""
    about_it = [
        row for row in comments if (found := matched_keyword(row.comment, {})) and found[1] in _OF_A_CANCELLATION
    ]
    others = [other for other in products if other.row.item_id != product.row.item_id]
    named = [row for row in about_it if _names(product, row.comment)]
    open_to_all = [row for row in about_it if not any(_names(other, row.comment) for other in others)]
    return (named or open_to_all)[:1]


def _names(product: Sold, comment: str) -> bool:
    words = comment.casefold()
    return any(name and str(name).casefold() in words for name in (product.row.sku, product.row.name))


def _words(rows: Sequence[Any]) -> str | None:
    return "\n".join(row.comment for row in rows) or None
