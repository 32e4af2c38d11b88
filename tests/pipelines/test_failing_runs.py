"""Runs that cannot do their work: each fails with one message, and is tried again only where that may help."""

from __future__ import annotations

import signal

import dagster as dg
import pytest

from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import NoAnswer
from pipelines import resources
from pipelines.config.settings import load_settings
from pipelines.operations.shop import Shop
from pipelines.partitions import days_of
from pipelines.runs.sync import sync
from tests.own_shop import OwnShop
from tests.pipelines.conftest import DELIVERY, Runs, failure, red

D1 = "2026-03-02"


def retries(result: dg.ExecuteInProcessResult) -> int:
    return sum(event.event_type_value == "STEP_UP_FOR_RETRY" for event in result.all_events)


@pytest.mark.parametrize(
    ("variable", "value", "step", "message"),
    [
        ("MIRAKL_CLIENT_ID", "", "mirakl_delivery", "MIRAKL_CLIENT_ID"),
        ("LEDGER_URL", "mysql://me:hunter2@host/x", "raw_orders", "LEDGER_URL is not a database address"),
        ("FRAMES_URL", "nothing://x", "raw_orders", "FRAMES_URL"),
    ],
)
def test_a_wrong_variable_fails_the_step_that_needs_it_once_and_with_one_message(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, step: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = runs.sync(D1)
    assert message in failure(result)
    assert "hunter2" not in failure(result)
    [event] = result.get_step_failure_events()
    assert event.step_key == f"own__{step}"
    assert retries(result) == 0


def test_only_an_unreachable_shop_is_tried_again_with_a_log_of_the_wait(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resources, "FIRST_WAIT_SECONDS", 0.0)
    (shop.folder / "changes.sql").write_text("SELECT nonsense")
    broken = runs.sync(D1)
    assert not broken.success
    assert retries(broken) == 0
    shop.database.unlink()
    gone = runs.sync(D1)
    assert retries(gone) == 2
    assert "no SQLite file" in failure(gone)
    waits = [record.getMessage() for record in caplog.records if record.name == "pipelines.resources"]
    assert len(waits) == 2
    assert all("no SQLite file" in message and message.endswith("; tried again in 0 s") for message in waits)


def test_when_the_shop_cannot_be_read_later_days_are_not_tried(
    environment: dict[str, str], instance: dg.DagsterInstance, shop: OwnShop
) -> None:
    (shop.folder / "changes.sql").write_text("SELECT nonsense")
    settings = load_settings()
    channel = settings.channel("own")
    days = [*days_of(channel).get_partition_keys()[:7]]
    result = sync(settings, channel, days, instance)
    assert instance.get_runs_count() == 1
    assert [day.day for day in result.days if day.failed and "changes.sql" in (day.reason or "")] == days
    assert result.exit_status == 1


def test_a_signal_while_the_shop_is_read_ends_the_run_and_is_no_reason_to_try_again(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Shop, "feed", interrupted)
    result = runs.sync(D1)
    assert not result.success
    assert retries(result) == 0


def test_a_run_stopped_while_it_sends_leaves_the_check_red(
    runs: Runs, shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes after it that would find the order it has left without an answer."""
    shop.order("1", f"{D1} 12:00:00")
    assert red(runs.sync(D1)) == set()
    shop.order("1", f"{D1} 13:00:00", status="sent")

    def stopped(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise NoAnswer("the run was stopped")

    monkeypatch.setattr(MiraklClient, "post_orders", stopped)
    result = runs.sync(D1)
    assert not result.success
    key = dg.AssetCheckKey(DELIVERY, "all_accepted")
    newest = runs.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert (newest.run_id, newest.status.value) == (result.run_id, "FAILED")
