"""WooCommerce's own values in one cell: taxes by rate, times in two spellings, the zone of a site."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text
from transforms.money import parse_amount
from transforms.packed import php
from transforms.rows import Rows, rows_of
from transforms.times import TimeError, parse_time

# One rate, with or without what its tax was before a coupon.
_ONE = r'a:1:\{i:(0|[1-9]\d{0,17});s:(\d+):"([!#-~ ]*)";\}'
_ONE_RATE = re.compile(rf'a:1:\{{s:5:"total";{_ONE}\}}|a:2:\{{s:5:"total";{_ONE}s:8:"subtotal";{_ONE}\}}', re.ASCII)


_PLAIN = (
    r"^(19[7-9][0-9]|2[01][0-9][0-9]|2200)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) "
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
)


@lru_cache(maxsize=65_536)
def tax_amounts(text: str | None) -> tuple[tuple[str, str], ...] | None:
    """Read (rate id, amount) from WooCommerce's tax data; None where it cannot be read."""
    if (match := _ONE_RATE.fullmatch(text or "")) is not None:
        cells = [cell for cell in match.groups() if cell is not None]
        if all(int(length) == len(amount) for length, amount in zip(cells[1::3], cells[2::3], strict=True)):
            return ((cells[0], cells[2]),)
    data = php(text)
    if not isinstance(data, dict):
        return None
    # Before WooCommerce 3 the taxes of shipping were the array itself, without `total` above it.
    totals = data if data and all(isinstance(key, int) for key in data) else data.get("total")
    if not isinstance(totals, dict):
        return None
    return tuple((str(rate_id), as_text(amount) or "") for rate_id, amount in totals.items())


def moment(value: Any, zone: str) -> dt.datetime | None:
    """Read a time of the shop as UTC: seconds since 1970, or wall time in `zone`; None where it is neither."""
    if value is None:
        return None
    if zone == "UTC" and isinstance(value, dt.datetime) and value.tzinfo is None and 1970 <= value.year <= 2200:
        return value.replace(tzinfo=dt.UTC)
    text = value.strip() if type(value) is str else (as_text(value) or "").strip()
    if text.isdecimal() and 9 <= len(text) <= 10:
        return dt.datetime.fromtimestamp(int(text), dt.UTC)
    try:
        return parse_time(text, zone)
    except TimeError:
        return None


def moments(cells: pa.StringArray) -> pa.StringArray:
    """Return a column of UTC times, null where a cell is none, see `moment`."""
    plain = pc.match_substring_regex(cells, _PLAIN)
    times = pc.if_else(plain, cells, None)
    try:
        times.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:  # a day that its month has not
        plain, times = pa.array([False] * len(cells)), pa.nulls(len(cells), pa.string())
    odd = pc.and_(pc.invert(plain), pc.greater(pc.binary_length(cells), 0))
    if not pc.any(odd).as_py():
        return times
    read = [as_text(moment(cell, "UTC")) for cell in cells.filter(odd).to_pylist()]
    return pc.replace_with_mask(times, pc.fill_null(odd, False), pa.array(read, pa.string()))


def site_zone(rows: Rows, timezone: str) -> str:
    """Return the site's zone: its name, else its offset in hours, as WordPress itself decides."""
    options = {row.option_name: row.option_value for row in rows_of(rows, "site")}
    name, offset = options.get("timezone_string"), options.get("gmt_offset")
    try:
        if name:
            return ZoneInfo(name).key
        if offset is not None:
            minutes = int(parse_amount(offset) * 60)
            return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    except (ValueError, KeyError, OSError):
        pass
    return timezone
