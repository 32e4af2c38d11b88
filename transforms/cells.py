"""Cells of one order whose refunds are worked row by row: reading them, and writing money and taxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from transforms.amounts import TaxKey
from transforms.codes import RejectCode
from transforms.faults import Rank
from transforms.mapping import ChannelMapping
from transforms.money import AmountError, from_minor, minor_digits, parse_amount
from transforms.parsing import parse_flag, parse_units
from transforms.times import TimeError, parse_time


class OrderError(Exception):
    """Why an order cannot be sent: a stable code, the contract's path, and words for a person. No personal data.

    `rank` is its rank among the faults of its order, where that is not where it is found.
    """

    def __init__(self, code: RejectCode, field: str, reason: str, rank: Rank = ()) -> None:
        super().__init__(f"{field}: {reason}")
        self.code, self.field, self.reason, self.rank = code, field, reason, rank


def tax_key(code: str | None, rate: str | None, divisor: int) -> TaxKey:
    """Read what tells one tax of a line from another: its code, and its rate as a fraction.

    Raises:
        AmountError: the rate is no number.
    """
    name = (code or "").strip() or "TAX"
    if rate is None or not rate.strip():
        return name, None
    return name, format((parse_amount(rate) / divisor).normalize(), "f")


class Cells:
    """Reads the cells of one order in its currency and its channel's zone.

    `includes_tax`: the order's prices and shipping include the listed taxes.
    """

    def __init__(self, currency: str, includes_tax: bool, mapping: ChannelMapping) -> None:
        self.mapping, self.includes_tax, self.currency = mapping, includes_tax, currency
        self.digits = minor_digits(currency) or 0

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

    def flag(self, text: str | None, path: str) -> bool | None:
        """Read a yes or no, see `parse_flag`."""
        try:
            return parse_flag(text)
        except ValueError as error:
            raise OrderError("invalid_flag", path, str(error)) from None

    def units(self, text: str | None, path: str, measure: Decimal | None = None) -> int:
        """Read units, see `parse_units`."""
        try:
            return parse_units(text, measure)
        except ValueError as error:
            raise OrderError("invalid_quantity", path, str(error)) from None

    def money(self, minor: int) -> dict[str, object]:
        """Write minor units as Mirakl's money."""
        return {"amount": from_minor(minor, self.digits), "currency": self.currency}

    def tax_key(self, code: str | None, rate: str | None, path: str) -> TaxKey:
        """Read what tells one tax of a line from another, see `tax_key`."""
        try:
            return tax_key(code, rate, self.mapping.rate_divisor)
        except AmountError as error:
            raise OrderError("invalid_amount", f"{path}.rate", str(error)) from None

    def taxes(self, taxes: Mapping[TaxKey, int]) -> list[dict[str, object]]:
        """Write taxes as Mirakl's list."""
        entries = []
        for (code, rate), amount in taxes.items():
            entry: dict[str, object] = {"amount": self.money(amount), "code": code}
            if rate is not None:
                entry["rate"] = Decimal(rate)
            entries.append(entry)
        return entries
