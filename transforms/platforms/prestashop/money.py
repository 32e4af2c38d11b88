"""PrestaShop's money: a tax is the difference of two columns, and which taxes share it must be found out.

Belongs here: splitting tax differences, shipping after vouchers, what was paid. Does not belong here: frames, credit
slips.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from transforms.frames import as_text
from transforms.money import from_minor, spread
from transforms.rows import number

_SCALE = 6  # decimals of PrestaShop's money columns
_CENT = Decimal("0.01")


class TaxShare(NamedTuple):
    """A tax by its name and rate in percent (None: unknown), and its weight in a tax that several share."""

    code: str
    rate: str | None
    weight: Decimal


UNNAMED = TaxShare("TAX", None, Decimal(1))


def split_tax(tax: Decimal, shares: Sequence[TaxShare]) -> list[tuple[TaxShare, Decimal]]:
    """Divide `tax` over the taxes that share it, exactly; a tax that no known one explains is `UNNAMED`."""
    if not shares:
        return [(UNNAMED, tax)] if tax else []
    if len(shares) == 1:
        return [(shares[0], tax)]
    parts = spread(_micros(tax), [_micros(share.weight) for share in shares])
    return [(share, from_minor(part, _SCALE)) for share, part in zip(shares, parts, strict=True)]


def names_by_rate(taxes: Iterable[tuple[str, str | None]]) -> dict[Decimal, str]:
    """Return the name of each rate in percent under which the shop has one tax only; `taxes` are (name, rate)."""
    names: dict[Decimal, set[str]] = defaultdict(set)
    for name, rate in taxes:
        names[number(rate)].add(name)
    return {rate: next(iter(known)) for rate, known in names.items() if len(known) == 1}


def shares_like(
    lines: Iterable[Sequence[TaxShare]], price: Decimal, tax: Decimal, rate: Decimal, names: Mapping[Decimal, str]
) -> list[TaxShare]:
    """Find the taxes on shipping or wrapping: those of a line that together have `rate`, or yield `tax` where it is 0.

    PrestaShop keeps only the sum of the rates (carrier_tax_rate), and none for wrapping. Where no line is taxed so, it
    is the shop's only tax of that rate (`names`), else one without a name.
    """
    if not tax:
        return []
    for shares in lines:
        together = sum((Decimal(share.rate or 0) for share in shares), Decimal(0))
        if together and (together == rate if rate else abs(price * together / 100 - tax) <= _CENT):
            return list(shares)
    return [UNNAMED._replace(code=names.get(rate, UNNAMED.code), rate=as_text(rate))] if rate else [UNNAMED]


class Shipping:
    """What the buyer pays for shipping: `orders` shows it at full price, a free-shipping voucher takes it off again.

    `discount_excl` and `discount_incl` are the part of the order's vouchers that is used up by it. `free_shipping`: the
    values of the vouchers that make it free, tax included.
    """

    def __init__(
        self,
        order: Any,
        free_shipping: Decimal,
        lines: Iterable[Sequence[TaxShare]],
        names: Mapping[Decimal, str],
    ) -> None:
        net, gross = number(order.total_shipping_tax_excl), number(order.total_shipping_tax_incl)
        self.shares = shares_like(lines, net, gross - net, number(order.carrier_tax_rate), names)
        off = min(free_shipping, number(order.total_discounts_tax_incl), gross)
        self.discount_incl = off
        self.discount_excl = net if off >= gross - _CENT and off else off * net_share(net, gross)
        if self.discount_excl == net:
            self.discount_incl = gross
        self.price = net - self.discount_excl
        self.tax = gross - self.discount_incl - self.price


def net_share(net: Any, gross: Any) -> Decimal:
    """Say how much of a gross amount is net, by another amount of the same taxes; all of it where that one is zero."""
    return number(net) / number(gross) if number(gross) else Decimal(1)


def rounded(amount: Decimal) -> Decimal:
    """Round a part of an amount to the decimals that PrestaShop keeps."""
    return round(amount, _SCALE)


def _micros(amount: Decimal) -> int:
    return int(amount.scaleb(_SCALE))


def is_charged(order: Any, fee: Decimal) -> bool:
    """Say whether a fee that stands beside an order is in its total: what its other amounts do not explain."""
    known = sum(
        number(getattr(order, f"total_{part}")) for part in ("products_wt", "shipping_tax_incl", "wrapping_tax_incl")
    )
    rest = number(order.total_paid_tax_incl) - known + number(order.total_discounts_tax_incl)
    return abs(rest - fee) <= 2 * _CENT


def paid(order: Any, payments: Sequence[Any]) -> tuple[Decimal, Decimal]:
    """Say what was paid on this order, and what of it is negative payments that are taken off it already.

    It is its share of what was paid on its reference, else what the order itself says.
    """
    if not payments or not number(payments[0].reference_total):
        return number(order.total_paid_real), Decimal(0)
    row, total = payments[0], number(order.total_paid_tax_incl)
    if row.reference_total == total:
        return number(row.paid), number(row.paid_back)
    share = total / number(row.reference_total)
    return number(row.paid) * share, number(row.paid_back) * share
