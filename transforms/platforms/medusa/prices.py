"""What parts of a Medusa order cost: lines, units taken off them, and shipping, all by the same rule.

Medusa stores neither net amounts nor taxes: a price is an amount, less its discounts, plus its taxes in percent; the
amount and each discount may include tax or not. All of it is exact and unrounded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from transforms.database_values import as_text
from transforms.groups import Bools, Groups, Ints
from transforms.rowsets import ZERO, Objects, Rowset, each, objects, sums

_HUNDRED = Decimal(100)


class BrokenNumber(ValueError):
    """A cell that an order's money rests on is no number; `cell` is its text."""

    def __init__(self, cell: str) -> None:
        super().__init__("is not a number")
        self.cell = cell


def exact(value: Any) -> Decimal:
    """Read an exact number; absent is zero. JavaScript writes small ones with an exponent.

    Raises:
        BrokenNumber: not a finite number.
    """
    try:
        number = value if type(value) is Decimal else Decimal(as_text(value) or "0")
    except InvalidOperation:
        raise BrokenNumber(as_text(value) or "") from None
    if not number.is_finite():
        raise BrokenNumber(str(number))
    return number


class Broken(dict[int, str]):
    """Orders with an amount that cannot be read, and the first cell that is no number."""

    def numbers(self, cells: Iterable[Any], orders: Ints) -> Objects:
        """Read a column of exact numbers, row by row of an order; broken ones are noted, and hold zero."""
        known: dict[Any, Decimal] = {None: ZERO}
        read = []
        for row, cell in enumerate(cells):
            # Amounts are few different texts; decimals that are equal may be written differently.
            number = cell if type(cell) is Decimal and cell.is_finite() else known.get(cell)
            if number is None:
                try:
                    number = known[cell] = exact(cell)
                except BrokenNumber as broken:
                    number = ZERO
                    self.setdefault(int(orders[row]), broken.cell or "?")
            read.append(number)
        return objects(read)


@dataclass(frozen=True, slots=True)
class Taxes:
    """Taxes of lines or of shipping methods, grouped by these; rates in percent."""

    code: Objects
    rate: Objects
    groups: Groups

    def like(self, wanted: Ints) -> tuple[Taxes, Ints]:
        """Return the taxes of some of them, and which of the taxes here they are."""
        rows, groups = each(self.groups, wanted)
        return Taxes(self.code[rows], self.rate[rows], groups), rows


@dataclass(frozen=True, slots=True)
class Discounts:
    """Discounts of what is priced, grouped by it."""

    amount: Objects
    with_tax: Bools
    groups: Groups


@dataclass(frozen=True, slots=True)
class Prices:
    """Money without tax, and the amount of each tax."""

    net: Objects
    taxes: Taxes
    amounts: Objects

    def gross(self) -> Objects:
        """Return it with its taxes."""
        gross: Objects = self.net + sums(self.amounts, self.taxes.groups)
        return gross

    def times(self, factor: Objects) -> Prices:
        """Return a multiple of each."""
        return Prices(self.net * factor, self.taxes, self.amounts * factor[self.taxes.groups.owners])


def taxes_of(rows: Rowset, broken: Broken, orders: Ints) -> Taxes:
    """Read tax rows; `orders` are those of what they are on."""
    return Taxes(rows["code"], broken.numbers(rows["rate"], orders[rows.groups.owners]), rows.groups)


def discounts_of(rows: Rowset, versions: Objects, with_tax: Bools, broken: Broken, orders: Ints) -> Discounts:
    """Read the discounts of the versions in question; older Medusas keep none, and those hold for all versions."""
    version = rows["version"]
    held = np.array([own is None for own in version], dtype=np.bool_) | (version == versions[rows.groups.owners])
    rows = rows.where(held)
    return Discounts(broken.numbers(rows["amount"], orders[rows.groups.owners]), with_tax[held], rows.groups)


def prices(
    amount: Objects, with_tax: Bools, taxes: Taxes, discounts: Discounts, broken: Broken, orders: Ints
) -> Prices:
    """Split amounts into net and taxes, after discounts; `orders` are whose they are."""
    rate = sums(taxes.rate, taxes.groups) / _HUNDRED
    for row in np.flatnonzero(rate <= -1).tolist():
        broken.setdefault(int(orders[row]), str(rate[row]))
        rate[row] = ZERO
    net = amount.copy()
    net[with_tax] = amount[with_tax] / (1 + rate[with_tax])
    owners, off = discounts.groups.owners, discounts.amount.copy()
    off[discounts.with_tax] /= 1 + rate[owners[discounts.with_tax]]
    np.subtract.at(net, owners, off)
    return Prices(net, taxes, net[taxes.groups.owners] * taxes.rate / _HUNDRED)
