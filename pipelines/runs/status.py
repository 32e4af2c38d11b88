"""The state of every channel: last delivery, open failures, red checks, next ticks. The shops are not asked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.partition_status_cache import AssetPartitionStatus
from dagster._utils.schedules import cron_string_iterator

from connectors.ledger import Ledger
from pipelines import names
from pipelines.config.settings import Channel, Settings
from pipelines.operations.verdicts import Check, judge
from pipelines.runs import skipped_days

LATE = "late"
DESTINATION = "destination"
SKIPPED_DAYS = "skipped_days"
_DELIVERIES_LOOKED_AT = 50
_DECIDED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
_ON = frozenset({InstigatorStatus.RUNNING, InstigatorStatus.DECLARED_IN_CODE})


@dataclass(frozen=True, slots=True)
class Ticking:
    """A schedule or sensor: whether it is on, and when it ticks next (a sensor: every so many seconds)."""

    name: str
    on: bool
    next_tick: str | None = None
    every_seconds: int | None = None


@dataclass(slots=True)
class ChannelStatus:
    """The state of a channel. `open` counts orders not accepted by (outcome, code); instants are UTC with `Z`.

    `is_new` is a channel of which nothing was ever sent: nothing is wrong with it, but nothing is known to be right.

    `last_success` is when a day was last delivered, `last_read` when its shop was last read. `delivery_ages` are the
    seconds from an order's change in the shop to Mirakl, of the newest delivery: `p50`, `p95` and `max`. `failed_days`
    are those that failed, `failure` is why the newest of them did. `red` says by check what is wrong: now, as the
    ledger and Dagster's records know it, or when the shop was last compared with the ledger. `paused` names the
    schedules and the sensor of deliveries that somebody has switched off.
    `requests_per_second` is the budget of its credential, which it `shares_with` other channels.
    """

    name: str
    fault: str | None = None
    is_new: bool = False
    last_success: str | None = None
    last_day: str | None = None
    last_read: str | None = None
    delivery_ages: dict[str, float] = field(default_factory=dict)
    open: Counter[tuple[str, str]] = field(default_factory=Counter)
    oldest_open: str | None = None
    failed_days: list[str] = field(default_factory=list)
    failure: str | None = None
    red: dict[str, str] = field(default_factory=dict)
    schedules: list[Ticking] = field(default_factory=list)
    sensors: list[Ticking] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    runs: int = 0
    requests_per_second: float = 0
    credential: str | None = None
    shares_with: list[str] = field(default_factory=list)

    @property
    def needs_attention(self) -> bool:
        """Whether anything about the channel is wrong."""
        return bool(self.fault or self.open or self.failed_days or self.red)

    def values(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "channel": self.name,
            "ok": not self.needs_attention,
            "fault": self.fault,
            "is_new": self.is_new,
            "last_success": self.last_success,
            "last_success_seconds_ago": _age(self.last_success),
            "last_day": self.last_day,
            "delivery_age_p95_seconds": self.delivery_ages.get("p95"),
            "open": [
                {"outcome": outcome, "code": code, "orders": orders}
                for (outcome, code), orders in self.open.most_common()
            ],
            "oldest_open": self.oldest_open,
            "failed_days": self.failed_days,
            "failure": self.failure,
            "red_checks": self.red,
            "schedules": [{"name": one.name, "on": one.on, "next_tick": one.next_tick} for one in self.schedules],
            "sensors": [{"name": one.name, "on": one.on, "every_seconds": one.every_seconds} for one in self.sensors],
            "runs_in_progress": self.runs,
            "rate_budget": {
                "requests_per_second": self.requests_per_second,
                "credential": self.credential,
                "shares_with": self.shares_with,
            },
        }


def statuses(
    settings: Settings, channels: Sequence[Channel], ledger: Ledger, instance: dg.DagsterInstance | None
) -> list[ChannelStatus]:
    """Return the state of channels; `instance` is None where nothing ever ran."""
    states = {} if instance is None else {state.name: state for state in instance.all_instigator_state()}
    found = []
    for channel in channels:
        credential = channel.settings.credential
        status = ChannelStatus(
            channel.name,
            fault=channel.fault,
            requests_per_second=settings.mirakl.requests_per_second,
            credential=credential,
            shares_with=[
                name
                for name, other in settings.channels.items()
                if name != channel.name and other.settings.credential == credential
            ],
        )
        _ask_ledger(status, ledger)
        for name, cron in names.schedules(channel.name).items():
            status.schedules.append(_schedule(name, cron, channel.settings.timezone, states.get(name)))
        for name, seconds in names.sensors(channel.name).items():
            on = _is_on(states.get(name), InstigatorType.SENSOR)
            status.sensors.append(Ticking(name, on, every_seconds=seconds))
        delivering = (names.today_schedule, names.lookback_schedule, names.changes_sensor)
        status.paused = [
            name
            for name in (named(channel.name) for named in delivering)
            if (state := states.get(name)) is not None and state.status is InstigatorStatus.STOPPED
        ]
        if instance is not None:
            _ask_dagster(status, channel, instance)
            _judge_age(status, channel.settings.late_after_hours)
        found.append(status)
    return found


def not_configured(settings: Settings, ledger: Ledger) -> dict[str, int]:
    """Count the orders that are not accepted of channels that channels.toml does not have, as of a renamed one."""
    known = settings.channels.keys() | settings.broken.keys()
    return dict(Counter(name for name, _ in ledger.unaccepted() if name not in known))


def silent_daemon(statuses: Sequence[ChannelStatus], instance: dg.DagsterInstance | None) -> bool:
    """Whether something is switched on that nobody looks at: no daemon runs, so nothing ticks."""
    if instance is None or not any(one.on for status in statuses for one in (*status.schedules, *status.sensors)):
        return False
    return not all(daemon.healthy for daemon in instance.get_daemon_statuses(["SCHEDULER", "SENSOR"]).values())


def _schedule(name: str, cron: str, timezone: str, state: InstigatorState | None) -> Ticking:
    if not _is_on(state, InstigatorType.SCHEDULE):
        return Ticking(name, on=False)
    tick = next(cron_string_iterator(dt.datetime.now(dt.UTC).timestamp(), cron, timezone))
    return Ticking(name, on=True, next_tick=_instant(tick))


def _is_on(state: InstigatorState | None, kind: InstigatorType) -> bool:
    return state is not None and state.instigator_type == kind and state.status in _ON


def _ask_ledger(status: ChannelStatus, ledger: Ledger) -> None:
    elsewhere = ledger.sent_elsewhere(status.name)
    status.is_new = elsewhere == []
    if elsewhere:
        status.red[DESTINATION] = (
            "nothing was delivered yet to where orders go now (MIRAKL_BASE_URL, mirakl_channel_id), only to "
            f"{' and '.join(map(str, elsewhere))}; `mirakl-orders sync {status.name} --from DAY --to DAY` delivers "
            "the days that are due there, too"
        )
    for _, row in ledger.unaccepted(status.name):
        status.open[row.outcome, row.error_code or "UNDER_WAY"] += 1
        status.oldest_open = min(filter(None, (status.oldest_open, row.unaccepted_since)), default=None)
    for verdict in judge(status.name, ledger):
        # How many orders are not accepted is given by their codes.
        if verdict.description and verdict.check != Check.ALL_ACCEPTED:
            status.red[verdict.check] = verdict.description


def _ask_dagster(status: ChannelStatus, channel: Channel, instance: dg.DagsterInstance) -> None:
    key = dg.AssetKey([channel.name, names.MIRAKL_DELIVERY])
    records = instance.fetch_materializations(key, limit=_DELIVERIES_LOOKED_AT).records
    if records:
        status.last_success = _instant(dt.datetime.fromtimestamp(records[0].timestamp, dt.UTC))
        status.last_day = records[0].partition_key
    # A delivery of which everything was delivered before has no age.
    for delivered in records:
        known = delivered.asset_materialization.metadata if delivered.asset_materialization else {}
        ages = {of: known[name] for of in ("p50", "p95", "max") if (name := f"delivery_age_{of}_seconds") in known}
        if ages:
            status.delivery_ages = {of: cast(float, age.value) for of, age in ages.items()}
            break
    reads = instance.fetch_materializations(dg.AssetKey([channel.name, names.RAW_ORDERS]), limit=1).records
    if reads and (event := reads[0].asset_materialization) and "read_at" in event.metadata:
        status.last_read = str(event.metadata["read_at"].value)
    by_day = skipped_days.day_statuses(instance, channel)
    status.failed_days = [day for day, known in by_day.items() if known is AssetPartitionStatus.FAILED]
    skipped = skipped_days.skipped_days(by_day)
    if skipped and not skipped_days.is_range_under_way(instance, channel):
        status.red[SKIPPED_DAYS] = skipped_days.message(channel, skipped)
    if status.failed_days:
        attempts = (
            instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(key)
        )
        run_id, _ = attempts.get(status.failed_days[-1], ("", 0))
        status.failure = _failure(instance, run_id)
    reconciled = dg.AssetCheckKey(dg.AssetKey([channel.name, names.SHOP_DATABASE]), names.RECONCILED)
    # One that is only planned says nothing: its run goes on, or could not read the shop. The one before it counts.
    for record in instance.event_log_storage.get_asset_check_execution_history(reconciled, limit=1, status=_DECIDED):
        if record.status is AssetCheckExecutionRecordStatus.FAILED:
            evaluated = record.event.dagster_event if record.event else None
            why = evaluated.asset_check_evaluation_data.description if evaluated else None
            status.red[names.RECONCILED] = why or "the check itself could not be made"
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED])
    jobs = {names.sync_job(channel.name), names.replay_job(channel.name), names.inspection_job(channel.name)}
    status.runs = sum(run.job_name in jobs for run in instance.get_runs(unfinished))


def _failure(instance: dg.DagsterInstance, run_id: str) -> str | None:
    """Return what the step that failed in a run says, None where its records are gone."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        data = entry.dagster_event.step_failure_data if entry.dagster_event else None
        if data is not None and data.user_failure_data is not None:
            return data.user_failure_data.description
    return None


def _judge_age(status: ChannelStatus, late_after_hours: float) -> None:
    """Call a channel late as its freshness policy does, where something should deliver: is on, or was."""
    age = _age(status.last_success)
    is_on = any(one.on for one in (*status.schedules, *status.sensors))
    if (is_on or status.paused) and (age is None or age > late_after_hours * 3600):
        since = "ever" if age is None else f"for {age / 3600:.0f} h"
        paused = f"; switched off: {', '.join(status.paused)}" if status.paused else ""
        status.red[LATE] = f"nothing was delivered {since}, with late_after_hours = {late_after_hours:g}{paused}"


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _age(instant: str | None) -> int | None:
    if instant is None:
        return None
    return round((dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(instant)).total_seconds())
