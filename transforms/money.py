"""Money as whole minor units: exact sums, spreading to the cent, and nothing binary in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from iso4217 import Currency

# A double prints any decimal of up to 15 significant digits exactly, so an amount below this bound
# reaches the wire as the very digits we computed (Mirakl wants JSON numbers, contract 2.10).
MAX_AMOUNT = Decimal(10) ** 12

_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


class AmountError(ValueError):
    """A cell is not an amount of money. Carries no value: a broken cell may hold anything."""


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int | None:
    """Return how many decimals `currency` has by ISO 4217 (EUR 2, JPY 0, TND 3), or None if there is no such code."""
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        return None
    return None if exponent is None else int(exponent)


def parse_amount(text: str | None) -> Decimal:
    """Read a cell as an exact decimal; absent or empty is zero (WooCommerce writes '' for nothing).

    Raises:
        AmountError: not a plain decimal number (a comma, a letter, NaN, infinity), or of 10^12 and more.
    """
    if text is None:
        return Decimal(0)
    text = text.strip()
    if not text:
        return Decimal(0)
    if not _AMOUNT.fullmatch(text):
        raise AmountError("is not a decimal number")
    amount = Decimal(text)
    if not -MAX_AMOUNT < amount < MAX_AMOUNT:
        raise AmountError("is beyond 10^12")
    return amount


def to_minor(amount: Decimal, digits: int) -> int:
    """Round `amount` half up to whole minor units, as shops and invoices do."""
    return int(amount.scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_minor(minor: int, digits: int) -> Decimal:
    """Return the amount of `minor` units as a decimal with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-digits)


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` minor units in proportion to `weights`, so that the parts add up to `total` exactly.

    Largest remainder, ties to the first: deterministic, so a repeated read sends the same. Weights that are all
    zero or negative count as equal.
    """
    positive = [max(weight, 0) for weight in weights]
    if not any(positive):
        positive = [1] * len(weights)
    scale = sum(positive)
    sign = -1 if total < 0 else 1
    parts = [abs(total) * weight // scale for weight in positive]
    remainders = [abs(total) * weight % scale for weight in positive]
    missing = abs(total) - sum(parts)
    for index in sorted(range(len(parts)), key=lambda index: (-remainders[index], index))[:missing]:
        parts[index] += 1
    return [sign * part for part in parts]


def round_to_total(amounts: Sequence[Decimal], digits: int, total: int | None) -> tuple[list[int], bool]:
    """Round amounts to minor units so that they add up to `total`, where rounding alone explains the difference.

    WooCommerce keeps line amounts with more decimals than the currency has and rounds only the sum. Each amount that
    was not whole may move by one minor unit, those that rounding moved furthest first; amounts that were whole stay.
    Of equals the last gives a unit up: callers put taxes after prices, and 8.325 with 1.665 of tax, both rounded up,
    is 8.33 and 1.66, as WooCommerce itself rounds the tax of a price that includes it.

    Returns:
        The rounded amounts, and whether they add up to `total` (True when `total` is None: nothing to compare with).
    """
    exact = [amount.scaleb(digits) for amount in amounts]
    rounded = [int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP)) for value in exact]
    if total is None:
        return rounded, True
    missing = total - sum(rounded)
    if not missing:
        return rounded, True
    step = 1 if missing > 0 else -1
    movable = [
        (step * (Decimal(part) - value), step * index, index)
        for index, (part, value) in enumerate(zip(rounded, exact, strict=True))
        if value != part and (part + step >= 0 or value < 0)
    ]
    if abs(missing) > len(movable):
        return rounded, False
    for *_, index in sorted(movable)[: abs(missing)]:
        rounded[index] += step
    return rounded, True
