"""What a Medusa shop gave back: units by documents, money by refunds, and which money belongs to which units.

Medusa keeps the two apart: a received return, a claim or an edit lowers what the order costs, and somebody refunds
money later, earlier, in another amount, or not at all (nothing was captured yet, or an exchange uses it up). So the
history of the order is walked once, by time: a refund pays for goods that were given back as far as the buyer has paid
more than the order then costs; what is beyond is money without goods. Goods given back after such money cost only what
is left of their price. Nothing that was sent once changes when something is added later.

Orders that have neither documents nor refunds are not walked: of them there is money that came in.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from transforms.frames import FrameRow
from transforms.groups import Bools
from transforms.money import from_minor, minor_digits, to_minor
from transforms.platforms.medusa.bought import Bought
from transforms.platforms.medusa.documents import Documents, Goods, Order
from transforms.platforms.medusa.lines import Lines
from transforms.platforms.medusa.prices import Broken, BrokenNumber, exact
from transforms.platforms.medusa.shipping import Methods
from transforms.rows import Rows, rows_by, rows_of, when
from transforms.rowsets import ZERO, Objects, Rowset, is_true, rowset, sums, zeros

_WITH_HISTORY = ("receipts", "claim_items", "credit_lines", "refunds")


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Rows of the adjustments and taxes frames, and by order the sums that go with them, tax included.

    `total_paid` is captured money, and the credit that the buyer paid with when placing the order
    (`credit_at_placement`); `total_refunded` what the adjustments should come to; `credit` all credit lines.
    """

    adjustments: list[FrameRow]
    taxes: list[FrameRow]
    total_paid: Objects
    total_refunded: Objects
    credit: Objects
    credit_at_placement: Objects


def given_back(
    rows: Rows, orders: Rowset, numbers: dict[object, int], lines: Lines, methods: Methods, broken: Broken
) -> GivenBack:
    """Work out what was paid and given back; orders with an amount or a quantity that is no number are noted."""
    booked = rowset(rows, "transactions", "order_id", numbers)
    amount = broken.numbers(booked["amount"], booked.groups.owners)
    came_in = amount > 0
    found = GivenBack(
        adjustments=[],
        taxes=[],
        total_paid=sums(amount[came_in], booked.groups.of(came_in)),
        total_refunded=-sums(amount[~came_in], booked.groups.of(~came_in)),
        credit=zeros(len(orders)),
        credit_at_placement=zeros(len(orders)),
    )
    walked = lines.groups.any(lines.removals.groups.counts > 0)
    returns = rowset(rows, "return_items", "order_id", numbers)
    walked |= returns.groups.any(is_true(returns["received_quantity"]) | is_true(returns["damaged_quantity"]))
    for query in _WITH_HISTORY:
        walked |= rowset(rows, query, "order_id", numbers).groups.counts > 0
    walked[list(broken)] = False
    if walked.any():
        _walk(
            rows, orders["order_id"][walked], _histories(rows, orders, numbers, walked, lines, methods), found, broken
        )
    return found


def _histories(
    rows: Rows, orders: Rowset, numbers: dict[object, int], walked: Bools, lines: Lines, methods: Methods
) -> Iterator[tuple[int, Order]]:
    """Yield (number, order) for the orders to be walked."""
    chosen = frozenset(orders["order_id"][walked])
    by_number = {numbers[row.order_id]: row for row in rows_of(rows, "orders", "order_id", chosen)}
    versions = rowset(rows, "items", "order_id", numbers)
    version, created_at = versions["version"].tolist(), versions["created_at"].tolist()
    bought_at, bought_for = lines.items["created_at"].tolist(), lines.prices.gross().tolist()
    shipped_from, shipped_for = methods.rows["created_at"].tolist(), methods.prices.gross().tolist()
    bought = Bought(lines)
    for number in np.flatnonzero(walked).tolist():
        row, own = by_number[number], versions.groups.rows(number)
        came: dict[int, dt.datetime] = {}
        for of_version, at in zip(version[own], created_at[own], strict=True):
            came[of_version] = min(came.get(of_version, at), at, key=when)
        came.setdefault(row.version, max(came.values(), key=when, default=dt.datetime.max.replace(tzinfo=dt.UTC)))
        line, method = lines.groups.rows(number), methods.rows.groups.rows(number)
        charges = [
            *zip(bought_at[line], bought_for[line], strict=True),
            *zip(shipped_from[method], shipped_for[method], strict=True),
        ]
        yield number, Order(row, bought.lines(number), came, charges)


def _walk(
    rows: Rows, order_ids: Objects, histories: Iterator[tuple[int, Order]], found: GivenBack, broken: Broken
) -> None:
    """Walk the histories of some orders, and add their adjustments to `found`."""
    wanted = frozenset(order_ids)
    documents = Documents(rows, wanted)
    booked = rows_by(rows, "transactions", "order_id", wanted)
    refunds = rows_by(rows, "refunds", "order_id", wanted)
    for number, order in histories:
        order_id = order.row.order_id
        try:
            credits = documents.credits(order_id)
            goods = list(documents.given_back(order, credits))
            at_placement = sum((credit.amount for credit in credits if credit.version <= 1), ZERO)
            ledger = _Ledger(order, at_placement)
            ledger.walk([(row.created_at, exact(row.amount)) for row in booked[order_id]], goods, refunds[order_id])
            refunded = sum((exact(refund.amount) for refund in refunds[order_id]), ZERO)
        except BrokenNumber as fault:
            broken.setdefault(number, fault.cell or "?")
            continue
        found.adjustments.extend(ledger.adjustments)
        found.taxes.extend(ledger.taxes)
        found.total_paid[number] += at_placement
        # What was booked as paid back, and what no refund explains of it.
        found.total_refunded[number] += ledger.recorded - refunded
        found.credit[number] = sum((credit.amount for credit in credits), ZERO)
        found.credit_at_placement[number] = at_placement


class _Ledger:
    """What the order costs, what was paid, and what was recorded as given back, at one moment of its history."""

    def __init__(self, order: Order, credit_at_placement: Decimal) -> None:
        self.row = order.row
        self.digits = minor_digits((order.row.currency_code or "").upper()) or 2
        self.due, self.paid = -credit_at_placement, ZERO
        self.ahead = self.recorded = ZERO
        self.adjustments: list[FrameRow] = []
        self.taxes: list[FrameRow] = []
        self._given: dict[str, Decimal] = defaultdict(Decimal)
        self._charges = order.charges

    def walk(self, booked: list[tuple[dt.datetime, Decimal]], goods: list[Goods], refunds: list[Any]) -> None:
        """Go through all that happened to the order, by time."""
        events: list[tuple[dt.datetime, int, str, Any]] = [
            *((at, 0, "", amount) for at, amount in self._charges),
            *((at, 1, "", amount) for at, amount in booked if amount > 0),
            *((document.at, 2, document.adjustment_id, document) for document in goods),
            *((refund.created_at, 3, refund.refund_id, refund) for refund in refunds),
        ]
        steps = (self.charge, self.pay, self.give_back, self.refund)
        for _, step, _, what in sorted(events, key=lambda event: (when(event[0]), *event[1:3])):
            steps[step](what)

    def charge(self, amount: Decimal) -> None:
        """Something was bought."""
        self.due += amount

    def pay(self, amount: Decimal) -> None:
        """Money was captured."""
        self.paid += amount

    def give_back(self, goods: Goods) -> None:
        """Units came back: record them with their price, less what was given for them before."""
        gross = goods.price.gross
        value = self._rounded(goods)
        money = max(value - self.ahead, ZERO)
        self.ahead -= value - money
        self.due -= gross
        cells = self._cells(goods.adjustment_id, goods.document_id, goods.at, goods.reason, money)
        if goods.line is None:
            if money:
                self.adjustments.append({**cells, "gross_amount": money, "type": goods.type})
            return
        part = goods.price.times(money / gross) if gross else goods.price
        self.adjustments.append(
            {
                **cells,
                "channel_order_line_id": goods.line.item_id,
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
        """Money went back: record what no goods explain."""
        amount = exact(refund.amount)
        overpaid = self._round(max(self.paid - self.due, ZERO))
        self.paid -= amount
        money = max(self._round(amount) - overpaid, ZERO)
        if money:
            self.ahead += money
            words = " ".join(filter(None, (refund.code, refund.label, refund.note)))
            cancelled = self.row.status == "canceled" and not words
            reason = "canceled" if cancelled else f"{words} goodwill"
            cells = self._cells(refund.refund_id, refund.refund_id, refund.created_at, reason, money)
            self.adjustments.append({**cells, "gross_amount": money})

    def _cells(self, adjustment_id: str, document_id: str, at: dt.datetime, reason: str, money: Decimal) -> FrameRow:
        self.recorded += money
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
        key = goods.line.item_id
        before = self._given[key]
        self._given[key] = before + goods.price.gross
        return self._round(self._given[key]) - self._round(before)

    def _round(self, amount: Decimal) -> Decimal:
        return from_minor(to_minor(amount, self.digits), self.digits)
