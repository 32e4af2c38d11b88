"""Days that were never delivered though days before and after them were.

A backfill that was stopped leaves some, and so does a daemon that was down for longer than the nightly look-back
reaches: no run fails for them, and no order of theirs is in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from dagster._core.storage.tags import SCHEDULE_NAME_TAG

from pipelines.config.settings import Channel
from pipelines.names import MIRAKL_DELIVERY, sync_job
from pipelines.partitions import days_of
from transforms.plural import counted, day_ranges

_UNFINISHED_BACKFILL = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]
DayStatuses = Mapping[str, AssetPartitionStatus | None]


def day_statuses(instance: dg.DagsterInstance, channel: Channel) -> DayStatuses:
    """Return what Dagster knows of the delivery of each day of a channel, None where nothing was tried."""
    days = days_of(channel)
    keys = days.get_partition_keys()
    found = instance.get_status_by_partition(_delivery(channel), keys, days) or {}
    return {day: found.get(day) for day in keys}


def skipped_days(statuses: DayStatuses) -> list[str]:
    """Return the days that were not tried, between others that were."""
    tried = [place for place, status in enumerate(statuses.values()) if status is not None]
    if not tried:
        return []
    return [day for day, status in [*statuses.items()][tried[0] : tried[-1]] if status is None]


def is_range_under_way(instance: dg.DagsterInstance, channel: Channel) -> bool:
    """Whether days may still be delivered by a backfill, or a run that is not a schedule's."""
    for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=_UNFINISHED_BACKFILL)):
        if _delivery(channel) in (backfill.asset_selection or ()):
            return True
    runs = instance.get_runs(dg.RunsFilter(statuses=[*NOT_FINISHED_STATUSES]))
    return any(
        SCHEDULE_NAME_TAG not in run.tags
        and (run.job_name == sync_job(channel.name) or _delivery(channel) in (run.asset_selection or ()))
        for run in runs
    )


def message(channel: Channel, skipped: list[str]) -> str:
    """Name the days that were skipped, and what to do."""
    return (
        f"{counted(len(skipped), 'day was', 'days were')} never delivered, between others that were: "
        f"{day_ranges(skipped)}; deliver them, or leave them out by a later start_date; `{command(channel, skipped)}`"
    )


def command(channel: Channel, skipped: list[str]) -> str:
    """Return the command that delivers skipped days."""
    return f"mirakl-orders sync {channel.name} --from {skipped[0]} --to {skipped[-1]}"


def _delivery(channel: Channel) -> dg.AssetKey:
    return dg.AssetKey([channel.name, MIRAKL_DELIVERY])
