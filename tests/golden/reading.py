"""Reading shops of golden cases, as sync does."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.channels.reader import ShopReader, ShopSource
from connectors.channels.snapshot import Snapshot
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.outcomes import Record, Reject

Outcome = Record | Reject


class Seen(NamedTuple):
    """What became of an order, and the day of its channel, in this zone, under which it was read."""

    day: dt.date
    timezone: ZoneInfo
    outcome: Outcome


Days = dict[str, list[Seen]]


def day_by_day(sources: Iterable[ShopSource], days: Sequence[dt.date], stores: Mapping[str, str]) -> Days:
    """Read each day of each channel; return what became of each order."""
    found: Days = defaultdict(list)
    for source in sources:
        with _opened(source) as (reader, snapshot):
            for day in days:
                for outcome in _outcomes(reader, snapshot, day, day, stores):
                    found[outcome.channel_order_id].append(Seen(day, ZoneInfo(source.timezone), outcome))
    return dict(found)


def at_once(sources: Iterable[ShopSource], days: Sequence[dt.date], stores: Mapping[str, str]) -> dict[str, Outcome]:
    """Read from the first to the last day of each channel."""
    found: dict[str, Outcome] = {}
    for source in sources:
        with _opened(source) as (reader, snapshot):
            found |= {one.channel_order_id: one for one in _outcomes(reader, snapshot, days[0], days[-1], stores)}
    return found


@contextmanager
def _opened(source: ShopSource) -> Iterator[tuple[ShopReader, Snapshot]]:
    reader = ShopReader(source)
    with reader.snapshot() as snapshot:
        yield reader, snapshot
    reader.dispose()


def _outcomes(
    reader: ShopReader, snapshot: Snapshot, first: dt.date, last: dt.date, stores: Mapping[str, str]
) -> Iterator[Outcome]:
    platform, timezone = reader.platform, reader.source.timezone
    mapping = ChannelMapping(
        "S-1",
        stores=stores,
        platform_statuses=platform.statuses,
        reasons=platform.reasons,
        rate_divisor=platform.rate_divisor,
        amounts_include_tax=platform.amounts_include_tax,
        naive_timezone=platform.naive_timezone(timezone),
    )
    start, end = (
        dt.datetime.combine(day, dt.time(), ZoneInfo(timezone)) for day in (first, last + dt.timedelta(days=1))
    )
    for rows in snapshot.chunks(start, end):
        result = normalise(reader.frames(rows, snapshot.read_at), mapping)
        yield from result.records
        yield from result.rejects
