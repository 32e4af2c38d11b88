"""Refund documents as rows of the adjustments frame: one an item, and the parts that go back with their container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from transforms.platforms.woocommerce.bundles import Bundles
from transforms.platforms.woocommerce.chunk import Chunk, Item
from transforms.platforms.woocommerce.refunds import (
    MONEY_REASON,
    WHOLE,
    Document,
    Units,
    given_back,
    is_money_alone,
    part,
)
from transforms.platforms.woocommerce.taxes import GivenBack
from transforms.rows import number

Cells = dict[str, str | Decimal | None]


@dataclass(frozen=True)
class Adjustments:
    """The rows of the adjustments frame, and the refunded items that hold taxes."""

    rows: list[Cells]
    taxed: list[GivenBack]


def adjustments(
    chunk: Chunk,
    documents: Mapping[int, Sequence[Document]],
    units: Mapping[int, Mapping[str, Units]],
    bundles: Mapping[int, Bundles],
    totals: Mapping[int, Decimal],
) -> Adjustments:
    """Write the refunds of the orders. `units` is what `units_by_item` found; `totals` are not the orders' own."""
    made = Adjustments([], [])
    for order, of_order in documents.items():
        row = chunk.orders.rows[order]
        total = totals.get(order, number(row.total_amount))
        lines = {item.order_item_id: item for item in chunk.items_of(order)}
        before = Decimal(0)
        for document in of_order:
            reason = MONEY_REASON if is_money_alone(document, before, total) else None
            for cells, item, share in _adjustments(document, lines, units[order], bundles.get(order), reason):
                cells["channel_order_id"] = row.order_id
                made.rows.append(cells)
                if item is not None:
                    made.taxed.append(GivenBack(order, item.row, str(cells["channel_adjustment_id"]), share))
            before += document.amount
    return made


def _adjustments(
    document: Document,
    lines: Mapping[str, Item],
    units: Mapping[str, Units],
    bundles: Bundles | None,
    default_reason: str | None,
) -> Iterator[tuple[Cells, Item | None, Decimal]]:
    """Yield the rows of a document, each with its item, if it has one, and the share of the item that was given back.

    `lines` are the order's items by id, `units` what `units_by_item` found; `default_reason` is that of a document that
    names no item.
    """
    refund = document.row
    common: Cells = {
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
        cells: Cells = {
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
