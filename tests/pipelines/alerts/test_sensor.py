"""The alerts sensor against a real receiver: runs and checks are real, a tick is evaluated as the daemon would."""

from __future__ import annotations

import logging
import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from connectors.alerts import webhook as poster
from connectors.sandbox.server import Sandbox
from pipelines.alerts.memory import Memory
from pipelines.build import build_definitions
from pipelines.config.settings import SettingsError, load_settings
from pipelines.resources import State
from tests.own_shop import PERSONAL, OwnShop
from tests.pipelines.conftest import DELIVERY, Runs
from tests.servers.ports import free_port
from tests.servers.webhook import Webhook, webhook

pytestmark = pytest.mark.slow

DAY, NEXT = "2026-03-02", "2026-03-03"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as started:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", started.url)
        yield started


class Alerts:
    """The sensor and its cursor."""

    def __init__(self, runs: Runs, receiver: Webhook) -> None:
        self.runs, self.receiver, self.cursor = runs, receiver, ""

    def tick(self) -> list[str]:
        """Evaluate one tick; return the messages that arrived."""
        before = len(self.receiver.texts)
        definitions = build_definitions(load_settings())
        context = dg.build_sensor_context(
            instance=self.runs.instance,
            cursor=self.cursor or None,
            repository_def=definitions.get_repository_def(),
            resources={"state": State()},
        )
        found: Any = definitions.resolve_sensor_def("alerts").evaluate_tick(context)
        self.cursor = found.cursor or self.cursor
        self.skip_message = found.skip_message
        return self.receiver.texts[before:]


@pytest.fixture
def alerts(runs: Runs, receiver: Webhook) -> Alerts:
    made = Alerts(runs, receiver)
    made.tick()  # the first one begins with the next run
    return made


def test_without_the_variable_it_is_off_with_a_reason(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERT_WEBHOOK_URL", raising=False)
    sensor = runs.definitions().resolve_sensor_def("alerts")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    context = dg.build_sensor_context(instance=runs.instance, resources={"state": State()})
    assert sensor.evaluate_tick(context).skip_message == "ALERT_WEBHOOK_URL is not set"


@pytest.mark.usefixtures("receiver")
def test_with_the_variable_it_is_on_by_itself(runs: Runs) -> None:
    assert runs.definitions().resolve_sensor_def("alerts").default_status is dg.DefaultSensorStatus.RUNNING


def test_a_failed_run_is_posted_once_with_its_orders_and_the_command_that_goes_on(
    alerts: Alerts, runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("A-1", f"{DAY} 12:00:00")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"none"}))
    for _ in range(3):
        assert not runs.sync(DAY).success
    posted = "\n".join(alerts.tick())
    assert posted.count(":red_circle: *channel own: sync_own failed*") == 1
    assert "1 order of channel 'own' is without an answer" in posted
    assert "Orders: A-1" in posted
    assert f"mirakl-orders sync own --from {DAY} --to {DAY}" in posted
    assert not any(secret in posted for secret in PERSONAL)
    assert not runs.sync(DAY).success
    assert alerts.tick() == []


def test_it_is_over_when_the_days_are_done_not_when_another_day_is(
    alerts: Alerts, runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("A-1", f"{DAY} 12:00:00")
    known = sandbox.settings
    sandbox.settings = replace(known, known_stores=frozenset({"none"}))
    assert not runs.sync(DAY).success
    alerts.tick()
    assert runs.sync(NEXT).success
    assert not any(f"sync_own of {DAY}" in text for text in alerts.tick())
    sandbox.settings = known
    assert runs.sync(DAY, NEXT).success
    assert f":large_green_circle: channel own: sync_own of {DAY}: resolved" in "\n".join(alerts.tick())


def test_of_many_failed_days_none_is_forgotten(alerts: Alerts, runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    days = [f"2026-0{month}-{day:02}" for month in (2, 3, 4) for day in range(1, 29)]
    job = runs.definitions().resolve_job_def("sync_own")
    for day in days:
        run = runs.instance.create_run_for_job(job, tags={"dagster/partition": day})
        runs.instance.report_run_failed(run, "no answer")
    alerts.tick()
    [failing] = Memory.model_validate_json(alerts.cursor).failing.values()
    assert failing.days == days


def test_a_check_that_turned_red_is_posted_once_and_once_more_when_it_is_green(
    alerts: Alerts, runs: Runs, shop: OwnShop
) -> None:
    shop.order("A-1", f"{DAY} 12:00:00", currency="???")
    posted = []
    for _ in range(2):
        assert runs.sync(DAY).success
        posted.append("\n".join(alerts.tick()).count("check all_accepted is red"))
    assert posted == [1, 0]
    shop.order("A-1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    assert ":large_green_circle: channel own: check all_accepted: resolved" in "\n".join(alerts.tick())


def test_a_broken_block_is_posted_before_any_run_and_its_failing_runs_are_not(
    alerts: Alerts, runs: Runs, environment: dict[str, str], shop: OwnShop
) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(shop.block(timezone='"Europe/Pariss"'))
    [posted] = alerts.tick()
    assert "*channel own is broken*" in posted
    assert "unknown time zone 'Europe/Pariss'" in posted
    assert not runs.sync(DAY).success
    assert alerts.tick() == []
    Path(environment["CHANNELS_FILE"]).write_text(shop.block())
    assert alerts.tick() == [":large_green_circle: channel own: its block: resolved"]


def test_a_late_channel_is_posted(alerts: Alerts, runs: Runs) -> None:
    change = FreshnessStateChange(
        key=DELIVERY,
        previous_state=FreshnessState.PASS,
        new_state=FreshnessState.FAIL,
        state_change_timestamp=1_772_440_200.0,
    )
    runs.instance._report_runless_asset_event(change)
    [posted] = alerts.tick()
    assert "*channel own is late*" in posted
    assert "nothing was delivered for more than 26 hours" in posted


@pytest.mark.parametrize("status", [500, 404, 302, 429])
def test_a_webhook_that_refuses_is_posted_again_at_the_next_tick(
    alerts: Alerts, runs: Runs, shop: OwnShop, receiver: Webhook, status: int
) -> None:
    shop.order("A-1", f"{DAY} 12:00:00", currency="???")
    assert runs.sync(DAY).success
    receiver.status = status
    assert alerts.tick() == []
    assert f"alerts wait: ALERT_WEBHOOK_URL answers HTTP {status}" in alerts.skip_message
    receiver.status = 200
    # What was wrong while the webhook was down is posted even if it is resolved.
    shop.order("A-1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    [posted] = alerts.tick()
    assert "check all_accepted is red" in posted
    assert "check all_accepted: resolved" in posted


def test_a_webhook_that_is_down_or_slow_does_not_fail_the_sensor_or_leak_its_address(
    alerts: Alerts,
    runs: Runs,
    shop: OwnShop,
    receiver: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    shop.order("A-1", f"{DAY} 12:00:00", currency="???")
    assert runs.sync(DAY).success
    monkeypatch.setattr(poster, "TIMEOUT_SECONDS", 0.2)
    receiver.delay = 1.0
    alerts.tick()
    assert "cannot be reached (ReadTimeout)" in alerts.skip_message
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:{free_port()}/secret-of-the-webhook")
    alerts.tick()
    assert "cannot be reached (ConnectError)" in alerts.skip_message
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "nonsense:secret-of-the-webhook")
    alerts.tick()
    assert "cannot be reached" in alerts.skip_message
    assert "secret-of-the-webhook" not in alerts.skip_message + caplog.text + alerts.cursor


def test_a_channels_file_that_cannot_be_loaded_is_posted_at_once(
    environment: dict[str, str], receiver: Webhook
) -> None:
    Path(environment["CHANNELS_FILE"]).write_text("[channels")
    with pytest.raises(SettingsError):
        runpy.run_module("pipelines.definitions")
    [posted] = receiver.texts
    assert "*No channel is running*" in posted
    assert "is not TOML" in posted


def test_days_that_were_skipped_are_posted_until_they_are_done(alerts: Alerts, runs: Runs, shop: OwnShop) -> None:
    runs.sync("2026-03-02")
    assert alerts.tick() == []
    runs.sync("2026-03-05")
    [message] = alerts.tick()
    assert "2026-03-03 to 2026-03-04" in message
    assert "mirakl-orders sync own --from 2026-03-03 --to 2026-03-04" in message
    assert alerts.tick() == []
    runs.sync("2026-03-03", "2026-03-04")
    assert alerts.tick() == [":large_green_circle: channel own: skipped days: resolved"]
