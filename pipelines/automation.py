"""Jobs and schedules of a channel.

`sync_<channel>_today` re-reads the open day every quarter of an hour, unless its previous run is unfinished: late
commits are found, and only what changed is sent. `sync_<channel>_lookback` reads the last closed days once a night,
so that neither a missed tick nor an order that changed around midnight is left behind. `inspect_<channel>_nightly`
then compares those days, shop against ledger, and sends nothing.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    SCHEDULE_NAME_TAG,
)

from pipelines import catalogue, names
from pipelines.assets import asset_keys
from pipelines.checks import check_keys
from pipelines.config.settings import Channel
from pipelines.operations.days import LOOKBACK_DAYS, closed_days
from pipelines.runs.heartbeat import unfinished_run

# In the queue, runs of the open day go before backfills.
TODAY_TAGS = {"dagster/priority": "10"}


def channel_job(channel: Channel) -> UnresolvedAssetJobDefinition:
    """Build the job that takes a channel's orders all the way."""
    return dg.define_asset_job(
        names.sync_job(channel.name),
        selection=dg.AssetSelection.assets(*asset_keys(channel.name)).without_checks(),
        description=f"Reads, normalises and delivers the orders of {channel.name} for the chosen days.",
        tags=catalogue.tags(channel),
    )


def inspection_job(channel: Channel) -> UnresolvedAssetJobDefinition:
    """Build the job that looks for orders left behind, and sends nothing."""
    return dg.define_asset_job(
        names.inspection_job(channel.name),
        selection=dg.AssetSelection.checks(
            *check_keys(channel.name),
            dg.AssetCheckKey(dg.AssetKey([channel.name, names.SHOP_DATABASE]), names.RECONCILED),
        ),
        description=(
            f"Finds orders of {channel.name} that are not accepted, that Mirakl never got, that differ there, or that "
            "are gone from the shop. Reads the last three closed days; sends nothing."
        ),
        tags=catalogue.tags(channel),
    )


def day_tags(first: str, last: str) -> dict[str, str]:
    """Return the tags that make a run work on the days from `first` to `last`, both included."""
    if first == last:
        return {PARTITION_NAME_TAG: first}
    # The list of runs shows a tag of our own, but not Dagster's two of a range.
    shown = {"days": f"{first} to {last}"}
    return {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last, **shown}


def reading(channel: str, *, reread: bool) -> dict[str, Any]:
    """Return the run configuration that says how the shop is read."""
    return {"ops": {f"{channel}__{names.RAW_ORDERS}": {"config": {"reread": reread}}}}


def today_schedule(channel: Channel) -> dg.ScheduleDefinition:
    """Build the schedule of the open day."""
    name = names.today_schedule(channel.name)

    @dg.schedule(
        name=name,
        job_name=names.sync_job(channel.name),
        cron_schedule=names.TODAY_CRON,
        execution_timezone=channel.settings.timezone,
        description=(
            "Every 15 minutes: orders that changed today. Skipped while the previous run goes on. Costs one pass over "
            "today's change feed, whole reads of the orders that changed since, one request for each 100 of them, and "
            "some 80 kB of Dagster's records, of which the job `housekeeping` keeps one run a day."
        ),
    )
    def today(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        running = unfinished_run(context.instance, tags={SCHEDULE_NAME_TAG: name})
        if running:
            return dg.SkipReason(f"run {running} of this schedule is unfinished")
        day = context.scheduled_execution_time.astimezone(channel.settings.zone).date().isoformat()
        return dg.RunRequest(partition_key=day, tags=TODAY_TAGS)

    return today


def lookback_schedule(channel: Channel) -> dg.ScheduleDefinition:
    """Build the schedule of the last closed days."""

    @dg.schedule(
        name=names.lookback_schedule(channel.name),
        job_name=names.sync_job(channel.name),
        cron_schedule=names.LOOKBACK_CRON,
        execution_timezone=channel.settings.timezone,
        description=(
            f"Every night: the last {LOOKBACK_DAYS} closed days again, for orders that changed around midnight or "
            "while nothing ran. Costs whole reads of all their orders; what Mirakl holds is not sent again."
        ),
    )
    def lookback(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        days = closed_days(channel, context.scheduled_execution_time)
        if not days:
            yield dg.SkipReason("no day of this channel is closed yet")
        else:
            yield dg.RunRequest(tags=day_tags(days[0], days[-1]), run_config=reading(channel.name, reread=True))

    return lookback


def inspection_schedule(channel: Channel) -> dg.ScheduleDefinition:
    """Build the schedule of the inspection, some time after the look-back."""
    return dg.ScheduleDefinition(
        name=names.inspection_schedule(channel.name),
        job_name=names.inspection_job(channel.name),
        cron_schedule=names.INSPECTION_CRON,
        execution_timezone=channel.settings.timezone,
        description=(
            f"Every night: the last {LOOKBACK_DAYS} closed days of the shop compared with the ledger. Costs whole "
            "reads of all their orders; sends nothing."
        ),
    )
