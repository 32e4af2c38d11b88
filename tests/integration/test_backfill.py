"""A backfill as a person launches it: daemon, webserver and code location are real, one day of ten has no answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.servers.dagster import SELECTOR, Dagster, running_dagster, variables, wait_for

pytestmark = pytest.mark.slow

DAYS = [f"2026-03-{day:02}" for day in range(1, 11)]
FAILING = "2026-03-05"
ASSETS = [["own", name] for name in ("raw_orders", "mirakl_orders", "mirakl_delivery")]
PER_DAY = 3

LAUNCH = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
AGAIN = """mutation($params: ReexecutionParams!) { reexecutePartitionBackfill(reexecutionParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
    status isAssetBackfill
    partitionsTargetedForAssetRoot: assetBackfillData { rootTargetedPartitions { partitionKeys } }
    assetBackfillData { assetBackfillStatuses { ... on AssetPartitionsStatusCounts {
        assetKey { path } numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed } } } } } }"""
NODE = """query($key: AssetKeyInput!, $days: [String!]) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } }
    assetMaterializations(partitions: $days, limit: 100) { partition runId metadataEntries {
        label ... on IntMetadataEntry { intValue } } }
    assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization {
        status evaluation { success } } } } } } } }"""
OBSERVED = """query($key: AssetKeyInput!, $days: [String!]) { assetOrError(assetKey: $key) { ... on Asset {
    assetObservations(partitions: $days, limit: 10) { partition metadataEntries {
        label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } } } } } }"""
TICK = """mutation($selector: ScheduleSelector!, $at: Float) {
    scheduleDryRun(selectorData: $selector, timestamp: $at) {
    __typename ... on PythonError { message }
    ... on DryRunInstigationTick { evaluationResult { skipReason error { message }
        runRequests { tags { key value } } } } } }"""


def finished(dagster: Dagster, backfill: str, seconds: float = 180) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        found: dict[str, Any] = dagster.ask(BACKFILL, id=backfill)
        return found if found["status"] not in {"REQUESTED", "FAILING", "CANCELING"} else None

    ended: dict[str, Any] = wait_for(done, "the backfill", seconds)
    return ended


def delivery(dagster: Dagster) -> dict[str, Any]:
    node: dict[str, Any] = dagster.ask(NODE, key={"path": ASSETS[2]}, days=DAYS)
    return node


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(requests_per_second=10_000, known_stores=frozenset({"S-1"}))
    with Sandbox(settings) as started:
        yield started


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Dagster]:
    folder = tmp_path_factory.mktemp("backfill")
    shop = OwnShop(folder / "shop")
    for day in DAYS:
        for number in range(PER_DAY):
            shop.order(f"{day}/{number}", f"{day} 12:00:00", store="2" if day == FAILING else "1")
    (folder / "channels.toml").write_text(shop.block())
    home = folder / "home"
    home.mkdir()
    shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", home)
    with running_dagster(variables(folder, sandbox), folder / "log") as started:
        yield started


@pytest.fixture(scope="module")
def backfill(dagster: Dagster) -> str:
    """Launch a backfill over the ten days and wait for its end; its id."""
    params = {"assetSelection": [{"path": path} for path in ASSETS], "partitionNames": DAYS}
    launched = dagster.ask(LAUNCH, params=params)
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    found = finished(dagster, launched["backfillId"])
    assert found["status"] == "COMPLETED_FAILED", found
    return str(launched["backfillId"])


def numbers(event: dict[str, Any]) -> dict[str, int]:
    return {
        entry["label"]: entry["intValue"] for entry in event["metadataEntries"] if entry.get("intValue") is not None
    }


def ranges(node: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for span in node["assetPartitionStatuses"]["ranges"]:
        found.setdefault(span["status"], []).append((span["startKey"], span["endKey"]))
    return found


def test_a_backfill_fails_for_the_day_without_an_answer_alone(dagster: Dagster, backfill: str) -> None:
    data = dagster.ask(BACKFILL, id=backfill)["assetBackfillData"]
    counts = {
        status["assetKey"]["path"][1]: (status["numPartitionsMaterialized"], status["numPartitionsFailed"])
        for status in data["assetBackfillStatuses"]
    }
    assert counts == {"raw_orders": (10, 0), "mirakl_orders": (10, 0), "mirakl_delivery": (9, 1)}
    assert ranges(delivery(dagster)) == {
        "MATERIALIZED": [(DAYS[0], "2026-03-04"), ("2026-03-06", DAYS[-1])],
        "FAILED": [(FAILING, FAILING)],
    }


def test_each_day_of_the_backfill_has_its_own_numbers(dagster: Dagster, backfill: str) -> None:
    shown = {event["partition"]: numbers(event) for event in delivery(dagster)["assetMaterializations"]}
    assert sorted(shown) == [day for day in DAYS if day != FAILING]
    for counts in shown.values():
        assert (counts["orders_read"], counts["delivered"], counts["undelivered"], counts["requests"]) == (3, 3, 0, 1)


def test_the_failed_day_is_observed_with_its_numbers_and_why(dagster: Dagster, backfill: str) -> None:
    [observed] = dagster.ask(OBSERVED, key={"path": ASSETS[2]}, days=[FAILING])["assetObservations"]
    counts = numbers(observed)
    assert (counts["orders_read"], counts["delivered"], counts["undelivered"]) == (3, 0, 3)
    [why] = [entry["text"] for entry in observed["metadataEntries"] if entry["label"] == "stopped"]
    assert "the store is unknown" in why


def test_the_standing_check_is_red_after_it_though_its_run_failed(dagster: Dagster, backfill: str) -> None:
    found = {check["name"]: check for check in delivery(dagster)["assetChecksOrError"]["checks"]}
    assert found["all_accepted"]["executionForLatestMaterialization"]["evaluation"]["success"] is False
    assert "reconciled" not in found


def test_a_backfill_reexecuted_from_failure_runs_that_day_and_sends_nothing_twice(
    dagster: Dagster, backfill: str, sandbox: Sandbox
) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    assert sandbox.stats.stored == 27
    launched = dagster.ask(AGAIN, params={"parentRunId": backfill, "strategy": "FROM_FAILURE"})
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    found = finished(dagster, launched["backfillId"])
    assert found["status"] == "COMPLETED_SUCCESS", found
    targeted = {
        status["assetKey"]["path"][1]: status["numPartitionsTargeted"]
        for status in found["assetBackfillData"]["assetBackfillStatuses"]
    }
    assert targeted["mirakl_delivery"] == 1
    node = delivery(dagster)
    assert ranges(node) == {"MATERIALIZED": [(DAYS[0], DAYS[-1])]}
    events = [event for event in node["assetMaterializations"] if event["partition"] == FAILING]
    assert [numbers(event)["delivered"] for event in events] == [3]
    assert len(node["assetMaterializations"]) == 10
    assert (sandbox.stats.stored, sandbox.stats.stale, len(sandbox.orders)) == (30, 0, 30)
    green = {
        check["name"]: check["executionForLatestMaterialization"]["evaluation"]["success"]
        for check in node["assetChecksOrError"]["checks"]
        if check["executionForLatestMaterialization"]
    }
    assert green["all_accepted"] is green["nothing_shrunk"] is green["stamps_sane"] is True


def test_a_tick_of_the_schedules_asks_for_today_and_for_the_last_closed_days(dagster: Dagster) -> None:
    at = 1_772_440_200.0  # 2026-03-02 09:30 in Paris; a dry run is of the next tick
    asked = {}
    for name in ("sync_own_today", "sync_own_lookback"):
        tick = dagster.ask(TICK, selector={**SELECTOR, "scheduleName": name}, at=at)
        assert tick["__typename"] == "DryRunInstigationTick", tick
        assert tick["evaluationResult"]["error"] is None, tick
        [request] = tick["evaluationResult"]["runRequests"]
        asked[name] = {tag["key"]: tag["value"] for tag in request["tags"]}
    assert asked["sync_own_today"]["dagster/partition"] == "2026-03-02"
    span = asked["sync_own_lookback"]
    assert span["dagster/asset_partition_range_start"] == "2026-02-28"
    assert span["dagster/asset_partition_range_end"] == "2026-03-02"
