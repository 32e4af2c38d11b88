"""Trying a shop's times: those of the change feed against how they are read, and against the orders' own stamps.

A feed that is read in the wrong zone finds orders an hour late or never; an `updated_at` that stands still while the
feed moves leaves Mirakl with a stamp that says nothing changed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from connectors.channels.reader import ShopReader
from connectors.channels.snapshot import Snapshot
from transforms.times import TimeError, parse_time

# A feed may be stamped by the database a moment after the row was.
_SLACK = dt.timedelta(seconds=2)
_QUARTER = 900


def wrong_times(
    reader: ShopReader, snapshot: Snapshot, start: dt.datetime, end: dt.datetime, orders: int
) -> Iterator[str]:
    """Return what is odd about the times of the first changes in [start, end); they were read without a fault before.

    Raises:
        ShopError: a query fails.
    """
    setting = reader.platform.settings.change_times
    changes = snapshot.raw_changes("changes", start, end, orders)
    zoned = [cell for _, cell in changes if _has_zone(cell)]
    if zoned and setting != "timestamptz":
        yield (
            f"changes.sql yields times with a zone, but change_times is {setting!r}: they are read without it; "
            'set change_times = "timestamptz"'
        )
        return
    changed = {order_id: moment for order_id, cell in changes if (moment := _moment(cell, setting, reader)) is not None}
    ahead = [order_id for order_id, moment in changed.items() if moment > snapshot.read_at + dt.timedelta(minutes=5)]
    if ahead:
        yield (
            f"changes.sql: {len(ahead)} of {len(changed)} orders changed later than now, for example {ahead[0]} at "
            f"{_text(changed[ahead[0]])}; is change_times {setting!r} right?"
        )
    # A feed without a modified column reads every order again, and gives each the beginning of the window.
    if any(abs(moment - start) > _SLACK for moment in changed.values()):
        yield from _stamps(reader, snapshot, changed)


def _stamps(reader: ShopReader, snapshot: Snapshot, changed: dict[Any, dt.datetime]) -> Iterator[str]:
    """Compare each order's own stamp with its newest change; orders are matched where both ids are the same."""
    zone = reader.platform.naive_timezone(reader.source.timezone)
    frames = reader.frames(snapshot.rows(list(changed)), snapshot.read_at)
    by_id = {str(order_id): moment for order_id, moment in changed.items()}
    behind: list[tuple[str, dt.datetime, dt.datetime]] = []
    compared = 0
    ids, stamps = (frames.orders[name].to_pylist() for name in ("channel_order_id", "updated_at"))
    for order_id, cell in zip(ids, stamps, strict=True):
        stamp = _parsed(cell, zone)
        moment = by_id.get(order_id)
        if stamp is not None and moment is not None:
            compared += 1
            if stamp < moment - _SLACK:
                behind.append((order_id, stamp, moment))
    if not behind:
        return
    lags = Counter(round((moment - stamp).total_seconds()) for _, stamp, moment in behind)
    lag, times = lags.most_common(1)[0]
    order_id, stamp, moment = behind[0]
    example = f"for example {order_id}: {_text(stamp)} against {_text(moment)}"
    if times == compared > 1 and lag % _QUARTER == 0:
        yield (
            f"updated_at of every order is {lag / 3600:g} h behind changes.sql, {example}; one of them is read in the "
            "wrong zone: see change_times and timezone"
        )
    else:
        yield (
            f"updated_at of {len(behind)} of {compared} orders is older than their change in changes.sql, {example}; "
            "Mirakl's stamp does not move with such a change. Let it be the newest of all that the feed looks at"
        )


def _has_zone(cell: Any) -> bool:
    if isinstance(cell, dt.datetime):
        return cell.tzinfo is not None
    moment = _parsed(cell, None)
    return moment is not None and moment.tzinfo is not None


def _moment(cell: Any, setting: str, reader: ShopReader) -> dt.datetime | None:
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return cell.astimezone(dt.UTC)
    zone = reader.source.timezone if setting == "local" else "UTC"
    return _parsed(cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else cell, zone)


def _parsed(cell: Any, zone: str | None) -> dt.datetime | None:
    try:
        if zone is None:
            return dt.datetime.fromisoformat(cell)
        return parse_time(cell, zone)
    except (TimeError, ValueError, TypeError):
        return None  # what is no time at all is reported where cells are judged


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M:%S UTC")
