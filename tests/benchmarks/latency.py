"""Whether delivery holds its rate when Mirakl takes 200 ms to answer: orders a second, and the busiest second.

    python -m tests.benchmarks.latency

At 20 requests a second, tokens that live ten seconds; then the same with 2 % of 429. The sandbox runs in a thread of
this process.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from connectors.ledger import Ledger
from connectors.mirakl.delivery import Delivery
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, make_client, make_record, tables

ORDERS = 40_000


def measure(name: str, settings: SandboxSettings) -> None:
    """Deliver once, and print what came of it."""
    records = [make_record(number) for number in range(ORDERS)]
    with Sandbox(settings) as sandbox, tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        client = make_client(sandbox, requests_per_second=20)
        delivery = Delivery(client, ledger, channel="benchmark", channel_id=CHANNEL_ID)
        begin = time.perf_counter()
        report = delivery.deliver(tables(records), day="2026-03-01", run_id="benchmark")
        seconds = time.perf_counter() - begin
        client.close()
        ledger.dispose()
    assert report.counts["delivered"] == ORDERS
    print(
        f"{name}: {ORDERS:,} orders in {seconds:.1f} s, {ORDERS / seconds:,.0f} orders/s, "
        f"{report.counts['requests'] / seconds:.1f} requests/s, busiest second {sandbox.stats.busiest_second}, "
        f"{sandbox.stats.tokens} tokens, {sandbox.stats.answers['429']} answers 429",
        flush=True,
    )


def main() -> None:
    """Measure both."""
    measure("200 ms latency", SandboxSettings(latency=0.2, token_seconds=10))
    measure("200 ms latency, 2 % of 429", SandboxSettings(latency=0.2, token_seconds=10, throttle=0.02))


if __name__ == "__main__":
    main()
