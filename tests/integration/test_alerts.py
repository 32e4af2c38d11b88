"""Somebody is called: a real daemon, a real webhook, no switch touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.servers.dagster import SELECTOR, Dagster, running_dagster, variables, wait_for
from tests.servers.webhook import Webhook, webhook

pytestmark = pytest.mark.slow
DAY = "2026-03-02"
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
    __typename ... on PythonError { message } } }"""

TICKS = """{ sensorsOrError(repositorySelector: {repositoryLocationName: "channel_to_mirakl",
    repositoryName: "__repository__"}) { ... on Sensors { results { name sensorState { ticks(limit: 1) { status } } } } } }"""


def has_ticked(dagster: Dagster) -> bool:
    """The sensor's first tick remembers where the log ends: it tells of the runs after that."""
    return any(
        sensor["name"] == "alerts" and sensor["sensorState"]["ticks"] for sensor in dagster.ask(TICKS)["results"]
    )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(known_stores=frozenset({"none"}))) as started:
        yield started


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    with webhook() as started:
        yield started


@pytest.fixture
def dagster(tmp_path: Path, sandbox: Sandbox, receiver: Webhook) -> Iterator[Dagster]:
    shop = OwnShop(tmp_path / "shop")
    shop.order("A-1", f"{DAY} 12:00:00")
    (tmp_path / "channels.toml").write_text(shop.block())
    (tmp_path / "home").mkdir()
    shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", tmp_path / "home")
    environment = {**variables(tmp_path, sandbox), "ALERT_WEBHOOK_URL": receiver.url}
    with running_dagster(environment, tmp_path / "log") as started:
        yield started


def launch(dagster: Dagster) -> None:
    params = {
        "selector": {**SELECTOR, "jobName": "sync_own"},
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": DAY}]},
    }
    assert dagster.ask(LAUNCH, params=params)["__typename"] == "LaunchRunSuccess"


def test_a_failed_run_and_its_recovery_reach_the_webhook(dagster: Dagster, sandbox: Sandbox, receiver: Webhook) -> None:
    wait_for(lambda: has_ticked(dagster), "the first tick", 90)
    launch(dagster)
    wait_for(lambda: "sync_own failed" in "".join(receiver.texts), "the alert", 150)
    assert "Orders: A-1" in "".join(receiver.texts)
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    launch(dagster)
    recovered = f"channel own: sync_own of {DAY}: resolved"
    wait_for(lambda: recovered in "".join(receiver.texts), "the message that it is resolved", 150)
