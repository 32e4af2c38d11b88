"""Lines of one order as objects, for the orders whose history has to be walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from transforms.platforms.medusa.lines import Lines
from transforms.platforms.medusa.prices import Prices
from transforms.rowsets import ZERO


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of a line; `rate` in percent."""

    code: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """Money without tax, and the amount of each tax, in the order of the line's taxes."""

    net: Decimal
    taxes: tuple[Decimal, ...]

    @property
    def gross(self) -> Decimal:
        """Return it with its taxes."""
        return self.net + sum(self.taxes, ZERO)

    def times(self, factor: Decimal) -> Price:
        """Return a multiple of it."""
        return Price(self.net * factor, tuple(tax * factor for tax in self.taxes))

    def plus(self, other: Price) -> Price:
        """Add two prices of one line."""
        return Price(self.net + other.net, tuple(a + b for a, b in zip(self.taxes, other.taxes, strict=True)))


@dataclass(frozen=True, slots=True)
class Removal:
    """Units that an edit took off a line: in the version that lacks them, and what they cost."""

    version: int
    units: Decimal
    price: Price


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `quantity` and `price` are of all units ever ordered."""

    item_id: str
    taxes: tuple[Tax, ...]
    quantity: Decimal
    price: Price
    removals: Sequence[Removal]

    def unit_price(self) -> Price:
        """Return what one unit costs that edits left on the line."""
        price, quantity = self.price, self.quantity
        for removal in self.removals:
            price, quantity = price.plus(removal.price.times(Decimal(-1))), quantity - removal.units
        return price.times(1 / quantity) if quantity else price.times(ZERO)


def bought(lines: Lines, order: int) -> list[Line]:
    """Return the lines of an order."""
    taxes, removals = lines.prices.taxes, lines.removals
    item_ids = lines.rows["item_id"]
    found = []
    for line in range(*lines.groups.rows(order).indices(len(lines.quantity))):
        own = taxes.groups.rows(line)
        removed = range(*removals.groups.rows(line).indices(len(removals.units)))
        found.append(
            Line(
                item_ids[line],
                tuple(Tax(code, rate) for code, rate in zip(taxes.code[own], taxes.rate[own], strict=True)),
                lines.quantity[line],
                _price(lines.prices, line),
                [
                    Removal(int(removals.version[row]), removals.units[row], _price(removals.prices, row))
                    for row in removed
                ],
            )
        )
    return found


def _price(prices: Prices, row: int) -> Price:
    return Price(prices.net[row], tuple(prices.amounts[prices.taxes.groups.rows(row)]))
