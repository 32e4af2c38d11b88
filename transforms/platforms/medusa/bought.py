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


class Bought:
    """The lines of all orders of a chunk, made objects for those orders that are asked for."""

    def __init__(self, lines: Lines) -> None:
        removals = lines.removals
        self._item_ids, self._quantity = lines.rows["item_id"].tolist(), lines.quantity.tolist()
        self._of_order, self._removals_of = lines.groups.bounds.tolist(), removals.groups.bounds.tolist()
        self._price, self._removed_for = _Read(lines.prices), _Read(removals.prices)
        self._code, self._rate = lines.prices.taxes.code.tolist(), lines.prices.taxes.rate.tolist()
        self._version, self._units = removals.version.tolist(), removals.units.tolist()

    def lines(self, order: int) -> list[Line]:
        """Return the lines of an order, by its number in the chunk."""
        return [self._line(line) for line in range(*self._of_order[order : order + 2])]

    def _line(self, line: int) -> Line:
        taxes = self._price.taxes(line)
        removed = range(*self._removals_of[line : line + 2])
        return Line(
            self._item_ids[line],
            tuple(map(Tax, self._code[taxes], self._rate[taxes])),
            self._quantity[line],
            self._price.of(line),
            [Removal(self._version[row], self._units[row], self._removed_for.of(row)) for row in removed],
        )


class _Read:
    """Prices of a chunk, read one by one."""

    def __init__(self, prices: Prices) -> None:
        self._net, self._amounts = prices.net.tolist(), prices.amounts.tolist()
        self._bounds = prices.taxes.groups.bounds.tolist()

    def taxes(self, row: int) -> slice:
        """Return where the taxes of a price are."""
        return slice(*self._bounds[row : row + 2])

    def of(self, row: int) -> Price:
        """Return one price."""
        return Price(self._net[row], tuple(self._amounts[self.taxes(row)]))
