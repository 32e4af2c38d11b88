"""Taxes of items: one row a rate from the serialised split, or one in all where the split says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from transforms.platforms.woocommerce.refunds import WHOLE, part
from transforms.platforms.woocommerce.serialised import tax_amounts


def tax_rows(
    item: Any, taxes: Mapping[str, Any], rates: Mapping[str, Any], share: Decimal = WHOLE
) -> Iterator[dict[str, Any]]:
    """Yield the cells of an item's taxes. `taxes` are the order's own by rate id, `rates` the shop's of today."""
    shipping = item.order_item_type == "shipping"
    total = (item.total_tax if shipping else item.line_tax) or ""
    amounts = tax_amounts(item.taxes if shipping else item.line_tax_data) or ()
    named = [(rate_id, amount) for rate_id, amount in amounts if amount]
    if not named and total.strip(" 0."):
        named = [(next(iter(taxes)) if len(taxes) == 1 else "", total)]
    for rate_id, amount in named:
        tax, known = taxes.get(rate_id), rates.get(rate_id)
        code = (tax.label if tax else None) or (known.tax_rate_name if known else None)
        yield {
            "applies_to": "shipping" if shipping else "price",
            "code": code or (tax.order_item_name if tax else None) or "TAX",
            "rate": (tax.rate_percent if tax else None) or (known.tax_rate if known else None),
            "amount": part(amount, share),
        }
