"""A channel whose block has a fault keeps its place in Dagster, and is red: every run says what is wrong."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines.config.settings import load_settings
from tests.own_shop import OwnShop
from tests.pipelines.conftest import DELIVERY, Runs, failure

DAY = "2026-03-02"
FAULT = "[channels.own] timezone: unknown time zone 'Europe/Pariss'; did you mean 'Europe/Paris'?"


def block(shop: OwnShop, key: str, value: str) -> str:
    return shop.block(**{key: value})


def break_block(
    environment: dict[str, str], shop: OwnShop, key: str = "timezone", value: str = '"Europe/Pariss"'
) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(block(shop, key, value))


def names(definitions: dg.Definitions) -> dict[str, set[str]]:
    repository = definitions.get_repository_def()
    graph = definitions.resolve_asset_graph()
    return {
        "assets": {"/".join(key.path) for key in graph.get_all_asset_keys()},
        "groups": {node.group_name or "" for node in graph.asset_nodes},
        "checks": {str(key) for key in graph.asset_check_keys},
        "jobs": {job.name for job in repository.get_all_jobs()},
        "schedules": {schedule.name for schedule in repository.schedule_defs},
        "sensors": {sensor.name for sensor in repository.sensor_defs},
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timezone", '"Europe/Pariss"'),
        ("timzone", '"Europe/Paris"'),
        ("start_date", '"0001-01-01"'),
        ("start_date", '"soon"'),
        ("platform", '"woocomerce"'),
        ("stores", "{}"),
        ("owners", '["nobody"]'),
        ("mirakl_channel_id", "[]"),
    ],
)
def test_everything_of_the_channel_stays_under_its_name(
    runs: Runs, environment: dict[str, str], shop: OwnShop, key: str, value: str
) -> None:
    whole = names(runs.definitions())
    break_block(environment, shop, key, value)
    assert list(load_settings().broken) == ["own"]
    broken = runs.definitions()
    dg.Definitions.validate_loadable(broken)
    assert names(broken) == whole


def test_a_block_that_is_no_block_keeps_its_place_too(runs: Runs, environment: dict[str, str]) -> None:
    whole = names(runs.definitions())
    Path(environment["CHANNELS_FILE"]).write_text("[channels]\nown = 3\n")
    assert names(runs.definitions()) == whole


def test_what_can_be_read_of_the_block_still_holds(runs: Runs, environment: dict[str, str], shop: OwnShop) -> None:
    text = shop.block(owners='["team:a"]', start_date='"2026-02-01"').replace("timezone =", "timzone =")
    Path(environment["CHANNELS_FILE"]).write_text(text)
    node = runs.definitions().resolve_asset_graph().get(DELIVERY)
    days = node.partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert (days.get_first_partition_key(), days.timezone, node.owners) == ("2026-02-01", "Europe/Paris", ["team:a"])


def test_its_days_keep_their_history_and_its_runs_fail_with_what_is_wrong(
    runs: Runs, environment: dict[str, str], shop: OwnShop
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    break_block(environment, shop)
    broken = runs.sync(DAY)
    assert not broken.success
    assert FAULT in failure(broken)
    assert runs.days_done() == {DAY}
    assert FAULT in (runs.definitions().resolve_asset_graph().get(DELIVERY).description or "")


@pytest.mark.parametrize("asset", ["raw_orders", "mirakl_orders", "mirakl_delivery"])
def test_each_of_its_assets_fails_alone(runs: Runs, environment: dict[str, str], shop: OwnShop, asset: str) -> None:
    break_block(environment, shop)
    assert FAULT in failure(runs.only(asset, DAY))


def test_its_other_jobs_fail_with_the_same_words(runs: Runs, environment: dict[str, str], shop: OwnShop) -> None:
    break_block(environment, shop)
    assert FAULT in failure(runs.job("replay_own"))
    failures = [event.step_failure_data for event in runs.job("inspect_own").get_step_failure_events()]
    assert len(failures) == 2
    assert all(FAULT in str(data.user_failure_data and data.user_failure_data.description) for data in failures)


def test_its_schedule_goes_on_asking_for_runs(
    runs: Runs, environment: dict[str, str], shop: OwnShop, tmp_path: Path
) -> None:
    break_block(environment, shop)
    repository = runs.definitions().get_repository_def()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        at = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=at, repository_def=repository)
        tick: Any = repository.get_schedule_def("sync_own_today").evaluate_tick(context)
    assert [request.partition_key for request in tick.run_requests] == [DAY]


def test_its_sensors_report_what_is_wrong(runs: Runs, environment: dict[str, str], shop: OwnShop) -> None:
    break_block(environment, shop)
    definitions = runs.definitions()
    context = dg.build_sensor_context(instance=runs.instance, resources={"state": None})
    assert FAULT in (definitions.resolve_sensor_def("replay_own_undelivered").evaluate_tick(context).skip_message or "")
    with pytest.raises(dg.Failure, match="unknown time zone 'Europe/Pariss'"):
        definitions.resolve_sensor_def("changes_own").evaluate_tick(context)
