"""Documents by which a Medusa shop takes units back: edits, returns, claims, and credits given later."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.platforms.medusa.bought import Line, Price
from transforms.platforms.medusa.prices import exact
from transforms.rows import Rows, rows_by
from transforms.rowsets import ZERO


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
    """What the history of an order begins with: `charges` are (when, gross) of its lines and shipping methods.

    `came`: when each version came to be.
    """

    row: Any
    lines: list[Line]
    came: Mapping[int, dt.datetime]
    charges: list[tuple[dt.datetime, Decimal]]


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit line: how the buyer paid (in the order's first version), or what was given back later."""

    row: Any
    version: int
    amount: Decimal


class Documents:
    """The documents of some orders of a chunk."""

    def __init__(self, rows: Rows, order_ids: Container[str]) -> None:
        self._changes = rows_by(rows, "order_changes", "order_id", order_ids)
        self._notes = rows_by(rows, "change_notes", "change_id")
        self._returns = rows_by(rows, "return_items", "order_id", order_ids)
        self._claims = rows_by(rows, "claim_items", "order_id", order_ids)
        self._credits = rows_by(rows, "credit_lines", "order_id", order_ids)
        self._receipts: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for receipts in rows_by(rows, "receipts", "order_id", order_ids).values():
            for receipt in receipts:
                self._receipts[receipt.return_id, receipt.item_id].append(receipt)

    def credits(self, order_id: str) -> list[Credit]:
        """Return an order's credit lines.

        Raises:
            BrokenNumber: an amount is not a number.
        """
        rows = self._credits[order_id]
        return [Credit(row, int(exact(row.created_in_version or 1)), exact(row.amount)) for row in rows]

    def given_back(self, order: Order, credits: Sequence[Credit]) -> Iterator[Goods]:
        """Yield what an order's documents gave back.

        Raises:
            BrokenNumber: an amount or a quantity is not a number.
        """
        by_id = {line.item_id: line for line in order.lines}
        yield from self._removals(order)
        yield from self._returned(order.row.order_id, by_id)
        yield from self._claimed(order.row.order_id, by_id)
        yield from _credited(order, credits)

    def _removals(self, order: Order) -> Iterator[Goods]:
        changes = {change.version: change for change in self._changes[order.row.order_id]}
        for line in order.lines:
            for removal in line.removals:
                change = changes.get(removal.version)
                document_id = change.change_id if change else f"{order.row.order_id}-v{removal.version}"
                notes = [row.note for row in self._notes[document_id] if row.item_id == line.item_id]
                yield Goods(
                    at=change.confirmed_at if change else order.came[removal.version],
                    document_id=document_id,
                    adjustment_id=f"{document_id}-{line.item_id}",
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
                    price=line.unit_price().times(units),
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
            prices = [lines[row.item_id].unit_price().times(exact(row.quantity)) for row in rows]
            value = sum((price.gross for price in prices), ZERO)
            # A replacement gives no money back; a refund may have been agreed on in another amount.
            share = ZERO if rows[0].type == "replace" else Decimal(1)
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


def _credited(order: Order, credits: Sequence[Credit]) -> Iterator[Goods]:
    """Yield credits given after the order was placed; earlier ones are how the buyer paid."""
    for index, credit in enumerate(credits):
        row, version = credit.row, credit.version
        if version > 1 and credit.amount > 0:
            # Each version copies credit lines under new ids; what they refer to stays.
            document_id = f"{order.row.order_id}-credit-{row.reference_id or index}-v{version}"
            yield Goods(
                at=order.came.get(version, order.row.created_at),
                document_id=document_id,
                adjustment_id=document_id,
                type="REFUND",
                reason=f"{row.reference or ''} goodwill",
                line=None,
                units=ZERO,
                price=Price(credit.amount, ()),
            )
