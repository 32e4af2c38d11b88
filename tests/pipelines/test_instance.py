"""The Dagster instance of the command line: found, made, or refused in one message."""

from __future__ import annotations

import datetime as dt
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipelines.config.settings import SettingsError
from pipelines.runs import heartbeat, shell_runs
from pipelines.runs.home_check import check_dagster_home
from pipelines.runs.instance import dagster_instance, outdated_storages
from tests.servers.forked import Forked

pytestmark = pytest.mark.slow


def test_a_dagster_home_that_is_not_there_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    with (
        pytest.raises(SettingsError, match=r"^DAGSTER_HOME: there is no folder .*nowhere; make it"),
        dagster_instance(),
    ):
        pass


def test_a_wrong_dagster_yaml_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text("storage: nonsense\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match="DAGSTER_HOME: "), dagster_instance():
        pass


def test_a_broken_dagster_yaml_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text("a: [1\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"DAGSTER_HOME: .*dagster\.yaml"), dagster_instance():
        pass


def test_a_file_where_the_folder_var_should_be_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "var").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "")
    with pytest.raises(SettingsError, match="DAGSTER_HOME: "), dagster_instance():
        pass


def test_without_dagster_home_an_instance_that_watches_its_runs_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "")
    with dagster_instance() as instance:
        assert instance.run_monitoring_enabled
    assert (tmp_path / "var" / "dagster" / "dagster.yaml").is_file()


def test_a_home_that_holds_something_keeps_its_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "history").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    with dagster_instance():
        assert not (tmp_path / "dagster.yaml").exists()


def test_an_empty_home_is_filled_once_by_commands_that_start_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "from pipelines.runs.instance import dagster_instance\nwith dagster_instance() as i: i.get_runs(limit=1)"
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    started = [Forked(program) for _ in range(4)]
    assert [process.communicate(120) for process in started] == [(0, "", "")] * 4
    assert (tmp_path / "dagster.yaml").is_file()
    for name in ("history/runs.db", "schedules/schedules.db"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("SELECT COUNT(*) FROM alembic_version").fetchone() == (1,)


FULL_DISK = """
import resource, sys
from pathlib import Path
import dagster as dg
from pipelines.runs.instance import dagster_instance, outdated_storages
from pipelines.config.settings import SettingsError
from pipelines.runs.shell_runs import execute

def fill(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

@dg.op
def fills_the_disk(context):
    fill(8_000)
    context.log.info("this cannot be kept")

@dg.job(executor_def=dg.in_process_executor)
def job():
    if sys.argv[1] == "in mid-run":
        fills_the_disk()

try:
    if sys.argv[1] == "opening":
        fill(8_000)
    with dagster_instance() as instance:
        if sys.argv[1] == "running":
            fill(8_000)
        execute(job, instance, {}, {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}})
except SettingsError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("moment", ["opening", "running", "in mid-run"])
def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    status, _, err = Forked(FULL_DISK, moment).communicate(120)
    assert status == 1
    assert err.startswith("DAGSTER_HOME: Dagster cannot keep its records (")
    assert "Traceback" not in err
    assert "SQL:" not in err
    assert len(err.splitlines()) == 1


def test_tables_of_an_older_dagster_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    with dagster_instance() as instance:
        assert outdated_storages(instance) == []
    with closing(sqlite3.connect(tmp_path / "history" / "runs.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'c9159e740d7e'")
    with dagster_instance() as instance:
        assert outdated_storages(instance) == ["runs"]
    monkeypatch.chdir(tmp_path)
    [finding] = check_dagster_home()
    assert finding.verdict == "error"
    assert "the tables of Dagster's runs are of an older version" in finding.message
    assert "dagster instance migrate" in finding.message


def test_a_home_of_an_earlier_version_still_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = "run_launcher:\n  module: pipelines.launcher\n  class: LocalRunLauncher\n"
    pools = "concurrency:\n  pools:\n    granularity: op\n    default_limit: 1\n"
    (tmp_path / "dagster.yaml").write_text(f"telemetry:\n  enabled: false\n{launcher}{pools}")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dagster_instance() as instance:
        assert isinstance(instance.run_launcher, dg.DefaultRunLauncher)


KILLED = """
import os, signal
import dagster as dg
from pipelines.runs import shell_runs
from pipelines.runs.instance import dagster_instance

shell_runs.execute_run_iterator = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with dagster_instance() as instance:
    shell_runs.execute(dg.JobDefinition(name="job", graph_def=dg.GraphDefinition("job")), instance, {}, {})
"""


def test_a_run_killed_before_it_began_is_ended_by_a_later_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    status, *_ = Forked(KILLED).communicate(120)
    assert status == -signal.SIGKILL
    with dagster_instance() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.NOT_STARTED]
    monkeypatch.setattr(heartbeat, "SILENT", dt.timedelta(0))
    with dagster_instance() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_a_run_stopped_before_it_began_is_canceled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @dg.job
    def job() -> None:
        pass

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setattr(shell_runs, "execute_run_iterator", interrupted)
    with dagster_instance() as instance:
        with pytest.raises(KeyboardInterrupt):
            shell_runs.execute(job, instance, {}, {})
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]
