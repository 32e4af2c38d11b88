"""A backfill on two Celery workers, PostgreSQL and Redis: `python -m tests.benchmarks.workers --orders 1000000`.

The installation of tests/integration/test_celery.py with one large shop (SQLite, 3 lines an order), launched through
GraphQL. Mirakl's stand-in refuses more than 30 requests a second, and takes 50 ms for each.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg

from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.benchmarks import sql_shop
from tests.benchmarks.bench import CHANNEL
from tests.integration.test_backfill import BACKFILL, LAUNCH
from tests.servers.celery import celery_installation, worker
from tests.servers.dagster import running_dagster
from tests.servers.postgresql import postgresql
from tests.servers.redis import redis

DAYS = 30
ASSETS = [["shop", name] for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    asked = parser.parse_args()
    with ExitStack() as running:
        folder, servers, broker = (
            Path(running.enter_context(tempfile.TemporaryDirectory(prefix=f"{name}-")))
            for name in ("workers", "postgresql", "redis")
        )
        begun = time.monotonic()
        sql_shop.make(folder, asked.orders, DAYS)
        print(f"{asked.orders:,} orders made in {time.monotonic() - begun:.0f} s", flush=True)
        today = dt.datetime.now(dt.UTC).date()
        days = [f"{today - dt.timedelta(days=ago)}" for ago in range(DAYS, 0, -1)]
        (folder / "channels.toml").write_text(CHANNEL.format(folder=folder, start=days[0]))
        port = running.enter_context(postgresql(servers))
        redis_port = running.enter_context(redis(broker))
        sandbox = running.enter_context(Sandbox(SandboxSettings(latency=0.05)))
        environment = celery_installation(folder, sandbox, port, redis_port, runs=4)
        dagster = running.enter_context(running_dagster(environment, folder / "log"))
        workers = [
            running.enter_context(worker(environment, name, folder / f"{name}.log")) for name in ("first", "second")
        ]
        groups = [process.pid for process in workers]
        begun = time.monotonic()
        launched = dagster.ask(
            LAUNCH, params={"assetSelection": [{"path": path} for path in ASSETS], "partitionNames": days}
        )
        status, peak, reported = "REQUESTED", 0.0, begun
        while status in {"REQUESTED", "FAILING", "CANCELING"}:
            time.sleep(2)
            status = dagster.ask(BACKFILL, id=launched["backfillId"])["status"]
            peak = max(peak, *(_status(pid, "VmHWM") for pid in _members(groups)))
            if time.monotonic() > reported + 30:
                reported = time.monotonic()
                print(
                    f"{reported - begun:.0f} s: {sandbox.stats.stored:,} orders, load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
        seconds = time.monotonic() - begun
        cpu = sum(_cpu(pid) for pid in _members(groups))
        with psycopg.connect(f"host=127.0.0.1 port={port} user=postgres dbname=postgres") as connection:
            sizes = connection.execute(
                "SELECT datname, pg_database_size(datname) / 1000000 FROM pg_database WHERE datname LIKE 'several%'"
            ).fetchall()
        print(
            f"{status}: {len(sandbox.orders):,} orders at Mirakl in {seconds:.0f} s ({len(sandbox.orders) / seconds:,.0f} a "
            f"second), {sandbox.stats.stored:,} stored, busiest second {sandbox.stats.busiest_second} requests, stale "
            f"{sandbox.stats.stale}, answers {dict(sandbox.stats.answers)}; workers {cpu:.0f} s of CPU, peak of a run "
            f"{peak:.0f} MB; PostgreSQL {dict(sizes)} MB; load {os.getloadavg()[0]:.1f}"
        )
        if status != "COMPLETED_SUCCESS" or len(sandbox.orders) != asked.orders:
            sys.exit(1)


def _members(groups: Sequence[int]) -> list[int]:
    """Return the processes of these groups."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) in groups:
                found.append(int(path.name))
        except ProcessLookupError:
            continue  # it has just ended
    return found


def _status(pid: int, name: str) -> float:
    """Return a size of a process in MB, 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)


def _cpu(pid: int) -> float:
    """Return the seconds of CPU of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


if __name__ == "__main__":
    main()
