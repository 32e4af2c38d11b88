"""How long a change in the shop takes to Mirakl by the sensor `changes_<channel>`, and what it costs while nothing changes.

    python -m tests.benchmarks.fresh --changes 12

Webserver, daemon and code location are real, the shop is SQL over SQLite, the sandbox runs in this process. Changes come
one at a time, at irregular intervals.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shutil
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.servers.dagster import SELECTOR, Dagster, running_dagster, variables, wait_for

ZONE = ZoneInfo("Europe/Paris")
START = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
    __typename ... on PythonError { message } } }"""


def cpu_seconds(folder: Path) -> float:
    """Return the CPU of Dagster's processes so far: daemon, webserver, code server, and what they waited for."""
    ticks = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "environ").read_bytes():
                ticks += sum(map(int, (process / "stat").read_text().rsplit(")", 1)[1].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def idle(folder: Path, seconds: int) -> float:
    """Return the share of a core that Dagster takes while nothing happens."""
    before = cpu_seconds(folder)
    time.sleep(seconds)
    return (cpu_seconds(folder) - before) / seconds


def change(shop: OwnShop, sandbox: Sandbox, number: int) -> float:
    """Put an order into the shop, and return after how many seconds Mirakl has it."""
    begun = time.time()
    shop.order(str(number), f"{dt.datetime.fromtimestamp(begun, ZONE):%Y-%m-%d %H:%M:%S}")
    wait_for(lambda: any(order_id == str(number) for _, order_id in list(sandbox.orders)), f"order {number}", 600)
    return time.time() - begun


def measure(dagster: Dagster, folder: Path, shop: OwnShop, sandbox: Sandbox, changes: int, seconds: int) -> None:
    """Print both."""
    time.sleep(20)
    print(f"sensor off, nothing changes: {idle(folder, seconds):.1%} of a core", flush=True)
    started = dagster.ask(START, selector={**SELECTOR, "sensorName": "changes_own"})
    assert started["__typename"] == "Sensor", started
    time.sleep(40)
    print(f"sensor on, nothing changes: {idle(folder, seconds):.1%} of a core", flush=True)
    ages = []
    for number in range(changes):
        ages.append(change(shop, sandbox, number))
        print(f"{ages[-1]:.1f} s, load {os.getloadavg()[0]:.1f}", flush=True)
        time.sleep(random.Random(number).uniform(0, 45))
    ages.sort()
    p95 = ages[min(len(ages) - 1, round(0.95 * len(ages)))]
    print(f"{changes} changes: p50 {statistics.median(ages):.0f} s, p95 {p95:.0f} s, max {ages[-1]:.0f} s")


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--changes", type=int, default=12)
    arguments.add_argument("--idle-seconds", type=int, default=120)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, Sandbox(SandboxSettings()) as sandbox:
        folder = Path(name)
        shop = OwnShop(folder / "shop")
        (folder / "channels.toml").write_text(shop.block(stores="{}", mirakl_store_id='"S-1"'))
        (folder / "home").mkdir()
        shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", folder / "home")
        with running_dagster(variables(folder, sandbox), folder / "log") as dagster:
            measure(dagster, folder, shop, sandbox, asked.changes, asked.idle_seconds)


if __name__ == "__main__":
    main()
