"""Failed and succeeded runs since the last tick, as failures that are kept until their days are done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import dagster as dg
from dagster._core.event_api import EventLogRecord, RunStatusChangeRecordsFilter
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
    WILL_RETRY_TAG,
)

from pipelines import names
from pipelines.alerts.causes import failing_key
from pipelines.alerts.memory import Failing, Memory
from pipelines.config.settings import Channel
from pipelines.partitions import days_of

_AT_ONCE = 200
_MOST_FAILING = 200
_End = Literal[dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS]


def follow_runs(memory: Memory, channels: list[Channel], instance: dg.DagsterInstance) -> None:
    """Take in the runs that ended since the last tick, in their order; the first tick begins with the next run."""
    failures = _ends(instance, dg.DagsterEventType.RUN_FAILURE, memory.failures_seen)
    successes = _ends(instance, dg.DagsterEventType.RUN_SUCCESS, memory.successes_seen)
    memory.failures_seen = max((record.storage_id for record in failures), default=memory.failures_seen or 0)
    memory.successes_seen = max((record.storage_id for record in successes), default=memory.successes_seen or 0)
    jobs = {job: channel for channel in channels for job in _jobs(channel)}
    for record in sorted([*failures, *successes], key=lambda record: record.event_log_entry.timestamp):
        run = instance.get_run_by_id(record.event_log_entry.run_id)
        if run is None:
            continue
        channel = jobs.get(run.job_name) or _channel_of_assets(run, channels)
        if channel is None:
            continue
        job = run.job_name if run.job_name in jobs else names.sync_job(channel.name)
        if record.event_log_entry.dagster_event_type is dg.DagsterEventType.RUN_SUCCESS:
            _succeeded(memory, job, set(_days(run, channel)), run)
        # A broken block is a cause of its own, and a run that is started again is not over.
        elif not channel.fault and run.tags.get(WILL_RETRY_TAG) != "true":
            _failed(memory, channel, job, run, record, instance)


def _ends(instance: dg.DagsterInstance, kind: _End, seen: int | None) -> list[EventLogRecord]:
    if seen is None:
        newest = instance.fetch_run_status_changes(kind, limit=1).records
        seen = newest[0].storage_id if newest else 0
    filters = RunStatusChangeRecordsFilter(kind, after_storage_id=seen)
    return list(instance.fetch_run_status_changes(filters, limit=_AT_ONCE, ascending=True).records)


def _jobs(channel: Channel) -> tuple[str, ...]:
    return names.sync_job(channel.name), names.replay_job(channel.name), names.inspection_job(channel.name)


def _channel_of_assets(run: dg.DagsterRun, channels: list[Channel]) -> Channel | None:
    """Return whose assets a run has that was launched from the page of an asset, or by a backfill."""
    chosen = {key.path[0] for key in run.asset_selection or ()}
    return next((channel for channel in channels if channel.name in chosen), None)


def _succeeded(memory: Memory, job: str, days: set[str], run: dg.DagsterRun) -> None:
    if run.asset_selection and not any(key.path[-1] == names.MIRAKL_DELIVERY for key in run.asset_selection):
        return
    for key, failing in list(memory.failing.items()):
        if failing.job == job:
            failing.days = [day for day in failing.days if day not in days]
            if not failing.days:
                del memory.failing[key]


def _failed(
    memory: Memory,
    channel: Channel,
    job: str,
    run: dg.DagsterRun,
    record: EventLogRecord,
    instance: dg.DagsterInstance,
) -> None:
    reason = next(_reasons(instance, run.run_id), record.event_log_entry.user_message or "it ended without a reason")
    failing = Failing(channel=channel.name, job=job, reason=reason, days=list(_days(run, channel)))
    key = failing_key(failing)
    if before := memory.failing.get(key):
        failing.days = sorted({*before.days, *failing.days})
    if before or len(memory.failing) < _MOST_FAILING:
        memory.failing[key] = failing


def _reasons(instance: dg.DagsterInstance, run_id: str) -> Iterator[str]:
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        if entry.dagster_event is None:
            continue
        data = entry.dagster_event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            yield data.user_failure_data.description
        elif data.error is not None:
            # Its message may hold anything.
            yield f"unexpected error {data.error.cls_name}; the run's log shows it"


def _days(run: dg.DagsterRun, channel: Channel) -> Iterator[str]:
    if day := run.tags.get(PARTITION_NAME_TAG):
        yield day
    first, last = (run.tags.get(tag) for tag in (ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG))
    if first and last:
        yield from (day for day in days_of(channel).get_partition_keys() if first <= day <= last)
