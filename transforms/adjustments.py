"""Adjustments: the full refund history of an order, on its lines, to the cent.

Refund documents are taken in the order they happened, each seeing only what earlier ones left, so an adjustment that
was sent once never changes when a later refund comes (append-only, contract 2.6).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from transforms.amounts import Amounts
from transforms.money import spread
from transforms.reasons import adjustment_reason

_GOODS = frozenset({"price", "taxes"})
_SHIPPING = frozenset({"shipping", "shipping_taxes"})

# Reasons that speak of goods which had left the seller.
_AFTER_SHIPMENT = frozenset({"RETURN", "ITEM_NOT_RECEIVED", "DEFECT", "UNABLE_TO_DELIVER"})


@dataclass(slots=True)
class AdjustedLine:
    """What adjustments need to know of a line; `remaining` and `units` shrink as documents are applied.

    `departures` lists how many units had left altogether, and since when, if known; `returned` grows by those that came
    back, which have left all the same. A line sold `by_measure` is one unit, and gone with the last of its money.

    Shops count units that were paid and cancelled, and give their money back by a document that counts them once more:
    `given_up` counts the units that documents gave up before they left, `unrefunded` those that were cancelled before
    their document was written.
    """

    line_id: str
    units: int
    departures: Sequence[tuple[int, dt.datetime | None]]
    remaining: Amounts
    returned: int = 0
    by_measure: bool = False
    given_up: int = 0
    unrefunded: int = 0

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

    def money(self) -> int:
        """Return all that the row gives back."""
        return self.amounts.total() + self.gross + self.shipping_gross


@dataclass(frozen=True, slots=True)
class Cancelation:
    """Units of a line that were cancelled without a document: `quantity` of them, or all that had not left by then.

    `owed`: what of the order the buyer had not paid, in minor units, earlier cancelations included. Of what was paid
    nothing went back yet; a refund of it has its own document.
    """

    line_id: str
    at: dt.datetime
    quantity: int | None
    owed: int
    words: str | None
    default_reason: str


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
    lines: Mapping[str, AdjustedLine],
    rows: Iterable[RefundRow],
    reasons: Mapping[str, str],
    cancelations: Iterable[Cancelation] = (),
) -> list[LineAdjustment]:
    """Turn refund rows into adjustments on lines; every cent of every row lands on some line that still holds it.

    A row that names a line becomes one adjustment with the row's id; what it gives back beyond that line is spread over
    the others. A row that names none (or one that is not among `lines`) is spread; it keeps its id where one line takes
    it all, else each share is named `<row>-<line>`. What is more than the order cost is on no line. Cancelled
    units are named `cancel-<line>`, and give way to the documents of the same moment.
    """
    free = frozenset(line.line_id for line in lines.values() if not line.remaining.total())
    documents: dict[str, list[RefundRow]] = defaultdict(list)
    for row in rows:
        documents[row.refund_id].append(row)
    waiting = sorted(cancelations, key=lambda made: made.at, reverse=True)
    history: list[LineAdjustment] = []
    for document in sorted(documents.values(), key=_when):
        while waiting and waiting[-1].at < document[0].created_at:
            history += _cancel(waiting.pop(), lines, reasons, history)
        history += _apply(document, lines, free, reasons)
    for cancelation in reversed(waiting):
        history += _cancel(cancelation, lines, reasons, history)
    return history


def _cancel(
    cancelation: Cancelation,
    lines: Mapping[str, AdjustedLine],
    reasons: Mapping[str, str],
    history: Sequence[LineAdjustment],
) -> list[LineAdjustment]:
    line = lines[cancelation.line_id]
    quantity = line.units + line.returned - line.shipped_by(cancelation.at)
    if cancelation.quantity is not None:
        quantity = cancelation.quantity
    quantity = min(quantity, line.units)
    if quantity <= 0:
        return []
    given_up = sum(made.amounts.total() for made in history if not made.charged)
    owed = max(cancelation.owed - given_up, 0)
    if cancelation.quantity is not None and not owed:
        quantity -= line.given_up
        if quantity <= 0:
            return []
        line.unrefunded += quantity
    # Shipping is given up with the last unit.
    parts = [
        (bucket, key, amount * quantity // line.units)
        for bucket, key, amount in line.remaining.parts()
        if bucket in _GOODS or quantity == line.units
    ]
    money = min(owed, sum(amount for _, _, amount in parts))
    amounts = Amounts()
    for (bucket, key, _), amount in zip(parts, spread(money, [amount for _, _, amount in parts]), strict=True):
        amounts.add(bucket, key, amount)
    line.remaining.take(amounts)
    line.units -= quantity
    return [
        LineAdjustment(
            adjustment_id=f"cancel-{line.line_id}",
            line_id=line.line_id,
            type="CANCELATION",
            created_at=cancelation.at,
            reason=_reason_of(
                "CANCELATION", adjustment_reason(cancelation.words, False, reasons, cancelation.default_reason)
            ),
            quantity=quantity,
            amounts=amounts,
            charged=False,
        )
    ]


def _when(document: list[RefundRow]) -> tuple[dt.datetime, int, str]:
    # Numbered documents of one second follow each other by number: 99 before 100.
    return document[0].created_at, len(document[0].refund_id), document[0].refund_id


def _apply(
    document: list[RefundRow], lines: Mapping[str, AdjustedLine], free: Set[str], reasons: Mapping[str, str]
) -> list[LineAdjustment]:
    """Apply one document; `free` are the lines that never held money."""
    money_alone = not any(row.quantity for row in document)
    made: dict[str, LineAdjustment] = {}
    unnamed: list[RefundRow] = []
    beyond: list[RefundRow] = []
    for row in document:
        line = lines.get(row.line_id or "")
        if line is None:
            unnamed.append(row)
            continue
        adjustment, too_much = _on_line(row, line, money_alone, reasons)
        if adjustment.quantity or adjustment.amounts.total():
            made[row.adjustment_id] = adjustment
        if too_much:
            # Of other lines it is money that went back, however the row's own units were given up.
            rest = replace(row, line_id=None, quantity=0, type=None if row.charged else row.type)
            beyond.append(replace(rest, amounts=Amounts(), gross=too_much, shipping_gross=0))
    named = {adjustment.line_id: lines[adjustment.line_id] for adjustment in made.values()}
    used = {row.adjustment_id for row in document}
    for row in unnamed:
        for adjustment in _spread_row(row, lines, named, used, money_alone, reasons):
            made[adjustment.adjustment_id] = adjustment
    last = _last_money(document, unnamed, lines, free)
    if last is not None and _is_over(lines, last.created_at):
        adjusted = {adjustment.line_id for adjustment in made.values()}
        for line in lines.values():
            if line.units and line.line_id not in adjusted:
                adjustment = _without_money(last, line, reasons)
                made[adjustment.adjustment_id] = adjustment
    of_line = {adjustment.line_id: adjustment for adjustment in reversed(made.values())}
    for row in beyond:
        for adjustment in _spread_row(row, lines, named, used, money_alone, reasons):
            # A cent of rounding belongs to what this document gives back of the line anyhow.
            if (own := of_line.get(adjustment.line_id)) is not None:
                for part in adjustment.amounts.parts():
                    own.amounts.add(*part)
            else:
                made[adjustment.adjustment_id] = adjustment
    return list(made.values())


def _on_line(
    row: RefundRow, line: AdjustedLine, money_alone: bool, reasons: Mapping[str, str]
) -> tuple[LineAdjustment, int]:
    """Return the adjustment of a row's own line, and the money that this line can not give back."""
    amounts = row.amounts.rated_as(line.remaining)
    too_much = line.remaining.take(amounts)
    too_much = _split_gross(amounts, row.gross + too_much, row.shipping_gross, line)
    shipped = line.shipped_by(row.created_at)
    paid_back = _of_cancelled_units(row, line, shipped, reasons)
    line.unrefunded -= paid_back
    quantity = min(row.quantity - paid_back, line.units)
    if line.by_measure and not line.remaining.total():
        quantity = line.units
    # Units that never left are removed from the line and Connect frees their stock; the rest is money given back.
    # Of a line that has left in part, words about goods in the buyer's hands mean the part that left.
    waiting = 0 < quantity <= line.units + line.returned - shipped
    default = _default_reason(row, line, money_alone and not quantity)
    never_left = waiting or (paid_back > 0 and not quantity)
    reason = adjustment_reason(row.reason, shipped > 0 and not never_left, reasons, default)
    cancels = waiting and not (shipped and reason in _AFTER_SHIPMENT)
    made_as = row.type or ("CANCELATION" if cancels else "REFUND")
    if paid_back and not quantity:
        made_as = "REFUND"
    if made_as == "CANCELATION" and row.charged:
        line.given_up += quantity
    returned = 0 if made_as == "CANCELATION" else min(quantity, max(shipped - line.returned, 0))
    line.returned += returned
    line.units -= quantity
    adjustment = LineAdjustment(
        adjustment_id=row.adjustment_id,
        line_id=line.line_id,
        type=made_as,
        created_at=row.created_at,
        reason=_reason_of(made_as, reason),
        quantity=quantity,
        amounts=amounts,
        charged=row.charged,
        returned=returned,
    )
    return adjustment, too_much


def _of_cancelled_units(row: RefundRow, line: AdjustedLine, shipped: int, reasons: Mapping[str, str]) -> int:
    """Return how many units of a row were cancelled before: it gives their money back, the units are gone already."""
    if not row.charged or not line.unrefunded:
        return 0
    if shipped and adjustment_reason(row.reason, False, reasons, row.default_reason) in _AFTER_SHIPMENT:
        return 0
    return min(row.quantity, line.unrefunded)


def _split_gross(amounts: Amounts, gross: int, shipping_gross: int, line: AdjustedLine) -> int:
    """Split money that includes tax by what is left of its line, and return what the line can not give back.

    Goods first, then shipping; money of shipping the other way round.
    """
    left = 0
    for more, buckets in ((shipping_gross, _SHIPPING), (gross, _GOODS), (0, _SHIPPING)):
        left += more
        slots = [part for part in line.remaining.parts() if part[0] in buckets and part[2] > 0]
        money = min(left, sum(part[2] for part in slots))
        left -= money
        for (bucket, key, _), part in zip(slots, spread(money, [slot[2] for slot in slots]), strict=True):
            amounts.add(bucket, key, part)
            line.remaining.add(bucket, key, -part)
    return left


def _spread_row(
    row: RefundRow,
    lines: Mapping[str, AdjustedLine],
    named: Mapping[str, AdjustedLine],
    used: set[str],
    money_alone: bool,
    reasons: Mapping[str, str],
) -> list[LineAdjustment]:
    is_gross = row.gross > 0 or row.shipping_gross > 0
    shares = {line_id: amounts for line_id, amounts in _shares(row, lines, named).items() if amounts.total()}
    made = []
    for line_id, amounts in shares.items():
        line = lines[line_id]
        # Money alone covers units only where nothing of the line is left to give back.
        covered = line.units if is_gross and not line.remaining.total() else 0
        line.units -= covered
        default = _default_reason(row, line, money_alone and not covered)
        shipped = line.shipped_by(row.created_at)
        adjustment_id = row.adjustment_id
        if is_gross or len(shares) > 1:
            adjustment_id = f"{row.adjustment_id}-{line_id}"
            if adjustment_id in used:
                adjustment_id = f"{row.adjustment_id}-rest-{line_id}"
        made_as = row.type or ("CANCELATION" if covered and not shipped else "REFUND")
        made.append(
            LineAdjustment(
                adjustment_id=adjustment_id,
                line_id=line_id,
                type=made_as,
                created_at=row.created_at,
                reason=_reason_of(made_as, adjustment_reason(row.reason, shipped > 0, reasons, default)),
                quantity=covered,
                amounts=amounts,
                charged=row.charged,
                returned=min(covered, max(shipped - line.returned, 0)),
            )
        )
    return made


def _reason_of(made_as: str, reason: str) -> str:
    """Return the reason as it may stand with a type: nobody returns what never left, giving it back cancels it."""
    return "CUSTOMER_CANCELATION" if made_as == "CANCELATION" and reason == "RETURN" else reason


def _default_reason(row: RefundRow, line: AdjustedLine, money_alone: bool) -> str | None:
    """Return the reason for texts that name none: money given back for a line that stays as it is was agreed on."""
    return row.default_reason or ("AGREEMENT" if money_alone and line.units else None)


def _last_money(
    document: list[RefundRow], unnamed: list[RefundRow], lines: Mapping[str, AdjustedLine], free: Set[str]
) -> RefundRow | None:
    """Return the row with which an order without money left is given up: one of no line, or the last of all units."""
    if any(row.money() for row in unnamed):
        return unnamed[-1]
    goes_on = any(line.units for line_id, line in lines.items() if line_id not in free)
    return next((row for row in reversed(document) if row.money() and not goes_on), None)


def _is_over(lines: Mapping[str, AdjustedLine], at: dt.datetime) -> bool:
    """Return whether everything had been given back of an order of which nothing had left: a replacement still goes."""
    return not any(line.remaining.total() or line.shipped_by(at) for line in lines.values())


def _without_money(row: RefundRow, line: AdjustedLine, reasons: Mapping[str, str]) -> LineAdjustment:
    """Give up what costs nothing (a gift, a part of a bundle) with the last money of an order that had not left."""
    quantity, line.units = line.units, 0
    made_as = row.type or "CANCELATION"
    return LineAdjustment(
        adjustment_id=f"{row.adjustment_id}-{line.line_id}",
        line_id=line.line_id,
        type=made_as,
        created_at=row.created_at,
        reason=_reason_of(made_as, adjustment_reason(row.reason, False, reasons, row.default_reason)),
        quantity=quantity,
        amounts=Amounts(),
        charged=row.charged,
    )


def _shares(row: RefundRow, lines: Mapping[str, AdjustedLine], named: Mapping[str, AdjustedLine]) -> dict[str, Amounts]:
    """Spread a row over the lines, and take each share off what is left of its line."""
    shares: dict[str, Amounts] = defaultdict(Amounts)
    # Shipping given back belongs to the lines of this refund while their own shipping covers it, else to all lines.
    own = [line.remaining for line in named.values()]
    enough = sum(left.shipping for left in own) >= row.amounts.shipping and (
        sum(left.shipping_tax() for left in own) >= row.amounts.shipping_tax()
    )
    targets = named if named and enough else lines
    for bucket, key, amount in row.amounts.parts():
        if amount:
            weights = [
                line.remaining.shipping if bucket.startswith("shipping") else line.remaining.price
                for line in targets.values()
            ]
            for line_id, part in zip(targets, spread(amount, weights), strict=True):
                shares[line_id].add(bucket, key, part)
    wanted = sum(share.shipping + share.shipping_tax() for share in shares.values())
    too_much = sum(lines[line_id].remaining.take(share) for line_id, share in shares.items())
    # Shipping that some lines can not give back is that of the others, before it is anything else.
    of_shipping = wanted - sum(share.shipping + share.shipping_tax() for share in shares.values())
    more = _share_out(row.shipping_gross + of_shipping, _SHIPPING, lines, shares)
    _share_out(row.gross + more + too_much - of_shipping, _GOODS | _SHIPPING, lines, shares)
    return shares


def _share_out(
    money: int, buckets: frozenset[str], lines: Mapping[str, AdjustedLine], shares: dict[str, Amounts]
) -> int:
    """Spread money over what is left in some buckets of all lines, and return what is more than that."""
    slots = [
        (line_id, *part)
        for line_id, line in lines.items()
        for part in line.remaining.parts()
        if part[0] in buckets and part[2] > 0
    ]
    given = min(money, sum(slot[3] for slot in slots))
    for (line_id, bucket, key, _), part in zip(slots, spread(given, [slot[3] for slot in slots]), strict=True):
        shares[line_id].add(bucket, key, part)
        lines[line_id].remaining.add(bucket, key, -part)
    return money - given
