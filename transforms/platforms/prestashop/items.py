"""A line of a PrestaShop order while it is put together: its row, its units, and the money left to pay for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transforms.platforms.prestashop.money import TaxShare, rounded
from transforms.rows import number


@dataclass(slots=True)
class Item:
    """A line; `units` are those that are sent, `net` and `gross` what is to be paid for them, after its vouchers.

    Units are whole, except where a module sells by length or weight in the same column.
    """

    row: Any
    units: Decimal | int
    net: Decimal
    gross: Decimal
    shares: Sequence[TaxShare]

    @property
    def unit_gross(self) -> Decimal:
        """Return the price of one unit before vouchers, tax included."""
        return number(self.row.unit_price_tax_incl)

    def take_off(self, gross: Decimal) -> Decimal:
        """Take up to so much off, tax included, at the line's own taxes; return what was taken."""
        taken = min(gross, self.gross)
        if taken <= 0:
            return Decimal(0)
        left = self.gross - taken
        self.net = rounded(self.net * left / self.gross) if left else left
        self.gross = left
        return taken
