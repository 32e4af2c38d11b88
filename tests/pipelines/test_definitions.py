"""What Dagster loads: assets, jobs, schedules, sensors, pools; and when automation asks for runs."""

from __future__ import annotations

import datetime as dt
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from connectors.ledger import LedgerEntry
from pipelines import names
from pipelines.assets import asset_keys
from pipelines.config.settings import load_settings
from pipelines.operations.verdicts import Check
from pipelines.resources import State
from pipelines.runs.replay import _TRIES
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A schedule's context opens the instance by its reference, which an ephemeral one has not."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture
def two_and_a_broken_one(environment: dict[str, str], shop: OwnShop) -> None:
    """Channels `own` and `other`, and a block that cannot be used."""
    broken = shop.block('"not-a-name"')
    Path(environment["CHANNELS_FILE"]).write_text(shop.block() + shop.block("other", timezone='"UTC"') + broken)


NASTY_NAMES = [
    *(f"X{suffix}" for suffix in ("", "_", "_orders", "_today", "_lookback", "_nightly", "_undelivered", "_replay")),
    *(f"X_{asset}" for asset in ("raw_orders", "mirakl_orders", "mirakl_delivery", "shop_database")),
    *(f"{job}_X{suffix}" for job in ("sync", "replay", "inspect") for suffix in ("", "_orders", "_today")),
    *("x", "sync", "sync_", "replay", "orders", "broken_channels", "raw_orders", "ASSET_JOB", "alerts", "housekeeping"),
]


@pytest.mark.slow
def test_any_names_of_channels_are_loaded_together(runs: Runs, environment: dict[str, str], shop: OwnShop) -> None:
    unusable = [shop.block(name) for name in ('"raw-orders"', '"X.raw"', "sync__X", "X__raw_orders")]
    Path(environment["CHANNELS_FILE"]).write_text("".join(map(shop.block, NASTY_NAMES)) + "".join(unusable))
    assert len(load_settings().broken) == len(unusable)
    definitions = runs.definitions()
    dg.Definitions.validate_loadable(definitions)
    jobs = {job.name for job in definitions.get_repository_def().get_all_jobs()}
    assert {f"{job}_{name}" for name in NASTY_NAMES for job in ("sync", "inspect", "replay")} < jobs


def test_broken_names_that_look_alike_leave_the_other_channels_alone(
    runs: Runs, environment: dict[str, str], shop: OwnShop
) -> None:
    blocks = shop.block() + shop.block("a-b") + shop.block('"a.b"') + shop.block('"é"')
    Path(environment["CHANNELS_FILE"]).write_text(blocks)
    groups = runs.definitions().resolve_asset_graph().asset_keys_for_group("broken_channels")
    assert len(groups) == 3


@pytest.mark.usefixtures("two_and_a_broken_one")
def test_two_channels_are_loaded_and_a_broken_block_is_shown(runs: Runs) -> None:
    definitions = runs.definitions()
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()
    groups: dict[str, set[str]] = {}
    for node in graph.asset_nodes:
        groups.setdefault(node.group_name or "", set()).add("/".join(node.key.path))
    names = ("shop_database", "raw_orders", "mirakl_orders", "mirakl_delivery")
    assert groups == {
        "own": {f"own/{name}" for name in names},
        "other": {f"other/{name}" for name in names},
        "broken_channels": {"broken_channels/not_a_name"},
    }
    message = graph.get(dg.AssetKey(["broken_channels", "not_a_name"])).description or ""
    assert "[channels.not-a-name]: the name of a channel is of letters" in message
    assert list(load_settings().broken) == ["not-a-name"]


@pytest.mark.usefixtures("two_and_a_broken_one")
def test_a_broken_block_leaves_the_other_channels_running(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", "2026-03-02 12:00:00")
    assert runs.sync("2026-03-02").success


@pytest.mark.slow
@pytest.mark.usefixtures("two_and_a_broken_one")
def test_the_same_order_id_on_two_channels_is_two_orders_in_the_ledger(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", "2026-03-02 12:00:00", currency="???")
    assert runs.sync("2026-03-02").success
    assert runs.sync("2026-03-02", channel="other").success
    ledger = runs.ledger()
    assert [name for name, _ in ledger.unaccepted()] == ["other", "own"]
    ledger.dispose()


def test_the_definitions_of_a_channel_are_the_pinned_ones(runs: Runs) -> None:
    definitions = runs.definitions()
    repository = definitions.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {
        "sync_own",
        "inspect_own",
        "replay_own",
        "look_own",
        "plan_own",
        "housekeeping",
    }
    schedules = {
        name.name: (name.cron_schedule, name.execution_timezone, name.job_name, name.default_status.value)
        for name in repository.schedule_defs
    }
    assert schedules == {
        "sync_own_today": ("*/15 * * * *", "Europe/Paris", "sync_own", "STOPPED"),
        "sync_own_lookback": ("30 1 * * *", "Europe/Paris", "sync_own", "STOPPED"),
        "inspect_own_nightly": ("30 4 * * *", "Europe/Paris", "inspect_own", "STOPPED"),
        "housekeeping_daily": ("45 3 * * *", None, "housekeeping", "RUNNING"),
    }
    assert [(sensor.name, sensor.default_status.value) for sensor in repository.sensor_defs] == [
        ("alerts", "STOPPED"),
        ("changes_own", "STOPPED"),
        ("replay_own_undelivered", "STOPPED"),
        ("silent_runs", "RUNNING"),
    ]


def test_the_schedules_and_sensors_of_a_channel_are_those_that_status_shows(runs: Runs) -> None:
    repository = runs.definitions().get_repository_def()
    jobs = {names.sync_job("own"), names.replay_job("own"), names.inspection_job("own")}
    crons = {one.name: one.cron_schedule for one in repository.schedule_defs if one.job_name in jobs}
    assert crons == names.schedules("own")
    seconds = {
        one.name: one.minimum_interval_seconds
        for one in repository.sensor_defs
        if any(target.job_name in jobs for target in one.targets)
    }
    assert seconds == names.sensors("own")


def test_all_assets_of_a_channel_have_the_same_days_and_no_pool(runs: Runs) -> None:
    graph = runs.definitions().resolve_asset_graph()
    nodes = [graph.get(dg.AssetKey(["own", name])) for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
    assert len({node.partitions_def for node in nodes}) == 1
    days = nodes[0].partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert (days.timezone, days.get_first_partition_key()) == ("Europe/Paris", "2026-01-01")
    assert {node.backfill_policy for node in nodes} == {dg.BackfillPolicy.multi_run(7)}
    assert [node.pools for node in nodes] == [set(), set(), set()]


def test_a_channel_is_late_after_the_hours_of_its_block(runs: Runs, environment: dict[str, str], shop: OwnShop) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(shop.block() + shop.block("fast", late_after_hours="1.5"))
    graph = runs.definitions().resolve_asset_graph()
    windows = {
        name: {graph.get(key).freshness_policy_or_from_metadata for key in asset_keys(name)} for name in ("own", "fast")
    }
    assert windows == {
        name: {dg.FreshnessPolicy.time_window(dt.timedelta(hours=hours))}
        for name, hours in (("own", 26), ("fast", 1.5))
    }


def test_the_inspection_evaluates_all_checks_and_a_sync_plans_none(runs: Runs) -> None:
    checks = {
        name: {key.name for key in runs.definitions().resolve_job_def(name).asset_layer.asset_graph.asset_check_keys}
        for name in ("sync_own", "inspect_own")
    }
    expected = {check.value for check in Check}
    assert checks["sync_own"] == set()
    assert checks["inspect_own"] == expected | {"reconciled"}


def test_a_backfill_does_not_read_the_last_days_for_reconciliation_in_each_run(runs: Runs) -> None:
    # Dagster runs the checks of whatever a backfill materialises.
    graph = runs.definitions().resolve_asset_graph()
    assert "reconciled" not in {key.name for key in graph.get_check_keys_for_assets({*asset_keys("own")})}


def tick(runs: Runs, name: str, at: str) -> Any:
    repository = runs.definitions().get_repository_def()
    context = dg.build_schedule_context(
        instance=runs.instance,
        scheduled_execution_time=dt.datetime.fromisoformat(at),
        repository_def=repository,
    )
    return repository.get_schedule_def(name).evaluate_tick(context)


@pytest.mark.parametrize(
    ("at", "day"), [("2026-03-02T22:45:00+00:00", "2026-03-02"), ("2026-03-02T23:15:00+00:00", "2026-03-03")]
)
def test_today_is_the_day_in_the_channels_zone(runs: Runs, at: str, day: str) -> None:
    [request] = tick(runs, "sync_own_today", at).run_requests
    assert request.partition_key == day


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED])
def test_today_is_skipped_while_the_run_before_is_waiting_or_at_it(runs: Runs, status: dg.DagsterRunStatus) -> None:
    job = runs.definitions().resolve_job_def("sync_own")
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "repository")
    run = runs.instance.create_run_for_job(
        job,
        tags={"dagster/schedule_name": "sync_own_today"},
        status=status,
        remote_job_origin=RemoteJobOrigin(repository, job.name),
        job_code_origin=JobPythonOrigin(
            job.name, RepositoryPythonOrigin("python", ModuleCodePointer("channel_to_mirakl", "defs"))
        ),
    )
    skipped = tick(runs, "sync_own_today", "2026-03-02T12:00:00+00:00")
    assert not skipped.run_requests
    assert run.run_id in skipped.skip_message


@pytest.mark.parametrize(
    ("at", "span"),
    [
        ("2026-03-02T00:30:00+00:00", ("2026-02-27", "2026-03-01")),
        ("2026-01-03T00:30:00+00:00", ("2026-01-01", "2026-01-02")),
        ("2026-01-01T00:30:00+00:00", None),
    ],
)
def test_the_look_back_asks_for_the_last_closed_days(runs: Runs, at: str, span: tuple[str, str] | None) -> None:
    requests = tick(runs, "sync_own_lookback", at).run_requests
    found = [
        (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
        for request in requests
    ]
    assert found == ([span] if span else [])


class Sensor:
    """The sensor that replays what is without an answer, evaluated as the daemon would, at a time of our choice."""

    def __init__(self, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs, self.cursor = runs, ""
        self.sensor = runs.definitions().resolve_sensor_def("replay_own_undelivered")
        self._now = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
        clock = self

        class Clock(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return clock._now

        monkeypatch.setattr("pipelines.runs.replay.dt.datetime", Clock)

    def tick(self, minutes: float = 0) -> Any:
        self._now += dt.timedelta(minutes=minutes)
        context = dg.build_sensor_context(
            instance=self.runs.instance, cursor=self.cursor or None, resources={"state": State()}
        )
        found = self.sensor.evaluate_tick(context)
        if found.cursor is not None:
            self.cursor = found.cursor
        return found


@pytest.fixture
def sensor(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Sensor:
    return Sensor(runs, monkeypatch)


def leave_waiting(runs: Runs, outcome: str) -> None:
    ledger = runs.ledger()
    stamp = "2026-03-02T10:00:00Z"
    since = None if outcome == "delivered" else stamp
    ledger.write("own", [LedgerEntry("1", outcome, stamp, "run", "2026-03-02", unaccepted_since=since)])
    ledger.dispose()


def test_the_sensor_has_nothing_to_do_while_every_order_has_an_answer(runs: Runs, sensor: Sensor) -> None:
    leave_waiting(runs, "refused")
    found = sensor.tick()
    assert not found.run_requests
    assert found.skip_message == "no order is without an answer"


def test_the_sensor_asks_for_a_replay_of_what_is_undelivered(runs: Runs, sensor: Sensor) -> None:
    leave_waiting(runs, "undelivered")
    [request] = sensor.tick().run_requests
    assert request.run_config["ops"]["own__replay"]["config"]["outcome"] == "undelivered"


def test_the_sensor_waits_twice_as_long_after_each_try_and_gives_up_in_the_end(runs: Runs, sensor: Sensor) -> None:
    leave_waiting(runs, "undelivered")
    wait = 5.0
    for _ in range(_TRIES):
        assert len(sensor.tick().run_requests) == 1
        assert not sensor.tick(wait - 1).run_requests
        sensor.tick(0)
        sensor._now += dt.timedelta(minutes=1)
        wait *= 2
    found = sensor.tick(10_000)
    assert not found.run_requests
    assert f"after {_TRIES} tries" in found.skip_message


def test_the_sensor_begins_anew_once_everything_was_answered(runs: Runs, sensor: Sensor) -> None:
    leave_waiting(runs, "undelivered")
    for minutes in (0, 5, 10):
        assert len(sensor.tick(minutes).run_requests) == 1
    assert json.loads(sensor.cursor)["tries"] == 3
    leave_waiting(runs, "delivered")
    assert not sensor.tick().run_requests
    leave_waiting(runs, "undelivered")
    assert len(sensor.tick().run_requests) == 1
    assert json.loads(sensor.cursor)["tries"] == 1


def test_the_sensor_does_not_start_a_replay_beside_another(runs: Runs, sensor: Sensor) -> None:
    leave_waiting(runs, "undelivered")
    job = runs.definitions().resolve_job_def("replay_own")
    runs.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    found = sensor.tick()
    assert not found.run_requests
    assert "is unfinished" in found.skip_message


def test_a_home_without_a_configuration_is_warned_of(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir()
    runpy.run_module("pipelines.definitions")
    assert f"{home} holds no dagster.yaml" in caplog.text
    caplog.clear()
    (home / "dagster.yaml").write_text("")
    runpy.run_module("pipelines.definitions")
    assert caplog.text == ""
