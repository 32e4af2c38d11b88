"""What an order cost and what was given back, in minor units, adding up to the shop's own sums.

Where money goes: a positive fee is a line of its own, so that its refunds find it; a discount row (and a negative fee)
is taken off the product lines in proportion. Shipping of the whole order is spread over the product lines in
proportion to their price. Rounding is steered so that all adds up to the shop's total where rounding alone explains
the difference; where it does not, there is a notice with both sums.

Belongs here: amounts of lines and refunds. Does not belong here: statuses, and the payload's shape.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from transforms.adjustments import Amounts, LineAdjustment, RefundRow, TaxKey
from transforms.cells import Cells
from transforms.money import round_to_total, spread, to_minor
from transforms.statuses import MappedStatus


@dataclass(slots=True)
class Line:
    """One order line on its way to a payload; `path` is the contract's, for faults."""

    row: Any
    path: str
    quantity: int
    status: MappedStatus
    amounts: Amounts
    shipped_at: dt.datetime | None
    adjustments: list[LineAdjustment] = field(default_factory=list)

    @property
    def is_fee(self) -> bool:
        """Say whether this is a fee, which nobody ships."""
        return bool(self.row.kind == "fee")


def charge(cells: Cells, order: Any, rows: Sequence[Any], taxes: Sequence[Any], lines: list[Line]) -> None:
    """Give every line its money in minor units, adding up to the shop's total where rounding allows."""
    index_of = {line.row.channel_order_line_id: index for index, line in enumerate(lines)}
    slots: list[tuple[int | None, str, TaxKey | None]] = []
    exact: list[Decimal] = []

    def take(index: int | None, bucket: str, key: TaxKey | None, amount: Decimal) -> None:
        slots.append((index, bucket, key))
        exact.append(amount)

    for index, line in enumerate(lines):
        take(index, "price", None, cells.amount(line.row.price, f"{line.path}.price.amount"))
        if line.row.total_shipping_price is not None:
            path = f"{line.path}.total_shipping_price.amount"
            take(index, "shipping", None, cells.amount(line.row.total_shipping_price, path))
    for row in rows:
        if row.kind == "discount":
            take(None, "price", None, cells.amount(row.price, "order_lines.price.amount"))
    shipping = cells.amount(order.shipping_price, "shipping_price")
    take(None, "shipping", None, shipping)
    for row in taxes:
        if row.channel_adjustment_id is not None:
            continue
        owner = index_of.get(row.channel_order_line_id)
        path = "order_lines.taxes" if owner is None else f"{lines[owner].path}.taxes"
        bucket = "shipping_taxes" if row.applies_to == "shipping" else "taxes"
        take(owner, bucket, cells.tax_key(row, path), cells.amount(row.amount, f"{path}.amount"))

    total = None if order.total is None else to_minor(cells.amount(order.total, "total"), cells.digits)
    rounded, adds_up = round_to_total(exact, cells.digits, total)
    if not adds_up and total is not None:
        cells.mismatch("order_lines", sum(rounded), total, "the shop charged")
    for (owner, bucket, key), minor in zip(slots, rounded, strict=True):
        if owner is not None:
            lines[owner].amounts.add(bucket, key, minor)
    for (owner, bucket, key), minor in zip(slots, rounded, strict=True):
        if owner is None:
            _spread(lines, bucket, key, minor)


def _spread(lines: list[Line], bucket: str, key: TaxKey | None, minor: int) -> None:
    if bucket == "taxes" and minor < 0 and key is not None:
        weights = [line.amounts.taxes.get(key, 0) for line in lines]
    else:
        weights = [0 if line.is_fee else line.amounts.price for line in lines]
        if not any(weight > 0 for weight in weights):
            weights = [0 if line.is_fee else 1 for line in lines]
    for line, part in zip(lines, spread(minor, weights), strict=True):
        if part:
            line.amounts.add(bucket, key, part)


def refund_rows(cells: Cells, adjustments: Sequence[Any], all_taxes: Sequence[Any]) -> list[RefundRow]:
    """Read the rows of the adjustments frame with their taxes: absolute minor units, each row rounded as a whole."""
    taxes: dict[str, list[Any]] = {}
    for row in all_taxes:
        if row.channel_adjustment_id is not None:
            taxes.setdefault(row.channel_adjustment_id, []).append(row)
    rows = []
    for row in adjustments:
        path = "order_lines.adjustments"
        slots: list[tuple[str, TaxKey | None]] = [("price", None), ("shipping", None)]
        exact = [
            abs(cells.amount(row.price, f"{path}.price.amount")),
            abs(cells.amount(row.shipping_price, f"{path}.shipping_price.amount")),
        ]
        for tax in taxes.get(row.channel_adjustment_id, ()):
            slots.append(
                ("shipping_taxes" if tax.applies_to == "shipping" else "taxes", cells.tax_key(tax, f"{path}.taxes"))
            )
            exact.append(abs(cells.amount(tax.amount, f"{path}.taxes.amount")))
        rounded, _ = round_to_total(exact, cells.digits, to_minor(sum(exact, Decimal(0)), cells.digits))
        amounts = Amounts()
        for (bucket, key), minor in zip(slots, rounded, strict=True):
            amounts.add(bucket, key, minor)
        rows.append(
            RefundRow(
                adjustment_id=row.channel_adjustment_id or "",
                refund_id=row.refund_id or row.channel_adjustment_id or "",
                line_id=row.channel_order_line_id,
                created_at=cells.required_time(row.created_at, f"{path}.created_at"),
                type=row.type,
                reason=row.reason,
                quantity=abs(cells.units(row.quantity, f"{path}.quantity")),
                amounts=amounts,
                gross=to_minor(abs(cells.amount(row.gross_amount, f"{path}.gross_amount")), cells.digits),
            )
        )
    return rows
