"""Refund documents as rows of the adjustments frame: one an item, and the parts that go back with their container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from transforms.platforms.woocommerce.bundles import Bundles
from transforms.platforms.woocommerce.refunds import WHOLE, Document, Units, given_back, part
from transforms.rows import number

Cells = dict[str, Any]


def adjustments(
    document: Document,
    lines: Mapping[str, Any],
    units: Mapping[Any, Units],
    bundles: Bundles | None,
    default_reason: str | None,
) -> Iterator[tuple[Cells, Any, Decimal]]:
    """Yield the rows of a document, each with its item, if it has one, and the share of the item that was given back.

    `lines` are the order's items by id, `units` what `units_by_item` found; `default_reason` is that of a document that
    names no item.
    """
    refund = document.row
    common = {
        "refund_id": refund.refund_id,
        "refund_total": document.amount,
        "created_at": refund.date_created_gmt,
        "reason": refund.refund_reason,
    }
    items, share = given_back(document.items)
    named = {item.refunded_item_id for item in items}
    for item in items:
        adjustment_id = f"{refund.refund_id}-{item.order_item_id}"
        line, shipping = lines.get(item.refunded_item_id or ""), item.order_item_type == "shipping"
        quantity, reason = units[item.order_item_id]
        cells = {
            "channel_adjustment_id": adjustment_id,
            "channel_order_line_id": None if shipping else item.refunded_item_id,
            "quantity": quantity,
            "default_reason": reason,
            "price": None if shipping else part(item.line_total, share),
            "shipping_price": part(item.cost, share) if shipping else None,
            **common,
        }
        yield cells, item, share
        if bundles and line is not None:
            for packed, with_it in bundles.given_back_with(line, abs(number(quantity)), named):
                cells = {
                    "channel_adjustment_id": f"{adjustment_id}-{packed.order_item_id}",
                    "channel_order_line_id": packed.order_item_id,
                    "quantity": with_it,
                    **common,
                }
                yield cells, None, WHOLE
    if not items:
        yield {"channel_adjustment_id": refund.refund_id, "default_reason": default_reason, **common}, None, WHOLE
