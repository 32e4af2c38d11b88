"""Addresses: names that are missing or whole, countries, and when an address counts as absent."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from transforms.chunk import Child
from transforms.groups import Bools, Ints
from transforms.json_text import escaped, field, joined, text_field
from transforms.parsing import codes, looked_up, mask, or_blank, strip

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


def addresses(rows: Child, kind: str) -> tuple[pa.StringArray, dict[int, tuple[str, str]]]:
    """Write each order's first address of a kind as JSON, null where there is none or its row names no place.

    A delivery address without a phone has that of the billing address: the carrier is to reach somebody.

    Checkouts of digital goods and pick-ups write rows that are blank or hold only a country or a name; blanks are never
    sent (contract 2.4). Also returns, by order, the contract's field and the reason of an address that cannot be sent.
    """
    first = rows.groups.first(mask(pc.equal(rows.cells["address_type"], kind)))
    orders = np.flatnonzero(first >= 0)
    if not len(orders):
        return pa.nulls(len(first), pa.string()), {}
    cells = rows.cells.take(pa.array(first[orders]))
    text = {name: _clean(cells[name]) for name in cells.schema.names if name != "address_type"}
    if kind == "shipping":
        text["phone"] = pc.if_else(pc.equal(text["phone"], ""), _billing_phones(rows, orders), text["phone"])
    given = {name: mask(pc.not_equal(column, "")) for name, column in text.items()}
    first_name, last_name = _names(text["first_name"], text["last_name"], text["company"])
    is_place = given["street"] | given["street_additional_info"] | given["city"]
    # A street in the second field only is the street.
    moved = ~given["street"] & given["street_additional_info"]
    place, words = codes(text["country"])
    country_codes = [alpha_3(word) if word else None for word in words]
    country = looked_up(place, country_codes)
    city_state = looked_up(place, [_CITY_STATES.get(code or "") for code in country_codes])
    city_state = pc.if_else(pa.array(~given["city"]), city_state, None)
    faults = {
        "last_name": (_missing(last_name), "is missing, and there is neither a first name nor a company instead"),
        "street": (~given["street"] & ~moved, "is missing"),
        "city": (~given["city"] & mask(pc.is_null(city_state)), "is missing"),
        "country_iso_code": (given["country"] & mask(pc.is_null(country)), "is not an ISO 3166-1 country code"),
    }
    broken: dict[int, tuple[str, str]] = {}
    for field_name, (wrong, reason) in faults.items():
        for row in np.flatnonzero(wrong & is_place).tolist():
            broken.setdefault(int(orders[row]), (field_name, reason))

    json = joined(
        "{",
        _optional("company", text["company"], given["company"]),
        _optional("street", text["street"], given["street"]),
        _optional("street_additional_info", text["street_additional_info"], given["street_additional_info"] & ~moved),
        *(
            _optional(name, text[name], given[name])
            for name in ("zip_code", "city", "state", "phone", "additional_info")
        ),
        _optional("street", text["street_additional_info"], moved),
        text_field('"city":', city_state, ","),
        '"last_name":"',
        escaped(last_name),
        '"',
        text_field(',"first_name":', pc.if_else(pa.array(_missing(first_name)), None, first_name)),
        field(',"country_iso_code":"', country, '"'),
        "}",
    )
    found = pc.if_else(pa.array(is_place), json, None)
    index = np.full(len(first), -1)
    index[orders] = np.arange(len(orders))
    return found.take(pa.array(index, mask=index < 0)), broken


def _optional(name: str, column: pa.StringArray, wanted: Bools) -> pa.StringArray:
    """Write a field where it is wanted."""
    if not wanted.any():
        return pa.nulls(len(column), pa.string())
    given = column if wanted.all() else pc.if_else(pa.array(wanted), column, None)
    return text_field(f'"{name}":', given, ",")


def _billing_phones(rows: Child, orders: Ints) -> pa.StringArray:
    first = rows.groups.first(mask(pc.equal(rows.cells["address_type"], "billing")))[orders]
    return _clean(rows.cells["phone"].take(pa.array(first, mask=first < 0)))


def _names(first: pa.StringArray, last: pa.StringArray, company: pa.StringArray) -> tuple[pa.Array, pa.Array]:
    rows = np.flatnonzero(_missing(last))
    if not len(rows):
        return first, last
    # A whole name in the first-name column: the last word is the family name, as the buyer's parcel needs one.
    heads, tails = [], []
    for name, firm in zip(*(column.take(pa.array(rows)).to_pylist() for column in (first, company)), strict=True):
        head, _, tail = name.rpartition(" ")
        heads.append(head.strip())
        tails.append(tail or firm)
    wanted = np.zeros(len(last), dtype=np.bool_)
    wanted[rows] = True
    return tuple(
        pc.replace_with_mask(column, pa.array(wanted), pa.array(parts, pa.string()))
        for column, parts in ((first, heads), (last, tails))
    )


def _missing(cells: pa.StringArray) -> Bools:
    return mask(pc.equal(cells, ""))


def _clean(cells: pa.StringArray) -> pa.StringArray:
    # PostgreSQL and JSON consumers refuse NUL; shops collect it from broken imports.
    return strip(pc.replace_substring(or_blank(cells), "\0", ""))
