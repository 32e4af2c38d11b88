"""Money of a folder of SQL that reads well and is wrong all the same: amounts compared with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from transforms.frames import OrderFrames
from transforms.money import AmountError, parse_amount

# Taxes below are too near to the rounding of a cent to tell anything.
_TELLING = Decimal("0.10")
_UNITS = {100: "percent", 1: "fraction"}


class _Taxed(NamedTuple):
    """A tax of a line: what it should be by its rate, read as it stands, and what it is."""

    row: int
    order_id: Any
    by_rate: Decimal
    amount: Decimal


def below_zero(frames: OrderFrames) -> Iterator[tuple[str, str]]:
    """Yield (file, words) about products that cost less than nothing."""
    columns = ("channel_order_id", "kind", "price")
    for row, (order_id, kind, price) in enumerate(zip(*(frames.lines[name].tolist() for name in columns), strict=True)):
        if kind != "discount" and _number(price) < 0:
            hint = "what takes money off is a row with kind = 'discount' (and discounted_line_id for one product)"
            yield "lines", f"column 'price', row {row + 1} (order {order_id}): is below zero; {hint}"
            return


def tax_rates(frames: OrderFrames, divisor: int, gross: bool) -> Iterator[tuple[str, str]]:
    """Yield (file, words) where most rates, as `tax_rate_unit` reads them, do not make the taxes of their lines.

    `divisor` makes a rate a fraction, `gross`: prices include the taxes.
    """
    taxed = list(_taxed(frames, gross))
    if not taxed:
        return
    for candidate in (divisor, *(other for other in _UNITS if other != divisor)):
        fitting = [one for one in taxed if _fits(one, candidate)]
        if len(fitting) * 2 > len(taxed):
            if candidate != divisor:
                yield "taxes", _wrong_unit(fitting[0], len(fitting), len(taxed), divisor, candidate)
            return


def _wrong_unit(one: _Taxed, fitting: int, taxed: int, divisor: int, candidate: int) -> str:
    expected, meant = (f"{one.by_rate / unit:.2f}" for unit in (divisor, candidate))
    return (
        f"column 'rate', row {one.row + 1} (order {one.order_id}): as {_UNITS[divisor]} it makes a tax of {expected}, "
        f"as {_UNITS[candidate]} {meant}, and the tax is {one.amount:.2f}; so are {fitting} of {taxed} compared. Say "
        f'tax_rate_unit = "{_UNITS[candidate]}" in platform.toml'
    )


def _fits(one: _Taxed, divisor: int) -> bool:
    expected = one.by_rate / divisor
    return abs(expected - one.amount) <= max(Decimal("0.02"), abs(one.amount) / 10)


def _taxed(frames: OrderFrames, gross: bool) -> Iterator[_Taxed]:
    words = dict(zip(frames.orders["channel_order_id"].tolist(), frames.orders["amounts"].tolist(), strict=True))
    of_lines = ("channel_order_line_id", "channel_order_id", "price")
    prices: dict[Any, Decimal] = {}
    includes: set[Any] = set()
    for line_id, order_id, price in zip(*(frames.lines[name].tolist() for name in of_lines), strict=True):
        prices[line_id] = _number(price)
        if words.get(order_id) == "gross" or (gross and not words.get(order_id)):
            includes.add(line_id)
    of_taxes = ("channel_order_line_id", "channel_order_id", "channel_adjustment_id", "applies_to", "rate", "amount")
    rows = list(zip(*(frames.taxes[name].tolist() for name in of_taxes), strict=True))
    own = [
        (row, line_id, order_id, _number(rate), _number(amount))
        for row, (line_id, order_id, adjustment_id, applies_to, rate, amount) in enumerate(rows)
        if line_id in prices and adjustment_id is None and applies_to == "price"
    ]
    taxes: dict[Any, Decimal] = defaultdict(Decimal)
    for _, line_id, _, _, amount in own:
        taxes[line_id] += amount
    for row, line_id, order_id, rate, amount in own:
        net = prices[line_id] - (taxes[line_id] if line_id in includes else 0)
        if rate > 0 and abs(amount) >= _TELLING:
            yield _Taxed(row, order_id, net * rate, amount)


def _number(cell: str | None) -> Decimal:
    try:
        return parse_amount(cell)
    except AmountError:
        return Decimal(0)
