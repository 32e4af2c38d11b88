"""What became of orders, and what Dagster says of it: single days, ranges, repetitions."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._serdes import serialize_value
from starlette.responses import Response

from connectors.mirakl.report import DayReport, Failure
from connectors.sandbox.server import Sandbox
from pipelines import metadata
from pipelines.automation import day_tags
from pipelines.operations.shop import Shop
from pipelines.operations.verdicts import Check
from tests.connectors.mirakl.conftest import answers
from tests.own_shop import PERSONAL, OwnShop
from tests.pipelines.conftest import DELIVERY, Runs, failure, red

pytestmark = pytest.mark.slow

D1, D2, D3 = "2026-03-02", "2026-03-03", "2026-03-04"
NOON = "12:00:00"
STANDING = {check.value for check in Check}


def three_days(shop: OwnShop) -> None:
    """Two orders on each of three days; those of the middle day are for store 2."""
    for day, store in ((D1, "1"), (D2, "2"), (D3, "1")):
        for number in (1, 2):
            shop.order(f"{day}/{number}", f"{day} {NOON}", store=store)


def without_store_2(sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-1"}))


def all_stores(sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())


def test_a_range_of_delivered_days_is_materialised_day_by_day_with_its_counts(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    shop.order("late", f"{D3} 13:00:00")
    result = runs.sync(D1, D3)
    assert result.success, failure(result)
    assert red(result) == set()
    assert runs.days_done() == {D1, D2, D3}
    assert [runs.metadata(day)["delivered"] for day in (D1, D2, D3)] == [2, 2, 3]
    assert len(sandbox.orders) == 7


def test_a_second_run_sends_nothing(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    three_days(shop)
    runs.sync(D1, D3)
    sent = sandbox.stats.requests
    assert runs.sync(D2, D3).success
    assert sandbox.stats.requests == sent
    assert (runs.metadata(D2)["unchanged"], runs.metadata(D2)["delivered"], runs.metadata(D2)["requests"]) == (2, 0, 0)


def test_a_day_with_rejected_and_refused_orders_is_done_and_the_check_red(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    shop.order("no-currency", f"{D1} {NOON}", currency="???")
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{D3}/1"}))
    result = runs.sync(D1, D3)
    assert result.success
    assert red(result) == {"all_accepted"}
    assert runs.days_done() == {D1, D2, D3}
    assert (runs.metadata(D1)["rejected"], runs.metadata(D1)["delivered"]) == (1, 2)
    assert (runs.metadata(D3)["refused"], runs.metadata(D3)["delivered"]) == (1, 1)
    [row] = runs.metadata(D1)["failures"].records
    assert row.data["channel_order_id"] == "no-currency"
    assert row.data["field"]
    assert runs.metadata(D2)["failures_total"] == 0


def newest_check(runs: Runs) -> tuple[str, str | None]:
    key = dg.AssetCheckKey(DELIVERY, "all_accepted")
    [record] = runs.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    evaluation = record.evaluation
    return record.status.value, evaluation.description if evaluation else None


def test_a_day_without_an_answer_fails_alone_in_the_middle_of_a_range(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    shop.order("good", f"{D2} {NOON}")
    without_store_2(sandbox)
    result = runs.sync(D1, D3)
    assert not result.success
    assert runs.days_done() == {D1, D3}
    assert runs.observations() == {D2}
    shown = runs.metadata(D2, observed=True)
    assert (shown["orders_read"], shown["delivered"], shown["undelivered"]) == (3, 1, 2)
    assert "the store is unknown" in shown["stopped"]
    assert f"2 orders of channel 'own' are without an answer ({D2})" in failure(result)
    assert f"{D2}: 3 orders read, 1 delivered, 2 undelivered, 2 requests" in failure(result)
    [error] = [entry for entry in runs.instance.all_logs(result.run_id) if "nothing more is sent" in entry.user_message]
    assert (error.level, "store S-2: HTTP 404" in error.user_message) == (logging.ERROR, True)


def test_while_mirakl_gives_no_answer_log_and_shell_report_it(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.order("1", f"{D1} {NOON}")
    answers(monkeypatch, sandbox, Response(status_code=429, headers={"Retry-After": "5"}))
    result = runs.sync(D1)
    assert result.success
    shown = "Mirakl answers HTTP 429 for 0 s, 1 tries; tried again in 5 s, given up at"
    [warning] = [entry for entry in runs.instance.all_logs(result.run_id) if shown in entry.user_message]
    assert warning.level == logging.WARNING
    # What no handler of Dagster's prints goes to standard error.
    assert [
        record.levelno for record in caplog.records if shown in record.message and record.name.startswith("pipe")
    ] == [logging.WARNING]


def test_a_failing_day_turns_the_standing_check_red_in_the_same_run(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    without_store_2(sandbox)
    assert runs.sync(D1).success
    assert newest_check(runs) == ("SUCCEEDED", None)
    result = runs.sync(D2, D3)
    assert not result.success
    status, words = newest_check(runs)
    assert status == "FAILED"
    assert (words or "").startswith(
        "2 orders are not accepted by Mirakl in their current state (2 undelivered), the oldest since"
    )


def test_days_done_before_the_one_that_cannot_be_delivered_keep_their_numbers(runs: Runs, shop: OwnShop) -> None:
    three_days(shop)
    runs.only("raw_orders", D1)
    runs.only("mirakl_orders", D1)
    result = runs.job("sync_own", tags=day_tags(D1, D3), asset_selection=[DELIVERY])
    assert f"there are no mirakl_orders of channel 'own' for {D2}" in failure(result)
    assert runs.days_done() == {D1}
    assert runs.metadata(D1)["delivered"] == 2


def test_the_next_run_of_a_failed_day_sends_only_what_is_open(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    three_days(shop)
    shop.order("good", f"{D2} {NOON}")
    without_store_2(sandbox)
    runs.sync(D1, D3)
    all_stores(sandbox)
    stored = sandbox.stats.stored
    result = runs.sync(D2)
    assert result.success
    assert runs.days_done() == {D1, D2, D3}
    assert sandbox.stats.stored == stored + 2
    assert sandbox.stats.stale == 0
    assert (runs.metadata(D2)["delivered"], runs.metadata(D2)["unchanged"]) == (2, 1)


def test_a_day_done_before_that_fails_now_is_observed_and_its_step_fails(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    assert runs.sync(D1, D3).success
    shop.order(f"{D2}/1", f"{D2} 18:00:00", store="2", status="sent")
    without_store_2(sandbox)
    assert not runs.sync(D1, D2).success
    assert runs.metadata(D2, observed=True)["undelivered"] == 1
    assert runs.metadata(D2, observed=True)["unchanged"] == 1


def test_overlapping_ranges_send_each_order_once(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    three_days(shop)
    assert runs.sync(D1, D2).success
    assert runs.sync(D2, D3).success
    assert sandbox.stats.stored == 6
    assert runs.metadata(D2)["unchanged"] == 2


def test_old_frames_sent_again_do_not_overwrite_what_was_read_later(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}")
    assert runs.sync(D1).success
    shop.order("1", f"{D2} {NOON}", status="sent")
    assert runs.sync(D2).success
    assert runs.only("mirakl_delivery", D1).success
    assert (runs.metadata(D1)["superseded"], runs.metadata(D1)["delivered"]) == (1, 0)
    assert sandbox.orders["1234", "1"]["status"] == "SHIPPED"


def test_a_day_whose_orders_were_read_again_and_left_without_an_answer_is_not_done(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}", store="2")
    shop.order("2", f"{D1} {NOON}", store="2")
    without_store_2(sandbox)
    runs.sync(D1)
    shop.order("2", f"{D1} {NOON}", store="2", currency="EURO")
    runs.only("raw_orders", D1)
    runs.only("mirakl_orders", D1)
    shop.order("2", f"{D1} {NOON}", store="2")
    # A replay reads later than the frames that lie there, and is not answered either.
    runs.job("replay_own")
    all_stores(sandbox)
    result = runs.only("mirakl_delivery", D1)
    assert "a newer reading was sent and left without an answer; read the day again" in failure(result)
    assert runs.days_done() == set()
    assert (runs.metadata(D1, observed=True)["undelivered"], runs.metadata(D1, observed=True)["superseded"]) == (2, 0)
    assert runs.sync(D1).success
    assert runs.metadata(D1)["delivered"] == 2


def test_an_empty_day_is_done_with_zeros(runs: Runs) -> None:
    result = runs.sync(D1)
    assert result.success
    shown = runs.metadata(D1)
    assert {shown[name] for name in ("orders_read", "delivered", "undelivered", "requests", "failures_total")} == {0}
    assert runs.days_done() == {D1}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_when_the_clocks_change_hold_every_order_once(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, day: str, hours: int
) -> None:
    paris = ZoneInfo("Europe/Paris")
    before, after, end = ((dt.date.fromisoformat(day) + dt.timedelta(days=n)) for n in (-1, 1, 2))
    moment, until = (dt.datetime.combine(date, dt.time(), paris).astimezone(dt.UTC) for date in (before, end))
    while moment < until:
        shop.order(moment.isoformat(), moment.replace(tzinfo=None).isoformat(sep=" "))
        moment += dt.timedelta(hours=1)
    assert runs.sync(before.isoformat(), after.isoformat()).success
    read = [runs.metadata(key)["orders_read"] for key in (before.isoformat(), day, after.isoformat())]
    assert read == [24, hours, 24]
    assert len(sandbox.orders) == sandbox.stats.stored == sum(read)


def test_an_order_that_changes_during_the_run_belongs_to_the_day_of_the_snapshot(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order("moving", f"{D1} {NOON}")
    shop.order("new-day", f"{D2} {NOON}")
    read = Shop.feed

    def feed(self: Shop, day: str) -> Iterator[list[tuple[object, object]]]:
        if day == D2:
            # After the first day was read, and before the second is.
            shop.order("moving", f"{D2} 13:00:00", status="sent")
        yield from read(self, day)

    with closing(sqlite3.connect(shop.database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # so that SQLite lets one write while another reads
    monkeypatch.setattr(Shop, "feed", feed)
    assert runs.sync(D1, D2).success
    assert [runs.metadata(day)["orders_read"] for day in (D1, D2)] == [1, 1]
    assert sandbox.orders["1234", "moving"]["status"] == "AWAITING_SHIPMENT"
    monkeypatch.setattr(Shop, "feed", read)
    assert runs.sync(D1, D2).success
    assert [runs.metadata(day)["orders_read"] for day in (D1, D2)] == [0, 2]
    assert sandbox.orders["1234", "moving"]["status"] == "SHIPPED"


def test_words_sums_lines_and_stamps_that_are_not_right_turn_their_own_check_red(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("word", f"{D1} {NOON}", status="strange")
    expected = {"everything_mapped"}
    assert red(runs.sync(D1)) == expected
    shop.order("sum", f"{D2} {NOON}", total="12.00")
    shop.order("lines", f"{D2} {NOON}", lines=2)
    expected |= {"money_adds_up"}
    assert red(runs.sync(D2)) == expected
    shop.order("lines", f"{D3} {NOON}", lines=1)
    expected |= {"nothing_shrunk"}
    assert red(runs.sync(D3)) == expected
    shop.order("future", "2126-01-01 12:00:00")
    today = dt.datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    expected |= {"stamps_sane"}
    assert red(runs.sync(today)) == expected
    assert sandbox.orders["1234", "future"]["channel_updated_at"] == "2126-01-01T12:00:00Z"


def test_a_run_over_other_days_keeps_the_check_red_while_an_order_waits(runs: Runs, shop: OwnShop) -> None:
    shop.order("bad", f"{D1} {NOON}", currency="???")
    shop.order("good", f"{D2} {NOON}")
    runs.sync(D1)
    assert red(runs.sync(D2)) == {"all_accepted"}
    shop.order("bad", f"{D3} {NOON}")
    assert red(runs.sync(D3)) == set()


def test_the_inspection_compares_the_last_days_and_sends_nothing(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    yesterday = dt.datetime.now(ZoneInfo("Europe/Paris")).date() - dt.timedelta(days=1)
    shop.order("1", f"{yesterday} {NOON}")
    result = runs.job("inspect_own")
    assert result.success
    [check] = [found for found in result.get_asset_check_evaluations() if found.check_name == "reconciled"]
    assert not check.passed
    assert check.metadata["never_accepted"].value == 1
    assert "mirakl-orders reconcile own --from" in (check.description or "")
    assert sandbox.stats.requests == 0
    runs.sync(yesterday.isoformat())
    result = runs.job("inspect_own")
    assert {check.check_name for check in result.get_asset_check_evaluations()} == STANDING | {"reconciled"}
    assert red(result) == set()


def test_failure_metadata_stays_small_whatever_failed() -> None:
    report = DayReport(D1)
    for number in range(13_000):
        report.fail(
            Failure(
                f"a-rather-long-order-id-{number:08}",
                "refused",
                f"CODE_{number % 500}",
                f"order_lines[{number % 90}].adjustments[{number % 7}].price.amount",
                "é" * 500,
            )
        )
    report.stopped = "ü" * 1000
    event = dg.AssetMaterialization(DELIVERY, partition=D1, metadata=metadata.delivery_metadata("own", report))
    assert len(serialize_value(event).encode()) < 16_384
    assert event.metadata["failures_total"].value == 13_000


def test_no_personal_data_is_shown_to_dagster(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    three_days(shop)
    shop.order("bad", f"{D1} {NOON}", currency="???", status="strange", total="7.77")
    shop.order("odd", f"{D1} {NOON}", status="strange", total="7.77")
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{D3}/1"}), known_stores=frozenset({"S-1"}))
    with caplog.at_level("DEBUG"):
        run = runs.sync(D1, D3)
    logged = [serialize_value(entry) for entry in runs.instance.all_logs(run.run_id)]
    assert any("money_mismatch" in text for text in logged)
    for text in (*logged, caplog.text):
        assert not [word for word in PERSONAL if word in text]
    with closing(sqlite3.connect(runs.environment["LEDGER_URL"].removeprefix("sqlite:///"))) as ledger:
        held = "\n".join(ledger.iterdump())
    assert f"{D3}/1" in held
    assert not [word for word in PERSONAL if word in held]
