"""Addresses: names that are missing or whole, countries, and when an address counts as absent.

Belongs here: one address row to one Mirakl address. Does not belong here: which address an order uses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import pycountry


class AddressError(ValueError):
    """An address cannot be sent. `field` is the contract's field inside the address; never carries its content."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class AddressRow(Protocol):
    """One row of the `addresses` frame."""

    first_name: str | None
    last_name: str | None
    company: str | None
    street: str | None
    street_additional_info: str | None
    zip_code: str | None
    city: str | None
    state: str | None
    country: str | None
    phone: str | None
    additional_info: str | None


@lru_cache(maxsize=1024)
def alpha_3(country: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an alpha-2 or alpha-3 code, any case; None if there is no such country."""
    code = country.strip().upper()
    # Kosovo has no ISO code; shops use the user-assigned XK, and XKX is its alpha-3 by the same convention.
    if code in {"XK", "XKX"}:
        return "XKX"
    found = pycountry.countries.get(alpha_2=code) if len(code) == 2 else pycountry.countries.get(alpha_3=code)
    return None if found is None else str(found.alpha_3)


def address(row: AddressRow) -> dict[str, str] | None:
    """Build a Mirakl address, or None where the row names no place and no person.

    Checkouts of digital goods write rows that are blank or hold only a country; blanks are never sent (contract 2.4).

    Raises:
        AddressError: the row is an address, but lacks what Mirakl requires or names an unknown country.
    """
    cells = {
        name: text
        for name in ("company", "street", "street_additional_info", "zip_code", "city", "state", "phone")
        if (text := _clean(getattr(row, name)))
    }
    if text := _clean(row.additional_info):
        cells["additional_info"] = text
    first, last = _names(_clean(row.first_name), _clean(row.last_name), cells.get("company"))
    if not (cells.get("street") or cells.get("city") or last):
        return None
    if not last:
        raise AddressError("last_name", "is missing, and there is neither a first name nor a company to stand in")
    if "street" not in cells and "street_additional_info" in cells:
        cells["street"] = cells.pop("street_additional_info")
    for field in ("street", "city"):
        if field not in cells:
            raise AddressError(field, "is missing")
    cells["last_name"] = last
    if first:
        cells["first_name"] = first
    if country := _clean(row.country):
        code = alpha_3(country)
        if code is None:
            raise AddressError("country_iso_code", "is not an ISO 3166-1 country code")
        cells["country_iso_code"] = code
    return cells


def _names(first: str, last: str, company: str | None) -> tuple[str, str]:
    if last:
        return first, last
    # A whole name in the first-name column: the last word is the family name, as the buyer's parcel needs one.
    head, _, tail = first.rpartition(" ")
    return (head.strip(), tail) if tail else ("", company or "")


def _clean(text: str | None) -> str:
    # PostgreSQL and JSON consumers refuse NUL; shops collect it from broken imports.
    return "" if text is None else text.replace("\x00", "").strip()
