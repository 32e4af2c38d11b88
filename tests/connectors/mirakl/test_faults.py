"""The fault matrix, over real sockets. However Mirakl fails: what it holds equals what the shop holds, and every bad
order is named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest

from connectors.ledger import Ledger
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from connectors.sandbox.server import POINTERS, Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, make_record, tables
from transforms.outcomes import Record

pytestmark = pytest.mark.slow

Make = Callable[..., Delivery]
ORDERS = 3000
BAD = frozenset(str(number) for number in range(11, ORDERS, 150))
CALM = SandboxSettings(requests_per_second=10_000, poisoned=BAD)

FAULTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "server errors, 10 %": {"server_errors": 0.1},
    "server errors in HTML": {"server_errors": 0.2, "html_errors": True},
    "connections cut before and after, 5 % each": {"drop_before": 0.05, "drop_after": 0.05},
    "a 429 storm with Retry-After": {"throttle": 0.15, "retry_after": True},
    "a 429 storm without": {"throttle": 0.2, "retry_after": False},
    "tokens that live three seconds": {"token_seconds": 3, "latency": 0.15},
    "good tokens refused, 5 %": {"refuse_tokens": 0.05},
    "too many bytes": {"max_request_bytes": 20_000},
    "slow answers": {"slow": 0.2, "slow_seconds": 0.5},
    "all at once": {
        "server_errors": 0.05,
        "html_errors": True,
        "drop_before": 0.03,
        "drop_after": 0.03,
        "throttle": 0.05,
        "token_seconds": 3,
        "refuse_tokens": 0.02,
        "slow": 0.05,
        "pointers": "mixed",
        "max_request_bytes": 30_000,
    },
}


@pytest.fixture(scope="module")
def shop() -> list[Record]:
    return [make_record(number) for number in range(ORDERS)]


def deliver(delivery: Delivery, records: list[Record], run_id: str = "run") -> DayReport:
    return delivery.deliver(tables(records), day="2026-03-01", run_id=run_id)


def expect_the_shop_at_mirakl(sandbox: Sandbox, ledger: Ledger, shop: list[Record], bad: frozenset[str] = BAD) -> None:
    held = {order_id: order for (channel, order_id), order in sandbox.orders.items() if channel == CHANNEL_ID}
    assert held == {
        record.channel_order_id: orjson.loads(record.payload) for record in shop if record.channel_order_id not in bad
    }
    named = {row.channel_order_id: (row.outcome, row.error_field) for _, row in ledger.unaccepted("boutique")}
    assert named.keys() == bad
    assert {outcome for outcome, _ in named.values()} <= {"refused"}


@contextmanager
def faults(sandbox: Sandbox, delivery: Delivery, **settings: Any) -> Iterator[None]:
    """Begin once the credential has worked: a first token refused twice is a wrong one, and stops the store."""
    sandbox.settings = CALM
    deliver(delivery, [make_record("first")])
    del sandbox.orders[CHANNEL_ID, "first"]
    sandbox.settings = replace(CALM, **settings)
    yield
    sandbox.settings = CALM


@pytest.mark.parametrize("fault", FAULTS)
def test_in_one_run_all_good_orders_arrive_and_the_bad_ones_are_named(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, shop: list[Record], fault: str
) -> None:
    run = delivery()
    with faults(sandbox, run, **FAULTS[fault]):
        report = deliver(run, shop)
    expect_the_shop_at_mirakl(sandbox, ledger, shop)
    assert report.counts["delivered"] == ORDERS - len(BAD)
    assert report.counts["refused"] == len(BAD)
    assert {failure.channel_order_id for failure in report.failures} == BAD
    assert report.stopped is None


@pytest.mark.parametrize("style", POINTERS)
def test_whatever_the_style_of_positions(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, shop: list[Record], style: Any
) -> None:
    sandbox.settings = replace(CALM, pointers=style)
    deliver(delivery(), shop)
    expect_the_shop_at_mirakl(sandbox, ledger, shop)


def test_the_token_endpoint_is_down_for_a_while(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, shop: list[Record]
) -> None:
    run = delivery()
    with faults(sandbox, run, token_seconds=1, latency=0.1):
        back = threading.Timer(2, lambda: setattr(sandbox.settings, "token_endpoint_down", False))
        down = threading.Timer(0.3, lambda: setattr(sandbox.settings, "token_endpoint_down", True))
        sandbox._tokens.clear()
        down.start()
        back.start()
        report = deliver(run, shop)
        back.join()
    expect_the_shop_at_mirakl(sandbox, ledger, shop)
    assert report.counts["undelivered"] == 0


def test_an_unknown_store_stops_no_other_and_is_completed_once_registered(
    sandbox: Sandbox, delivery: Make, ledger: Ledger
) -> None:
    shop = [make_record(number, store=f"S-{number % 3}") for number in range(900)]
    sandbox.settings = replace(CALM, poisoned=frozenset(), known_stores=frozenset({"S-0", "S-2"}))
    report = deliver(delivery(), shop)
    assert (report.counts["delivered"], report.counts["undelivered"]) == (600, 300)
    assert sandbox.stats.answers["404"] <= 8
    sandbox.settings = replace(CALM, poisoned=frozenset())
    report = deliver(delivery(), shop)
    assert (report.counts["delivered"], report.counts["unchanged"]) == (300, 600)
    expect_the_shop_at_mirakl(sandbox, ledger, shop, bad=frozenset())


def test_orders_over_which_the_server_fails_are_left_without_an_answer_and_named(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    shop = [make_record(number) for number in range(400)]
    monkeypatch.setattr(client, "_budget", 0.8)
    monkeypatch.setattr("connectors.mirakl.sending.SUSPECT_SECONDS", 0.1)
    sandbox.settings = replace(CALM, poisoned=frozenset({"50"}), breaking=frozenset({"7", "350"}))
    report = deliver(delivery(), shop)
    assert (report.counts["delivered"], report.counts["refused"], report.counts["undelivered"]) == (397, 1, 2)
    named = {row.channel_order_id: row.outcome for _, row in ledger.unaccepted("boutique")}
    assert named == {"7": "undelivered", "350": "undelivered", "50": "refused"}
    reasons = {ledger.known("boutique", ["7", "350"])[order_id].error_reason for order_id in ("7", "350")}
    assert reasons == {"Mirakl answers HTTP 500"}
    sandbox.settings = CALM
    deliver(delivery(), shop)
    sandbox.settings = replace(CALM, poisoned=frozenset({"50"}))
    deliver(delivery(), shop)
    expect_the_shop_at_mirakl(sandbox, ledger, shop, bad=frozenset({"50"}))


def test_a_batch_answered_twice_because_its_connection_was_cut_is_counted_once(
    sandbox: Sandbox, delivery: Make, ledger: Ledger
) -> None:
    shop = [make_record(number) for number in range(500)]
    sandbox.settings = replace(CALM, drop_after=0.5, poisoned=frozenset())
    report = deliver(delivery(), shop)
    assert report.counts["delivered"] == 500
    assert sandbox.stats.stored > 500
    assert report.counts["requests"] == 5 + report.counts["retries"]
    expect_the_shop_at_mirakl(sandbox, ledger, shop, bad=frozenset())
