"""Adjustments: the full refund history of an order, on its lines, to the cent.

Refund documents are taken in the order they happened, each seeing only what earlier ones left, so an adjustment that
was sent once never changes when a later refund comes (append-only, contract 2.6).

Belongs here: type, reason, spreading of money that names no line. Does not belong here: parsing of cells.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from transforms.money import spread

TaxKey = tuple[str, str | None]

# First match wins, in this order: why the buyer or seller acted, before what was wrong with the goods.
REASON_KEYWORDS: Mapping[str, str] = {
    "cancel": "CUSTOMER_CANCELATION",
    "changed mind": "CUSTOMER_CANCELATION",
    "changed their mind": "CUSTOMER_CANCELATION",
    "annul": "CUSTOMER_CANCELATION",
    "storn": "CUSTOMER_CANCELATION",
    "stock": "OUT_OF_STOCK",
    "rupture": "OUT_OF_STOCK",
    "ausverkauft": "OUT_OF_STOCK",
    "agotado": "OUT_OF_STOCK",
    "return": "RETURN",
    "retour": "RETURN",
    "rückgabe": "RETURN",
    "devoluci": "RETURN",
    "lost": "ITEM_NOT_RECEIVED",
    "not received": "ITEM_NOT_RECEIVED",
    "never arrived": "ITEM_NOT_RECEIVED",
    "perdu": "ITEM_NOT_RECEIVED",
    "non reçu": "ITEM_NOT_RECEIVED",
    "verloren": "ITEM_NOT_RECEIVED",
    "undeliverable": "UNABLE_TO_DELIVER",
    "unable to deliver": "UNABLE_TO_DELIVER",
    "broken": "DEFECT",
    "damaged": "DEFECT",
    "defect": "DEFECT",
    "cassé": "DEFECT",
    "endommagé": "DEFECT",
    "défectueu": "DEFECT",
    "beschädigt": "DEFECT",
    "goodwill": "AGREEMENT",
    "geste commercial": "AGREEMENT",
    "kulanz": "AGREEMENT",
}


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
        for bucket, key, amount in other.parts():
            have = next((part for b, k, part in self.parts() if b == bucket and k == key), 0)
            self.add(bucket, key, -min(amount, max(have, 0)))


@dataclass(slots=True)
class AdjustedLine:
    """What adjustments need to know of a line; `remaining` and `units` shrink as documents are applied."""

    line_id: str
    units: int
    shipped: bool
    shipped_at: dt.datetime | None
    remaining: Amounts

    def was_shipped(self, at: dt.datetime) -> bool:
        """Say whether the line had left when the refund was made; a line known as shipped, but not when, had."""
        return self.shipped_at <= at if self.shipped_at is not None else self.shipped


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


@dataclass(slots=True)
class LineAdjustment:
    """One adjustment of one line, in minor units."""

    adjustment_id: str
    line_id: str
    type: str
    created_at: dt.datetime
    reason: str
    quantity: int
    amounts: Amounts


def adjustment_reason(text: str | None, shipped: bool, own: Mapping[str, str]) -> str:
    """Map a free text to Mirakl's reason by keyword, the channel's own first; else by whether the line had shipped."""
    words = (text or "").casefold()
    for keywords in (own, REASON_KEYWORDS):
        for keyword, reason in keywords.items():
            if keyword.casefold() in words:
                return reason
    return "RETURN" if shipped else "CHANNEL_SPECIFIC"


def adjust(
    lines: Mapping[str, AdjustedLine], rows: Iterable[RefundRow], reasons: Mapping[str, str]
) -> list[LineAdjustment]:
    """Turn refund rows into adjustments on lines; every cent of every row lands on some line.

    Rows naming a line that is not among `lines` are treated as naming none.
    """
    documents: dict[str, list[RefundRow]] = defaultdict(list)
    for row in rows:
        documents[row.refund_id].append(row)
    history: list[LineAdjustment] = []
    for refund_id, document in sorted(documents.items(), key=lambda item: (item[1][0].created_at, item[0])):
        history += _apply(refund_id, document, lines, reasons)
    return history


def _apply(
    refund_id: str, document: list[RefundRow], lines: Mapping[str, AdjustedLine], reasons: Mapping[str, str]
) -> list[LineAdjustment]:
    made: dict[str, LineAdjustment] = {}
    extra: list[LineAdjustment] = []
    for row in document:
        line = lines.get(row.line_id or "")
        if line is None:
            continue
        adjustment = _on_line(row, line, reasons)
        line.remaining.subtract(row.amounts)
        line.units -= min(row.quantity, line.units)
        if line.line_id in made:
            extra.append(adjustment)
        else:
            made[line.line_id] = adjustment
    for row in document:
        if lines.get(row.line_id or "") is None:
            _spread_row(refund_id, row, lines, made, reasons)
    return [*made.values(), *extra]


def _on_line(row: RefundRow, line: AdjustedLine, reasons: Mapping[str, str]) -> LineAdjustment:
    shipped = line.was_shipped(row.created_at)
    # Units that never left are removed from the line and Connect frees their stock; the rest is money given back.
    cancels = not shipped and 0 < row.quantity <= line.units
    return LineAdjustment(
        adjustment_id=row.adjustment_id,
        line_id=line.line_id,
        type=row.type or ("CANCELATION" if cancels else "REFUND"),
        created_at=row.created_at,
        reason=adjustment_reason(row.reason, shipped, reasons),
        quantity=row.quantity,
        amounts=row.amounts,
    )


def _spread_row(
    refund_id: str,
    row: RefundRow,
    lines: Mapping[str, AdjustedLine],
    made: dict[str, LineAdjustment],
    reasons: Mapping[str, str],
) -> None:
    shares: dict[str, Amounts] = defaultdict(Amounts)
    # Shipping given back belongs to the lines of this refund while their own shipping covers it, else to all lines.
    inside = {line_id: lines[line_id] for line_id in made}
    enough = sum(line.remaining.shipping for line in inside.values()) >= row.amounts.shipping
    targets = inside if inside and enough else lines
    for bucket, key, amount in row.amounts.parts():
        if amount:
            weights = [
                line.remaining.shipping if bucket.startswith("shipping") else line.remaining.price
                for line in targets.values()
            ]
            for line_id, part in zip(targets, spread(amount, weights), strict=True):
                shares[line_id].add(bucket, key, part)
    if row.gross:
        slots = [(line_id, *part) for line_id, line in lines.items() for part in line.remaining.parts()]
        for (line_id, bucket, key, _), part in zip(slots, spread(row.gross, [slot[3] for slot in slots]), strict=True):
            shares[line_id].add(bucket, key, part)
    hit = {line_id: amounts for line_id, amounts in shares.items() if amounts.total()}
    for line_id, amounts in hit.items():
        line = lines[line_id]
        line.remaining.subtract(amounts)
        if line_id not in made:
            # Money alone covers units only where nothing of the line is left to give back.
            covered = line.units if row.gross and not line.remaining.total() else 0
            line.units -= covered
            alone = len(hit) == 1 and not row.gross
            made[line_id] = LineAdjustment(
                adjustment_id=row.adjustment_id if alone else f"{refund_id}-{line_id}",
                line_id=line_id,
                type=row.type or "REFUND",
                created_at=row.created_at,
                reason=adjustment_reason(row.reason, line.was_shipped(row.created_at), reasons),
                quantity=covered,
                amounts=Amounts(),
            )
        for bucket, key, amount in amounts.parts():
            made[line_id].amounts.add(bucket, key, amount)
