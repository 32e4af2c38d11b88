"""Times: from the shop's text to UTC with `Z`."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo


class TimeError(ValueError):
    """A cell is not a point in time. Carries no value."""


def parse_time(text: str | None, zone: str = "UTC") -> dt.datetime | None:
    """Read a cell as an aware UTC time; absent, empty and zero dates (`0000-00-00 ...`) are None.

    A time without offset is wall time in `zone`: a name such as `Europe/Paris`, or an offset such as `+05:30`.
    In the hour that autumn repeats, the first pass is meant (the cell cannot say which); a wall time that spring skips
    is read with the offset before the change.

    Raises:
        TimeError: not a time, or before 1970 or after 2200 (a shop has no such orders; such a cell is damage).
    """
    if not text or text.startswith("0000-00-00"):
        return None
    return _parse(text.strip(), zone)


@lru_cache(maxsize=65536)
def _parse(text: str, zone: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise TimeError("is not a time") from None
    if not 1970 <= moment.year <= 2200:
        raise TimeError("is out of range (1970 to 2200)")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone))
    return moment.astimezone(dt.UTC)


@lru_cache(maxsize=256)
def _zone(name: str) -> dt.tzinfo:
    if name.startswith(("+", "-")):
        return dt.datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo or dt.UTC
    return ZoneInfo(name)


def format_time(moment: dt.datetime) -> str:
    """Write an aware time as Mirakl's examples do: UTC, `Z`, milliseconds only when there are some (contract 2.10)."""
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds") + "Z"
