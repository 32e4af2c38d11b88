"""From a shop's database to Mirakl, phase by phase: `python -m tests.benchmarks.end_to_end --orders 100000`.

Every phase is a process of its own, so that its peak of memory is its own; the receiving side is one as well. A phase's
seconds are its own, what it needs from the phases before is made outside them. Figures are of this machine, this run:
compare them with each other.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from rich.console import Console
from rich.table import Table

from tests.servers.mariadb import mariadb

# This process stays small: Linux lets a child begin with the peak of memory of its parent. So no import of `phases`.
DAYS = 21
RECEIVER = ["tests.benchmarks.receiver"]
SANDBOX = ["pipelines.cli", "sandbox", "--port", "0"]
UNLIMITED = [*SANDBOX, "--requests-per-second", "1000000"]
CHANNELS = """
[channels.shop]
platform = "woocommerce"
database_url = "{url}"
mirakl_channel_id = "1234"
mirakl_store_id = "S-1"
timezone = "Europe/Paris"
start_date = "{start}"
"""


class Benchmark:
    """Runs phases over one shop, and collects what they say."""

    def __init__(self, folder: Path, database_url: str, console: Console) -> None:
        self.folder, self.url, self.console = folder, database_url, console
        self.table = Table("phase", "orders", "seconds", "orders/s", "peak MB", "", title="Measured on this machine")
        for column in self.table.columns[1:5]:
            column.justify = "right"

    def phase(self, name: str, *arguments: str) -> None:
        """Run a phase of `phases`."""
        self._run(name, "tests.benchmarks.phases", *arguments)

    def deliver(self, name: str, receiver: list[str], limited: str) -> None:
        """Deliver the records to a fresh receiver, with a fresh ledger."""
        with self._receiver(receiver) as address, tempfile.TemporaryDirectory(dir=self.folder) as ledger:
            self._run(name, "tests.benchmarks.phases", "deliver", self.records, address, ledger, limited)

    def plain(self, name: str, receiver: list[str]) -> None:
        """Run the plain script to a fresh receiver."""
        with self._receiver(receiver) as address:
            self._run(name, "tests.benchmarks.plain", self.url, address)

    def sync(self, name: str) -> None:
        """Run the command line over all days, with a fresh sandbox, ledger and Dagster instance."""
        today = dt.datetime.now(dt.UTC).date()
        start = today - dt.timedelta(days=DAYS + 1)
        home = self.folder / "sync"
        home.mkdir()
        (home / "channels.toml").write_text(CHANNELS.format(url=self.url, start=start))
        with self._receiver(SANDBOX) as address:
            environment = {
                "MIRAKL_BASE_URL": f"{address}/api/channel-platform",
                "MIRAKL_TOKEN_URL": f"{address}/oauth/token",
                "MIRAKL_CLIENT_ID": "sandbox",
                "MIRAKL_CLIENT_SECRET": "sandbox",
                "PYTHONPATH": str(Path.cwd()),
            }
            command = ["pipelines.cli", "sync", "shop", "--from", f"{start}", "--to", f"{today}", "--json"]
            seconds, peak, output = _measured(command, home, environment)
        totals = json.loads(output)
        note = f"{totals['delivered']:,} delivered, {totals['rejected']} rejected, {totals['requests']:,} requests"
        self._add(name, peak, {"orders": totals["orders_read"], "seconds": seconds, "note": note})

    @property
    def records(self) -> str:
        """Return the file that normalisation leaves for the deliveries."""
        return str(self.folder / "records")

    def _run(self, name: str, *command: str) -> None:
        self.console.print(f"{name} ...")
        _, peak, output = _measured(list(command), Path.cwd(), {})
        self._add(name, peak, json.loads(output))

    def _add(self, name: str, peak: float, result: dict[str, Any]) -> None:
        orders, seconds = result["orders"], result["seconds"]
        cells = (f"{orders:,}", f"{seconds:.1f}", f"{orders / seconds:,.0f}", f"{peak:.0f}")
        self.table.add_row(name, *cells, result.get("note", ""))

    @contextmanager
    def _receiver(self, command: list[str]) -> Iterator[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdout is not None
            # The receiver prints its address, the sandbox an export line with a path behind it.
            line = process.stdout.readline().strip()
            yield "/".join(line.partition("=")[2].split("/")[:3]) if "=" in line else line
        finally:
            process.terminate()
            process.wait(30)


def _measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, str]:
    """Run a module; return its seconds, its peak of resident memory in MB, and what it printed."""
    with tempfile.TemporaryFile("w+") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=folder, env={**os.environ, **environment}, stdout=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    # 3 is `sync` saying that some orders were rejected, as some of the example shop's are.
    if process.returncode not in {0, 3}:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {printed[-2000:]}")
    return seconds, usage.ru_maxrss / 1024, printed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders = str(parser.parse_args().orders)
    console = Console(width=130)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, mariadb(Path(name)) as port:
        with pymysql.connect(host="127.0.0.1", port=port, user="root") as server, server.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        folder, url = Path(name), f"mysql+pymysql://root@127.0.0.1:{port}/shop"
        run = Benchmark(folder, url, console)
        run.phase("make the shop", "fill", url, orders, str(DAYS))
        run.phase("read", "read", url)
        run.phase("shape", "shape", url)
        run.phase("normalise", "normalise", url, run.records)
        run.deliver("deliver to the sandbox, 20 requests/s", SANDBOX, "limited")
        run.deliver("deliver to the sandbox, no limit", UNLIMITED, "unlimited")
        run.deliver("deliver to a yes-man, no limit", RECEIVER, "unlimited")
        run.sync("sync through Dagster, 20 requests/s")
        run.plain("plain script to the sandbox", UNLIMITED)
        run.plain("plain script to a yes-man", RECEIVER)
        console.print(run.table)


if __name__ == "__main__":
    main()
