"""What an order cost and what was given back, in minor units, adding up to the shop's own sums.

Where money goes: a positive fee is a line of its own, so that its refunds find it; a discount row (and a negative fee)
is taken off the product lines in proportion, and off fees and shipping where it is worth more. Shipping of the whole
order is spread over the product lines in proportion to their price. Rounding is steered so that all adds up to the
shop's total where rounding alone explains the difference; where it does not, there is a notice with both sums.

Belongs here: amounts of lines and refunds. Does not belong here: statuses, and the payload's shape.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from transforms.adjustments import Amounts, LineAdjustment, RefundRow, TaxKey
from transforms.cells import Cells
from transforms.money import round_to_total, spread, to_minor
from transforms.statuses import MappedStatus


@dataclass(slots=True)
class Line:
    """One order line on its way to a payload; `path` is the contract's, for faults.

    `measure` is what was ordered of a line that is sold by measure, and counts as one unit.
    """

    row: Any
    path: str
    quantity: int
    status: MappedStatus
    amounts: Amounts
    shipped_at: dt.datetime | None
    is_virtual: bool = False
    partly_shipped: bool = False
    measure: Decimal | None = None
    adjustments: list[LineAdjustment] = field(default_factory=list)

    @property
    def is_fee(self) -> bool:
        """Say whether this is a fee, which nobody ships."""
        return bool(self.row.kind == "fee")

    @property
    def is_shipped(self) -> bool:
        """Say whether somebody ships this line."""
        return not self.is_fee and not self.is_virtual


def charge(cells: Cells, order: Any, rows: Sequence[Any], taxes: Sequence[Any], lines: list[Line]) -> None:
    """Give every line its money in minor units, adding up to the shop's total where rounding allows."""
    index_of = {line.row.channel_order_line_id: index for index, line in enumerate(lines)}
    slots: list[tuple[int | None, str, TaxKey | None]] = []
    exact: list[Decimal] = []

    def take(index: int | None, bucket: str, key: TaxKey | None, amount: Decimal) -> None:
        slots.append((index, bucket, key))
        exact.append(amount)

    for index, line in enumerate(lines):
        take(index, "price", None, cells.required_amount(line.row.price, f"{line.path}.price.amount"))
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

    if cells.include_tax(order):
        _exclude_taxes(exact, [slot[:2] for slot in slots])
    total = None if order.total is None else to_minor(cells.amount(order.total, "total"), cells.digits)
    rounded, adds_up = round_to_total(exact, cells.digits, total)
    if not adds_up and total is not None:
        cells.mismatch("order_lines", sum(rounded), total, "the shop charged")
    for (owner, bucket, key), minor in zip(slots, rounded, strict=True):
        if owner is not None:
            lines[owner].amounts.add(bucket, key, minor)
    of_the_order = [
        (bucket, key, minor) for (owner, bucket, key), minor in zip(slots, rounded, strict=True) if owner is None
    ]
    # What is taken off comes last, when everything it can be taken off is there.
    for bucket, key, minor in sorted(of_the_order, key=lambda slot: slot[2] < 0):
        if minor < 0:
            _take_off(lines, key, -minor)
        else:
            _spread(lines, bucket, key, minor)


def _spread(lines: list[Line], bucket: str, key: TaxKey | None, minor: int) -> None:
    weights = [0 if line.is_fee else line.amounts.price for line in lines]
    if not any(weight > 0 for weight in weights):
        weights = [0 if line.is_fee else 1 for line in lines]
    for line, part in zip(lines, spread(minor, weights), strict=True):
        if part:
            line.amounts.add(bucket, key, part)


def _take_off(lines: list[Line], key: TaxKey | None, minor: int) -> None:
    """Take a discount off the products, or its tax (`key`) off that tax; off something else where that is used up.

    Mirakl knows no negative amounts: a voucher may be worth more than the products, and pay for fees and shipping.
    """
    slots = [(line, *part) for line in lines for part in line.amounts.parts() if part[2] > 0]
    pools: list[Callable[[Line, str, TaxKey | None], bool]] = [
        lambda line, bucket, _: key is None and bucket == "price" and not line.is_fee,
        lambda line, bucket, _: key is None and bucket in {"price", "shipping"},
        lambda line, bucket, tax: tax == key and bucket == "taxes",
        lambda line, bucket, tax: key is not None and tax is not None,
        lambda line, bucket, tax: True,
    ]
    for belongs in pools:
        pool = [slot for slot in slots if belongs(*slot[:3])]
        slots = [slot for slot in slots if not belongs(*slot[:3])]
        part = min(minor, sum(slot[3] for slot in pool))
        for (line, bucket, tax, _), taken in zip(pool, spread(part, [slot[3] for slot in pool]), strict=True):
            line.amounts.add(bucket, tax, -taken)
        minor -= part
    if minor:
        # Below zero: the record is refused by its path, as no amount of Mirakl's can say this.
        lines[0].amounts.add("price", None, -minor)


def _exclude_taxes(exact: list[Decimal], slots: Sequence[tuple[Hashable, str]]) -> None:
    """Take each tax out of the amount that includes it: its owner's, or the order's where the owner has none."""
    places: dict[tuple[Hashable, str], int] = {}
    for index, slot in enumerate(slots):
        places.setdefault(slot, index)
    for index, (owner, bucket) in enumerate(slots):
        taxed = {"taxes": "price", "shipping_taxes": "shipping"}.get(bucket)
        if taxed is not None:
            place = places.get((owner, taxed), places.get((None, taxed)))
            if place is not None:
                exact[place] -= exact[index]


def refund_rows(
    cells: Cells, order: Any, lines: Sequence[Line], adjustments: Sequence[Any], all_taxes: Sequence[Any]
) -> list[RefundRow]:
    """Read the rows of the adjustments frame with their taxes: absolute minor units, each document rounded as a whole.

    What a document gave back beyond what its rows name becomes one more row, which names no line.
    """
    taxes: dict[str, list[Any]] = {}
    for row in all_taxes:
        if row.channel_adjustment_id is not None:
            taxes.setdefault(row.channel_adjustment_id, []).append(row)
    documents: dict[str, list[Any]] = {}
    for row in adjustments:
        documents.setdefault(row.refund_id or row.channel_adjustment_id or "", []).append(row)
    measures = {line.row.channel_order_line_id: line.measure for line in lines}
    return [
        made
        for refund_id, rows in documents.items()
        for made in _document(cells, order, refund_id, rows, taxes, measures)
    ]


def _document(
    cells: Cells,
    order: Any,
    refund_id: str,
    rows: list[Any],
    taxes: dict[str, list[Any]],
    measures: Mapping[str, Decimal | None],
) -> list[RefundRow]:
    path = "order_lines.adjustments"
    slots: list[tuple[RefundRow, str, TaxKey | None]] = []
    exact: list[Decimal] = []

    def take(made: RefundRow, bucket: str, key: TaxKey | None, text: str | None, field: str) -> None:
        slots.append((made, bucket, key))
        exact.append(abs(cells.amount(text, f"{path}.{field}")))

    document = []
    for row in rows:
        made = RefundRow(
            adjustment_id=row.channel_adjustment_id or "",
            refund_id=refund_id,
            line_id=row.channel_order_line_id,
            created_at=cells.required_time(row.created_at, f"{path}.created_at"),
            type=row.type,
            reason=row.reason,
            quantity=abs(cells.units(row.quantity, f"{path}.quantity", measures.get(row.channel_order_line_id))),
            amounts=Amounts(),
            default_reason=row.default_reason,
            charged=cells.flag(row.charged, f"{path}.charged") is not False,
        )
        document.append(made)
        take(made, "price", None, row.price, "price.amount")
        take(made, "shipping", None, row.shipping_price, "shipping_price.amount")
        take(made, "shipping_gross", None, row.shipping_gross_amount, "shipping_gross_amount")
        take(made, "gross", None, row.gross_amount, "gross_amount")
        for tax in taxes.get(made.adjustment_id, ()):
            bucket = "shipping_taxes" if tax.applies_to == "shipping" else "taxes"
            take(made, bucket, cells.tax_key(tax, f"{path}.taxes"), tax.amount, "taxes.amount")

    if cells.include_tax(order):
        _exclude_taxes(exact, [(id(made), bucket) for made, bucket, _ in slots])
    stated = next((row.refund_total for row in rows if row.refund_total is not None), None)
    total = sum(exact, Decimal(0)) if stated is None else abs(cells.amount(stated, f"{path}.refund_total"))
    rounded, _ = round_to_total(exact, cells.digits, to_minor(total, cells.digits))
    for (made, bucket, key), minor in zip(slots, rounded, strict=True):
        if bucket == "gross":
            made.gross += minor
        elif bucket == "shipping_gross":
            made.shipping_gross += minor
        else:
            made.amounts.add(bucket, key, minor)
    unnamed = to_minor(total, cells.digits) - sum(rounded)
    if unnamed > 0:
        first = document[0]
        empty = next((made for made in document if made.line_id is None and not made.amounts.total()), None)
        if empty is None:
            empty = replace(first, adjustment_id=refund_id, line_id=None, quantity=0, amounts=Amounts())
            empty.gross = empty.shipping_gross = 0
            document.append(empty)
        empty.gross += unnamed
    return document
