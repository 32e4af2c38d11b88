"""A channel's days are Dagster's partitions, in whatever zone, also where the clocks change at midnight."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from pipelines.config.blocks import ChannelSettings
from pipelines.config.settings import Channel
from pipelines.operations.days import day_window, days_between
from pipelines.partitions import days_of

START = dt.date(2017, 1, 1)
# Of many the clocks change at midnight, so that a day begins at 01:00, or midnight comes twice.
ZONES = [
    "Africa/Cairo",
    "America/Asuncion",
    "America/Coyhaique",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "Antarctica/Casey",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Damascus",
    "Asia/Gaza",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Paris",
    "Pacific/Apia",
    "UTC",
]


def channel(zone: str) -> Channel:
    settings = ChannelSettings.model_construct(timezone=zone, start_date=START)
    return Channel("shop", settings)


def changes_of(zone: str) -> list[dt.date]:
    """Return the days around which the clocks of a zone change, of ten years."""
    instants = [dt.datetime(2017, 1, 3, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(3650)]
    offsets = [one.astimezone(ZoneInfo(zone)).utcoffset() for one in instants]
    return [one.date() for one, before, after in zip(instants, offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_lies_between_the_instants_of_dagsters_partition(zone: str) -> None:
    one = channel(zone)
    partitions = days_of(one)
    days = {start + dt.timedelta(days=n) for start in changes_of(zone) for n in (-1, 0, 1)} | {dt.date(2020, 2, 28)}
    for day in sorted(days):
        window: dg.TimeWindow = partitions.time_window_for_partition_key(day.isoformat())
        want = window.start.astimezone(dt.UTC), window.end.astimezone(dt.UTC)
        assert day_window(one, day.isoformat()) == want, day


def test_the_days_of_a_range_are_dagsters_partitions() -> None:
    one = channel("Europe/Paris")
    known = days_of(one).get_partition_keys()
    assert days_between(one, START, dt.date.fromisoformat(known[-1])) == known
