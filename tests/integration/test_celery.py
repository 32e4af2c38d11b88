"""A backfill on Celery workers, of which one is killed: every order arrives once, and every day is done."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.ledger import Ledger
from connectors.mirakl.limiter import CEILING
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.integration.test_backfill import LAUNCH, finished
from tests.own_shop import OwnShop
from tests.servers.celery import celery_installation, kill, worker
from tests.servers.dagster import Dagster, running_dagster, wait_for
from tests.servers.redis import redis

pytestmark = pytest.mark.slow

CHANNELS = ("left", "right")
DAYS = [f"2026-03-{day:02}" for day in range(1, 22)]
PER_DAY = 40
ASSETS = [[channel, name] for channel in CHANNELS for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
RUNS = """{ runsOrError { ... on Runs { results { id status tags { key value } } } } }"""
NODE = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }"""


def rejected(channel: str, day: str) -> str:
    return f"{channel}-{day}-rejected"


def refused(channel: str, day: str) -> str:
    return f"{channel}-{day}-refused"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    poisoned = frozenset(refused(channel, day) for channel in CHANNELS for day in DAYS[::5])
    with Sandbox(SandboxSettings(latency=0.5, poisoned=poisoned)) as started:
        yield started


@pytest.fixture
def redis_port() -> Iterator[int]:
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, redis(Path(folder)) as port:
        yield port


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox, postgresql_port: int, redis_port: int) -> dict[str, str]:
    """Two shops, Dagster's storage and the ledger on PostgreSQL, the launcher and settings of `deploy/`."""
    blocks = []
    for number, channel in enumerate(CHANNELS):
        shop = OwnShop(tmp_path / channel)
        for day in DAYS:
            for order in range(PER_DAY):
                shop.order(f"{channel}-{day}-{order}", f"{day} 12:00:00")
        for day in DAYS[::5]:
            shop.order(rejected(channel, day), f"{day} 12:00:00", price="ten")
            shop.order(refused(channel, day), f"{day} 12:00:00")
        blocks.append(shop.block(channel, mirakl_channel_id=f'"{number}"'))
    (tmp_path / "channels.toml").write_text("\n".join(blocks))
    # What two workers run at a time.
    return celery_installation(tmp_path, sandbox, postgresql_port, redis_port, runs=4)


def statuses(dagster: Dagster) -> Counter[str]:
    return Counter(run["status"] for run in dagster.ask(RUNS)["results"])


def done(dagster: Dagster, channel: str) -> dict[str, list[tuple[str, str]]]:
    node = dagster.ask(NODE, key={"path": [channel, "mirakl_delivery"]})
    found: dict[str, list[tuple[str, str]]] = {}
    for span in node["assetPartitionStatuses"]["ranges"]:
        found.setdefault(span["status"], []).append((span["startKey"], span["endKey"]))
    return found


def test_a_backfill_loses_nothing_when_a_worker_is_killed(
    tmp_path: Path, environment: dict[str, str], sandbox: Sandbox
) -> None:
    with ExitStack() as running:
        dagster = running.enter_context(running_dagster(environment, tmp_path / "log"))
        doomed, _other = (
            running.enter_context(worker(environment, name, tmp_path / f"{name}.log")) for name in ("first", "second")
        )
        params: dict[str, Any] = {"assetSelection": [{"path": path} for path in ASSETS], "partitionNames": DAYS}
        launched = dagster.ask(LAUNCH, params=params)
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        good = len(CHANNELS) * len(DAYS) * PER_DAY
        wait_for(lambda: sandbox.stats.stored >= good // 4, "the first quarter of the delivery", 180)
        kill(doomed)
        wait_for(lambda: statuses(dagster)["FAILURE"], "ending the runs of the worker that was killed", 120)
        ended = finished(dagster, launched["backfillId"], 420)
        assert ended["status"] == "COMPLETED_SUCCESS", (ended, statuses(dagster))
        for channel in CHANNELS:
            assert done(dagster, channel) == {"MATERIALIZED": [(DAYS[0], DAYS[-1])]}
    bad = {(channel, name(channel, day)) for channel in CHANNELS for day in DAYS[::5] for name in (rejected, refused)}
    ledger = Ledger(environment["LEDGER_URL"])
    assert {(channel, row.channel_order_id) for channel, row in ledger.unaccepted()} == bad
    ledger.dispose()
    assert len(sandbox.orders) == good
    assert sandbox.stats.stale == 0
    assert sandbox.stats.busiest_second <= CEILING
