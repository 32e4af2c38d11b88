"""What a Medusa shop gave back: units by documents, money by refunds, and which money belongs to which units.

Medusa keeps the two apart: a received return, a claim or an edit lowers what the order costs, and somebody refunds
money later, earlier, in another amount, or not at all (nothing was captured yet, or an exchange uses it up). So the
history of the order is walked once, by time: a refund pays for goods that were given back as far as the buyer has paid
more than the order then costs; what is beyond is money without goods. Goods given back after such money cost only what
is left of their price. Nothing that was told once changes when something is added later.

Belongs here: adjustments of an order. Does not belong here: prices of lines, statuses.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.money import from_minor, minor_digits, to_minor
from transforms.platforms.medusa.lines import Line, Price, exact
from transforms.rows import Rows, rows_by, when

Cells = dict[str, Any]
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of one line given back by one document; `line` is None for a credit, which names none."""

    at: dt.datetime
    document_id: str
    adjustment_id: str
    type: str
    reason: str
    line: Line | None
    units: Decimal
    price: Price


@dataclass(frozen=True, slots=True)
class Order:
    """What the history of an order begins with: `charges` are (when, gross) of its lines and shipping methods."""

    row: Any
    lines: list[Line]
    came: Mapping[int, dt.datetime]
    charges: list[tuple[dt.datetime, Decimal]]


@dataclass(slots=True)
class History:
    """Cells of the adjustments and taxes frames, and the sums that go with them, tax included.

    `total_paid` is captured money, and the credit that the buyer paid with when placing the order
    (`credit_at_placement`); `total_refunded` what the adjustments should come to; `credit` all credit lines.
    """

    adjustments: list[Cells]
    taxes: list[Cells]
    total_paid: Decimal
    total_refunded: Decimal
    credit: Decimal
    credit_at_placement: Decimal


class RefundBook:
    """The documents and the money of all orders of a chunk."""

    def __init__(self, rows: Rows) -> None:
        self._changes = rows_by(rows, "order_changes", "order_id")
        self._notes = rows_by(rows, "change_notes", "change_id")
        self._returns = rows_by(rows, "return_items", "order_id")
        self._claims = rows_by(rows, "claim_items", "order_id")
        self._credits = rows_by(rows, "credit_lines", "order_id")
        self._transactions = rows_by(rows, "transactions", "order_id")
        self._refunds = rows_by(rows, "refunds", "order_id")
        self._receipts: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for receipts in rows_by(rows, "receipts", "order_id").values():
            for receipt in receipts:
                self._receipts[receipt.return_id, receipt.item_id].append(receipt)

    def history(self, order: Order) -> History:
        """Walk the order's history.

        Raises:
            BrokenNumber: an amount or a quantity is not a number.
        """
        order_id = order.row.order_id
        by_id = {line.row.item_id: line for line in order.lines}
        credits = [(int(exact(credit.created_in_version or 1)), credit) for credit in self._credits[order_id]]
        goods = [
            *self._removals(order),
            *self._returned(order_id, by_id),
            *self._claimed(order_id, by_id),
            *_credited(order, credits),
        ]
        at_placement = sum((exact(c.amount) for version, c in credits if version <= 1), _NOTHING)
        ledger = _Ledger(order, at_placement)
        booked = [(row.created_at, exact(row.amount)) for row in self._transactions[order_id]]
        refunds = self._refunds[order_id]
        events: list[tuple[dt.datetime, int, str, Any]] = [
            *((at, 0, "", amount) for at, amount in order.charges),
            *((at, 1, "", amount) for at, amount in booked if amount > 0),
            *((document.at, 2, document.adjustment_id, document) for document in goods),
            *((refund.created_at, 3, refund.refund_id, refund) for refund in refunds),
        ]
        steps = (ledger.charge, ledger.pay, ledger.give_back, ledger.refund)
        for _, step, _, what in sorted(events, key=lambda event: (when(event[0]), *event[1:3])):
            steps[step](what)
        paid_back = -sum((amount for _, amount in booked if amount < 0), _NOTHING)
        unbooked = paid_back - sum((exact(refund.amount) for refund in refunds), _NOTHING)
        return History(
            adjustments=ledger.adjustments,
            taxes=ledger.taxes,
            total_paid=sum((amount for _, amount in booked if amount > 0), at_placement),
            total_refunded=ledger.told + unbooked,
            credit=sum((exact(credit.amount) for _, credit in credits), _NOTHING),
            credit_at_placement=at_placement,
        )

    def _removals(self, order: Order) -> Iterator[Goods]:
        changes = {change.version: change for change in self._changes[order.row.order_id]}
        for line in order.lines:
            for removal in line.removals:
                change = changes.get(removal.version)
                document_id = change.change_id if change else f"{order.row.order_id}-v{removal.version}"
                notes = [row.note for row in self._notes[document_id] if row.item_id == line.row.item_id]
                yield Goods(
                    at=change.confirmed_at if change else order.came[removal.version],
                    document_id=document_id,
                    adjustment_id=f"{document_id}-{line.row.item_id}",
                    type="CANCELATION",
                    reason=" ".join((*notes, (change.description if change else None) or "")).strip(),
                    line=line,
                    units=removal.units,
                    price=removal.price,
                )

    def _returned(self, order_id: str, lines: Mapping[str, Line]) -> Iterator[Goods]:
        claimed = {(row.claim_id, row.item_id): row.reason for row in self._claims[order_id]}
        for row in self._returns[order_id]:
            line = lines.get(row.item_id)
            if line is None:
                continue
            words = " ".join(filter(None, (row.reason_value, row.reason_label, row.note)))
            complaint = claimed.get((row.claim_id, row.item_id))
            for number, (at, receipt_id, units, is_damaged) in enumerate(self._received(row)):
                # The id must not move when the rest of the same item arrives another day.
                adjustment_id = row.return_item_id if number == 0 else f"{row.return_item_id}-{receipt_id}"
                what = "damaged return" if is_damaged else complaint or "received return"
                yield Goods(
                    at=at,
                    document_id=f"{row.return_id}-{receipt_id}",
                    adjustment_id=adjustment_id,
                    type="REFUND",
                    reason=f"{what}: {words}",
                    line=line,
                    units=units,
                    price=_unit_price(line).times(units),
                )

    def _received(self, row: Any) -> list[tuple[dt.datetime, str, Decimal, bool]]:
        receipts = self._receipts.get((row.return_id, row.item_id))
        if receipts:
            return [(r.received_at, r.action_id, exact(r.quantity), bool(r.is_damaged)) for r in receipts]
        received = [(exact(row.received_quantity), False), (exact(row.damaged_quantity), True)]
        return [
            (row.received_at, "damaged" if is_damaged else "received", units, is_damaged)
            for units, is_damaged in received
            if units > 0
        ]

    def _claimed(self, order_id: str, lines: Mapping[str, Line]) -> Iterator[Goods]:
        """Yield what buyers miss or keep; what a claim has sent back counts when it is received."""
        sent_back = {(row.claim_id, row.item_id) for row in self._returns[order_id]}
        kept: dict[str, list[Any]] = defaultdict(list)
        for row in self._claims[order_id]:
            if row.item_id in lines and (row.claim_id, row.item_id) not in sent_back:
                kept[row.claim_id].append(row)
        for claim_id, rows in kept.items():
            prices = [_unit_price(lines[row.item_id]).times(exact(row.quantity)) for row in rows]
            value = sum((price.gross for price in prices), _NOTHING)
            # A replacement gives no money back; a refund may have been agreed on in another amount.
            share = Decimal(0) if rows[0].type == "replace" else Decimal(1)
            if share and rows[0].refund_amount is not None and value:
                share = exact(rows[0].refund_amount) / value
            for row, price in zip(rows, prices, strict=True):
                yield Goods(
                    at=row.created_at,
                    document_id=claim_id,
                    adjustment_id=row.claim_item_id,
                    type="REFUND",
                    reason=f"{row.reason}: {row.note or ''}",
                    line=lines[row.item_id],
                    units=exact(row.quantity),
                    price=price.times(share),
                )


def _credited(order: Order, credits: list[tuple[int, Any]]) -> Iterator[Goods]:
    """Yield credits given after the order was placed; earlier ones are how the buyer paid."""
    for index, (version, credit) in enumerate(credits):
        amount = exact(credit.amount)
        if version > 1 and amount > 0:
            # Each version copies credit lines under new ids; what they refer to stays.
            document_id = f"{order.row.order_id}-credit-{credit.reference_id or index}-v{version}"
            yield Goods(
                at=order.came.get(version, order.row.created_at),
                document_id=document_id,
                adjustment_id=document_id,
                type="REFUND",
                reason=f"{credit.reference or ''} goodwill",
                line=None,
                units=_NOTHING,
                price=Price(amount, ()),
            )


def _unit_price(line: Line) -> Price:
    """Return what one unit costs that edits left on the line."""
    price, quantity = line.price, line.quantity
    for removal in line.removals:
        price, quantity = price.plus(removal.price.times(Decimal(-1))), quantity - removal.units
    return price.times(1 / quantity) if quantity else price.times(_NOTHING)


class _Ledger:
    """What the order costs, what was paid, and what was told as given back, at one moment of its history."""

    def __init__(self, order: Order, credit_at_placement: Decimal) -> None:
        self.row = order.row
        self.digits = minor_digits(order.row.currency_code.upper()) or 2
        self.due, self.paid = -credit_at_placement, _NOTHING
        self.ahead = self.told = _NOTHING
        self.adjustments: list[Cells] = []
        self.taxes: list[Cells] = []
        self._given: dict[str, Decimal] = defaultdict(Decimal)

    def charge(self, amount: Decimal) -> None:
        """Something was bought."""
        self.due += amount

    def pay(self, amount: Decimal) -> None:
        """Money was captured."""
        self.paid += amount

    def give_back(self, goods: Goods) -> None:
        """Units came back: tell them with their price, less what was given for them before."""
        gross = goods.price.gross
        value = self._rounded(goods)
        money = max(value - self.ahead, _NOTHING)
        self.ahead -= value - money
        self.due -= gross
        cells = self._told(goods.adjustment_id, goods.document_id, goods.at, goods.reason, money)
        if goods.line is None:
            if money:
                self.adjustments.append({**cells, "gross_amount": money, "type": goods.type})
            return
        part = goods.price.times(money / gross) if gross else goods.price
        self.adjustments.append(
            {
                **cells,
                "channel_order_line_id": goods.line.row.item_id,
                "type": goods.type,
                "quantity": goods.units,
                "price": part.net,
            }
        )
        for tax, amount in zip(goods.line.taxes, part.taxes, strict=True):
            self.taxes.append(
                {
                    "channel_order_id": self.row.order_id,
                    "channel_adjustment_id": goods.adjustment_id,
                    "applies_to": "price",
                    "code": tax.code,
                    "rate": tax.rate,
                    "amount": amount,
                }
            )

    def refund(self, refund: Any) -> None:
        """Money went back: tell what no goods explain."""
        amount = exact(refund.amount)
        overpaid = self._round(max(self.paid - self.due, _NOTHING))
        self.paid -= amount
        money = max(self._round(amount) - overpaid, _NOTHING)
        if money:
            self.ahead += money
            words = " ".join(filter(None, (refund.code, refund.label, refund.note)))
            cancelled = self.row.status == "canceled" and not words
            reason = "canceled" if cancelled else f"{words} goodwill"
            cells = self._told(refund.refund_id, refund.refund_id, refund.created_at, reason, money)
            self.adjustments.append({**cells, "gross_amount": money})

    def _told(self, adjustment_id: str, document_id: str, at: dt.datetime, reason: str, money: Decimal) -> Cells:
        self.told += money
        return {
            "channel_order_id": self.row.order_id,
            "channel_adjustment_id": adjustment_id,
            "refund_id": document_id,
            "created_at": at,
            "reason": reason,
        }

    def _rounded(self, goods: Goods) -> Decimal:
        """Round the value of goods, so that all units of a line, one after the other, come to the line's own price."""
        if goods.line is None or goods.type == "CANCELATION":
            return self._round(goods.price.gross)
        key = goods.line.row.item_id
        before = self._given[key]
        self._given[key] = before + goods.price.gross
        return self._round(self._given[key]) - self._round(before)

    def _round(self, amount: Decimal) -> Decimal:
        return from_minor(to_minor(amount, self.digits), self.digits)
