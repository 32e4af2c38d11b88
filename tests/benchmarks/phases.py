"""The phases of the benchmark, each a process of its own: `python -m tests.benchmarks.phases PHASE ARGUMENTS`.

Prints JSON: `orders`, `seconds` (of this phase alone, those before it left out) and `note`.
"""

from __future__ import annotations

import datetime as dt
import json
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.channels.reader import ShopReader, ShopSource
from connectors.ledger import Ledger
from connectors.mirakl import limiter
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.settings import MiraklSettings
from examples.woocommerce_shop import make_mariadb_shop
from transforms.frames import Table
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.platforms import PLATFORMS

# More days than the shop has, each read as the product reads a day.
DAYS = 23
WOOCOMMERCE = PLATFORMS["woocommerce"]
Result = dict[str, Any]


class Clock:
    """Adds up the time spent inside it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun


def fill(database_url: str, orders: str, days: str) -> Result:
    with (clock := Clock()):
        make_mariadb_shop(database_url, orders=int(orders), days=int(days))
    return {"orders": int(orders), "seconds": clock.seconds}


def chunks(database_url: str) -> Iterator[tuple[dict[str, Table], dt.datetime]]:
    """Read the shop day by day, as the product does."""
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url))
    with reader.snapshot() as snapshot:
        today = snapshot.read_at.replace(hour=0, minute=0, second=0, microsecond=0)
        for back in range(DAYS, -1, -1):
            start = today - dt.timedelta(days=back)
            for rows in snapshot.chunks(start, start + dt.timedelta(days=1)):
                yield rows, snapshot.read_at
    reader.dispose()


def read(database_url: str) -> Result:
    with (clock := Clock()):
        orders = sum(len(rows["orders"]) for rows, _ in chunks(database_url))
    return {"orders": orders, "seconds": clock.seconds}


def shape(database_url: str) -> Result:
    orders, clock = 0, Clock()
    for rows, read_at in chunks(database_url):
        with clock:
            orders += len(WOOCOMMERCE.shape(rows, read_at, "UTC").orders)
    return {"orders": orders, "seconds": clock.seconds}


def normalised(database_url: str, records: str) -> Result:
    """Normalise, and put the records into a file for the deliveries."""
    mapping = ChannelMapping(store_id="S-1", platform_statuses=WOOCOMMERCE.statuses)
    reader = ShopReader(ShopSource("shop", "woocommerce", database_url))
    orders, size, clock = 0, 0, Clock()
    with Path(records).open("wb") as file:
        for rows, read_at in chunks(database_url):
            frames = reader.frames(rows, read_at)
            with clock:
                result = normalise(frames, mapping)
            orders += len(result.records) + len(result.rejects)
            size += sum(len(record.payload) for record in result.records)
            pickle.dump(result.table, file)
    return {"orders": orders, "seconds": clock.seconds, "note": f"{size / max(orders, 1):,.0f} bytes an order"}


def deliver(records: str, address: str, folder: str, limited: str) -> Result:
    if limited != "limited":
        # Mirakl's ceiling would be what is measured.
        limiter.CEILING = 1_000_000
    client = MiraklClient(
        MiraklSettings(
            f"{address}/api/channel-platform",
            f"{address}/oauth/token",
            "sandbox",
            "sandbox",
            requests_per_second=20 if limited == "limited" else limiter.CEILING,
        )
    )
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
    with (clock := Clock()):
        delivery = Delivery(client, ledger, channel="shop", channel_id="1234")
        report = delivery.deliver(_tables(records), day="2026-01-01", run_id="benchmark")
    ledger.dispose()
    client.close()
    failed = report.counts["undelivered"] + report.counts["refused"]
    note = f"{report.counts['requests']:,} requests" + (f", {failed:,} orders not delivered" if failed else "")
    return {"orders": report.counts["orders_read"], "seconds": clock.seconds, "note": note}


def _tables(path: str) -> Iterator[pa.RecordBatch]:
    with Path(path).open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


PHASES: dict[str, Callable[..., object]] = {
    "fill": fill,
    "read": read,
    "shape": shape,
    "normalise": normalised,
    "deliver": deliver,
}

if __name__ == "__main__":
    print(json.dumps(PHASES[sys.argv[1]](*sys.argv[2:])))
