"""What was written on an order, by its staff and its buyer, where it explains why units or money were given back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transforms.database_values import as_text
from transforms.reasons import matched_keyword

_BEFORE_SHIPMENT = frozenset({"OUT_OF_STOCK", "CUSTOMER_CANCELATION"})
_DENIED = 4


def staff_words(messages: Iterable[Any], at: str | None, after_shipment: bool | None = None) -> list[str]:
    """List the keywords that the staff wrote on a day, and nothing else of what they wrote.

    `after_shipment`: only reasons for what had left, or had not; None: any.
    """
    day = (at or "")[:10]
    found = (matched_keyword(row.message or "", {}) for row in messages if (as_text(row.date_add) or "")[:10] == day)
    return [match[0] for match in found if match and after_shipment in {None, match[1] not in _BEFORE_SHIPMENT}]


def buyer_words(returns: Iterable[Any], line_id: Any, at: str) -> list[str]:
    """List the buyer's words of the returns of a line that were asked for by then, those that were denied left out."""
    return [
        row.question.strip()
        for row in returns
        if row.id_order_detail in {None, line_id} and row.state != _DENIED and (as_text(row.date_add) or "") <= at
    ]
