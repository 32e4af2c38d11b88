"""A channel's days as Dagster's partitions, in its time zone, with today open."""

from __future__ import annotations

import dagster as dg

from pipelines.config.settings import Channel


def days_of(channel: Channel) -> dg.DailyPartitionsDefinition:
    """Return the channel's days."""
    settings = channel.settings
    return dg.DailyPartitionsDefinition(
        start_date=settings.start_date.isoformat(), timezone=settings.timezone, end_offset=1
    )
