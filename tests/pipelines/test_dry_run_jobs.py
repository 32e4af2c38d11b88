"""Looking at an order and planning days in Dagster: what is known, as metadata, and nothing is sent."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml
from dagster._core.snap.snap_to_yaml import default_values_yaml_from_type_snap

from connectors.sandbox.server import Sandbox
from tests.own_shop import PERSONAL, OwnShop
from tests.pipelines.conftest import Runs, failure

DAY = "2026-03-02"


def answer(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the job's only step."""
    [event] = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_OUTPUT]
    return {name: value.value for name, value in event.step_output_data.metadata.items()}


def look(runs: Runs, order_id: str) -> dg.ExecuteInProcessResult:
    return runs.job("look_own", run_config={"ops": {"own__look": {"config": {"order_id": order_id}}}})


def plan(runs: Runs, first: str, last: str) -> dg.ExecuteInProcessResult:
    config = {"first_day": first, "last_day": last}
    return runs.job("plan_own", run_config={"ops": {"own__plan": {"config": config}}})


def test_an_order_is_looked_at_from_all_sides_without_personal_data(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    shop.order("1", f"{DAY} 13:00:00", status="sent")
    sent = sandbox.stats.stored
    result = look(runs, "1")
    assert result.success
    shown = answer(result)
    assert shown["next"] == "the next sync of its day sends it"
    assert shown["shop"]["status"] == "sent"
    assert shown["record"]["status"] == "SHIPPED"
    assert shown["mirakl"]["outcome"] == "delivered"
    assert [attempt["outcome"] for attempt in shown["history"]] == ["delivered"]
    assert sandbox.stats.stored == sent
    assert not any(word in json.dumps(shown) for word in PERSONAL)


def test_an_order_that_nobody_knows_is_a_failure_with_one_message(runs: Runs, shop: OwnShop) -> None:
    result = look(runs, "nobody's")
    assert failure(result) == "neither the shop of 'own' nor the ledger has an order \"nobody's\""


def test_days_are_planned_order_by_order_and_nothing_is_sent(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    shop.order("good", f"{DAY} 12:00:00")
    shop.order("bad", f"{DAY} 12:00:00", price="ten")
    shop.order("odd", f"{DAY} 12:00:00", status="strange")
    result = plan(runs, DAY, DAY)
    assert result.success
    shown = answer(result)
    assert (shown["new"], shown["rejected"], shown["requests"]) == (2, 1, 1)
    orders = {row.data["channel_order_id"]: (row.data["fate"], row.data["code"]) for row in shown["orders"].records}
    assert orders["bad"] == ("rejected", "invalid_amount")
    assert set(orders) == {"good", "bad", "odd"}
    assert (sandbox.stats.requests, runs.days_done()) == (0, set())


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("yesterday", DAY, "first_day: 'yesterday' is not a day; expected for example 2026-01-31"),
        (DAY, "2026-03-01", "the first day 2026-03-02 is after the last day 2026-03-01"),
    ],
)
def test_days_that_are_none_are_one_message(runs: Runs, shop: OwnShop, first: str, last: str, message: str) -> None:
    assert failure(plan(runs, first, last)) == message


def test_the_launchpad_opens_with_the_fields_to_fill_in(runs: Runs) -> None:
    for job, fields in (("look_own", {"order_id": ""}), ("plan_own", {"first_day": "", "last_day": ""})):
        snapshot = runs.definitions().resolve_job_def(job).get_job_snapshot()
        schema = snapshot.config_schema_snapshot
        root = snapshot.mode_def_snaps[0].root_config_key
        assert root is not None
        [op] = yaml.safe_load(default_values_yaml_from_type_snap(schema, schema.get_config_snap(root)))["ops"].values()
        assert op["config"] == fields


def test_without_an_id_the_launchpad_is_named_and_without_days_today_is_planned(runs: Runs, shop: OwnShop) -> None:
    assert "order_id is empty" in failure(look(runs, ""))
    today = dt.datetime.now(ZoneInfo("Europe/Paris")).replace(hour=0, minute=0, second=1)
    shop.order("1", today.strftime("%Y-%m-%d %H:%M:%S"))
    assert answer(plan(runs, "", ""))["new"] == 1
