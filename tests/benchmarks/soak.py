"""A month of ticks within the hour: what grows in Dagster's records, ledger, frames and in the process itself.

`python -m tests.benchmarks.soak --days 31` prints a line of JSON for each six hours, and draws docs/images/soak.svg. Three
shops with orders coming and changing all day; every quarter of an hour of the past month comes by once. For each of them
Dagster's own scheduler, sensors and queue are asked once, so that schedules, look-back, inspection, housekeeping and the
retention of ticks do what they would do. libfaketime (Debian: apt-get install faketime) moves the clock of the process:
Python, Dagster and SQLite see it; the stamps of files are set by hand. A slow machine gets on with a longer tick
(`--tick-minutes 60`: the schedules of the open day have it too, and as many orders come a day), fewer days and a shorter
retention (`--days 6 --retention-days 2`), and faster where TMPDIR is in memory. It may be stopped and continued
(SIGSTOP, SIGCONT): the clock goes on meanwhile, and is set right at the next tick.

Not simulated: runs are executed in this one process, one after the other, and not in one each, so that its memory and
handles tell what a run leaves behind; sensors are asked once a tick, not every 30 seconds; the code location is in this
process; Mirakl's stand-in has another process and the true clock. Two costs of Dagster's that leave nothing behind are
paid once instead of at each use: see `_compiled_once`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.storage.event_log.sqlite import consolidated_sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs

from connectors.sandbox.server import Sandbox, SandboxSettings
from pipelines import names
from pipelines.runs.instance import DAGSTER_YAML
from tests.benchmarks import sql_shop
from tests.benchmarks.bench import ROOT
from tests.benchmarks.chart import Panel, draw
from tests.servers.dagster import variables

PICTURE = ROOT / "docs/images/soak.svg"
CHANNELS = ("first", "second", "third")
SCHEDULES = ("sync_{}_today", "sync_{}_lookback", "inspect_{}_nightly")
SPAN, QUARTER = dt.timedelta(hours=6), dt.timedelta(minutes=15)
# Of each channel: so many orders come, and as many of a day ago are sent off.
ORDERS_A_QUARTER = 2
# One order of so many is rejected.
BAD = 200
RETENTION = """
[runs]
retention_days = {days}
[frames]
retention_days = {days}
"""
BLOCK = """
[channels.{name}]
platform = "{folder}/platform"
database_url = "sqlite:///{folder}/shop.sqlite"
mirakl_channel_id = "{name}"
mirakl_store_id = "S-1"
timezone = "UTC"
start_date = "{start}"
"""
IN_PROCESS = """
run_launcher:
  module: dagster._core.launcher.sync_in_memory_run_launcher
  class: SyncInMemoryRunLauncher
"""
_LIBRARIES = ("/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/local/lib/faketime")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--tick-minutes", type=int, choices=(15, 30, 60), default=15)
    parser.add_argument("--minutes", type=float, default=60, help="of true time, after which it ends")
    parser.add_argument("--retention-days", type=int, default=14, help="of runs and frames")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside is not None:
        tick = dt.timedelta(minutes=asked.tick_minutes)
        for measured in soak(asked.inside, asked.days, tick, asked.minutes, asked.retention_days):
            print(json.dumps(measured), flush=True)
        return
    library = next((path for path in _LIBRARIES if (Path(path) / "libfaketime.so.1").is_file()), None)
    if library is None:
        sys.exit("libfaketime is not installed (Debian: apt-get install faketime)")
    spans: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as name, Sandbox(SandboxSettings()) as sandbox:
        folder = Path(name)
        environment = {
            **variables(folder, sandbox),
            "LD_PRELOAD": f"{library}/libfaketime.so.1",
            "FAKETIME": "+0",
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else threads that wait for each other spin: 50 ms of CPU to start one.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
            "FAKE_UTIME": "0",
        }
        command = [sys.executable, "-m", "tests.benchmarks.soak", "--inside", name]
        command += [f"--days={asked.days}", f"--tick-minutes={asked.tick_minutes}", f"--minutes={asked.minutes}"]
        command += [f"--retention-days={asked.retention_days}"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                if line.startswith("{"):  # the rest are warnings of runs
                    spans.append(json.loads(line))
        if process.returncode:
            sys.exit(process.returncode)
    PICTURE.write_text(picture(spans))


def soak(
    folder: Path, days: int, tick: dt.timedelta, minutes: float, retention_days: int
) -> Iterator[dict[str, float]]:
    """Live through so many days up to yesterday, and yield every six hours what there is then."""
    ends = time.monotonic() + minutes * 60
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - dt.timedelta(days=days)
    clock = _Clock()
    clock.move(begin - dt.timedelta(minutes=1))
    shops = [_shop(folder / name) for name in CHANNELS]
    blocks = (BLOCK.format(name=name, folder=folder / name, start=(begin - tick).date()) for name in CHANNELS)
    (folder / "channels.toml").write_text(RETENTION.format(days=retention_days) + "".join(blocks))
    home = folder / "home"
    home.mkdir()
    (home / DAGSTER_YAML.name).write_text(DAGSTER_YAML.read_text() + IN_PROCESS)
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="channel_to_mirakl")
    origin = InProcessCodeLocationOrigin(target, location_name="channel_to_mirakl")
    logging.disable(logging.INFO)
    every = f"*/{tick // dt.timedelta(minutes=1)}" if tick < dt.timedelta(hours=1) else "0"
    with (
        mock.patch.object(names, "TODAY_CRON", f"{every} * * * *"),
        _compiled_once(),
        # Python's own sleep is refused by libfaketime 0.9.10: "Invalid argument".
        mock.patch.object(time, "sleep", threading.Event().wait),
        dg.DagsterInstance.get() as instance,
        create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as workspace,
    ):
        _switch_on(instance, workspace)
        queue = QueuedRunCoordinatorDaemon(interval_seconds=5)
        for span in range(days * dt.timedelta(days=1) // SPAN):
            begun, cpu, runs = time.monotonic(), time.process_time(), 0
            for number in range(SPAN // tick):
                # A daemon asks some seconds after the tick.
                now = begin + span * SPAN + number * tick + dt.timedelta(seconds=5)
                clock.move(now)
                for shop in shops:
                    for quarter in range(tick // QUARTER):
                        _trade(shop, now - tick + quarter * QUARTER)
                runs += _daemons(workspace, queue)
                clock.stamp(folder / "frames")
            yield {
                "hours": (span + 1) * SPAN // dt.timedelta(hours=1),
                "runs_executed": runs,
                "cpu_ms_a_run": round((time.process_time() - cpu) / max(runs, 1) * 1000),
                "wall_ms_a_run": round((time.monotonic() - begun) / max(runs, 1) * 1000),
                **_measured(folder, instance),
            }
            if time.monotonic() > ends:
                return


def _shop(folder: Path) -> sqlite3.Connection:
    sql_shop.make(folder, 0, 1)
    return sqlite3.connect(folder / "shop.sqlite", isolation_level=None)


def _trade(shop: sqlite3.Connection, since: dt.datetime) -> None:
    """Let orders come in the quarter of an hour since then, and those of a day ago be sent off."""
    stamp = f"{since + QUARTER / 2:%Y-%m-%d %H:%M:%S}"
    with closing(shop.cursor()) as cursor:
        cursor.execute("BEGIN")
        [last] = cursor.execute("SELECT coalesce(max(id), 0) FROM sale").fetchone()
        sent = last - int(dt.timedelta(days=1) / QUARTER) * ORDERS_A_QUARTER
        cursor.execute(
            "UPDATE sale SET status = 'sent', changed = ? WHERE id > ? AND id <= ?",
            [stamp, sent, sent + ORDERS_A_QUARTER],
        )
        for order in range(last + 1, last + 1 + ORDERS_A_QUARTER):
            price = "ten" if order % BAD == 0 else "10.00"
            buyer = ("buyer@example.org", "First", "Last", f"Street {order}", "75011", "Paris", "FR")
            row = (order, stamp, stamp, "paid", "EUR", None, "4.90", *buyer)
            cursor.execute(f"INSERT INTO sale VALUES ({', '.join('?' * len(row))})", row)
            lines = ((order * 3 + line, order, f"SKU-{line}", "Mug", 1, price, "2.00") for line in range(3))
            cursor.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)", lines)
        cursor.execute("COMMIT")


class _Clock:
    """The clock of this process, so many seconds from the true one."""

    def __init__(self) -> None:
        self._offset = 0.0

    def move(self, now: dt.datetime) -> None:
        """Set the clock, which goes on from there."""
        self._offset += now.timestamp() - time.time()
        os.environ["FAKETIME"] = f"{self._offset:+.3f}"
        assert abs(time.time() - now.timestamp()) < 5, "libfaketime does not move the clock"

    def stamp(self, folder: Path) -> None:
        """Give files the time that the clock showed when they were written: their system stamped them truly."""
        now = time.time()
        for path in folder.rglob("*.parquet"):
            if path.stat().st_mtime > now:
                os.utime(path, (now, now))


@contextmanager
def _compiled_once() -> Iterator[None]:
    """Have Dagster keep an engine for each SQLite file, and read its own revisions once.

    Its SQLite storages make an engine for each use, so that SQLAlchemy compiles every statement anew, and each evaluation
    of a schedule opens the instance and has alembic read all revisions; so they do in an installation. No
    row, file, connection (there is no pool) or call is left out by this.
    """
    engines: dict[str, sa.Engine] = {}
    scripts: dict[str | None, ScriptDirectory] = {}
    read = ScriptDirectory.from_config

    def engine(url: str, **options: Any) -> sa.Engine:
        if url not in engines:
            engines[url] = sa.create_engine(url, **options)
        return engines[url]

    def script(config: Config) -> ScriptDirectory:
        location = config.get_main_option("script_location")
        if location not in scripts:
            scripts[location] = read(config)
        return scripts[location]

    with ExitStack() as patches:
        for storage in (consolidated_sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            patches.enter_context(mock.patch.object(storage, "create_engine", engine))
        patches.enter_context(mock.patch.object(ScriptDirectory, "from_config", script))
        yield


def _switch_on(instance: dg.DagsterInstance, workspace: WorkspaceProcessContext) -> None:
    """Switch the channels' schedules on, as a person does; housekeeping is on by itself."""
    [entry] = workspace.create_request_context().get_code_location_entries().values()
    assert entry.code_location is not None, entry.load_error
    [repository] = entry.code_location.get_repositories().values()
    for name in CHANNELS:
        for schedule in SCHEDULES:
            instance.start_schedule(repository.get_schedule(schedule.format(name)))


def _daemons(workspace: WorkspaceProcessContext, queue: QueuedRunCoordinatorDaemon) -> int:
    """Ask each of Dagster's daemons once; what the queue lets go is executed here. Return how many runs that were."""
    logger = logging.getLogger("soak")
    now = dt.datetime.now(dt.UTC)
    errors = [
        *launch_scheduled_runs(workspace, logger, end_datetime_utc=now, iteration_times={}),
        *execute_sensor_iteration(workspace, logger, None, None),
    ]
    waiting = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
    runs = left = workspace.instance.get_runs_count(waiting)
    while left:
        errors += queue.run_iteration(workspace)
        left = workspace.instance.get_runs_count(waiting)
    assert not any(errors), errors
    return runs


def _measured(folder: Path, instance: dg.DagsterInstance) -> dict[str, float]:
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
    return {
        "runs_kept": instance.get_runs_count(),
        "runs_failed": instance.get_runs_count(failed),
        "rss_mb": int(status["VmRSS"].split()[0]) / 1024,
        "handles": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - no file of a folder, but of this process
        "threads": threading.active_count(),
        "event_log_mb": _size(folder / "home", "event_log*"),
        "runs_mb": _size(folder / "home", "runs.db*"),
        "ticks_mb": _size(folder / "home", "schedules.db*"),
        "home_mb": _size(folder / "home", "*"),
        "ledger_mb": _size(folder, "ledger.sqlite*"),
        "frames_mb": _size(folder / "frames", "*"),
        "frames": len(list((folder / "frames").rglob("*.parquet"))),
    }


def _size(folder: Path, pattern: str) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file()) / 1e6, 2)


def picture(spans: list[dict[str, float]]) -> str:
    """Draw what was measured over the hours."""

    def line(name: str) -> dict[int, float]:
        return {int(measured["hours"]): measured[name] for measured in spans}

    panels = [
        Panel("hours", "MB", {"event log": line("event_log_mb"), "runs": line("runs_mb")}, logarithmic=False),
        Panel("hours", "runs", {"kept": line("runs_kept")}, logarithmic=False),
        Panel("hours", "MB", {"ledger": line("ledger_mb"), "frames": line("frames_mb")}, logarithmic=False),
        Panel("hours", "the process", {"MB": line("rss_mb"), "open handles": line("handles")}, logarithmic=False),
    ]
    return draw(panels)


if __name__ == "__main__":
    main()
