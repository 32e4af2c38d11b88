"""How much a refund document of WooCommerce gave back, in all and of each of its items.

Belongs here: reading the amounts of refunds. Does not belong here: which line an item refunds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from transforms.frames import as_text
from transforms.money import AmountError, parse_amount

WHOLE = Decimal(1)


def refunded(refund: Any) -> Decimal:
    """Return what a refund document gave back; its column says it too, with the other sign."""
    for value in (refund.refund_amount, refund.total_amount):
        try:
            if amount := parse_amount(as_text(value)):
                return abs(amount)
        except AmountError:
            continue
    return Decimal(0)


def given_back(items: list[Any]) -> tuple[list[Any], Decimal]:
    """Return the items that give money back, and the share of it that was given.

    Refund items are negative. A positive one among them takes: a restocking fee, or the discount of a line that comes
    back with it. What it takes lowers the others in proportion.
    """
    try:
        amounts = [sum((parse_amount(as_text(cell)) for cell in _amounts(item)), Decimal(0)) for item in items]
    except AmountError:
        return items, WHOLE
    given = -sum(amount for amount in amounts if amount < 0)
    kept = sum(amount for amount in amounts if amount > 0)
    if not 0 < kept < given:
        return items, WHOLE
    return [item for item, amount in zip(items, amounts, strict=True) if amount <= 0], WHOLE - Decimal(kept) / given


def _amounts(item: Any) -> tuple[Any, Any]:
    return (item.cost, item.total_tax) if item.order_item_type == "shipping" else (item.line_total, item.line_tax)


def part(amount: str | None, share: Decimal) -> str | None:
    """Return that share of an amount; one that is none is passed on as it is, so that the order is rejected for it."""
    if share == WHOLE:
        return amount
    try:
        return format(parse_amount(amount) * share, "f")
    except AmountError:
        return amount
