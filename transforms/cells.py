"""Cells of one order: reading them, and writing money and taxes, with the fault named by the contract's path.

Belongs here: what every part of an order needs to read a cell. Does not belong here: which cell means what.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from transforms.adjustments import TaxKey
from transforms.mapping import ChannelMapping
from transforms.money import AmountError, from_minor, minor_digits, parse_amount
from transforms.outcomes import Notice
from transforms.times import TimeError, parse_time

_ONE = Decimal(1)
FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}


class OrderError(Exception):
    """Why an order cannot be sent: a stable code, the contract's path, and words for a person. No personal data."""

    def __init__(self, code: str, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.code, self.field, self.reason = code, field, reason


class Cells:
    """Reads the cells of one order in its currency and its channel's zone, and collects notices about them.

    Raises:
        OrderError: the currency is not one.
    """

    def __init__(self, currency: str | None, mapping: ChannelMapping) -> None:
        self.mapping = mapping
        self.notices: list[Notice] = []
        self.currency = (currency or "").strip().upper()
        digits = minor_digits(self.currency)
        if digits is None:
            raise OrderError("unknown_currency", "currency", "is missing or not an ISO 4217 code")
        self.digits = digits

    def include_tax(self, order: Any) -> bool:
        """Say whether the order's prices and shipping include its taxes: by its own word, else by its platform's."""
        return bool(order.amounts == "gross") if order.amounts else self.mapping.amounts_include_tax

    def required_time(self, text: str | None, path: str) -> dt.datetime:
        """Read a time that must be there."""
        moment = self.time(text, path)
        if moment is None:
            raise OrderError("missing", path, "is missing")
        return moment

    def time(self, text: str | None, path: str) -> dt.datetime | None:
        """Read a time, see `parse_time`."""
        try:
            return parse_time(text, self.mapping.naive_timezone)
        except TimeError as error:
            raise OrderError("invalid_time", path, str(error)) from None

    def amount(self, text: str | None, path: str) -> Decimal:
        """Read an amount, see `parse_amount`."""
        try:
            return parse_amount(text)
        except AmountError as error:
            raise OrderError("invalid_amount", path, str(error)) from None

    def required_amount(self, text: str | None, path: str) -> Decimal:
        """Read an amount that must be there: an empty cell is no price of zero."""
        if text is None or not text.strip():
            raise OrderError("missing", path, "is missing")
        return self.amount(text, path)

    def flag(self, text: str | None, path: str) -> bool | None:
        """Read a yes or no; absent and empty are None."""
        word = (text or "").strip().lower()
        if not word:
            return None
        if word not in FLAGS:
            raise OrderError("invalid_flag", path, "is neither yes nor no")
        return FLAGS[word]

    def measure(self, text: str | None, path: str) -> Decimal | None:
        """Read the quantity of a line sold by measure (1.5 metres); None where it is a whole number of units."""
        number = self._number(text, path)
        return number if number > 0 and number % _ONE else None

    def units(self, text: str | None, path: str, measure: Decimal | None = None) -> int:
        """Read units, whole ones: what is less than a unit has not happened to one.

        A line sold by measure is one unit; something has happened to it once it has happened to all of it.
        """
        number = self._number(text, path)
        return int(number) if measure is None else int(abs(number) >= measure)

    def _number(self, text: str | None, path: str) -> Decimal:
        try:
            return parse_amount(text)
        except AmountError:
            raise OrderError("invalid_quantity", path, "is not a number") from None

    def money(self, minor: int) -> dict[str, Any]:
        """Write minor units as Mirakl's money."""
        return {"amount": from_minor(minor, self.digits), "currency": self.currency}

    def tax_key(self, row: Any, path: str) -> TaxKey:
        """Read what tells one tax of a line from another: its code, and its rate as a fraction."""
        rate = None if row.rate is None or not row.rate.strip() else self.amount(row.rate, f"{path}.rate")
        if rate is None:
            return (row.code or "").strip() or "TAX", None
        return (row.code or "").strip() or "TAX", format((rate / self.mapping.rate_divisor).normalize(), "f")

    def taxes(self, taxes: Mapping[TaxKey, int]) -> list[dict[str, Any]]:
        """Write taxes as Mirakl's list."""
        entries = []
        for (code, rate), amount in taxes.items():
            entry: dict[str, Any] = {"amount": self.money(amount), "code": code}
            if rate is not None:
                entry["rate"] = Decimal(rate)
            entries.append(entry)
        return entries

    def optional(self, adapter: TypeAdapter[str], text: str | None, path: str) -> str | None:
        """Keep a field that is valid; one that is not is left out and said, as the parcel does not hang on it."""
        if text is None or not text.strip():
            return None
        try:
            return adapter.validate_python(text.strip())
        except ValidationError:
            self.notices.append(Notice("dropped_field", path, "is not valid and was left out"))
            return None

    def mismatch(self, path: str, told: int, shop: int, verb: str) -> None:
        """Give notice of two sums that differ."""

        def amount(minor: int) -> str:
            return f"{from_minor(minor, self.digits)} {self.currency}"

        self.notices.append(Notice("money_mismatch", path, f"Mirakl is told {amount(told)}, {verb} {amount(shop)}"))
