"""What Magento gives back: credit memos, item by item, and cancelled units.

The money of a credit memo adds up to its grand total: what its items and shipping do not explain is the adjustment
that its author made by hand, given beyond them or kept back from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.frames import FrameRow
from transforms.platforms.magento2.cancelled import Cancellation
from transforms.platforms.magento2.extras import Extra
from transforms.platforms.magento2.money import Money, net_of, paid_otherwise_of, shared, split
from transforms.platforms.magento2.sold import Line
from transforms.rows import when
from transforms.rowsets import ZERO

_HALF_A_CENT = Decimal("0.005")
# A memo whose author keeps back more than this of what its units cost gives money back, and no units.
_A_REDUCTION = Decimal("0.5")


@dataclass(slots=True)
class Given:
    """One row of the adjustments frame, with its money."""

    cells: FrameRow
    money: Money
    on_shipping: bool = False

    def adjustment(self) -> FrameRow:
        """Return the row of the adjustments frame."""
        return {**self.cells, "shipping_price" if self.on_shipping else "price": self.money.net}

    def taxes(self) -> Iterator[FrameRow]:
        """Yield its rows of the taxes frame."""
        for tax in (*self.money.taxes, *self.money.fixed):
            yield {
                "channel_adjustment_id": self.cells["channel_adjustment_id"],
                "applies_to": "shipping" if self.on_shipping else "price",
                "code": tax.code,
                "rate": tax.rate,
                "amount": tax.amount,
            }


@dataclass(slots=True)
class Memo:
    """A credit memo: its header row, its item rows, and all that was written about it."""

    row: Any
    items: list[Any]
    words: str | None


@dataclass(slots=True)
class Refunds:
    """What was given back of one order. `left_by(item row, at)` counts what had been shipped of it by then."""

    order: Any
    lines: dict[Any, Line]
    shipping: Money
    extras: list[Extra]
    left_by: Callable[[Any, dt.datetime], Decimal]

    def cancelled(self, cancellations: Iterable[Cancellation]) -> list[Given]:
        """Return the cancelled units of each line, with the shipping cancelled with them; nothing of it was charged."""
        document = f"cancel-{self.order.order_id}"
        given = []
        for cancelled in cancellations:
            line_id, quantity = cancelled.line_id, cancelled.quantity
            line = self.lines[line_id]
            line.gone += quantity
            cells = _cells(document, f"cancel-{line_id}", cancelled.at, cancelled.words, cancelled.reason)
            cells |= {"channel_order_line_id": line_id, "quantity": quantity, "type": "CANCELATION", "charged": "0"}
            given.append(Given(cells, line.money.part(quantity, line.product.quantity)))
        if given and self.order.state == "canceled":
            for extra in self.extras:
                if extra.is_line:
                    cells = {"channel_adjustment_id": f"cancel-{extra.line_id}", "channel_order_line_id": extra.line_id}
                    given.append(Given({**given[0].cells, **cells, "quantity": 1}, extra.money))
        amount, whole = self.order.shipping_canceled or ZERO, self.order.shipping_amount or ZERO
        if given and amount and whole:
            cells = {**given[0].cells, "channel_adjustment_id": f"{document}-shipping"}
            del cells["channel_order_line_id"], cells["quantity"]
            given.append(Given(cells, self.shipping.part(amount, whole), on_shipping=True))
        return given

    def given_back(self, memos: Iterable[Memo]) -> Iterator[Given]:
        """Yield the rows of the credit memos, in the order these were made."""
        for memo in sorted(memos, key=lambda memo: (when(memo.row.created_at), memo.row.creditmemo_id)):
            yield from self._memo(memo)

    def _memo(self, memo: Memo) -> list[Given]:
        row = memo.row
        document = f"cm-{row.increment_id or row.creditmemo_id}"
        items = [(item, self._item_money(item)) for item in memo.items if item.order_item_id in self.lines]
        shipping = self._shipping(memo)
        of_extras = [(extra, back) for extra in self.extras if (back := extra.given_back(row)).net > 0]
        explained = sum((money.total() for _, money in items), shipping.total())
        explained += sum((money.total() for _, money in of_extras), ZERO)
        total = explained if row.grand_total is None else row.grand_total + paid_otherwise_of(row)
        # What else a memo lacks was paid otherwise, as by a module's gift card: its units came back all the same.
        reduces = (row.adjustment_negative or ZERO) > explained * _A_REDUCTION
        given = [self._item(memo, document, item, money, reduces) for item, money in items]
        given = [one for one in given if one.money.total() or one.cells["quantity"]]
        reason = given[0].cells["default_reason"] if given else "AGREEMENT"
        for extra, back in of_extras:
            cells = _cells(document, f"{document}-{extra.suffix}", row.created_at, memo.words, reason)
            cells |= {"channel_order_line_id": extra.line_id, "type": "REFUND"}
            cells["quantity"] = int(back.total() >= extra.money.total())
            given.append(Given(cells, back))
        if shipping.total():
            cells = _cells(document, f"{document}-shipping", row.created_at, memo.words, reason)
            given.append(Given(cells, shipping, on_shipping=True))
        if total < explained:
            _keep_back(given, max(total, ZERO))
        elif total - explained >= _HALF_A_CENT:
            cells = _cells(document, f"{document}-adjustment", row.created_at, memo.words, "AGREEMENT")
            given.append(Given({**cells, "gross_amount": total - explained}, Money(ZERO)))
        for one in given:
            one.cells["refund_total"] = total
        return given

    def _item_money(self, item: Any) -> Money:
        line = self.lines[item.order_item_id]
        row = line.product.row
        fixed, whole = item.weee_tax_applied_row_amount or ZERO, row.weee_tax_applied_row_amount or ZERO
        return Money(
            max(net_of(item.row_total, item.discount_amount, item.discount_tax_compensation_amount), ZERO),
            shared(item.tax_amount or ZERO, line.money.taxes, row.tax_percent),
            line.money.part(fixed, whole).fixed if fixed and whole else [],
        )

    def _item(self, memo: Memo, document: str, item: Any, money: Money, reduces: bool) -> Given:
        line, at = self.lines[item.order_item_id], when(memo.row.created_at)
        product = line.product
        quantity = product.units(item.qty or ZERO)
        if reduces:
            line.reduced += quantity
            quantity = 0
        left = product.touched(lambda shipper: self.left_by(shipper, at))
        # Magento takes refunded units off what is still to be shipped, as long as there is some.
        cancels = bool(product.shippers) and 0 < quantity <= product.quantity - max(left, product.left) - line.gone
        line.gone += quantity
        is_money = reduces or not item.qty
        reason = "AGREEMENT" if is_money else "CUSTOMER_CANCELATION" if cancels or not left else "RETURN"
        cells = _cells(document, f"{document}-{item.creditmemo_item_id}", memo.row.created_at, memo.words, reason)
        cells |= {"channel_order_line_id": item.order_item_id, "quantity": quantity}
        # Of a line that has left in part, words about goods in the buyer's hands may decide otherwise.
        if not (cancels and left):
            cells["type"] = "CANCELATION" if cancels else "REFUND"
        return Given(cells, money)

    def _shipping(self, memo: Memo) -> Money:
        """Return the shipping given back. Its discount is written nowhere but in the sums of the credit memo."""
        row, order = memo.row, self.order
        items = [item for item in memo.items if item.order_item_id in self.lines]
        amount = row.shipping_amount or ZERO
        discount = compensation = ZERO
        if order.shipping_discount_amount:
            discount = abs(row.discount_amount or ZERO) - sum((item.discount_amount or ZERO for item in items), ZERO)
        if order.shipping_discount_tax_compensation_amount:
            compensation = row.discount_tax_compensation_amount or ZERO
            compensation -= sum((item.discount_tax_compensation_amount or ZERO for item in items), ZERO)
        taxes = shared(row.shipping_tax_amount or ZERO, self.shipping.taxes, None)
        # A discount on prices with tax is more than the amount without; the compensation makes up for it.
        left = net_of(amount, max(discount, ZERO), max(compensation, ZERO))
        return Money(min(max(left, ZERO), amount), taxes)


def _keep_back(given: list[Given], total: Decimal) -> None:
    """Lower all amounts in proportion, to what was given back in all."""
    amounts = [one.money.amounts() for one in given]
    parts = iter(split(total, [amount for each in amounts for amount in each]))
    for one, each in zip(given, amounts, strict=True):
        one.money = one.money.with_amounts([next(parts) for _ in each])


def _cells(document: str, adjustment_id: str, at: dt.datetime, words: str | None, reason: str) -> FrameRow:
    return {
        "channel_adjustment_id": adjustment_id,
        "refund_id": document,
        "created_at": at,
        "reason": words,
        "default_reason": reason,
    }
