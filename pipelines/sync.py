"""Taking a range of days all the way, through Dagster, and telling what became of each day.

Belongs here: running the job of a channel and reading its numbers back from Dagster. Does not belong here: printing.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from connectors.mirakl.report import COUNTS
from pipelines.assets import DAYS_PER_RUN, MIRAKL_DELIVERY, days_of
from pipelines.automation import job_name, range_tags
from pipelines.build import build_definitions
from pipelines.metadata import FAILURE_COLUMNS
from pipelines.settings import Channel, Settings, SettingsError

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_INTERRUPTS = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}
_TALKATIVE = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}


@dataclass(frozen=True, slots=True)
class DayResult:
    """What became of one day. `failed` days have orders without an answer, or were never delivered; `reason` says why.

    `failures` holds the first of `failures_total` orders that were rejected, refused or left without an answer.
    """

    day: str
    failed: bool
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    failures: list[dict[str, Any]] = field(default_factory=list)
    failures_total: int = 0
    reason: str | None = None


@dataclass(slots=True)
class SyncResult:
    """What became of all days of a range."""

    channel: str
    days: list[DayResult] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """Counts of all days."""
        total: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        for day in self.days:
            total.update(day.counts)
        return dict(total)

    @property
    def exit_status(self) -> int:
        """Say it as a process does: 0 all well, 3 some orders refused or rejected, 1 a day failed."""
        if any(day.failed for day in self.days):
            return 1
        totals = self.totals
        return 3 if totals["refused"] or totals["rejected"] else 0


def days_between(channel: Channel, first: dt.date, last: dt.date) -> list[str]:
    """Return the days from `first` to `last`, both included.

    Raises:
        SettingsError: the range is empty, or reaches outside the channel's days.
    """
    known = days_of(channel).get_partition_keys()
    if first > last:
        raise SettingsError(f"--from {first} is after --to {last}")
    days = [day for day in known if first.isoformat() <= day <= last.isoformat()]
    if first.isoformat() < known[0]:
        raise SettingsError(
            f"--from {first}: channel {channel.name!r} begins on {known[0]}; set start_date to an earlier day"
        )
    if last.isoformat() > known[-1]:
        raise SettingsError(f"--to {last}: the last day of channel {channel.name!r} is today, {known[-1]}")
    return days


def sync(
    settings: Settings,
    channel: Channel,
    days: list[str],
    instance: dg.DagsterInstance,
    *,
    progress: Callable[[str], None] = lambda _: None,
    verbose: bool = False,
) -> SyncResult:
    """Run the channel's job over the days, some at a time as a backfill would, and return what became of each.

    Raises:
        KeyboardInterrupt: a signal ended it; what was in flight is finished and written down.
    """
    only = Settings(settings.path, settings.mirakl, settings.frames, {channel.name: channel}, {})
    job = build_definitions(only).resolve_job_def(job_name(channel.name))
    result = SyncResult(channel.name)
    for window in _windows(days):
        progress(f"{window[0]} to {window[-1]}" if len(window) > 1 else window[0])
        run = job.execute_in_process(
            instance=instance,
            tags=range_tags(window[0], window[-1]),
            run_config=_TALKATIVE if verbose else _QUIET,
            raise_on_error=False,
        )
        if _interrupted(run):
            raise KeyboardInterrupt
        result.days.extend(_day_results(instance, channel.name, window, run))
    return result


def _windows(days: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(days), DAYS_PER_RUN):
        yield days[begin : begin + DAYS_PER_RUN]


def _day_results(
    instance: dg.DagsterInstance, channel: str, days: list[str], run: dg.ExecuteInProcessResult
) -> Iterator[DayResult]:
    answered = _metadata_by_day(instance.fetch_materializations, channel, days, run.run_id)
    observed = _metadata_by_day(instance.fetch_observations, channel, days, run.run_id)
    reason = None if run.success else _failure(run)
    for day in days:
        if day in answered:
            yield _day_result(day, answered[day], reason=None)
        else:
            yield _day_result(day, observed.get(day, {}), reason=reason or "the run ended before this day was done")


def _metadata_by_day(
    fetch: Callable[..., dg.EventRecordsResult], channel: str, days: list[str], run_id: str
) -> dict[str, dict[str, Any]]:
    filters = dg.AssetRecordsFilter(asset_key=dg.AssetKey([channel, MIRAKL_DELIVERY]), asset_partitions=days)
    found: dict[str, dict[str, Any]] = {}
    # The newest first: what this run wrote stands before what earlier runs did.
    for record in fetch(filters, limit=len(days) * 4).records:
        event = record.asset_materialization or record.event_log_entry.asset_observation
        if record.run_id == run_id and event is not None and event.partition is not None:
            found.setdefault(event.partition, {name: value.value for name, value in event.metadata.items()})
    return found


def _day_result(day: str, metadata: dict[str, Any], reason: str | None) -> DayResult:
    table = metadata.get("failures")
    return DayResult(
        day=day,
        failed=reason is not None,
        counts={name: int(metadata.get(name) or 0) for name in COUNTS},
        failures=[{name: record.data[name] for name in FAILURE_COLUMNS} for record in table.records] if table else [],
        failures_total=int(metadata.get("failures_total") or 0),
        reason=metadata.get("stopped") or reason if reason else None,
    )


def _interrupted(run: dg.ExecuteInProcessResult) -> bool:
    """Say whether the run ended on a signal: Dagster records the interrupt as the step's failure and goes on."""
    errors = [event.step_failure_data.error for event in run.get_step_failure_events()]
    return any(error is not None and error.cls_name in _INTERRUPTS for error in errors)


def _failure(run: dg.ExecuteInProcessResult) -> str:
    for event in run.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
    return "something went wrong that should not have; `--verbose` shows what"
