"""Adjustments: the full refund history of an order, on its lines, to the cent.

Refund documents are taken in the order they happened, each seeing only what earlier ones left, so an adjustment that
was sent once never changes when a later refund comes (append-only, contract 2.6).

Belongs here: type, spreading of money that names no line. Does not belong here: parsing of cells, reading the shop's
words (`reasons`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from transforms.money import spread
from transforms.reasons import adjustment_reason

TaxKey = tuple[str, str | None]
_Slot = tuple[str, str, TaxKey | None]

_GOODS = frozenset({"price", "taxes"})
_SHIPPING = frozenset({"shipping", "shipping_taxes"})

# Reasons that speak of goods which had left the seller.
_AFTER_SHIPMENT = frozenset({"RETURN", "ITEM_NOT_RECEIVED", "DEFECT", "UNABLE_TO_DELIVER"})


@dataclass(slots=True)
class Amounts:
    """Money in minor units: product and shipping, each with its taxes by (code, rate)."""

    price: int = 0
    shipping: int = 0
    taxes: dict[TaxKey, int] = field(default_factory=dict)
    shipping_taxes: dict[TaxKey, int] = field(default_factory=dict)

    def total(self) -> int:
        """Return everything added up, taxes included."""
        return self.price + self.shipping + sum(self.taxes.values()) + sum(self.shipping_taxes.values())

    def parts(self) -> list[tuple[str, TaxKey | None, int]]:
        """List (bucket, tax, minor units) of every amount."""
        return [
            ("price", None, self.price),
            *(("taxes", key, amount) for key, amount in self.taxes.items()),
            ("shipping", None, self.shipping),
            *(("shipping_taxes", key, amount) for key, amount in self.shipping_taxes.items()),
        ]

    def add(self, bucket: str, key: TaxKey | None, amount: int) -> None:
        """Add to one amount; a tax that is not there yet begins at zero."""
        if bucket == "price":
            self.price += amount
        elif bucket == "shipping":
            self.shipping += amount
        elif key is not None:
            taxes = self.taxes if bucket == "taxes" else self.shipping_taxes
            taxes[key] = taxes.get(key, 0) + amount

    def subtract(self, other: Amounts) -> None:
        """Take `other` away, never below zero: a line has nothing more to give back than it cost."""
        self.price -= min(other.price, max(self.price, 0))
        self.shipping -= min(other.shipping, max(self.shipping, 0))
        for have, taken in ((self.taxes, other.taxes), (self.shipping_taxes, other.shipping_taxes)):
            for key, amount in taken.items():
                have[key] = have.get(key, 0) - min(amount, max(have.get(key, 0), 0))


@dataclass(slots=True)
class AdjustedLine:
    """What adjustments need to know of a line; `remaining` and `units` shrink as documents are applied.

    `departures` lists how many units had left altogether, and since when, if known; `returned` grows by those that came
    back, which have left all the same.
    """

    line_id: str
    units: int
    departures: Sequence[tuple[int, dt.datetime | None]]
    remaining: Amounts
    returned: int = 0

    def shipped_by(self, at: dt.datetime) -> int:
        """Count the units that had left at that time; those that left nobody knows when had."""
        return max((units for units, left_at in self.departures if left_at is None or left_at <= at), default=0)


@dataclass(slots=True)
class RefundRow:
    """One row of the adjustments frame, parsed: absolute minor units."""

    adjustment_id: str
    refund_id: str
    line_id: str | None
    created_at: dt.datetime
    type: str | None
    reason: str | None
    quantity: int
    amounts: Amounts
    gross: int = 0
    shipping_gross: int = 0
    default_reason: str | None = None
    charged: bool = True


@dataclass(slots=True)
class LineAdjustment:
    """One adjustment of one line, in minor units; `returned` of its units had been shipped."""

    adjustment_id: str
    line_id: str
    type: str
    created_at: dt.datetime
    reason: str
    quantity: int
    amounts: Amounts
    charged: bool = True
    returned: int = 0


def adjust(
    lines: Mapping[str, AdjustedLine], rows: Iterable[RefundRow], reasons: Mapping[str, str]
) -> list[LineAdjustment]:
    """Turn refund rows into adjustments on lines; every cent of every row lands on some line.

    A row that names a line becomes one adjustment with the row's id. A row that names none (or one that is not among
    `lines`) is spread; it keeps its id where one line takes it all, else each share is named `<row>-<line>`.
    """
    documents: dict[str, list[RefundRow]] = defaultdict(list)
    for row in rows:
        documents[row.refund_id].append(row)
    history: list[LineAdjustment] = []
    for document in sorted(documents.values(), key=_when):
        history += _apply(document, lines, reasons)
    return history


def _when(document: list[RefundRow]) -> tuple[dt.datetime, int, str]:
    # Numbered documents of one second follow each other by number: 99 before 100.
    return document[0].created_at, len(document[0].refund_id), document[0].refund_id


def _apply(
    document: list[RefundRow], lines: Mapping[str, AdjustedLine], reasons: Mapping[str, str]
) -> list[LineAdjustment]:
    made: list[LineAdjustment] = []
    unnamed: list[RefundRow] = []
    for row in document:
        line = lines.get(row.line_id or "")
        if line is None:
            unnamed.append(row)
            continue
        if not row.quantity and not row.amounts.total() and not row.gross and not row.shipping_gross:
            continue
        made.append(_on_line(row, line, reasons))
        line.remaining.subtract(row.amounts)
        _split_gross(row, line)
        line.units -= min(row.quantity, line.units)
    named = {adjustment.line_id: lines[adjustment.line_id] for adjustment in made}
    used = {row.adjustment_id for row in document}
    for row in unnamed:
        made += _spread_row(row, lines, named, used, reasons)
    return made


def _on_line(row: RefundRow, line: AdjustedLine, reasons: Mapping[str, str]) -> LineAdjustment:
    shipped = line.shipped_by(row.created_at)
    # Units that never left are removed from the line and Connect frees their stock; the rest is money given back.
    # Of a line that has left in part, words about goods in the buyer's hands mean the part that left.
    waiting = 0 < row.quantity <= line.units + line.returned - shipped
    reason = adjustment_reason(row.reason, shipped > 0 and not waiting, reasons, row.default_reason)
    cancels = waiting and not (shipped and reason in _AFTER_SHIPMENT)
    made_as = row.type or ("CANCELATION" if cancels else "REFUND")
    returned = 0 if made_as == "CANCELATION" else min(row.quantity, max(shipped - line.returned, 0))
    line.returned += returned
    return LineAdjustment(
        adjustment_id=row.adjustment_id,
        line_id=line.line_id,
        type=made_as,
        created_at=row.created_at,
        reason=reason,
        quantity=row.quantity,
        amounts=row.amounts,
        charged=row.charged,
        returned=returned,
    )


def _split_gross(row: RefundRow, line: AdjustedLine) -> None:
    """Tell money of the row that includes tax apart by what is left of its line: the goods first, then its shipping.

    Money of shipping is shipping first.
    """
    left = 0
    for more, buckets in ((row.shipping_gross, _SHIPPING), (row.gross, _GOODS), (0, _SHIPPING)):
        left += more
        slots = [part for part in line.remaining.parts() if part[0] in buckets and part[2] > 0]
        money = min(left, sum(part[2] for part in slots))
        left -= money
        share = Amounts()
        for (bucket, key, _), part in zip(slots, spread(money, [slot[2] for slot in slots]), strict=True):
            share.add(bucket, key, part)
            row.amounts.add(bucket, key, part)
        line.remaining.subtract(share)
    # More than the line has left to give is product money.
    row.amounts.price += left


def _spread_row(
    row: RefundRow,
    lines: Mapping[str, AdjustedLine],
    named: Mapping[str, AdjustedLine],
    used: set[str],
    reasons: Mapping[str, str],
) -> list[LineAdjustment]:
    is_gross = row.gross > 0 or row.shipping_gross > 0
    shares = {line_id: amounts for line_id, amounts in _shares(row, lines, named).items() if amounts.total()}
    made = []
    for line_id, amounts in shares.items():
        line = lines[line_id]
        line.remaining.subtract(amounts)
        # Money alone covers units only where nothing of the line is left to give back.
        covered = line.units if is_gross and not line.remaining.total() else 0
        line.units -= covered
        adjustment_id = row.adjustment_id
        if is_gross or len(shares) > 1:
            adjustment_id = f"{row.adjustment_id}-{line_id}"
            if adjustment_id in used:
                adjustment_id = f"{row.adjustment_id}-rest-{line_id}"
        made.append(
            LineAdjustment(
                adjustment_id=adjustment_id,
                line_id=line_id,
                type=row.type or "REFUND",
                created_at=row.created_at,
                reason=adjustment_reason(row.reason, line.shipped_by(row.created_at) > 0, reasons, row.default_reason),
                quantity=covered,
                amounts=amounts,
                charged=row.charged,
            )
        )
    return made


def _shares(row: RefundRow, lines: Mapping[str, AdjustedLine], named: Mapping[str, AdjustedLine]) -> dict[str, Amounts]:
    shares: dict[str, Amounts] = defaultdict(Amounts)
    # Shipping given back belongs to the lines of this refund while their own shipping covers it, else to all lines.
    enough = sum(line.remaining.shipping for line in named.values()) >= row.amounts.shipping
    targets = named if named and enough else lines
    for bucket, key, amount in row.amounts.parts():
        if amount:
            weights = [
                line.remaining.shipping if bucket.startswith("shipping") else line.remaining.price
                for line in targets.values()
            ]
            for line_id, part in zip(targets, spread(amount, weights), strict=True):
                shares[line_id].add(bucket, key, part)
    left: dict[_Slot, int] = {
        (line_id, bucket, key): amount
        for line_id, line in lines.items()
        for bucket, key, amount in line.remaining.parts()
        if amount > 0
    }
    of_shipping = {slot: amount for slot, amount in left.items() if slot[1] in _SHIPPING}
    shipping = min(row.shipping_gross, sum(of_shipping.values()))
    _share_out(shipping, of_shipping, shares)
    left |= of_shipping
    # More than the order has left to give: what is too much is product money.
    rest: dict[_Slot, int] = left if any(left.values()) else {(line_id, "price", None): 1 for line_id in lines}
    _share_out(row.gross + row.shipping_gross - shipping, rest, shares)
    return shares


def _share_out(money: int, slots: dict[_Slot, int], shares: dict[str, Amounts]) -> None:
    """Spread money over slots in proportion to what they hold, and take it off them."""
    if money:
        for (line_id, bucket, key), part in zip(list(slots), spread(money, list(slots.values())), strict=True):
            shares[line_id].add(bucket, key, part)
            slots[line_id, bucket, key] -= part
