"""Checks stand: red until the cause is gone, whatever runs come between, and each names its orders and what to do."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from connectors.channels import database
from connectors.ledger import Destination, Ledger
from connectors.sandbox.server import Sandbox
from pipelines.automation import day_tags
from pipelines.checks import check_keys
from pipelines.names import RECONCILED, SHOP_DATABASE
from pipelines.operations.verdicts import Verdict, judge
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs, failure, red

pytestmark = pytest.mark.slow

D1, D2, D3 = "2026-03-02", "2026-03-03", "2026-03-04"
NOON = "12:00:00"
DOCS = Path(__file__).parents[2] / "docs"


def verdicts(runs: Runs) -> dict[str, Verdict]:
    ledger = runs.ledger()
    ledger.look_at("own", Destination.of(runs.environment["MIRAKL_BASE_URL"], "1234"))
    found = {verdict.check: verdict for verdict in judge("own", ledger)}
    ledger.dispose()
    return found


def poison(sandbox: Sandbox, *order_ids: str) -> None:
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset(order_ids))


def replay(runs: Runs, **selection: Any) -> dg.ExecuteInProcessResult:
    return runs.job("replay_own", run_config={"ops": {"own__replay": {"config": selection}}})


def test_a_replays_run_shows_what_it_did_and_names_what_the_shop_does_not_have(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}")
    poison(sandbox, "1")
    result = replay(runs, order_ids=["1", "nope", "nope"])
    shown: Any = next(event.step_output_data.metadata for event in result.all_events if event.is_successful_output)
    assert shown["refused"].value == 1
    assert [record.data["channel_order_id"] for record in shown["failures"].value.records] == ["1"]
    assert shown["not_in_shop"].value == 1
    logged = [entry.user_message for entry in runs.instance.all_logs(result.run_id)]
    assert any(line.startswith("3 orders by id: 1 order read") for line in logged)
    assert "not in the shop: nope" in logged


def test_a_refused_order_is_red_at_every_later_run_until_it_is_accepted(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}")
    shop.order("2", f"{D2} {NOON}")
    poison(sandbox, "1")
    assert red(runs.sync(D1)) == {"all_accepted"}
    assert red(runs.sync(D2)) == {"all_accepted"}
    assert re.search(r"the oldest since \d{4}-\d\d-\d\d \d\d:\d\d UTC$", verdicts(runs)["all_accepted"].message)
    [order] = verdicts(runs)["all_accepted"].orders
    assert (order["channel_order_id"], order["day"], order["outcome"]) == ("1", D1, "refused")
    assert (order["code"], order["field"]) == ("INVALID_INPUT", "status")
    assert verdicts(runs)["all_accepted"].command == "mirakl-orders failures own"
    poison(sandbox)
    assert red(replay(runs, code="INVALID_INPUT")) == set()


def test_orders_without_an_answer_are_not_accepted(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    shop.order("1", f"{D1} {NOON}", store="2")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-1"}))
    runs.sync(D1)
    shop.order("2", f"{D2} {NOON}")
    assert red(runs.sync(D2)) == {"all_accepted"}
    found = verdicts(runs)["all_accepted"]
    assert found.numbers == {"undelivered": 1, "refused": 0, "rejected": 0}
    [order] = found.orders
    assert "HTTP 404" in order["reason"]
    assert "mirakl_store_id" in order["reason"]


def test_an_unmapped_status_is_red_until_it_is_mapped_and_its_orders_read_again(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", status="strange")
    shop.order("2", f"{D2} {NOON}")
    assert red(runs.sync(D1)) == {"everything_mapped"}
    assert red(runs.sync(D2)) == {"everything_mapped"}
    found = verdicts(runs)["everything_mapped"]
    assert "'strange'" in found.message
    assert "sent with the status that the rest of it proves, else as CHANNEL_SPECIFIC" in found.message
    assert found.command == f"mirakl-orders sync own --from {D1} --to {D1}"
    [order] = found.orders
    assert (order["channel_order_id"], order["day"], order["code"]) == ("1", D1, "unmapped_status")
    assert (order["field"], "'strange'" in order["reason"]) == ("status", True)
    path = Path(runs.environment["CHANNELS_FILE"])
    path.write_text(f'{path.read_text()}[channels.own.statuses]\nstrange = "SHIPPED"\n')
    assert red(runs.sync(D2)) == {"everything_mapped"}
    assert red(runs.sync(D1)) == set()


def test_an_unknown_country_is_red_until_the_shop_corrects_it(runs: Runs, shop: OwnShop) -> None:
    addresses = (shop.folder / "addresses.sql").read_text()
    (shop.folder / "addresses.sql").write_text(addresses.replace("'FR'", "'Atlantis'"))
    shop.order("1", f"{D1} {NOON}")
    assert red(runs.sync(D1)) == {"everything_mapped", "all_accepted"}
    found = verdicts(runs)["everything_mapped"]
    assert found.command == "mirakl-orders failures own --code invalid_address"
    assert [(order["channel_order_id"], order["field"]) for order in found.orders] == [
        ("1", "shipping_info.address.country_iso_code")
    ]
    shop.order("2", f"{D1} {NOON}", status="strange")
    runs.sync(D1)
    # Rows of one shape, whatever each is about: they are shown as a table.
    assert len({tuple(order) for order in verdicts(runs)["everything_mapped"].orders}) == 1
    shop.remove("2")
    replay(runs, order_ids=["2"])
    (shop.folder / "addresses.sql").write_text(addresses)
    assert red(runs.sync(D1)) == set()


def test_sums_that_differ_are_red_with_both_sums_until_they_agree(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    shop.order("2", f"{D2} {NOON}")
    runs.sync(D1)
    assert red(runs.sync(D2)) == {"money_adds_up"}
    found = verdicts(runs)["money_adds_up"]
    assert found.command == "mirakl-orders order own 1"
    [order] = found.orders
    assert (order["channel_order_id"], order["day"]) == ("1", D1)
    assert "10.00 EUR" in order["reason"]
    assert "12.00 EUR" in order["reason"]
    shop.order("1", f"{D3} {NOON}", total="10.00")
    assert red(runs.sync(D3)) == set()


def test_an_older_reading_does_not_bring_back_what_a_newer_one_is_free_of(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    assert red(runs.sync(D1)) == {"money_adds_up"}
    shop.order("1", f"{D2} {NOON}", total="10.00")
    assert red(runs.sync(D2)) == set()
    assert runs.only("mirakl_delivery", D1).success
    assert runs.metadata(D1)["superseded"] == 1
    assert verdicts(runs)["money_adds_up"].passed


def test_an_order_that_lost_lines_is_red_until_it_has_them_or_is_replayed_by_id(runs: Runs, shop: OwnShop) -> None:
    for order_id in ("back", "right"):
        shop.order(order_id, f"{D1} {NOON}", lines=3)
    runs.sync(D1)
    for order_id in ("back", "right"):
        shop.order(order_id, f"{D2} {NOON}", lines=2)
    assert red(runs.sync(D2)) == {"nothing_shrunk"}
    assert red(runs.sync(D2)) == {"nothing_shrunk"}
    found = verdicts(runs)["nothing_shrunk"]
    assert found.command == "mirakl-orders replay own --order back --order right"
    assert found.orders[0]["reason"] == "was delivered with 3 lines and 0 adjustments, has 2 and 0 now"
    # A replay that nobody asked of this order leaves it red.
    replay(runs, outcome="undelivered")
    shop.order("back", f"{D3} {NOON}", lines=3)
    assert red(runs.sync(D3)) == {"nothing_shrunk"}
    assert verdicts(runs)["nothing_shrunk"].command == "mirakl-orders replay own --order right"
    assert replay(runs, order_ids=["right"]).success
    assert verdicts(runs)["nothing_shrunk"].passed
    assert red(runs.sync(D2)) == set()


def test_what_an_order_was_noticed_for_ends_with_the_order(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    runs.sync(D1)
    shop.remove("1")
    assert red(runs.sync(D1)) == {"money_adds_up"}
    replay(runs, order_ids=["1"])
    assert verdicts(runs)["money_adds_up"].passed


def test_a_rejected_order_is_named_for_that_alone(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    runs.sync(D1)
    shop.order("1", f"{D2} {NOON}", total="12.00", currency="???")
    assert red(runs.sync(D2)) == {"all_accepted"}


def history(runs: Runs) -> dict[str, list[AssetCheckExecutionRecordStatus]]:
    fetch = runs.instance.event_log_storage.get_asset_check_execution_history
    return {key.name: [record.status for record in fetch(key, limit=10)] for key in check_keys("own")}


def broken_chunks(*_: Any) -> Any:
    raise RuntimeError


@pytest.mark.parametrize("broken", ["shop", "frames", "destination"])
def test_a_run_that_fails_evaluates_every_check_once_and_skips_none(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    runs.sync(D1)
    match broken:
        case "shop":
            (shop.folder / "changes.sql").write_text("SELECT nothing FROM nowhere")
        case "frames":
            monkeypatch.setattr("pipelines.assets._mirakl_chunks", broken_chunks)
        case "destination":
            monkeypatch.setenv("MIRAKL_CLIENT_SECRET", "")
    assert not runs.sync(D2).success
    succeeded, failed = AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED
    expected = {key.name: [succeeded] * 2 for key in check_keys("own")}
    assert history(runs) == {**expected, "money_adds_up": [failed] * 2}


def materialize(runs: Runs, *days: str) -> dg.ExecuteInProcessResult:
    """Do what "Materialize" and a backfill do: the assets with their checks."""
    job = runs.definitions().resolve_implicit_global_asset_job_def()
    selected = [key for key in job.asset_layer.asset_graph.get_all_asset_keys() if key.path[-1] != "shop_database"]
    subset = job.get_subset(asset_selection=set(selected), asset_check_selection=set(check_keys("own")))
    return subset.execute_in_process(instance=runs.instance, raise_on_error=False, tags=day_tags(days[0], days[-1]))


def test_checks_planned_by_materialize_and_backfills_are_evaluated_once_a_day(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    assert materialize(runs, D1).success
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-2"}))
    shop.order("2", f"{D2} {NOON}")
    assert not materialize(runs, D2, D3).success
    succeeded, failed = AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED
    found = history(runs)
    assert set(found["money_adds_up"]) == {failed}
    assert set(found["stamps_sane"]) == {succeeded}
    assert {len(evaluations) for evaluations in found.values()} <= {2, 3}


def test_the_checks_can_be_executed_alone_at_any_time(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{D1} {NOON}", total="12.00")
    runs.sync(D1)
    result = runs.job("inspect_own")
    assert result.success
    assert red(result) == {"money_adds_up"}
    assert {len(evaluations) for evaluations in history(runs).values()} == {2}


def age(runs: Runs, order_id: str, read_at: str) -> None:
    """Let the ledger stand for a reading at this instant, as a wrong clock once made it."""
    with closing(sqlite3.connect(runs.environment["LEDGER_URL"].removeprefix("sqlite:///"))) as ledger, ledger:
        ledger.execute("UPDATE ledger_orders SET read_at = ? WHERE channel_order_id = ?", [read_at, order_id])
        ledger.execute("UPDATE ledger_destinations SET read_until = ?", [read_at])


def test_an_order_read_in_the_future_fails_its_day_until_it_is_replayed(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}")
    shop.order("2", f"{D1} {NOON}")
    runs.sync(D1)
    age(runs, "1", "2126-01-01T00:00:00Z")
    shop.order("1", f"{D2} {NOON}", status="sent")
    result = runs.sync(D2)
    assert "mirakl-orders replay own --read-in-future" in failure(result)
    assert runs.metadata(D2, observed=True)["undelivered"] == 1
    found = verdicts(runs)["stamps_sane"]
    assert found.command == "mirakl-orders replay own --read-in-future"
    assert [(order["channel_order_id"], order["code"]) for order in found.orders] == [("1", "read_in_future")]
    result = replay(runs, read_in_future=True)
    assert result.success, failure(result)
    assert sandbox.orders["1234", "1"]["status"] == "SHIPPED"
    assert sandbox.stats.stale == 0
    assert verdicts(runs)["stamps_sane"].passed
    assert red(runs.sync(D2)) == set()


def test_what_was_read_while_a_clock_was_ahead_is_read_again_once_it_is_right(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order("1", f"{D1} {NOON}")
    with monkeypatch.context() as ahead:
        ahead.setitem(database._CLOCKS, "sqlite", "'2126-01-01'")
        assert red(runs.sync(D1)) == {"stamps_sane"}
    assert replay(runs, read_in_future=True).success
    result = runs.sync(D1)
    assert result.success, failure(result)
    assert red(result) == set()
    assert runs.metadata(D1)["unchanged"] == 1


def test_while_the_clocks_differ_nothing_is_mended(runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.order("1", f"{D1} {NOON}")
    runs.sync(D1)
    monkeypatch.setitem(database._CLOCKS, "sqlite", "'2126-01-01'")
    shop.order("1", f"{D1} 13:00:00", status="sent")
    result = runs.sync(D1)
    assert result.success
    logged = [entry.user_message for entry in runs.instance.all_logs(result.run_id)]
    assert any("the clock of the shop's database is at 2126-01-01 00:00:00 UTC" in text for text in logged)
    assert red(result) == {"stamps_sane"}
    assert "set the wrong one right" in failure(replay(runs, read_in_future=True))


def test_a_stamp_in_the_future_is_sane_once_its_time_has_come(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", "2126-01-01 12:00:00")
    runs.sync(dt.datetime.now(ZoneInfo("Europe/Paris")).date().isoformat())
    ledger: Ledger = runs.ledger()
    assert ledger.noticed("own", "future_stamp", 50, stamped_after="2125-01-01T00:00:00Z").orders == 1
    assert ledger.noticed("own", "future_stamp", 50, stamped_after="2126-02-01T00:00:00Z").orders == 0
    ledger.dispose()
    assert [order["channel_order_id"] for order in verdicts(runs)["stamps_sane"].orders] == ["1"]


def test_every_verdict_is_a_check_in_dagster(runs: Runs) -> None:
    assert {key.name for key in check_keys("own")} == set(verdicts(runs))


def test_every_check_is_documented_with_its_asset_and_what_to_do() -> None:
    rows = {
        (key.name, key.asset_key.path[-1])
        for key in (*check_keys("own"), dg.AssetCheckKey(dg.AssetKey(["own", SHOP_DATABASE]), RECONCILED))
    }
    operating, runbook = ((DOCS / name).read_text() for name in ("operating.md", "runbook.md"))
    assert set(re.findall(r"^\| `(\w+)` on `(\w+)` \|", operating, re.MULTILINE)) == rows
    listed = runbook.partition("## A check is red")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE)) == {name for name, _ in rows}
