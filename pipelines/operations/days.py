"""A channel's days: which there are, and the instants between which each lies. Today is open.

The same days as Dagster's partitions (`pipelines.partitions`); a test compares them in every time zone.
"""

from __future__ import annotations

import datetime as dt

from pipelines.config.settings import Channel, SettingsError

LOOKBACK_DAYS = 3
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def today(channel: Channel) -> dt.date:
    """Return the channel's date now, in its time zone."""
    return dt.datetime.now(channel.settings.zone).date()


def closed_days(channel: Channel, now: dt.datetime) -> list[str]:
    """Return the last `LOOKBACK_DAYS` days of a channel that are over, as far as it has as many."""
    current = now.astimezone(channel.settings.zone).date()
    last = [current - dt.timedelta(days=ago) for ago in range(LOOKBACK_DAYS, 0, -1)]
    return [day.isoformat() for day in last if day >= channel.settings.start_date]


def day_window(channel: Channel, day: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the instants between which a day lies, in UTC: 23 or 25 hours apart when the clocks change.

    Today has no end: an order that a wrong clock stamped in the future is read today, not on some day to come.
    """
    date = dt.date.fromisoformat(day)
    end = _NEVER if date == today(channel) else _midnight(channel, date + dt.timedelta(days=1))
    return _midnight(channel, date), end


def days_between(channel: Channel, first: dt.date, last: dt.date) -> list[str]:
    """Return the days from `first` to `last`, both included.

    Raises:
        SettingsError: the range is empty, or reaches outside the channel's days.
    """
    begin, current = channel.settings.start_date, today(channel)
    if first > last:
        raise SettingsError(f"the first day {first} is after the last day {last}")
    if first < begin:
        raise SettingsError(
            f"the first day {first} is before {begin}, when channel {channel.name!r} begins; set start_date earlier"
        )
    if last > current:
        raise SettingsError(f"the last day {last} is in the future: it is {current} where channel {channel.name!r} is")
    return [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def _midnight(channel: Channel, date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), channel.settings.zone).astimezone(dt.UTC)
