"""PrestaShop's money: amounts with and without tax, whose difference is the tax; payments that several orders share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from transforms.groups import Exact, roomy
from transforms.money import from_minor, spread
from transforms.platforms.prestashop.columns import CENT, SCALE, micros
from transforms.rows import number
from transforms.rowsets import Rowset


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
    return [(share, from_minor(part, SCALE)) for share, part in zip(shares, parts, strict=True)]


def net_share(net: Any, gross: Any) -> Decimal:
    """Return how much of a gross amount is net, by another amount of the same taxes; all where that one is zero."""
    return number(net) / number(gross) if number(gross) else Decimal(1)


def rounded(amount: Decimal) -> Decimal:
    """Round a part of an amount to the decimals that PrestaShop keeps."""
    return round(amount, SCALE)


def _micros(amount: Decimal) -> int:
    return int(amount.scaleb(SCALE))


def part(amounts: Exact, shares: Exact, wholes: Exact) -> Exact:
    """Take of each amount as much as a share is of its whole; all of it where that one is zero."""
    wide = roomy(amounts, max(map(abs, (1, int(shares.max(initial=0)), int(shares.min(initial=0))))) * 2)
    safe = np.where(wholes == 0, 1, wholes)
    halves = (2 * wide * shares + safe) // (2 * safe)
    return np.where(wholes == 0, amounts, halves)


def paid(total: Exact, paid_before: Exact, payments: Rowset) -> tuple[Exact, Exact]:
    """Return what was paid on each order, and what of it is negative payments that are taken off it already.

    It is the order's share of what was paid on its reference, else that of the order itself (`paid_before`).
    """
    row = payments.groups.first(np.ones(len(payments), np.bool_))
    found = row >= 0

    def of_orders(column: str) -> Exact:
        amounts = micros(payments[column])
        return np.where(found, amounts[row], 0) if len(amounts) else np.zeros(len(row), np.int64)

    whole, booked, back = of_orders("reference_total"), of_orders("paid"), of_orders("paid_back")
    shared = (whole != 0) & (whole != total)
    if shared.any():
        booked = np.where(shared, part(booked, total, whole), booked)
        back = np.where(shared, part(back, total, whole), back)
    return np.where(whole != 0, booked, paid_before), np.where(whole != 0, back, 0)


def is_charged(orders: Rowset, fee: Exact) -> Any:
    """Return whether a fee beside an order is in its total: what its other amounts do not explain."""
    known = micros(orders["total_products_wt"])
    known = known + micros(orders["total_shipping_tax_incl"]) + micros(orders["total_wrapping_tax_incl"])
    rest = micros(orders["total_paid_tax_incl"]) - known + micros(orders["total_discounts_tax_incl"])
    return np.abs(rest - fee) <= 2 * CENT
