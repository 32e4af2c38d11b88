"""A channel's days: partitions in its zone, with today open.

Belongs here: which days there are and when they begin. Does not belong here: when they run (`automation`).
"""

from __future__ import annotations

import datetime as dt

import dagster as dg

from pipelines.settings import Channel, SettingsError

LOOKBACK_DAYS = 3
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def days_of(channel: Channel) -> dg.DailyPartitionsDefinition:
    """Return the channel's days."""
    settings = channel.settings
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone=settings.timezone, end_offset=1
    )


def closed_days(channel: Channel, now: dt.datetime) -> list[str]:
    """Return the last `LOOKBACK_DAYS` days of a channel that are over, as far as it has as many."""
    today = now.astimezone(channel.settings.zone).date()
    last = [today - dt.timedelta(days=ago) for ago in range(LOOKBACK_DAYS, 0, -1)]
    return [day.isoformat() for day in last if day >= channel.settings.start_date]


def day_window(channel: Channel, day: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the instants between which a day lies, in UTC: 23 or 25 hours apart when the clocks change.

    Today has no end: an order that a wrong clock stamped in the future is read today, not on some day to come.
    """
    days = days_of(channel)
    window = days.time_window_for_partition_key(day)
    end = _NEVER if day == days.get_last_partition_key() else window.end.astimezone(dt.UTC)
    return window.start.astimezone(dt.UTC), end


def days_between(channel: Channel, first: dt.date, last: dt.date) -> list[str]:
    """Return the days from `first` to `last`, both included.

    Raises:
        SettingsError: the range is empty, or reaches outside the channel's days.
    """
    known = days_of(channel).get_partition_keys()
    if first > last:
        raise SettingsError(f"--from {first} is after --to {last}")
    if not known or first.isoformat() < known[0]:
        raise SettingsError(
            f"--from {first}: channel {channel.name!r} begins on {channel.settings.start_date}; "
            "set start_date to an earlier day"
        )
    if last.isoformat() > known[-1]:
        raise SettingsError(f"--to {last}: the last day of channel {channel.name!r} is today, {known[-1]}")
    return [day for day in known if first.isoformat() <= day <= last.isoformat()]
