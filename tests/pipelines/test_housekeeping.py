"""Housekeeping: records of superseded runs go, whole; what the catalogue shows of a day stays."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

from connectors.ledger import Ledger, LedgerEntry
from connectors.sandbox.server import Sandbox
from pipelines.build import build_definitions
from pipelines.config.settings import load_settings
from pipelines.housekeeping import remove_superseded_runs
from pipelines.runs.instance import DAGSTER_YAML
from pipelines.runs.shell_runs import execute
from pipelines.runs.sync import sync
from tests.own_shop import OwnShop
from tests.pipelines.conftest import DELIVERY, Runs

pytestmark = pytest.mark.slow

DAY, NEXT, FAILING = "2026-03-02", "2026-03-03", "2026-03-04"


@pytest.fixture(params=["sqlite", "postgresql"])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """The instance of one machine, and the one of several."""
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir()
    if request.param == "sqlite":
        text = DAGSTER_YAML.read_text()
    else:
        database = sa.make_url(request.getfixturevalue("postgresql_database"))
        settings = yaml.safe_load((Path(__file__).parents[2] / "deploy" / "dagster.yaml").read_text())
        settings["storage"]["postgres"]["postgres_db"]["port"] = database.port
        text = yaml.safe_dump(settings)
        values = {"HOST": "127.0.0.1", "USER": "postgres", "PASSWORD": "unused", "DB": database.database or ""}
        for name, value in values.items():
            monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)
    (home / "dagster.yaml").write_text(text)
    with dg.DagsterInstance.get() as opened:
        yield opened


def origin(instance: dg.DagsterInstance) -> RemoteJobOrigin:
    found = instance.get_runs(limit=1)[0].remote_job_origin
    assert found is not None
    return found


def of_runs(instance: dg.DagsterInstance, run_ids: set[str]) -> int:
    """How many rows Dagster's tables still hold of these runs."""
    tables = (SqlEventLogStorageTable, AssetCheckExecutionsTable)
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        counts = [
            connection.execute(sa.select(sa.func.count()).where(table.c.run_id.in_(run_ids))).scalar_one()
            for table in tables
        ]
        events = sa.select(SqlEventLogStorageTable.c.id)
        orphans = sa.select(sa.func.count()).where(AssetEventTagsTable.c.event_id.not_in(events))
        counts.append(connection.execute(orphans).scalar_one())
    runs: Any = instance.run_storage
    with runs.connect() as connection:
        tags = sa.select(sa.func.count()).where(RunTagsTable.c.run_id.in_(run_ids))
        counts.append(connection.execute(tags).scalar_one())
    return sum(counts)


def test_superseded_runs_go_whole_and_the_last_word_on_each_day_stays(
    instance: dg.DagsterInstance, environment: dict[str, str], shop: OwnShop, sandbox: Sandbox
) -> None:
    settings = load_settings()
    channel = settings.channel("own")
    for day in (DAY, NEXT):
        shop.order(day, f"{day} 12:00:00")
    for days in ([DAY], [DAY], [DAY, NEXT], [DAY]):
        sync(settings, channel, days, instance)
    newest, ranged, *older = (run.run_id for run in instance.get_runs())
    shop.order(FAILING, f"{FAILING} 12:00:00")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"none"}))
    for _ in range(2):
        sync(settings, channel, [FAILING], instance)
    failed, first_failed, *_ = (run.run_id for run in instance.get_runs())
    assert of_runs(instance, {*older, first_failed}) > 0

    # Dagster compares times as the zone of the PostgreSQL server has them.
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert remove_superseded_runs(instance, origin(instance), later) == len(older) + 1 == 3
    assert {run.run_id for run in instance.get_runs()} == {newest, ranged, failed}
    assert of_runs(instance, {*older, first_failed}) == 0
    assert instance.get_materialized_partitions(DELIVERY) == {DAY, NEXT}
    filters = dg.AssetRecordsFilter(asset_key=DELIVERY, asset_partitions=[DAY])
    record, *_ = instance.fetch_materializations(filters, limit=10).records
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["unchanged"].value == 1
    assert remove_superseded_runs(instance, origin(instance), later) == 0


def test_runs_that_are_young_or_another_code_locations_stay(
    instance: dg.DagsterInstance, environment: dict[str, str], shop: OwnShop
) -> None:
    settings = load_settings()
    channel = settings.channel("own")
    shop.order("1", f"{DAY} 12:00:00")
    for _ in range(2):
        sync(settings, channel, [DAY], instance)
    now = dt.datetime.now(dt.UTC)
    mine = origin(instance)
    assert remove_superseded_runs(instance, mine, now - dt.timedelta(days=1)) == 0
    theirs = RemoteJobOrigin(RemoteRepositoryOrigin(mine.repository_origin.code_location_origin, "another"), "sync_own")
    assert remove_superseded_runs(instance, theirs, now + dt.timedelta(days=1)) == 0


def test_the_job_removes_old_frames_of_a_channel_that_is_gone(runs: Runs, environment: dict[str, str]) -> None:
    folder = Path(environment["FRAMES_URL"]) / "renamed" / "raw_orders"
    folder.mkdir(parents=True)
    for name in ("2026-03-01.parquet", "2026-03-02.parquet", ".2026-03-03." + 32 * "0", "notes.txt"):
        (folder / name).write_text("")
        if name != "2026-03-02.parquet":
            os.utime(folder / name, (0, 0))
    job = runs.definitions().resolve_job_def("housekeeping")
    assert execute(job, runs.instance, {}, {}).success
    assert {path.name for path in folder.iterdir()} == {"2026-03-02.parquet", "notes.txt"}


@pytest.mark.parametrize(("section", "left"), [("", ["1", "2"]), ("[ledger]\nretention_days = 90\n", ["2"])])
def test_the_job_removes_old_rows_of_the_ledger_where_it_is_asked_to(
    runs: Runs, environment: dict[str, str], section: str, left: list[str]
) -> None:
    file = Path(environment["CHANNELS_FILE"])
    file.write_text(section + file.read_text())
    ledger = Ledger(environment["LEDGER_URL"])
    for order_id, days in (("1", 92), ("2", 89)):
        day = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).date().isoformat()
        at = f"{day}T12:00:00Z"
        ledger.write("own", [LedgerEntry(order_id, "delivered", at, "run", day, stamp=at, last_sent_at=at)])
    job = runs.definitions().resolve_job_def("housekeeping")
    assert execute(job, runs.instance, {}, {}).success
    assert [row.channel_order_id for page in ledger.order_ids("own") for row in page] == left
    ledger.dispose()


def test_the_job_removes_runs_where_dagster_records_no_code_location(
    instance: dg.DagsterInstance, shop: OwnShop
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    settings = load_settings()
    for _ in range(2):
        sync(settings, settings.channel("own"), [DAY], instance)
    old = sa.update(RunsTable).values(update_timestamp=dt.datetime(2026, 1, 1), end_time=0.0)
    assert isinstance(instance.run_storage, SqlRunStorage)
    with instance.run_storage.connect() as connection:
        connection.execute(old)
    job = build_definitions(settings).resolve_job_def("housekeeping")
    assert job.execute_in_process(instance=instance).success
    assert len(instance.get_runs(filters=dg.RunsFilter(job_name="sync_own"))) == 1


def test_frames_that_cannot_be_removed_fail_the_job_in_one_message(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMES_URL", "nothing://x")
    job = runs.definitions().resolve_job_def("housekeeping")
    [event] = execute(job, runs.instance, {}, {}).get_step_failure_events()
    data = event.step_failure_data.user_failure_data
    assert data is not None
    assert "FRAMES_URL" in (data.description or "")
