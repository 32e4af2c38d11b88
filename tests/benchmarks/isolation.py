"""What refused orders cost: requests and seconds against the share of bad orders, beside the least possible.

    python -m tests.benchmarks.isolation

20,000 orders over real sockets into a real ledger, the client's rate aside; seconds at 20 requests/s are computed.
The least possible: with positions, each request once and each refused one again without its bad orders. Without, an
answer is one bit, so telling which b of n orders are bad takes log2 of (n choose b) requests; and never fewer than
full requests.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from pathlib import Path

from connectors.ledger import Ledger
from connectors.mirakl import limiter
from connectors.mirakl.delivery import Delivery
from connectors.sandbox.server import Sandbox, SandboxSettings
from connectors.sandbox.settings import Pointers
from tests.connectors.mirakl.conftest import CHANNEL_ID, make_client, make_record, tables

ORDERS = 20_000
SIZE = 100


def least(bad: set[int], pointers: Pointers) -> int:
    """The least number of requests any sender could need."""
    if pointers == "exact":
        return ORDERS // SIZE + len({number // SIZE for number in bad})
    bits = math.lgamma(ORDERS + 1) - math.lgamma(len(bad) + 1) - math.lgamma(ORDERS - len(bad) + 1)
    return max(ORDERS // SIZE, math.ceil(bits / math.log(2)))


def measure(percent: float, pointers: Pointers) -> None:
    """Deliver once, and print one row of the table."""
    bad = set(random.Random(1).sample(range(ORDERS), round(ORDERS * percent / 100)))
    settings = SandboxSettings(requests_per_second=100_000, pointers=pointers, poisoned=frozenset(map(str, bad)))
    with Sandbox(settings) as sandbox, tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        client = make_client(sandbox, requests_per_second=limiter.CEILING)
        delivery = Delivery(client, ledger, channel="benchmark", channel_id=CHANNEL_ID)
        begin = time.perf_counter()
        report = delivery.deliver(tables(map(make_record, range(ORDERS))), day="2026-03-01", run_id="benchmark")
        seconds = time.perf_counter() - begin
        client.close()
        ledger.dispose()
    counts = report.counts
    assert (counts["delivered"], counts["refused"]) == (ORDERS - len(bad), len(bad))
    print(
        f"| {percent:g} % | {pointers} | {counts['requests']:,} | {least(bad, pointers):,} "
        f"| {counts['requests'] / 20:.0f} s | {seconds:.1f} s |"
    )


def main() -> None:
    """Print the table."""
    limiter.CEILING = 100_000
    print("| bad orders | positions | requests | least possible | at 20 requests/s | without a rate |")
    print("|---|---|---|---|---|---|")
    for pointers in ("exact", "none"):
        for percent in (0, 0.1, 1, 5, 20):
            measure(percent, pointers)


if __name__ == "__main__":
    main()
