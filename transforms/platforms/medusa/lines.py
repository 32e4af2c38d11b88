"""Lines of a Medusa order over its versions, and what each cost.

Each confirmed change of an order writes its lines anew under the next version; an edit that takes units away leaves
fewer, or no row at all. A line here holds every unit that was ever ordered, with what was taken away again beside it:
so nothing vanishes, and a cancellation that was told once stays told.

Medusa stores neither net amounts nor taxes: a line is unit price x quantity, less its discounts of that version, plus
its taxes in percent; each price and each discount may include tax or not. All of it is exact and unrounded here.

Belongs here: versions and prices. Does not belong here: refunds, and the words of an order.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from transforms.frames import as_text
from transforms.rows import Rows, rows_by, rows_of, when

_HUNDRED = Decimal(100)


class BrokenNumber(ValueError):
    """A cell that the order's money rests on is no number; `cell` is its text."""

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


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of a line or a shipping method; `rate` in percent."""

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
        return self.net + sum(self.taxes, Decimal(0))

    def times(self, factor: Decimal) -> Price:
        """Return a multiple of it."""
        return Price(self.net * factor, tuple(tax * factor for tax in self.taxes))

    def plus(self, other: Price) -> Price:
        """Add two prices of one line."""
        return Price(self.net + other.net, tuple(a + b for a, b in zip(self.taxes, other.taxes, strict=True)))


def price(
    amount: Decimal, includes_tax: bool, taxes: Sequence[Tax], discounts: Iterable[tuple[Decimal, bool]]
) -> Price:
    """Split an amount into net and taxes, after discounts (each with whether it includes tax)."""
    rate = sum((tax.rate for tax in taxes), Decimal(0)) / _HUNDRED
    if rate <= -1:
        raise BrokenNumber(str(rate))
    net = amount / (1 + rate) if includes_tax else amount
    for discount, with_tax in discounts:
        net -= discount / (1 + rate) if with_tax else discount
    return Price(net, tuple(net * tax.rate / _HUNDRED for tax in taxes))


@dataclass(frozen=True, slots=True)
class Removal:
    """Units that an edit took off a line: in the version that lacks them, and what they cost."""

    version: int
    units: Decimal
    price: Price


@dataclass(slots=True)
class Line:
    """One line: `quantity` and `price` are of all units ever ordered, `row` is the newest row, `item` what was bought.

    `is_removed`: the order's version has no row of it, or one of no units.
    """

    row: Any
    item: Any
    is_removed: bool
    taxes: tuple[Tax, ...]
    quantity: Decimal
    price: Price
    removals: list[Removal] = field(default_factory=list)

    @property
    def returned(self) -> Decimal:
        """Return the units that came back."""
        return exact(self.row.return_received_quantity) + exact(self.row.return_dismissed_quantity)


class LineBook:
    """The lines of all orders of a chunk."""

    def __init__(self, rows: Rows) -> None:
        self._versions = rows_by(rows, "items", "order_id")
        self._items = {row.item_id: row for row in rows_of(rows, "line_items")}
        self._taxes = rows_by(rows, "line_taxes", "item_id")
        self._discounts = rows_by(rows, "line_adjustments", "item_id")

    def lines(self, order_id: str, version: int) -> tuple[list[Line], Mapping[int, dt.datetime]]:
        """Return the order's lines, and when each version came to be.

        Raises:
            BrokenNumber: a quantity, price, discount or rate is not a number.
        """
        by_item: dict[str, list[Any]] = defaultdict(list)
        came: dict[int, dt.datetime] = {}
        for row in self._versions[order_id]:
            by_item[row.item_id].append(row)
            came[row.version] = min(came.get(row.version, row.created_at), row.created_at, key=when)
        came.setdefault(version, max(came.values(), key=when, default=dt.datetime.max.replace(tzinfo=dt.UTC)))
        versions = sorted(came)
        return [self._line(item_id, history, version, versions) for item_id, history in by_item.items()], came

    def _line(self, item_id: str, history: list[Any], version: int, versions: list[int]) -> Line:
        taxes = tuple(Tax(tax.code, exact(tax.rate)) for tax in self._taxes[item_id])
        rows = {row.version: row for row in history}
        newest = history[-1]
        is_removed = newest.version != version or not exact(newest.quantity)
        quantity = Decimal(0) if is_removed else exact(newest.quantity)
        total = Price(Decimal(0), (Decimal(0),) * len(taxes)) if is_removed else self._price(newest, taxes)
        removals = []
        for earlier, later in itertools.pairwise(versions):
            if earlier not in rows:
                continue
            before = exact(rows[earlier].quantity)
            gone = before - (exact(rows[later].quantity) if later in rows else 0)
            if gone > 0:
                removals.append(Removal(later, gone, self._price(rows[earlier], taxes).times(gone / before)))
        for removal in removals:
            quantity += removal.units
            total = total.plus(removal.price)
        return Line(newest, self._items.get(item_id), is_removed, taxes, quantity, total, removals)

    def _price(self, row: Any, taxes: tuple[Tax, ...]) -> Price:
        item = self._items.get(row.item_id)
        if item is None:
            raise BrokenNumber(f"no order_line_item {row.item_id}")
        unit_price = exact(item.unit_price if row.unit_price is None else row.unit_price)
        discounts = (
            (exact(discount.amount), bool(discount.is_tax_inclusive))
            for discount in self._discounts[row.item_id]
            if discount.version is None or discount.version == row.version
        )
        return price(unit_price * exact(row.quantity), bool(item.is_tax_inclusive), taxes, discounts)
