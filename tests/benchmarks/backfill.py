"""A backfill as a person launches it in the UI: how long it takes, and what waits.

    python -m tests.benchmarks.backfill --orders 60000 --days 20

Webserver, daemon and code location are real, the shop is SQL over SQLite, the sandbox runs in this process. Seconds are
counted from the launch.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import PERSONAL, OwnShop
from tests.servers.dagster import Dagster, running_dagster, variables, wait_for

FIRST_DAY = dt.date(2026, 3, 1)
ASSETS = [["own", name] for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
LAUNCH = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
STATUS = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
RUNS = """query($filter: RunsFilter!) { runsOrError(filter: $filter) { ... on Runs { results {
    status creationTime startTime endTime tags { key value } stepStats { stepKey startTime endTime } } } } }"""
_UNDER_WAY = {"REQUESTED", "COMPLETING", "FAILING", "CANCELING"}


def fill(shop: OwnShop, orders: int, days: list[str]) -> None:
    """Put orders of three lines into the shop, as many on each day."""
    with closing(sqlite3.connect(shop.database)) as connection, connection:
        stamps = ((str(n), f"{days[n % len(days)]} {8 + n % 12:02}:{n // 12 % 60:02}:00") for n in range(orders))
        connection.executemany(
            "INSERT INTO sale VALUES (?, '2026-03-01 10:00:00', ?, 'paid', 'EUR', '1', NULL, ?, ?)",
            ((order, stamp, *PERSONAL[:2]) for order, stamp in stamps),
        )
        lines = ((str(n), line, "10.00", PERSONAL[2]) for n in range(orders) for line in range(3))
        connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", lines)
        connection.execute("CREATE INDEX item_id ON item (id)")
        connection.execute("CREATE INDEX sale_changed ON sale (changed, id)")


@contextmanager
def processes_watched(folder: Path) -> Iterator[dict[int, tuple[int, float]]]:
    """Yield peak MB and CPU seconds of the process of each run, by its id, as they grow while the block lasts."""
    found: dict[int, tuple[int, float]] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError, StopIteration):
                    if b"spawn_main" not in (process / "cmdline").read_bytes():
                        continue
                    if str(folder).encode() not in (process / "environ").read_bytes():
                        continue
                    peak = next(line for line in (process / "status").read_text().splitlines() if "VmHWM" in line)
                    ticks = (process / "stat").read_text().rsplit(")", 1)[1].split()
                    seconds = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
                    found[int(process.name)] = int(peak.split()[1]) // 1024, seconds

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def show(runs: list[dict[str, Any]], launched: float) -> None:
    """Print when each run was created and worked on what, in seconds from the launch."""
    print(f"{'days':<26}{'created':>8}{'started':>8}{'read':>12}{'normalised':>12}{'sent':>12}{'ended':>8}")
    for run in sorted(runs, key=lambda run: float(run["creationTime"])):
        steps = {step["stepKey"]: step for step in run["stepStats"]}
        tags = {tag["key"]: tag["value"] for tag in run["tags"]}
        first = tags.get("dagster/asset_partition_range_start") or tags.get("dagster/partition")
        last = tags.get("dagster/asset_partition_range_end") or first
        line = f"{first} {last!s:<15}{run['creationTime'] - launched:>8.1f}{run['startTime'] - launched:>8.1f}"
        for asset in ASSETS:
            step = steps["__".join(asset)]
            line += f"{step['startTime'] - launched:>6.1f}-{step['endTime'] - launched:<5.1f}"
        print(f"{line}{run['endTime'] - launched:>8.1f}  {run['status']}")


def measure(dagster: Dagster, folder: Path, days: list[str], sandbox: Sandbox) -> None:
    """Launch the backfill, wait for its end and print what it took."""
    with processes_watched(folder) as processes:
        launched = time.time()
        params = {"assetSelection": [{"path": path} for path in ASSETS], "partitionNames": days}
        backfill = dagster.ask(LAUNCH, params=params)["backfillId"]

        def status() -> str | None:
            found: str = dagster.ask(STATUS, id=backfill)["status"]
            return None if found in _UNDER_WAY else found

        ended = wait_for(status, "the backfill", 1800)
        seconds = time.time() - launched
    runs = dagster.ask(RUNS, filter={"tags": [{"key": "dagster/backfill", "value": backfill}]})["results"]
    show(runs, launched)
    last_run = max(run["endTime"] for run in runs) - launched
    first_step = min(step["startTime"] for run in runs for step in run["stepStats"]) - launched
    orders = len(sandbox.orders)
    print(
        f"{orders:,} orders, {ended}: the last run ended after {last_run:.1f} s, noticed after {seconds:.1f} s; "
        f"{last_run - first_step:.1f} s from the first step on, {orders / (last_run - first_step):,.0f} orders/s; "
        f"busiest second {sandbox.stats.busiest_second}, load {os.getloadavg()[0]:.1f}"
    )
    for peak, cpu in processes.values():
        print(f"a run's process: {peak} MB at its peak, {cpu:.1f} s of CPU")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=60_000)
    arguments.add_argument("--days", type=int, default=20)
    asked = arguments.parse_args()
    days = [(FIRST_DAY + dt.timedelta(days=n)).isoformat() for n in range(asked.days)]
    with tempfile.TemporaryDirectory() as name, Sandbox(SandboxSettings(requests_per_second=30)) as sandbox:
        folder = Path(name)
        shop = OwnShop(folder / "shop")
        fill(shop, asked.orders, days)
        limits = "[mirakl]\nrequests_per_second = 20\n"
        (folder / "channels.toml").write_text(shop.block(stores="{}", mirakl_store_id='"S-1"') + limits)
        (folder / "home").mkdir()
        shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", folder / "home")
        with running_dagster(variables(folder, sandbox), folder / "log") as dagster:
            measure(dagster, folder, days, sandbox)


if __name__ == "__main__":
    main()
