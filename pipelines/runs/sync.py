"""Taking a range of days all the way, through Dagster, and what became of each day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from connectors.mirakl.report import COUNTS
from pipelines import names
from pipelines.assets import DAYS_PER_RUN, beta_features, channel_assets
from pipelines.automation import channel_job, day_tags, reading
from pipelines.config.settings import Channel, Settings
from pipelines.metadata import FAILURE_COLUMNS
from pipelines.operations.verdicts import Verdict, judge
from pipelines.resources import RESOURCES, State
from pipelines.runs.overlap import WindowLost, overlapped
from pipelines.runs.replay import Selection, op_name, replay_job
from pipelines.runs.shell_runs import execute
from transforms.outcomes import Outcome

# Of runs side by side.
_DAYS_SIDE_BY_SIDE = 3
_INTERRUPTS = {"KeyboardInterrupt", "DagsterExecutionInterruptedError"}


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
    """What became of all days of a range, and what is wrong with the channel's orders after it, of whatever day.

    `missing` are orders of a replay that the shop does not have, the first 50.
    """

    channel: str
    days: list[DayResult] = field(default_factory=list)
    red_checks: list[Verdict] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def totals(self) -> dict[str, int]:
        """Counts of all days."""
        total: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        for day in self.days:
            total.update(day.counts)
        return dict(total)

    @property
    def exit_status(self) -> int:
        """The exit status of a process: 0 all well, 3 some orders refused or rejected, 1 a day failed."""
        if any(day.failed for day in self.days):
            return 1
        totals = self.totals
        return 3 if totals[Outcome.REFUSED] or totals[Outcome.REJECTED] else 0


def sync(
    settings: Settings,
    channel: Channel,
    days: list[str],
    instance: dg.DagsterInstance,
    *,
    verbose: bool = False,
    reread: bool = False,
) -> SyncResult:
    """Run the channel's job over the days, and return what became of each.

    Many days are several runs side by side, which read and normalise while one of them sends.

    `reread` reads every order again, also those that the change feed gives as unchanged.

    Raises:
        KeyboardInterrupt: a signal ended it; what was in flight is finished and written down.
    """
    result = SyncResult(channel.name)
    with closing(_windows_done(settings, channel, days, instance, verbose=verbose, reread=reread)) as windows:
        for window, done in windows:
            if isinstance(done, WindowLost):
                result.days.extend(DayResult(day, failed=True, reason=str(done)) for day in window)
                continue
            result.days.extend(done.days)
            if done.unreadable is not None:
                # The shop cannot be read, and that was tried more than once: later days would end the same way.
                rest = days[len(result.days) :]
                result.days.extend(DayResult(day, failed=True, reason=done.unreadable) for day in rest)
                break
    _complete(result, channel)
    return result


@dataclass(frozen=True, slots=True)
class _Window:
    """What became of some days that were run together; `unreadable` says why the shop could not be read."""

    days: list[DayResult]
    unreadable: str | None


def _windows_done(
    settings: Settings, channel: Channel, days: list[str], instance: dg.DagsterInstance, *, verbose: bool, reread: bool
) -> Generator[tuple[list[str], _Window | WindowLost]]:
    windows = _windows(days)
    if len(windows) == 1:
        job = _job(settings, channel, names.sync_job(channel.name))
        yield days, _run(days, job, channel, instance, verbose=verbose, reread=reread)
        return
    work = _RunApart(settings, channel, instance.get_ref(), verbose=verbose, reread=reread)
    with closing(overlapped(windows, work)) as ended:
        yield from zip(windows, ended, strict=False)


def _run(
    days: list[str],
    job: dg.JobDefinition,
    channel: Channel,
    instance: dg.DagsterInstance,
    *,
    verbose: bool,
    reread: bool,
) -> _Window:
    run_config = {**_log_level(verbose), **reading(channel.name, reread=reread)}
    run = execute(job, instance, day_tags(days[0], days[-1]), run_config)
    _stop_if_interrupted(run)
    unread = f"{channel.name}__{names.RAW_ORDERS}" in run.get_failed_step_keys()
    return _Window(list(_day_results(instance, channel.name, days, run)), _failure(run) if unread else None)


class _RunApart:
    """Runs days in a process of its own. One that is forked has the job; others build it, as it cannot be pickled."""

    def __init__(self, settings: Settings, channel: Channel, ref: InstanceRef, *, verbose: bool, reread: bool) -> None:
        self._settings, self._channel, self._ref = settings, channel, ref
        self._verbose, self._reread = verbose, reread
        self._job: dg.JobDefinition | None = self._build()

    def _build(self) -> dg.JobDefinition:
        return _job(self._settings, self._channel, names.sync_job(self._channel.name))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_job": None}

    def __call__(self, days: list[str]) -> _Window:
        with dg.DagsterInstance.from_ref(self._ref) as instance:
            job = self._job or self._build()
            return _run(days, job, self._channel, instance, verbose=self._verbose, reread=self._reread)


def replay(
    settings: Settings, channel: Channel, selection: Selection, instance: dg.DagsterInstance, *, verbose: bool = False
) -> SyncResult:
    """Run the channel's replay job; the result has one day, today.

    Raises:
        KeyboardInterrupt: as `sync`.
    """
    name = names.replay_job(channel.name)
    config = {"config": selection.model_dump(exclude_none=True)}
    run_config = {**_log_level(verbose), "ops": {op_name(channel.name): config}}
    run = execute(_job(settings, channel, name), instance, {}, run_config)
    _stop_if_interrupted(run)
    observed = next(_metadata(instance.fetch_observations, channel.name, run.run_id), {})
    today = dt.datetime.now(channel.settings.zone).date().isoformat()
    days = [_day_result(today, observed, None if run.success else _failure(run))]
    missing = observed.get("not_in_shop_orders")
    result = SyncResult(channel.name, days)
    result.missing = [str(record.data["channel_order_id"]) for record in missing.records] if missing else []
    _complete(result, channel)
    return result


def _complete(result: SyncResult, channel: Channel) -> None:
    """Add what the ledger knows beyond Dagster's record: the red checks, and reasons whole that were cut for it."""
    with State().ledger(channel) as ledger:
        result.red_checks = [verdict for verdict in judge(channel.name, ledger) if not verdict.passed]
        failures = {row["channel_order_id"]: row for day in result.days for row in day.failures}
        for order_id, known in ledger.known(channel.name, list(failures)).items():
            if known.outcome == failures[order_id]["outcome"] and known.error_reason:
                failures[order_id]["reason"] = known.error_reason


def _job(settings: Settings, channel: Channel, name: str) -> dg.JobDefinition:
    """Build one job of a channel as the code location has it, without what a run of it does not need."""
    with beta_features():
        assets = channel_assets(channel, settings)
    definitions = dg.Definitions(
        assets=assets,
        jobs=[channel_job(channel), replay_job(channel, settings)],
        resources=RESOURCES,
        executor=dg.in_process_executor,
    )
    return definitions.resolve_job_def(name)


def _log_level(verbose: bool) -> dict[str, Any]:
    return {"loggers": {"console": {"config": {"log_level": "INFO" if verbose else "CRITICAL"}}}}


def _windows(days: list[str]) -> list[list[str]]:
    """Divide days into runs; of many days into short ones, so that sending begins early and ends soon after reading."""
    if len(days) <= DAYS_PER_RUN:
        return [days]
    windows: list[list[str]] = []
    while days:
        size = min(len(windows) + 1, _DAYS_SIDE_BY_SIDE)
        windows.append(days[:size])
        days = days[size:]
    return windows


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
    return {metadata["partition"]: metadata for metadata in _metadata(fetch, channel, run_id, days)}


def _metadata(
    fetch: Callable[..., dg.EventRecordsResult], channel: str, run_id: str, days: list[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the metadata that a run wrote about deliveries, the day under `partition`."""
    filters = dg.AssetRecordsFilter(asset_key=dg.AssetKey([channel, names.MIRAKL_DELIVERY]), asset_partitions=days)
    # The newest first, so that what this run wrote is not beyond the limit.
    for record in fetch(filters, limit=2 * DAYS_PER_RUN).records:
        event = record.asset_materialization or record.event_log_entry.asset_observation
        if record.run_id == run_id and event is not None:
            yield {**{name: value.value for name, value in event.metadata.items()}, "partition": event.partition}


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


def _stop_if_interrupted(run: dg.ExecuteInProcessResult) -> None:
    # Dagster records an interrupt as the step's failure and goes on.
    errors = [event.step_failure_data.error for event in run.get_step_failure_events()]
    if any(error is not None and error.cls_name in _INTERRUPTS for error in errors):
        raise KeyboardInterrupt


def _failure(run: dg.ExecuteInProcessResult) -> str:
    for event in run.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
    return "something went wrong that should not have; `--verbose` shows what"
