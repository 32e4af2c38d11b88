"""What WooCommerce and its plugins keep in one meta value: serialised PHP, JSON, or plain text.

Belongs here: decoding. Does not belong here: which value means what. A value that is damaged decodes to None.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import orjson
import phpserialize

from transforms.frames import as_text
from transforms.times import TimeError, parse_time


def php(text: str | None) -> Any:
    """Unserialise PHP: arrays and objects as dicts. Lengths count bytes, so bytes are read (a UTF-8 label counts)."""
    if not text:
        return None
    try:
        return phpserialize.loads(text.encode(), decode_strings=True, object_hook=_members)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _members(_: str, members: dict[str, Any]) -> dict[str, Any]:
    # Private and protected members carry their class before a NUL.
    return {str(name).rpartition("\0")[2]: value for name, value in members.items()}


def json(value: Any) -> Any:
    """Read JSON, or return the text itself where it is none (some versions write plain text)."""
    text = as_text(value)
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def structure(text: str | None) -> Any:
    """Read serialised PHP or JSON, whichever a plugin wrote; plain text stays text."""
    return json(text) if (decoded := php(text)) is None else decoded


def entries(value: Any) -> list[dict[Any, Any]]:
    """List the arrays and objects of a list, decoded or not; PHP lists are dicts of numbered entries."""
    value = structure(value) if isinstance(value, str) else value
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [entry for entry in values if isinstance(entry, dict)]


@lru_cache(maxsize=65_536)
def tax_amounts(text: str | None) -> tuple[tuple[str, str], ...] | None:
    """Read (rate id, amount) from WooCommerce's tax data; None where it cannot be read."""
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
    text = (as_text(value) or "").strip()
    if text.isdecimal() and 9 <= len(text) <= 10:
        return dt.datetime.fromtimestamp(int(text), dt.UTC)
    try:
        return parse_time(text, zone)
    except TimeError:
        return None
