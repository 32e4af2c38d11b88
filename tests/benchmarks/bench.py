"""One table: what an order costs us, a plain script and others. `python -m tests.benchmarks.bench --orders 100000`.

Everything runs over one made-up shop (SQLite, 3 lines an order, connected by SQL alone) to a receiver that says yes at
once, each in a process of its own, so that its peak of memory is its own. CPU is that of the process and its children,
user and system; that of the same command over no orders is taken off, so starts do not count. Orders a second are by
that CPU: what one core could do. Figures are of this machine, this run: compare them with each other.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

# This process stays small: Linux lets a child begin with the peak of memory of its parent.
ROOT = Path(__file__).parents[2]
DAYS = 20
RIVALS = {
    "singer-sdk": ("tests.benchmarks.rivals.singer", ["singer-sdk", "httpx"]),
    "Dagster and pandas": ("tests.benchmarks.rivals.dagster_pandas", ["dagster", "pandas", "httpx"]),
}
CHANNEL = """
[mirakl]
requests_per_second = 30
[channels.shop]
platform = "{folder}/platform"
database_url = "sqlite:///{folder}/shop.sqlite"
mirakl_channel_id = "1234"
mirakl_store_id = "S-1"
timezone = "UTC"
start_date = "{start}"
"""


class Benchmark:
    """Runs commands over the shop and over an empty one, and collects what they cost."""

    def __init__(self, folder: Path, orders: int, console: Console) -> None:
        self.folder, self.orders, self.console = folder, orders, console
        self.table = Table("", "CPU us an order", "times the floor", "orders/s and core", "peak MB", "")
        for column in self.table.columns[1:5]:
            column.justify = "right"
        self.floor = 0.0
        for name, count in (("shop", orders), ("empty", 0)):
            run([sys.executable, "-m", "tests.benchmarks.sql_shop", str(folder / name), str(count), str(DAYS)])

    def compare(self, name: str, command: list[str], note: str = "") -> None:
        """Measure a command that takes the shop's file and the receiver's address."""
        self.console.print(f"{name} ...")
        try:
            with receiver() as address:
                empty, _, _ = run([*command, str(self.folder / "empty/shop.sqlite"), address])
                cpu, peak, _ = run([*command, str(self.folder / "shop/shop.sqlite"), address])
        except RuntimeError as error:
            self.table.add_row(name, "-", "-", "-", "-", str(error).strip().splitlines()[-1][:60])
            return
        self.add(name, (cpu - empty) / self.orders, f"{peak:.0f}", note)

    def sync(self) -> None:
        """Measure the command line over all days, and once more over the same days, unchanged."""
        today = dt.datetime.now(dt.UTC).date()
        days = ["--from", f"{today - dt.timedelta(days=DAYS)}", "--to", f"{today}", "--json"]
        command = [sys.executable, "-m", "pipelines.cli", "sync", "shop", *days]
        cpu: dict[str, float] = {}
        peaks: dict[str, float] = {}
        with receiver() as address:
            for name in ("empty", "shop"):
                home = self.folder / f"home-{name}"
                home.mkdir()
                start = today - dt.timedelta(days=DAYS + 1)
                (home / "channels.toml").write_text(CHANNEL.format(folder=self.folder / name, start=start))
                environment = {
                    "MIRAKL_BASE_URL": f"{address}/api/channel-platform",
                    "MIRAKL_TOKEN_URL": f"{address}/oauth/token",
                    "MIRAKL_CLIENT_ID": "sandbox",
                    "MIRAKL_CLIENT_SECRET": "sandbox",
                }
                for again in ("", " again"):
                    self.console.print(f"sync of {name}{again} ...")
                    cpu[name + again], peaks[name + again], _ = run(command, home, environment)
        for again, note in (("", "everything, Dagster included"), (" again", "nothing has changed since")):
            per_order = (cpu["shop" + again] - cpu["empty" + again]) / self.orders
            self.add(f"channel-to-mirakl, sync{again}", per_order, f"{peaks['shop' + again]:.0f}", note)

    def stages(self) -> None:
        """Show where the time goes."""
        self.console.print("stages ...")
        with receiver() as address:
            command = [sys.executable, "-m", "tests.benchmarks.stages", str(self.folder / "shop"), address]
            _, peak, output = run(command)
        result = json.loads(output)
        self.table.add_section()
        http = result["stages"].pop("HTTP")
        result["stages"]["deliver, HTTP left out"] = result["stages"].pop("deliver") - http
        for name, seconds in result["stages"].items():
            self.add(f"  {name}", seconds / result["orders"], "", "")
        self.table.rows[-1].end_section = True
        self.console.print(f"peak of the stages in one process: {peak:.0f} MB")

    def add(self, name: str, cpu: float, peak: str, note: str) -> None:
        """Write a row; `cpu` is in seconds an order."""
        self.floor = self.floor or cpu
        cells = f"{cpu * 1e6:.1f}", f"{cpu / self.floor:.1f}", f"{1 / cpu:,.0f}" if cpu > 0 else "-", peak
        self.table.add_row(name, *cells, note)


@contextmanager
def receiver() -> Iterator[str]:
    """Run a receiver that says yes."""
    command = [sys.executable, "-m", "tests.benchmarks.receiver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def run(
    command: list[str], folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> tuple[float, float, str]:
    """Run a command; return its seconds of CPU, its peak of resident memory in MB, and what it printed."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdout=output,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors.read()[-2000:]}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.read()


def _environment(folder: Path, packages: list[str]) -> str:
    """Make an environment with these packages only; return its Python."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin/python")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    return python


def _machine() -> str:
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ": unknown")
    names = ("dagster", "pyarrow", "numpy", "pydantic", "sqlalchemy")
    load = os.getloadavg()[0]
    return (
        f"{cpu.partition(': ')[2]}, {os.cpu_count()} cores, load {load:.1f} before; Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--without-rivals", action="store_true")
    chosen = parser.parse_args()
    console = Console(width=130)
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        run = Benchmark(Path(name), chosen.orders, console)
        run.compare("plain script", [sys.executable, "-m", "tests.benchmarks.floor"], "the floor")
        for rival, (module, packages) in {} if chosen.without_rivals else RIVALS.items():
            console.print(f"installing {rival} ...")
            try:
                python = _environment(Path(name) / module, packages)
            except RuntimeError as error:
                run.table.add_row(rival, "-", "-", "-", "-", f"does not install: {str(error)[-60:]}")
                continue
            run.compare(rival, [python, "-m", module])
        run.sync()
        run.stages()
        console.print(machine)
        console.print(f"{chosen.orders:,} orders of 3 lines, SQLite")
        console.print(run.table)


if __name__ == "__main__":
    main()
