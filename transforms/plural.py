"""Numbers in sentences: `1 order is`, `1,200 orders are`; days as ranges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with what it counts; `plural` where it is not the noun with an s.

    The noun may bring its verb along: `counted(n, "order is", "orders are")`.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def day_ranges(days: Iterable[str]) -> str:
    """Return days (`2026-01-31`) in their order, those that follow each other as `2026-01-30 to 2026-02-02`."""
    ranges: list[tuple[str, str]] = []
    for day in sorted(days):
        if ranges and dt.date.fromisoformat(day) - dt.date.fromisoformat(ranges[-1][1]) == dt.timedelta(days=1):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in ranges)
