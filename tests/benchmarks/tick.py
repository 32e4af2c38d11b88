"""What a tick of a day costs on which little changed: CPU of the process, orders read, requests.

`python -m tests.benchmarks.tick --orders 30000 --changed 20`
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import dagster as dg

from connectors.sandbox.server import CREDENTIAL, Sandbox, SandboxSettings
from pipelines.config.settings import load_settings
from pipelines.runs.sync import sync
from tests.own_shop import PERSONAL, OwnShop

DAY, EMPTY = "2026-03-02", "2026-03-03"


def fill(shop: OwnShop, orders: int) -> None:
    with closing(sqlite3.connect(shop.database)) as connection, connection:
        stamps = ((str(n), f"{DAY} {8 + n % 12:02}:{n // 12 % 60:02}:00") for n in range(orders))
        connection.executemany(
            "INSERT INTO sale VALUES (?, '2026-03-01 10:00:00', ?, 'paid', 'EUR', '1', NULL, ?, ?)",
            ((order, stamp, *PERSONAL[:2]) for order, stamp in stamps),
        )
        lines = ((str(n), line, "10.00", PERSONAL[2]) for n in range(orders) for line in range(3))
        connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", lines)


def change(shop: OwnShop, orders: int) -> None:
    with closing(sqlite3.connect(shop.database)) as connection, connection:
        connection.execute(
            f"UPDATE sale SET status = 'sent', changed = '{DAY} 21:30:00' WHERE CAST(id AS INTEGER) < {orders}"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=30_000)
    arguments.add_argument("--changed", type=int, default=20)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name, Sandbox(SandboxSettings(requests_per_second=10_000)) as sandbox:
        folder = Path(name)
        shop = OwnShop(folder / "shop")
        fill(shop, asked.orders)
        (folder / "channels.toml").write_text(
            shop.block(stores="{}", mirakl_store_id='"S-1"') + "[mirakl]\nrequests_per_second = 30\n"
        )
        os.environ |= {
            "CHANNELS_FILE": str(folder / "channels.toml"),
            "MIRAKL_BASE_URL": sandbox.base_url,
            "MIRAKL_TOKEN_URL": sandbox.token_url,
            "MIRAKL_CLIENT_ID": CREDENTIAL,
            "MIRAKL_CLIENT_SECRET": CREDENTIAL,
            "LEDGER_URL": f"sqlite:///{folder / 'ledger.sqlite'}",
            "FRAMES_URL": str(folder / "frames"),
        }
        settings = load_settings()
        channel = settings.channel("own")
        print(f"{'run':<34}{'CPU s':>8}{'wall s':>8}{'orders':>9}{'carried':>9}{'requests':>10}")
        with dg.DagsterInstance.local_temp(str(folder)) as instance:

            def run(title: str, day: str) -> None:
                wall, cpu = time.perf_counter(), time.process_time()
                result = sync(settings, channel, [day], instance)
                spent = time.process_time() - cpu, time.perf_counter() - wall
                raw = dg.AssetRecordsFilter(asset_key=dg.AssetKey(["own", "raw_orders"]), asset_partitions=[day])
                event = instance.fetch_materializations(raw, limit=1).records[0].asset_materialization
                assert event is not None
                read, carried = (event.metadata[n].value for n in ("orders_read", "orders_carried_over"))
                line = f"{title:<34}{spent[0]:>8.2f}{spent[1]:>8.2f}"
                print(f"{line}{read!s:>9}{carried!s:>9}{result.totals['requests']:>10}")

            run("an empty day, first", EMPTY)
            run("an empty day", EMPTY)
            run(f"{asked.orders:,} orders, first", DAY)
            run("nothing changed", DAY)
            change(shop, asked.changed)
            run(f"{asked.changed} changed", DAY)


if __name__ == "__main__":
    main()
