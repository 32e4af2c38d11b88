"""What became of orders, and what Dagster says of it: single days, ranges, repetitions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from connectors.mirakl.sandbox import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs, failure, red

D1, D2, D3 = "2026-03-02", "2026-03-03", "2026-03-04"
NOON = "12:00:00"


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
    assert [runs.told(day)["delivered"] for day in (D1, D2, D3)] == [2, 2, 3]
    assert len(sandbox.orders) == 7


def test_a_second_run_sends_nothing(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    three_days(shop)
    runs.sync(D1, D3)
    sent = sandbox.stats.requests
    assert runs.sync(D2, D3).success
    assert sandbox.stats.requests == sent
    assert (runs.told(D2)["unchanged"], runs.told(D2)["delivered"], runs.told(D2)["requests"]) == (2, 0, 0)


def test_rejected_and_refused_orders_are_answers_the_day_is_done_and_the_check_is_red(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    shop.order("no-currency", f"{D1} {NOON}", currency="???")
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{D3}/1"}))
    result = runs.sync(D1, D3)
    assert result.success
    assert red(result) == {"all_accepted", "nothing_waits"}
    assert runs.days_done() == {D1, D2, D3}
    assert (runs.told(D1)["rejected"], runs.told(D1)["delivered"]) == (1, 2)
    assert (runs.told(D3)["refused"], runs.told(D3)["delivered"]) == (1, 1)
    [row] = runs.told(D1)["failures"].records
    assert row.data["channel_order_id"] == "no-currency"
    assert row.data["field"]
    assert runs.told(D2)["failures_total"] == 0


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
    told = runs.told(D2, observed=True)
    assert (told["orders_read"], told["delivered"], told["undelivered"]) == (3, 1, 2)
    assert "the store is unknown" in told["stopped"]
    assert f"2 orders of channel 'own' are without an answer ({D2})" in failure(result)


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
    assert (runs.told(D2)["delivered"], runs.told(D2)["unchanged"]) == (2, 1)


def test_a_day_done_before_that_fails_now_is_observed_and_its_step_fails(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    three_days(shop)
    assert runs.sync(D1, D3).success
    shop.order(f"{D2}/1", f"{D2} 18:00:00", store="2", status="sent")
    without_store_2(sandbox)
    assert not runs.sync(D1, D2).success
    assert runs.told(D2, observed=True)["undelivered"] == 1
    assert runs.told(D2, observed=True)["unchanged"] == 1


def test_overlapping_ranges_send_each_order_once(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    three_days(shop)
    assert runs.sync(D1, D2).success
    assert runs.sync(D2, D3).success
    assert sandbox.stats.stored == 6
    assert runs.told(D2)["unchanged"] == 2


def test_old_frames_sent_again_do_not_overwrite_what_was_read_later(
    runs: Runs, shop: OwnShop, sandbox: Sandbox
) -> None:
    shop.order("1", f"{D1} {NOON}")
    assert runs.sync(D1).success
    shop.order("1", f"{D2} {NOON}", status="sent")
    assert runs.sync(D2).success
    assert runs.only("mirakl_delivery", D1).success
    assert (runs.told(D1)["superseded"], runs.told(D1)["delivered"]) == (1, 0)
    assert sandbox.orders["1234", "1"]["status"] == "SHIPPED"


def test_an_empty_day_is_done_with_zeros(runs: Runs) -> None:
    result = runs.sync(D1)
    assert result.success
    told = runs.told(D1)
    assert {told[name] for name in ("orders_read", "delivered", "undelivered", "requests", "failures_total")} == {0}
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
    read = [runs.told(key)["orders_read"] for key in (before.isoformat(), day, after.isoformat())]
    assert read == [24, hours, 24]
    assert len(sandbox.orders) == sandbox.stats.stored == sum(read)
