"""Refund documents as rows of the adjustments frame: one an item, and the parts that go back with their container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from transforms.database_values import as_text
from transforms.platforms.woocommerce.bundles import Bundles, holds_money
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

AdjustmentRow = dict[str, str | Decimal | None]


@dataclass(frozen=True)
class Adjustments:
    """The rows of the adjustments frame, and the refunded items that hold taxes."""

    rows: list[AdjustmentRow]
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
        given_up: dict[str, Decimal] = {}
        for document in of_order:
            reason = MONEY_REASON if is_money_alone(document, before, total) else None
            for made_row in _adjustments(document, lines, units[order], bundles.get(order), reason, given_up):
                made.rows.append({**made_row.cells, "channel_order_id": row.order_id})
                if made_row.item is not None:
                    adjustment_id = str(made_row.cells["channel_adjustment_id"])
                    made.taxed.append(GivenBack(order, made_row.item.row, adjustment_id, made_row.share))
            before += document.amount
    return made


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the frame, with the item whose taxes it gives back, if any, and the share of them."""

    cells: AdjustmentRow
    item: Item | None = None
    share: Decimal = WHOLE

    @property
    def units(self) -> Decimal:
        return abs(number(as_text(self.cells.get("quantity"))))


def _adjustments(
    document: Document,
    lines: Mapping[str, Item],
    units: Mapping[str, Units],
    bundles: Bundles | None,
    default_reason: str | None,
    given_up: dict[str, Decimal],
) -> Sequence[_Row]:
    """Return the rows of a document.

    `lines` are the order's items by id, `units` what `units_by_item` found; `default_reason` is that of a document that
    names no item. `given_up` are the units that documents have given up, by the line's id: those of this one are added.
    """
    refund = document.row
    common: AdjustmentRow = {
        "refund_id": refund.refund_id,
        "refund_total": document.amount,
        "created_at": refund.date_created_gmt,
        "reason": refund.refund_reason,
    }
    items, share = given_back(document.items)
    if not items:
        return [_Row({"channel_adjustment_id": refund.refund_id, "default_reason": default_reason, **common})]
    named = {item.refunded_item_id for item in items}
    made = []
    for item in items:
        adjustment_id = f"{refund.refund_id}-{item.order_item_id}"
        line, shipping = lines.get(item.refunded_item_id or ""), item.order_item_type == "shipping"
        quantity, reason = units[item.order_item_id]
        units_of: AdjustmentRow = {
            "channel_adjustment_id": adjustment_id,
            "channel_order_line_id": None if shipping else item.refunded_item_id,
            "quantity": quantity,
            "default_reason": reason,
            **common,
        }
        money: AdjustmentRow = {
            "price": None if shipping else part(item.line_total, share),
            "shipping_price": part(item.cost, share) if shipping else None,
        }
        holder = bundles.holder(line) if bundles and line is not None and holds_money(item) else None
        if holder is None:
            made.append(_Row({**units_of, **money}, item, share))
        else:
            # The part has no price of its own: its money is the container's.
            if line is not None and bundles and line.row not in bundles.left_out:
                made.append(_Row(units_of))
            apart: AdjustmentRow = {
                "channel_adjustment_id": f"{adjustment_id}-{holder.order_item_id}",
                "channel_order_line_id": holder.order_item_id,
                "quantity": "0",
            }
            made.append(_Row({**units_of, **money, **apart}, item, share))
        if bundles and line is not None:
            for packed, with_it in bundles.given_back_with(line, abs(number(quantity)), named):
                apart = {
                    "channel_adjustment_id": f"{adjustment_id}-{packed.order_item_id}",
                    "channel_order_line_id": packed.order_item_id,
                    "quantity": with_it,
                }
                made.append(_Row({**apart, **common}))
    if bundles:
        made += _with_parts(made, bundles, given_up, common)
    return made


def _with_parts(
    made: Sequence[_Row], bundles: Bundles, given_up: dict[str, Decimal], common: AdjustmentRow
) -> Iterator[_Row]:
    """Give containers up with the last of their parts: in the row that names them, else in one more, yielded."""
    for row in made:
        line_id = str(row.cells["channel_order_line_id"])
        given_up[line_id] = given_up.get(line_id, Decimal(0)) + row.units
    for container, more in list(bundles.given_up_with_parts(given_up)):
        line_id = container.order_item_id
        given_up[line_id] = given_up.get(line_id, Decimal(0)) + more
        own = next((row for row in made if row.cells["channel_order_line_id"] == line_id), None)
        if own is not None:
            own.cells.update(quantity=own.units + more, default_reason=None)
            continue
        yield _Row(
            {
                "channel_adjustment_id": f"{common['refund_id']}-{line_id}",
                "channel_order_line_id": line_id,
                "quantity": more,
                **common,
            }
        )
