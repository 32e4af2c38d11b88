"""Money of a folder of SQL that reads well and is wrong all the same: amounts compared with each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from transforms.frames import OrderFrames
from transforms.money import AmountError, minor_digits, parse_amount

Suspicion = tuple[Literal["error", "warning"], str, str]
"""What is suspected: its weight, the file (without `.sql`), and the message."""

# Smaller taxes are too near to the rounding of a cent to be compared.
_COMPARED = Decimal("0.10")
_UNITS = {100: "percent", 1: "fraction"}
# Fewer amounts may all be whole numbers by chance.
_LEAST_AMOUNTS, _LEAST_DIFFERENT = 8, 3


class _Taxed(NamedTuple):
    """A tax of a line: what it should be by its rate, read as it stands, and what it is."""

    row: int
    order_id: Any
    by_rate: Decimal
    amount: Decimal


def wrong_money(frames: OrderFrames, divisor: int, gross: bool) -> Iterator[Suspicion]:
    """Yield what is suspicious about the amounts of a sample.

    `divisor` makes a tax rate a fraction, `gross`: prices include the taxes where an order does not say otherwise.
    """
    yield from _signs(frames)
    yield from _whole_amounts(frames)
    yield from _divided_too_far(frames)
    yield from _tax_rates(frames, divisor, gross)
    yield from _untaxed_discounts(frames, divisor, gross)


def _signs(frames: OrderFrames) -> Iterator[Suspicion]:
    """Find the first product below zero, and the first discount above."""
    columns = ("channel_order_id", "kind", "price", "gross_amount")
    hints = {
        False: "is below zero; what takes money off is a row with kind = 'discount' (and discounted_line_id for one "
        "product)",
        True: "is above zero; a discount is what it takes off, below zero",
    }
    for row, (order_id, kind, price, off) in enumerate(zip(*cells(frames.lines, columns), strict=True)):
        is_discount = kind == "discount"
        amounts = {"price": price, "gross_amount": off} if is_discount else {"price": price}
        for column, cell in amounts.items():
            amount = number(cell)
            if is_discount in hints and (amount > 0 if is_discount else amount < 0):
                place = f"column {column!r}, row {row + 1} (order {order_id})"
                yield "error", "lines", f"{place}: {hints.pop(is_discount)}"


def _whole_amounts(frames: OrderFrames) -> Iterator[Suspicion]:
    """Suspect cents, or cents that a division of integers has cut off, where no amount at all has decimals."""
    currencies = {(cell or "").strip().upper() for cell in frames.orders["currency"].to_pylist()}
    if not all(minor_digits(currency) for currency in currencies):
        return  # of some currencies whole numbers are all there is
    columns = (frames.orders["total"], frames.lines["price"])
    amounts = [amount for cells in columns for cell in cells.to_pylist() if (amount := number(cell))]
    is_whole = all(amount == amount.to_integral_value() for amount in amounts)
    if is_whole and len(amounts) >= _LEAST_AMOUNTS and len(set(amounts)) >= _LEAST_DIFFERENT:
        words = (
            f"column 'price', and the totals: all {len(amounts)} amounts are whole numbers, the largest "
            f"{max(amounts):,.0f}; are they cents? Amounts are in major units: divide by 100.0, as 5990 / 100 is 59 in "
            "PostgreSQL and SQLite"
        )
        yield "warning", "lines", words


def _divided_too_far(frames: OrderFrames) -> Iterator[Suspicion]:
    """Suspect totals with decimals of currencies that have none: minor units of yen are yen."""
    columns = ("channel_order_id", "currency", "total")
    orders = zip(*cells(frames.orders, columns), strict=True)
    for row, (order_id, currency, total) in enumerate(orders):
        code, amount = (currency or "").strip().upper(), number(total)
        if minor_digits(code) == 0 and amount != amount.to_integral_value():
            place = f"column 'total', row {row + 1} (order {order_id})"
            words = f"{place}: has decimals, and {code} has none; are its amounts divided by 100 like those of others?"
            yield "warning", "orders", words
            return


def _tax_rates(frames: OrderFrames, divisor: int, gross: bool) -> Iterator[Suspicion]:
    """Suspect unit, rate or price where most rates, as `tax_rate_unit` reads them, do not make the taxes of lines."""
    taxed = list(_taxed(frames, gross))
    if not taxed or _most_fit(taxed, divisor):
        return
    for candidate in _UNITS:
        if candidate != divisor and (fitting := _most_fit(taxed, candidate)):
            yield "error", "taxes", _wrong_unit(fitting[0], len(fitting), len(taxed), divisor, candidate)
            return
    one = next(one for one in taxed if not _fits(one, divisor))
    place = f"column 'rate', row {one.row + 1} (order {one.order_id})"
    expected = f"by its rate the tax of the line's price is {one.by_rate / divisor:.2f}, and it is {one.amount:.2f}"
    count = f"so it is with most of the {len(taxed)} taxes compared"
    if not any(frames.orders["amounts"].to_pylist()) and _most_fit(list(_taxed(frames, not gross)), divisor):
        hint = f'they fit prices {"without" if gross else "with"} tax: amounts = "{"net" if gross else "gross"}"'
    else:
        hint = "rates are in percent (20) or fractions (0.2), price and tax are those of all units of the line"
    yield "warning", "taxes", f"{place}: {expected}; {count}; {hint}"


def _most_fit(taxed: list[_Taxed], divisor: int) -> list[_Taxed]:
    """Return the taxes that their rates make, if they are most of all."""
    fitting = [one for one in taxed if _fits(one, divisor)]
    return fitting if len(fitting) * 2 > len(taxed) else []


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
    modes = dict(zip(*cells(frames.orders, ("channel_order_id", "amounts")), strict=True))
    of_lines = ("channel_order_line_id", "channel_order_id", "price")
    prices: dict[Any, Decimal] = {}
    includes: set[Any] = set()
    for line_id, order_id, price in zip(*cells(frames.lines, of_lines), strict=True):
        prices[line_id] = number(price)
        if modes.get(order_id) == "gross" or (gross and not modes.get(order_id)):
            includes.add(line_id)
    of_taxes = (
        "channel_order_line_id",
        "channel_order_id",
        "channel_adjustment_id",
        "applies_to",
        "code",
        "rate",
        "amount",
    )
    # Some shops keep a tax unit by unit: rows of one tax of one line are one tax.
    first: dict[Any, tuple[int, Any]] = {}
    own: dict[Any, Decimal] = defaultdict(Decimal)
    taxes: dict[Any, Decimal] = defaultdict(Decimal)
    rows = zip(*cells(frames.taxes, of_taxes), strict=True)
    for row, (line_id, order_id, adjustment_id, applies_to, code, rate, amount) in enumerate(rows):
        if line_id in prices and adjustment_id is None and applies_to == "price":
            tax = line_id, code, number(rate)
            first.setdefault(tax, (row, order_id))
            own[tax] += number(amount)
            taxes[line_id] += number(amount)
    for (line_id, code, rate), amount in own.items():
        net = prices[line_id] - (taxes[line_id] if line_id in includes else 0)
        if rate > 0 and abs(amount) >= _COMPARED:
            row, order_id = first[line_id, code, rate]
            yield _Taxed(row, order_id, net * rate, amount)


def _untaxed_discounts(frames: OrderFrames, divisor: int, gross: bool) -> Iterator[Suspicion]:
    """Suspect discounts that lower no tax, of orders whose taxes are those of the prices before discounts."""
    before: dict[Any, list[Decimal]] = defaultdict(list)
    for tax in _taxed(frames, gross):
        before[tax.order_id].append(tax.by_rate / divisor - tax.amount)
    untouched = {
        order_id for order_id, gaps in before.items() if abs(sum(gaps, Decimal(0))) <= len(gaps) * Decimal("0.02")
    }
    of_lines = ("channel_order_id", "channel_order_line_id", "kind", "price")
    discounts = {
        line_id: (row, order_id)
        for row, (order_id, line_id, kind, price) in enumerate(zip(*cells(frames.lines, of_lines), strict=True))
        if kind == "discount" and number(price) and order_id in untouched
    }
    bare = [discounts[line_id] for line_id in discounts.keys() - set(frames.taxes["channel_order_line_id"].to_pylist())]
    if bare:
        row, order_id = min(bare)
        words = (
            f"row {row + 1} (order {order_id}): is a discount that lowers no tax, and the taxes are those of the "
            f"prices before it ({len(bare)} of {len(discounts)} such discounts). Give it as gross_amount, tax "
            "included, or its taxes, below zero, in taxes.sql"
        )
        yield "warning", "lines", words


def cells(frame: Any, columns: tuple[str, ...]) -> list[list[Any]]:
    """Return columns of a frame."""
    return [frame[name].to_pylist() for name in columns]


def number(cell: str | None) -> Decimal:
    """Read an amount or a quantity; what is none is judged elsewhere, and 0 here."""
    try:
        return parse_amount(cell)
    except AmountError:
        return Decimal(0)
