"""PrestaShop's credit slips to adjustments and their taxes.

What is peculiar here: a slip has a head and lines, and they need not agree. Amounts of the lines are NULL on slips of
old versions; the head names the amount that was chosen by hand, and the total after a voucher was held back, both of
which the lines ignore. The money given back is the head's; the lines say what for.

Belongs here: what a slip gives back, on what, and why. Does not belong here: orders and their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from transforms.frames import as_text
from transforms.money import from_minor, minor_digits, spread, to_minor
from transforms.platforms.prestashop_money import TaxShare, net_share, split_tax
from transforms.reasons import adjustment_reason
from transforms.rows import number

_RETURN_DENIED = 4
_ROUNDING = Decimal("0.01")  # a line

Cells = dict[str, Any]


@dataclass(slots=True)
class Refunds:
    """Cells of the adjustments and taxes frames, and all that was given back, tax included."""

    adjustments: list[Cells] = field(default_factory=list)
    taxes: list[Cells] = field(default_factory=list)
    total: Decimal = Decimal(0)


@dataclass(slots=True)
class _Part:
    """What a slip gives back on one line: its row, the line's row (None: it is gone), net and gross."""

    row: Any
    line: Any
    net: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class SlipReader:
    """Reads the slips of one order. Times are the shop's own, as text."""

    order: Any
    lines: Mapping[Any, Any]
    line_shares: Mapping[Any, Sequence[TaxShare]]
    shipping_shares: Sequence[TaxShare]
    returns: Sequence[Any]
    shipped_at: str | None
    shipped_now: bool
    out_of_stock_at: str | None

    def read(self, slips: Sequence[Any], slip_lines: Mapping[Any, Sequence[Any]]) -> Refunds:
        """Read all slips of the order, `slip_lines` by id_order_slip."""
        refunds = Refunds()
        for slip in slips:
            self._read(refunds, slip, slip_lines.get(slip.id_order_slip, ()))
        return refunds

    def _read(self, refunds: Refunds, slip: Any, rows: Sequence[Any]) -> None:
        parts = self._settle(slip, [self._part(row) for row in rows])
        reason = None if parts else "goodwill"
        for part in parts:
            reason = self._reason(slip, part)
            adjustment_id = f"slip-{slip.id_order_slip}-{part.row.id_order_detail}"
            cells = {"quantity": part.row.product_quantity, "price": part.net}
            if self._came_back(part):
                cells["type"] = "REFUND"
            self._add(refunds, slip, adjustment_id, reason, cells, part.row.id_order_detail)
            shares = self.line_shares.get(part.row.id_order_detail, ())
            self._taxes(refunds, adjustment_id, "price", part.gross - part.net, shares)
            refunds.total += part.gross
        if not parts and (gross := self._unnamed(slip)):
            self._add(refunds, slip, f"slip-{slip.id_order_slip}", reason, {"gross_amount": gross})
            refunds.total += gross
        net, gross = self._shipping(slip)
        if gross:
            adjustment_id = f"slip-{slip.id_order_slip}-shipping"
            self._add(refunds, slip, adjustment_id, reason, {"shipping_price": net})
            self._taxes(refunds, adjustment_id, "shipping", gross - net, self.shipping_shares)
            refunds.total += gross

    def _part(self, row: Any) -> _Part:
        line = self.lines.get(row.id_order_detail)
        net = _first(row.amount_tax_excl, row.total_price_tax_excl, _times(row.unit_price_tax_excl, row))
        gross = _first(row.amount_tax_incl, row.total_price_tax_incl, _times(row.unit_price_tax_incl, row))
        if line is not None and net is None and gross is None:
            net, gross = _times(line.unit_price_tax_excl, row), _times(line.unit_price_tax_incl, row)
        share = Decimal(1) if line is None else net_share(line.total_price_tax_excl, line.total_price_tax_incl)
        if net is None:
            net = (gross or Decimal(0)) * share
        elif gross is None:
            gross = net / share if share else net
        return _Part(row, line, net, gross or Decimal(0))

    def _settle(self, slip: Any, parts: list[_Part]) -> list[_Part]:
        """Bring the lines to what the head says was given back, in proportion, to the cent."""
        net = sum((part.net for part in parts), Decimal(0))
        gross = sum((part.gross for part in parts), Decimal(0))
        given = _given(slip, net, gross, self._shipping(slip), _ROUNDING * len(parts))
        digits = minor_digits((self.order.currency or "").strip().upper())
        if given == gross or digits is None:
            return parts
        shares = spread(to_minor(given, digits), [to_minor(part.gross, digits) for part in parts])
        for part, minor in zip(parts, shares, strict=True):
            share = net_share(part.net, part.gross)
            part.gross = from_minor(minor, digits)
            part.net = part.gross * share
        return parts

    def _unnamed(self, slip: Any) -> Decimal:
        """Say what a slip without lines gives back besides shipping, tax included."""
        products = number(slip.total_products_tax_incl)
        amount = number(slip.amount) or products
        counts_shipping = slip.total_products_tax_incl is not None and (
            abs(amount - products - self._shipping(slip)[1]) <= _ROUNDING
        )
        return products if counts_shipping else amount

    def _shipping(self, slip: Any) -> tuple[Decimal, Decimal]:
        share = net_share(self.order.total_shipping_tax_excl, self.order.total_shipping_tax_incl)
        gross = number(slip.total_shipping_tax_incl) or number(slip.shipping_cost_amount)
        net = number(slip.total_shipping_tax_excl)
        if not gross:
            gross = net / share if share else net
        return net or gross * share, gross

    def _reason(self, slip: Any, part: _Part) -> str | None:
        """Say why in the buyer's own words where there are some, else in words of what is known; None: cannot say.

        Looks only at what had happened when the slip was made, so that a later return does not change its reason.
        """
        at = as_text(slip.date_add) or ""
        shipped = self.shipped_at <= at if self.shipped_at else self.shipped_now
        asked = [
            row.question.strip()
            for row in self.returns
            if row.id_order_detail in {None, part.row.id_order_detail}
            and row.state != _RETURN_DENIED
            and (as_text(row.date_add) or "") <= at
        ]
        if asked:
            words = " ".join(asked)
            # Words that name no reason still are those of a return.
            told = adjustment_reason(words, shipped=False, own={}) != "CHANNEL_SPECIFIC"
            return words if told else f"{words} (return)"
        if shipped or self._came_back(part):
            return "return"
        return "out of stock" if self.out_of_stock_at and self.out_of_stock_at <= at else "cancelled"

    def _came_back(self, part: _Part) -> bool:
        """Say whether the line's counter alone tells that its units came back: no state says when they had left.

        Where one does, the counter is not asked, as what it holds may have come back after a later parcel.
        """
        line = part.line
        return not self.shipped_at and line is not None and line.product_quantity_return >= part.row.product_quantity

    def _add(
        self, refunds: Refunds, slip: Any, adjustment_id: str, reason: str | None, cells: Cells, line_id: Any = None
    ) -> None:
        refunds.adjustments.append(
            {
                "channel_order_id": self.order.order_id,
                "channel_adjustment_id": adjustment_id,
                "refund_id": f"slip-{slip.id_order_slip}",
                "channel_order_line_id": line_id,
                "created_at": slip.date_add,
                "reason": reason,
                **cells,
            }
        )

    def _taxes(
        self, refunds: Refunds, adjustment_id: str, applies_to: str, tax: Decimal, shares: Sequence[TaxShare]
    ) -> None:
        refunds.taxes += [
            {
                "channel_order_id": self.order.order_id,
                "channel_adjustment_id": adjustment_id,
                "applies_to": applies_to,
                "code": share.code,
                "rate": share.rate,
                "amount": amount,
            }
            for share, amount in split_tax(tax, shares)
        ]


def _given(slip: Any, net: Decimal, gross: Decimal, shipping: tuple[Decimal, Decimal], rounding: Decimal) -> Decimal:
    """Say what a slip gives back on products, tax included.

    `amount` is the sum of the lines (net or gross, as the shop shows prices; some software counts the shipping in) or
    what was chosen by hand; where a voucher is held back, only one of the two totals says so.
    """
    amount = number(slip.amount)
    sums = (net, gross, net + shipping[0], gross + shipping[1])
    if amount and min(abs(amount - lines) for lines in sums) > rounding:
        return amount
    totals = ((slip.total_products_tax_excl, net), (slip.total_products_tax_incl, gross))
    held_back = max((lines - number(total) for total, lines in totals if number(total)), default=Decimal(0))
    return gross - held_back if held_back > rounding else gross


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)


def _times(unit_price: Decimal | None, row: Any) -> Decimal | None:
    return None if unit_price is None else unit_price * row.product_quantity
