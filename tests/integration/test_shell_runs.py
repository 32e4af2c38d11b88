"""Runs of the shell in Dagster's UI: they stand under their job, with their days, and can be executed again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.servers.dagster import SELECTOR, Dagster, running_dagster, variables, wait_for

pytestmark = pytest.mark.slow
RUNS = """query($selector: PipelineSelector!) { pipelineOrError(params: $selector) { ... on Pipeline {
    runs(limit: 10) { runId status tags { key value } } } } }"""
HOME = """{ repositoriesOrError { ... on RepositoryConnection { nodes { pipelines { name runs(limit: 9) { runId } } } } } }"""
AGAIN = """mutation($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000)) as started:
        yield started


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Dagster]:
    """Dagster, started after the shell has delivered two ranges."""
    folder = tmp_path_factory.mktemp("shell")
    shop = OwnShop(folder / "shop")
    for day in (1, 2):
        shop.order(f"{day}", f"2026-03-0{day} 12:00:00")
    (folder / "channels.toml").write_text(shop.block())
    (folder / "home").mkdir()
    shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", folder / "home")
    environment = variables(folder, sandbox)
    for first, last in (("2026-03-01", "2026-03-01"), ("2026-03-01", "2026-03-02")):
        command = ["sync", "own", "--from", first, "--to", last]
        subprocess.run([sys.executable, "-m", "pipelines.cli", *command], env=environment, check=True)
    with running_dagster(environment, folder / "log") as started:
        yield started


def runs(dagster: Dagster) -> list[dict[str, Any]]:
    found = dagster.ask(RUNS, selector={**SELECTOR, "pipelineName": "sync_own"})["runs"]
    return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]


def test_they_stand_under_their_job_with_their_days_in_sight(dagster: Dagster) -> None:
    newest, oldest = runs(dagster)
    assert (newest["status"], oldest["status"]) == ("SUCCESS", "SUCCESS")
    tags = {"dagster/code_location": "channel_to_mirakl", "platform": "custom", "mirakl_channel": "1234"}
    assert oldest["tags"] == {"dagster/partition": "2026-03-01", **tags}
    assert newest["tags"] == {
        "dagster/asset_partition_range_start": "2026-03-01",
        "dagster/asset_partition_range_end": "2026-03-02",
        "days": "2026-03-01 to 2026-03-02",
        **tags,
    }


def test_the_overview_of_jobs_knows_them(dagster: Dagster) -> None:
    [repository] = dagster.ask(HOME)["nodes"]
    counts = {job["name"]: len(job["runs"]) for job in repository["pipelines"]}
    assert counts["sync_own"] == 2


def test_one_of_them_can_be_executed_again(dagster: Dagster, sandbox: Sandbox) -> None:
    first = runs(dagster)[0]
    requests = sandbox.stats.requests
    launched = dagster.ask(AGAIN, params={"parentRunId": first["runId"], "strategy": "ALL_STEPS"})
    assert launched["__typename"] == "LaunchRunSuccess", launched
    again = launched["run"]["runId"]

    def ended() -> str | None:
        status: str = dagster.ask(STATUS, id=again)["status"]
        return status if status in ("SUCCESS", "FAILURE") else None

    assert wait_for(ended, "the run", 90) == "SUCCESS"
    assert runs(dagster)[0]["tags"]["dagster/asset_partition_range_end"] == "2026-03-02"
    assert sandbox.stats.requests == requests  # everything is delivered already
