"""Where a channel stands, by the ledger and Dagster's own records."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
)

from connectors.sandbox.server import Sandbox
from pipelines.config.settings import load_settings
from pipelines.operations.state import ledger_to_read
from pipelines.runs.instance import dagster_instance
from pipelines.runs.status import ChannelStatus, not_configured, silent_daemon, statuses
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs
from tests.pipelines.shell import json_of

pytestmark = pytest.mark.slow

DAY = "2026-03-02"


@pytest.fixture
def instance(environment: dict[str, str]) -> Iterator[dg.DagsterInstance]:
    """An instance with everything: schedules and sensors are kept there, too."""
    Path(environment["DAGSTER_HOME"]).mkdir()
    with dagster_instance() as made:
        yield made


def stands(runs: Runs, instance: dg.DagsterInstance | None = None) -> ChannelStatus:
    settings, ledger = load_settings(), runs.ledger()
    [found] = statuses(settings, [settings.channel("own")], ledger, instance)
    ledger.dispose()
    return found


def test_a_channel_that_never_ran_is_quiet(runs: Runs) -> None:
    found = stands(runs)
    assert (found.last_success, found.open.total(), found.needs_attention) == (None, 0, False)
    assert found.is_new
    assert {one.name: one.on for one in (*found.schedules, *found.sensors)} == {
        "sync_own_today": False,
        "sync_own_lookback": False,
        "inspect_own_nightly": False,
        "changes_own": False,
        "replay_own_undelivered": False,
    }


def test_open_orders_are_counted_by_code_and_the_last_delivery_is_shown(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    shop.order("2", f"{DAY} 12:00:00", currency="???")
    shop.order("3", f"{DAY} 12:00:00", status="odd")
    runs.sync(DAY)
    found = stands(runs, runs.instance)
    assert found.open == {("rejected", "unknown_currency"): 1}
    assert found.oldest_open is not None
    assert found.last_day == DAY
    assert dt.datetime.fromisoformat(found.last_success or "") > dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    assert set(found.red) == {"everything_mapped"}
    assert found.needs_attention


def test_deliveries_elsewhere_do_not_make_a_channel_well(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    runs.sync(DAY)
    settings = load_settings()
    channel = settings.channel("own")
    with ledger_to_read(channel) as ledger:
        [there] = statuses(settings, [channel], ledger, runs.instance)
    trial = os.environ["MIRAKL_BASE_URL"]
    monkeypatch.setenv("MIRAKL_BASE_URL", "https://example.com/api")
    with ledger_to_read(channel) as ledger:
        [found] = statuses(settings, [channel], ledger, runs.instance)
    assert (there.needs_attention, there.is_new) == (False, False)
    assert (found.needs_attention, found.is_new) == (True, False)
    assert trial in found.red["destination"]


def test_a_day_that_failed_is_named_until_it_is_done(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    today = dt.datetime.now(load_settings().channel("own").settings.zone).date()
    shop.order("1", f"{today} 00:00:01")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-9"}))
    runs.sync(today.isoformat())
    found = stands(runs, runs.instance)
    assert found.failed_days == [today.isoformat()]
    assert "the store is unknown to Mirakl" in (found.failure or "")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    runs.sync(today.isoformat())
    assert stands(runs, runs.instance).failed_days == []


def test_a_day_that_failed_long_ago_is_named_as_well(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    shop.database.rename(shop.folder / "away")
    runs.sync(DAY)
    found = stands(runs, runs.instance)
    assert (found.failed_days, found.needs_attention) == ([DAY], True)


def test_days_between_delivered_ones_that_never_were_are_named_until_they_are_done(runs: Runs, shop: OwnShop) -> None:
    """As a daemon leaves them that was down for longer than the look-back, or a backfill that was stopped."""
    runs.sync("2026-03-02")
    assert stands(runs, runs.instance).red == {}
    runs.sync("2026-03-06")
    found = stands(runs, runs.instance)
    assert "2026-03-03 to 2026-03-05" in found.red["skipped_days"]
    assert "mirakl-orders sync own --from 2026-03-03 --to 2026-03-05" in found.red["skipped_days"]
    assert found.needs_attention
    runs.sync("2026-03-03", "2026-03-05")
    assert stands(runs, runs.instance).red == {}


def test_days_that_a_run_may_still_deliver_are_not_called_skipped(runs: Runs, shop: OwnShop) -> None:
    runs.sync("2026-03-02")
    runs.sync("2026-03-06")
    job = runs.definitions().resolve_job_def("sync_own")
    waiting = runs.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert stands(runs, runs.instance).red == {}
    runs.instance.report_run_canceled(waiting)
    assert set(stands(runs, runs.instance).red) == {"skipped_days"}


def test_a_difference_found_stays_red_when_the_next_comparison_cannot_be_made(runs: Runs, shop: OwnShop) -> None:
    yesterday = dt.datetime.now(load_settings().channel("own").settings.zone).date() - dt.timedelta(days=1)
    shop.order("1", f"{yesterday} 12:00:00")
    runs.sync("2026-03-02")
    runs.job("inspect_own")
    assert "1 never accepted" in stands(runs, runs.instance).red["reconciled"]
    shop.database.rename(shop.folder / "away")
    assert not runs.job("inspect_own").success
    assert "1 never accepted" in stands(runs, runs.instance).red["reconciled"]


def test_orders_of_a_channel_under_its_old_name_stay_in_sight(
    runs: Runs, shop: OwnShop, environment: dict[str, str]
) -> None:
    shop.order("1", f"{DAY} 12:00:00", currency="???")
    runs.sync(DAY)
    ledger = runs.ledger()
    assert not_configured(load_settings(), ledger) == {}
    Path(environment["CHANNELS_FILE"]).write_text(shop.block("renamed"))
    assert not_configured(load_settings(), ledger) == {"own": 1}
    ledger.dispose()
    assert json_of("status", status=3)["not_configured"] == {"own": 1}


def test_a_channel_whose_schedule_was_switched_off_is_late_as_well(runs: Runs) -> None:
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "all"), "sync_own_today"
    )
    assert stands(runs, runs.instance).red == {}
    stopped = InstigatorState(
        origin, InstigatorType.SCHEDULE, InstigatorStatus.STOPPED, ScheduleInstigatorData("*/15 * * * *")
    )
    runs.instance.add_instigator_state(stopped)
    assert "switched off: sync_own_today" in stands(runs, runs.instance).red["late"]


def test_status_shows_the_next_ticks_and_a_missing_daemon(runs: Runs) -> None:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "all")
    for name, kind, data in (
        ("sync_own_today", InstigatorType.SCHEDULE, ScheduleInstigatorData("*/15 * * * *")),
        ("changes_own", InstigatorType.SENSOR, SensorInstigatorData()),
    ):
        origin = RemoteInstigatorOrigin(repository, name)
        runs.instance.add_instigator_state(InstigatorState(origin, kind, InstigatorStatus.RUNNING, data))
    found = stands(runs, runs.instance)
    on = {one.name: one for one in (*found.schedules, *found.sensors) if one.on}
    assert set(on) == {"sync_own_today", "changes_own"}
    tick = dt.datetime.fromisoformat(on["sync_own_today"].next_tick or "")
    assert dt.timedelta(0) < tick - dt.datetime.now(dt.UTC) <= dt.timedelta(minutes=15)
    assert on["changes_own"].every_seconds == 30
    assert silent_daemon([found], runs.instance)
    assert found.red["late"].startswith("nothing was delivered ever")
