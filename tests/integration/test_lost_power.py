"""The machine goes down in the middle of a run: Dagster's processes and the run's are gone at once, and come back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.servers.dagster import SELECTOR, Dagster, running_dagster, variables, wait_for

pytestmark = pytest.mark.slow

DAY = "2026-03-02"
ORDERS, TOGETHER, THREADS = 3000, 100, 8
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
    __typename ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
STATUS = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000, latency=2)) as started:
        yield started


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox) -> dict[str, str]:
    shop = OwnShop(tmp_path / "shop")
    with closing(sqlite3.connect(shop.database)) as connection, connection:
        sale = "INSERT INTO sale VALUES (?, ?, ?, 'paid', 'EUR', '1', NULL, NULL, 'N')"
        ids = [str(number) for number in range(ORDERS)]
        connection.executemany(sale, [(order, f"{DAY} 10:00:00", f"{DAY} 12:00:00") for order in ids])
        connection.executemany("INSERT INTO item VALUES (?, 1, '10.00', 'T')", [(order,) for order in ids])
    (tmp_path / "channels.toml").write_text(shop.block())
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", home)
    return variables(tmp_path, sandbox)


def statuses(dagster: Dagster) -> list[str]:
    """Statuses of all runs, the newest first."""
    return [run["status"] for run in dagster.ask(RUNS)["results"]]


def test_a_run_that_was_cut_off_ends_and_the_next_one_sends_what_is_missing(
    tmp_path: Path, environment: dict[str, str], sandbox: Sandbox
) -> None:
    params: dict[str, Any] = {
        "selector": {**SELECTOR, "jobName": "sync_own"},
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": DAY}]},
    }
    with running_dagster(environment, tmp_path / "log") as dagster:
        assert dagster.ask(LAUNCH, params=params)["__typename"] == "LaunchRunSuccess"
        wait_for(lambda: sandbox.stats.stored >= 1000, "the first third of the delivery", 90)
        dagster.lose_power()
    in_flight = THREADS * TOGETHER
    sandbox.settings = replace(sandbox.settings, latency=0)
    with running_dagster(environment, tmp_path / "log") as dagster:
        wait_for(lambda: statuses(dagster) == ["SUCCESS", "FAILURE"], "the run that Dagster starts in its place", 240)
        node = dagster.ask(STATUS, key={"path": ["own", "mirakl_delivery"]})
        [done] = node["assetPartitionStatuses"]["ranges"]
        assert done == {"startKey": DAY, "endKey": DAY, "status": "MATERIALIZED"}
    assert len(sandbox.orders) == ORDERS
    assert ORDERS <= sandbox.stats.stored <= ORDERS + in_flight
