"""The stages of a sync in one process, each with its own CPU: `python -m tests.benchmarks.stages FOLDER RECEIVER DAYS`.

Prints JSON: per stage the seconds of CPU, and how many orders. Delivery is shown with its HTTP and, as the seconds spent
in the HTTP client are counted apart, without.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pyarrow as pa

from connectors.channels.reader import ShopReader, ShopSource
from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from connectors.ledger.ledger import Ledger
from connectors.mirakl import limiter
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.connection import Connections
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.settings import MiraklSettings
from connectors.mirakl.unchanged import Unchanged
from transforms.coverage import coverage
from transforms.frames import OrderFrames, together
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise

SPENT: dict[str, float] = {}


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add up the process's CPU inside."""
    begun = time.process_time()
    try:
        yield
    finally:
        SPENT[name] = SPENT.get(name, 0.0) + time.process_time() - begun


def timed(name: str, items: Iterator[Any]) -> Iterator[Any]:
    """Yield what an iterator yields, and count what that costs it."""
    while True:
        with stage(name):
            item = next(items, None)
        if item is None:
            return
        yield item


def frames(reader: ShopReader) -> Iterator[OrderFrames]:
    """Read the shop, in chunks as the product stores them."""
    with reader.snapshot() as snapshot:
        start = snapshot.read_at.replace(year=2020)
        for rows in timed("read", snapshot.chunks(start, snapshot.read_at)):
            with stage("order frames"):
                made = reader.frames(rows, snapshot.read_at)
            yield made


def raw(reader: ShopReader) -> Iterator[pa.Table]:
    """Fold what is read into the rows that are stored."""
    for chunk in together(frames(reader)):
        with stage("order frames"):
            folded = tables.raw_table(chunk)
        yield folded


def main(folder: str, address: str) -> None:
    reader = ShopReader(ShopSource("shop", f"{folder}/platform", f"sqlite:///{folder}/shop.sqlite"))
    mapping = ChannelMapping(store_id="S-1", platform_statuses=reader.platform.statuses)
    storage = FrameStorage(f"{folder}/frames")
    chunks = list(raw(reader))
    with stage("store raw orders"):
        storage.write("shop", "raw_orders", "2026-01-01", tables.RAW_ORDERS, chunks)
    normalised = []
    with stage("load raw orders"):
        loaded = [tables.order_frames_of(chunk) for chunk in storage.read("shop", "raw_orders", "2026-01-01")]
    for chunk in loaded:
        with stage("normalise"):
            normalised.append(normalise(chunk, mapping))
        with stage("coverage"):
            coverage(chunk, mapping)
    with stage("store records"):
        storage.write("shop", "mirakl_orders", "2026-01-01", tables.MIRAKL_ORDERS, map(tables.mirakl_table, normalised))
    orders = sum(len(chunk.table) for chunk in normalised)
    del chunks, loaded, normalised
    for name in ("deliver", "deliver, unchanged"):
        with stage(name):
            deliver(storage, folder, address)
    print(json.dumps({"orders": orders, "stages": SPENT}))


def deliver(storage: FrameStorage, folder: str, address: str) -> None:
    """Deliver the stored records; a second time they are unchanged."""
    limiter.CEILING = 1_000_000  # Mirakl's ceiling would be what is measured
    settings = MiraklSettings(
        f"{address}/api/channel-platform",
        f"{address}/oauth/token",
        "sandbox",
        "sandbox",
        requests_per_second=limiter.CEILING,
    )
    client, ledger = MiraklClient(settings), Ledger(f"sqlite:///{folder}/ledger.sqlite")
    unchanged = Unchanged(ledger, "shop", "2026-01-01", "benchmark")
    orders = storage.read_chosen(
        "shop", "mirakl_orders", "2026-01-01", tables.MIRAKL_ORDERS.names, Unchanged.COLUMNS, unchanged.others
    )
    Delivery(client, ledger, channel="shop", channel_id="1234").deliver(orders, day="2026-01-01", run_id="benchmark")
    ledger.dispose()
    client.close()


def _count_http() -> None:
    """Count the CPU that HTTP itself needs, in whichever thread it is."""
    post = Connections.post

    def counted(self: Connections, headers: list[tuple[bytes, bytes]], body: bytes) -> httpx.Response:
        begun = time.thread_time()
        answer = post(self, headers, body)
        SPENT["HTTP"] = SPENT.get("HTTP", 0.0) + time.thread_time() - begun
        return answer

    Connections.post = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    _count_http()
    main(*sys.argv[1:])
