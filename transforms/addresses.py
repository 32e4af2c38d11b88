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


# Codes that shops use although ISO 3166-1 has others (or none) for these countries: Kosovo, the United Kingdom, Greece.
_OWN_CODES = {"XK": "XKX", "XKX": "XKX", "UK": "GBR", "EL": "GRC"}
# Countries that are one city: their addresses are complete without naming it.
_CITY_STATES = {"SGP": "Singapore", "MCO": "Monaco", "HKG": "Hong Kong", "MAC": "Macao", "GIB": "Gibraltar"}


@lru_cache(maxsize=1024)
def alpha_3(country: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an alpha-2 or alpha-3 code or an English name; None if there is no such."""
    code = country.strip().upper()
    if code in _OWN_CODES:
        return _OWN_CODES[code]
    try:
        return str(pycountry.countries.lookup(code).alpha_3)
    except LookupError:
        return None


def address(row: AddressRow) -> dict[str, str] | None:
    """Build a Mirakl address, or None where the row names no place.

    Checkouts of digital goods and pick-ups write rows that are blank or hold only a country or a name; blanks are never
    sent (contract 2.4).

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
    if not cells.keys() & {"street", "street_additional_info", "city"}:
        return None
    if not last:
        raise AddressError("last_name", "is missing, and there is neither a first name nor a company to stand in")
    if "street" not in cells and "street_additional_info" in cells:
        cells["street"] = cells.pop("street_additional_info")
    country = _clean(row.country)
    code = alpha_3(country) if country else None
    if code in _CITY_STATES:
        cells.setdefault("city", _CITY_STATES[code])
    for field in ("street", "city"):
        if field not in cells:
            raise AddressError(field, "is missing")
    cells["last_name"] = last
    if first:
        cells["first_name"] = first
    if country:
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
