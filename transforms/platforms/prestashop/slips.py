"""PrestaShop's credit slips to adjustments and their taxes.

What is peculiar here: a slip has a head and lines, and they need not agree. Amounts of the lines are NULL on slips of
old versions; the head names the amount that was chosen by hand, and the total after a voucher was held back, both of
which the lines ignore. The money given back is the head's; the lines are what for. The form demands a quantity of at
least one for every amount, so that a price reduction looks like a unit given back; so do the line's counters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.database_values import as_text
from transforms.frames import FrameRow
from transforms.money import from_minor, minor_digits, spread, to_minor
from transforms.platforms.prestashop.items import Item
from transforms.platforms.prestashop.money import TaxShare, net_share, split_tax
from transforms.platforms.prestashop.refunds import ROUNDING, UNITS_COST, Refunds, Units
from transforms.platforms.prestashop.states import Progress
from transforms.platforms.prestashop.words import buyer_words, staff_words
from transforms.reasons import adjustment_reason
from transforms.rows import number

_RETURNED = frozenset({3, 5})  # package received, return completed


@dataclass(slots=True)
class _Part:
    """What a slip gives back on one line: its row, the line (None: it is gone), net and gross, and units."""

    row: Any
    item: Item | None
    net: Decimal
    gross: Decimal
    units: Units = 0


@dataclass(frozen=True, slots=True)
class SlipReader:
    """Reads the slips of one order. Times are the shop's own, as text.

    `paid_share`: the part of the lines' prices that was to be paid after vouchers for the whole order. `messages`: what
    the staff wrote on the order.
    """

    order: Any
    items: Mapping[Any, Item]
    paid_share: Decimal
    shipping_shares: Sequence[TaxShare]
    returns: Sequence[Any]
    messages: Sequence[Any]
    progress: Progress

    def read(self, slips: Sequence[Any], slip_lines: Mapping[Any, Sequence[Any]]) -> Refunds:
        """Read all slips of the order, `slip_lines` by id_order_slip."""
        refunds = Refunds()
        for slip in slips:
            self._read(refunds, slip, slip_lines.get(slip.id_order_slip, ()))
        return refunds

    def _read(self, refunds: Refunds, slip: Any, rows: Sequence[Any]) -> None:
        parts = self._settle(slip, [self._part(row) for row in rows])
        cause: FrameRow = {} if parts else self._reduction(slip, None)
        for part in parts:
            line_id = part.row.id_order_detail
            refunds.give_back(line_id, part.net, part.gross)
            refunds.on_slips[line_id] += part.row.product_quantity
            part.units = self._units(refunds, slip, part)
            refunds.units[line_id] += part.units
            cause = {"reason": self._reason(slip, part)} if part.units else self._reduction(slip, line_id)
            adjustment_id = f"slip-{slip.id_order_slip}-{line_id}"
            cells = {"quantity": part.units, "price": part.net, **cause}
            if part.units and self._came_back(part):
                cells["type"] = "REFUND"
            self._add(refunds, slip, adjustment_id, cells, line_id)
            shares = part.item.shares if part.item is not None else ()
            self._taxes(refunds, adjustment_id, "price", part.gross - part.net, shares)
        if not parts and (gross := self._unnamed(slip)):
            self._add(refunds, slip, f"slip-{slip.id_order_slip}", {"gross_amount": gross, **cause})
            refunds.total += gross
        net, gross = self._shipping(slip)
        if gross:
            adjustment_id = f"slip-{slip.id_order_slip}-shipping"
            self._add(refunds, slip, adjustment_id, {"shipping_price": net, **cause})
            self._taxes(refunds, adjustment_id, "shipping", gross - net, self.shipping_shares)
            refunds.give_back(None, net, gross)

    def _part(self, row: Any) -> _Part:
        item = self.items.get(row.id_order_detail)
        net = _first(row.amount_tax_excl, row.total_price_tax_excl, _times(row.unit_price_tax_excl, row))
        gross = _first(row.amount_tax_incl, row.total_price_tax_incl, _times(row.unit_price_tax_incl, row))
        if item is not None and net is None and gross is None:
            net, gross = _times(item.row.unit_price_tax_excl, row), _times(item.row.unit_price_tax_incl, row)
        share = Decimal(1) if item is None else net_share(item.row.total_price_tax_excl, item.row.total_price_tax_incl)
        if net is None:
            net = (gross or Decimal(0)) * share
        elif gross is None:
            gross = net / share if share else net
        return _Part(row, item, net, gross or Decimal(0))

    def _settle(self, slip: Any, parts: list[_Part]) -> list[_Part]:
        """Bring the lines to what was given back by the head, in proportion, to the cent."""
        net = sum((part.net for part in parts), Decimal(0))
        gross = sum((part.gross for part in parts), Decimal(0))
        given = _given(slip, net, gross, self._shipping(slip), ROUNDING * len(parts))
        digits = minor_digits((self.order.currency or "").strip().upper())
        if given == gross or digits is None:
            return parts
        shares = spread(to_minor(given, digits), [to_minor(part.gross, digits) for part in parts])
        for part, minor in zip(parts, shares, strict=True):
            share = net_share(part.net, part.gross)
            part.gross = from_minor(minor, digits)
            part.net = part.gross * share
        return parts

    def _units(self, refunds: Refunds, slip: Any, part: _Part) -> Units:
        """Count the units that a part of a slip gives back: none where its amount is clearly less than they cost.

        A parcel that came back is a unit, whatever was kept back for it; and who has given back all the money of a
        line has given back its last units.
        """
        item, line_id = part.item, part.row.id_order_detail
        units: Units = part.row.product_quantity
        if item is None:
            return units
        paid, given = item.gross * self.paid_share, refunds.money[line_id][1]
        left: Units = max(item.units - refunds.units[line_id], 0)
        if not units or part.gross >= UNITS_COST * paid * units / item.units or self._returned(slip, line_id):
            # With a voucher for the whole order, units may be given back at more than was paid for them.
            return max(units, left) if item.gross and given >= item.gross - ROUNDING else units
        return left if given >= paid - ROUNDING else 0

    def _returned(self, slip: Any, line_id: Any) -> bool:
        at = as_text(slip.date_add) or ""
        return any(
            row.id_order_detail == line_id and row.state in _RETURNED and (as_text(row.date_add) or "") <= at
            for row in self.returns
        )

    def _unnamed(self, slip: Any) -> Decimal:
        """Return what a slip without lines gives back besides shipping, tax included."""
        products = number(slip.total_products_tax_incl)
        amount = number(slip.amount) or products
        counts_shipping = slip.total_products_tax_incl is not None and (
            abs(amount - products - self._shipping(slip)[1]) <= ROUNDING
        )
        return products if counts_shipping else amount

    def _shipping(self, slip: Any) -> tuple[Decimal, Decimal]:
        share = net_share(self.order.total_shipping_tax_excl, self.order.total_shipping_tax_incl)
        gross = number(slip.total_shipping_tax_incl) or number(slip.shipping_cost_amount)
        net = number(slip.total_shipping_tax_excl)
        if not gross:
            gross = net / share if share else net
        return net or gross * share, gross

    def _reduction(self, slip: Any, line_id: Any) -> FrameRow:
        """Return why the price was reduced: in words where there are some, else as was agreed."""
        at = as_text(slip.date_add) or ""
        words = [*buyer_words(self.returns, line_id, at), *staff_words(self.messages, at)]
        return {"reason": " ".join(words), "default_reason": "AGREEMENT"}

    def _reason(self, slip: Any, part: _Part) -> str:
        """Return why, in the buyer's own words where there are some, else in words of what is known.

        Looks only at what had happened when the slip was made, so that a later return does not change its reason.
        """
        at = as_text(slip.date_add) or ""
        shipped_at = self.progress.shipped_at
        shipped = shipped_at <= at if shipped_at else self.progress.shipped_now
        asked = buyer_words(self.returns, part.row.id_order_detail, at)
        if asked:
            words = " ".join(asked)
            # Words that name no reason still are those of a return.
            is_known = adjustment_reason(words, shipped=False, own={}) != "CHANNEL_SPECIFIC"
            return words if is_known else f"{words} (return)"
        left = shipped or self._came_back(part)
        if written := staff_words(self.messages, at, after_shipment=left):
            return " ".join(written)
        if left:
            return "return"
        short_at = self.progress.out_of_stock_at
        return "out of stock" if short_at and short_at <= at else "cancelled"

    def _came_back(self, part: _Part) -> bool:
        """Return whether only the line's counter proves that its units came back: no state dates when they had left.

        Where one does, the counter is not asked, as what it holds may have come back after a later parcel.
        """
        item = part.item
        return (
            not self.progress.shipped_at
            and item is not None
            and item.row.product_quantity_return >= part.row.product_quantity
        )

    def _add(self, refunds: Refunds, slip: Any, adjustment_id: str, cells: FrameRow, line_id: Any = None) -> None:
        refunds.adjustments.append(
            {
                "channel_order_id": self.order.order_id,
                "channel_adjustment_id": adjustment_id,
                "refund_id": f"slip-{slip.id_order_slip}",
                "channel_order_line_id": line_id,
                "created_at": slip.date_add,
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
    """Return what a slip gives back on products, tax included.

    `amount` is the sum of the lines (net or gross, as the shop shows prices; some software counts the shipping in) or
    what was chosen by hand; where a voucher is held back, only one of the two totals shows it.
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
