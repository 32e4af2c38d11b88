"""Dagster's storage and the ledger behind PgBouncer in transaction mode, configured as `docs/deployment.md` says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.integration.test_backfill import LAUNCH, finished
from tests.own_shop import OwnShop
from tests.servers.celery import postgresql_installation
from tests.servers.dagster import SELECTOR, running_dagster, wait_for
from tests.servers.pgbouncer import pgbouncer

pytestmark = pytest.mark.slow

DAYS = [f"2026-03-{day:02}" for day in range(1, 11)]
PER_DAY = 20
ASSETS = [["own", name] for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
JOB = """mutation($selector: JobOrPipelineSelector!) { launchRun(executionParams: {selector: $selector, mode: "default"}) {
    __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }"""
STATUS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"""
RESET = {"server_reset_query_always": "1"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings()) as started:
        yield started


def installed(folder: Path, sandbox: Sandbox, postgresql_port: int, port: int) -> dict[str, str]:
    shop = OwnShop(folder / "shop")
    for day in DAYS:
        for number in range(PER_DAY):
            shop.order(f"{day}/{number}", f"{day} 12:00:00")
    (folder / "channels.toml").write_text(shop.block())
    return postgresql_installation(folder, sandbox, postgresql_port, port)


def test_a_backfill_and_housekeeping_run_through_the_pooler(
    tmp_path: Path, sandbox: Sandbox, postgresql_port: int
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        pgbouncer(Path(folder), postgresql_port, "transaction", default_pool_size=5, settings=RESET) as port,
    ):
        environment = installed(tmp_path, sandbox, postgresql_port, port)
        with running_dagster(environment, tmp_path / "log") as dagster:
            params = {"assetSelection": [{"path": path} for path in ASSETS], "partitionNames": DAYS}
            launched = dagster.ask(LAUNCH, params=params)
            assert launched["__typename"] == "LaunchBackfillSuccess", launched
            assert finished(dagster, launched["backfillId"], 300)["status"] == "COMPLETED_SUCCESS"
            run = dagster.ask(JOB, selector={**SELECTOR, "pipelineName": "housekeeping"})
            assert run["__typename"] == "LaunchRunSuccess", run

            def ended() -> str | None:
                status: str = dagster.ask(STATUS, id=run["run"]["id"])["status"]
                return status if status in {"SUCCESS", "FAILURE", "CANCELED"} else None

            assert wait_for(ended, "housekeeping", 120) == "SUCCESS"
    assert sandbox.stats.stored == len(sandbox.orders) == PER_DAY * len(DAYS)


@pytest.mark.parametrize(("settings", "left"), [({}, "15s"), (RESET, "0")], ids=["not reset", "reset"])
def test_the_webservers_time_out_stays_in_the_session_unless_it_is_reset(
    tmp_path: Path,
    sandbox: Sandbox,
    postgresql_port: int,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    left: str,
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        pgbouncer(Path(folder), postgresql_port, "transaction", default_pool_size=1, settings=settings) as port,
    ):
        for name, value in installed(tmp_path, sandbox, postgresql_port, port).items():
            monkeypatch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            # What `dagster-webserver` does when it starts.
            instance.optimize_for_webserver(statement_timeout=15_000, pool_recycle=3_600, max_overflow=20)
            assert instance.get_runs_count() == 0
        other = f"host=127.0.0.1 port={port} user=postgres dbname=several_dagster"
        with psycopg.connect(other, autocommit=True) as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == (left,)
