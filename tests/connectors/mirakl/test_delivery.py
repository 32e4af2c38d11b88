"""Delivery over real sockets, into a real ledger: every order ends with one outcome, and nothing is sent in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, Lines, held, make_record, tables
from tests.servers.dagster import wait_for
from transforms.outcomes import Record, Reject

Make = Callable[..., Delivery]
DAY = "2026-03-01"


def run(delivery: Delivery, records: list[Record], rejects: Sequence[Reject] = (), **options: Any) -> DayReport:
    return delivery.deliver(tables(records, rejects), **{"day": DAY, "run_id": "run", **options})


def test_a_day_of_good_orders_arrives_in_full_requests(sandbox: Sandbox, delivery: Make) -> None:
    report = run(delivery(), [make_record(number) for number in range(250)])
    assert report.counts["delivered"] == 250
    assert report.counts["requests"] == 3
    assert held(sandbox) == {str(number) for number in range(250)}


def test_a_second_run_sends_nothing(delivery: Make) -> None:
    records = [make_record(number) for number in range(120)]
    run(delivery(), records)
    report = run(delivery(), records)
    assert report.counts["unchanged"] == 120
    assert report.counts["requests"] == 0


def test_only_what_changed_is_sent(delivery: Make) -> None:
    run(delivery(), [make_record(number) for number in range(120)])
    report = run(delivery(), [make_record(number, title="Cup" if number == 7 else "Mug") for number in range(120)])
    assert report.counts["delivered"] == 1
    assert report.counts["unchanged"] == 119


def test_bad_orders_are_named_and_the_good_ones_arrive(sandbox: Sandbox, delivery: Make, ledger: Ledger) -> None:
    sandbox.settings.poisoned = frozenset({"7", "13", "140"})
    report = run(delivery(), [make_record(number) for number in range(200)])
    assert report.counts["delivered"] == 197
    assert report.counts["refused"] == 3
    assert {failure.channel_order_id for failure in report.failures} == {"7", "13", "140"}
    assert {(failure.code, failure.field) for failure in report.failures} == {("INVALID_INPUT", "status")}
    assert [row.channel_order_id for _, row in ledger.unaccepted("boutique")] == ["13", "140", "7"]


@pytest.mark.slow
@pytest.mark.parametrize(("pointers", "bad"), [("exact", {7}), ("none", {7}), ("none", set(range(100, 200)))])
def test_every_request_beyond_the_batches_themselves_counts_as_isolating(
    sandbox: Sandbox, delivery: Make, pointers: Any, bad: set[int]
) -> None:
    sandbox.settings.pointers = pointers
    sandbox.settings.poisoned = frozenset(map(str, bad))
    counts = run(delivery(threads=1), [make_record(number) for number in range(200)]).counts
    assert (counts["delivered"], counts["refused"]) == (200 - len(bad), len(bad))
    assert counts["requests"] == sandbox.stats.requests
    assert counts["requests_isolating"] == counts["requests"] - 2 > 0


def test_a_refused_order_is_not_sent_again_until_it_changes(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.poisoned = frozenset({"1"})
    run(delivery(), [make_record(1)])
    sandbox.settings.poisoned = frozenset()
    report = run(delivery(), [make_record(1)])
    assert (report.counts["refused"], report.counts["requests"]) == (1, 0)
    report = run(delivery(), [make_record(1, title="Cup")])
    assert report.counts["delivered"] == 1


def test_a_refused_order_is_sent_again_when_asked_to(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.poisoned = frozenset({"1"})
    run(delivery(), [make_record(1)])
    sandbox.settings.poisoned = frozenset()
    assert run(delivery(), [make_record(1)], again=True).counts["delivered"] == 1


def test_a_record_read_earlier_than_what_was_delivered_is_superseded(sandbox: Sandbox, delivery: Make) -> None:
    run(delivery(), [make_record(1, title="new", read_at="2026-03-02T00:00:01Z")])
    report = run(delivery(), [make_record(1, title="old", read_at="2026-03-02T00:00:00.500Z")])
    assert report.counts["superseded"] == 1
    assert sandbox.orders[CHANNEL_ID, "1"]["order_lines"][0]["product"]["title"] == "new"


def test_a_shop_whose_clock_went_back_still_reaches_mirakl(sandbox: Sandbox, delivery: Make) -> None:
    run(delivery(), [make_record(1, updated_at="2026-03-01T10:00:00Z")])
    later = make_record(1, title="new", updated_at="2026-02-01T10:00:00Z", read_at="2026-03-02T00:00:01Z")
    assert run(delivery(), [later]).counts["delivered"] == 1
    order = sandbox.orders[CHANNEL_ID, "1"]
    assert order["order_lines"][0]["product"]["title"] == "new"
    assert order["channel_updated_at"] == "2026-03-01T10:00:00Z"


def test_an_order_that_lost_a_line_is_sent_and_reported(delivery: Make) -> None:
    run(delivery(), [make_record(1, lines=3)])
    report = run(delivery(), [make_record(1, lines=2)])
    assert report.counts["delivered"] == 1
    assert report.shrunk == ["1"]


def test_a_stamp_in_the_future_is_sent_and_reported(delivery: Make) -> None:
    report = run(delivery(), [make_record(1, updated_at="2199-01-01T00:00:00Z")])
    assert report.counts["delivered"] == 1
    assert report.future_stamps == ["1"]


def test_a_reject_is_counted_and_kept_in_the_ledger(delivery: Make, ledger: Ledger) -> None:
    reject = Reject("9", "missing", "order_lines", "is required", "2026-03-02T00:00:00Z")
    report = run(delivery(), [make_record(1)], rejects=[reject])
    assert report.counts["orders_read"] == 2
    assert report.counts["rejected"] == 1
    row = ledger.known("boutique", ["9"])["9"]
    assert (row.outcome, row.error_code, row.error_reason) == ("rejected", "missing", "is required")


def test_an_order_rejected_for_a_while_and_then_as_delivered_before_is_unchanged(
    delivery: Make, ledger: Ledger
) -> None:
    run(delivery(), [make_record(1)])
    run(delivery(), [], rejects=[Reject("1", "missing", "city", "is required", "2026-03-02T00:00:00Z")])
    assert run(delivery(), [make_record(1)]).counts["unchanged"] == 1
    assert ledger.known("boutique", ["1"])["1"].unaccepted_since is None


def test_an_unknown_store_stops_at_once_and_the_other_store_goes_on(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.known_stores = frozenset({"S-1"})
    records = [make_record(number, store="S-1" if number % 2 else "S-2") for number in range(600)]
    report = run(delivery(), records)
    assert (report.counts["delivered"], report.counts["undelivered"]) == (300, 300)
    assert report.stopped is not None
    assert "mirakl_store_id" in report.stopped
    # One request a thread may have been under way before the first answer; none is bisected.
    assert report.counts["requests_isolating"] == 0
    sandbox.settings.known_stores = frozenset()
    report = run(delivery(), records)
    assert (report.counts["delivered"], report.counts["unchanged"]) == (300, 300)


def test_wrong_credentials_leave_every_order_undelivered_with_a_remedy(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.client_secret = "changed"
    report = run(delivery(), [make_record(number) for number in range(150)])
    assert report.counts["undelivered"] == 150
    assert "MIRAKL_CLIENT_SECRET" in (report.stopped or "")


def test_a_request_of_too_many_bytes_is_halved_until_it_fits(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.max_request_bytes = 10_000
    report = run(delivery(), [make_record(number) for number in range(300)])
    assert report.counts["delivered"] == 300
    # Three requests under way, each halved twice: none of the later ones is too large.
    assert sandbox.stats.answers["413"] <= 21


def test_an_order_that_alone_is_too_large_is_refused(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.max_request_bytes = 10_000
    records = [make_record(number, lines=60 if number == 5 else 1) for number in range(30)]
    report = run(delivery(), records)
    assert (report.counts["delivered"], report.counts["refused"]) == (29, 1)
    assert report.failures[0].code == "HTTP_413"


def test_requests_are_cut_by_bytes_before_mirakl_complains(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.max_request_bytes = 10_000
    report = run(delivery(max_request_bytes=10_000), [make_record(number) for number in range(300)])
    assert report.counts["delivered"] == 300
    assert sandbox.stats.answers["413"] == 0


def test_a_stop_finishes_what_is_in_flight_and_leaves_the_rest_undelivered(
    sandbox: Sandbox, delivery: Make, ledger: Ledger
) -> None:
    sandbox.settings.latency = 0.2
    stop = threading.Event()

    def stop_when_some_arrived() -> None:
        wait_for(lambda: sandbox.stats.stored, "the first orders", 30, every=0.05)
        stop.set()

    threading.Thread(target=stop_when_some_arrived).start()
    report = run(delivery(interrupt=stop, threads=2), [make_record(number) for number in range(2000)])
    assert 0 < report.counts["delivered"] < 2000
    assert report.counts["delivered"] + report.counts["undelivered"] == report.counts["orders_read"] < 2000
    assert len(held(sandbox)) == report.counts["delivered"]
    sandbox.settings.latency = 0
    report = run(delivery(), [make_record(number) for number in range(2000)])
    assert report.counts["unchanged"] + report.counts["delivered"] == 2000
    assert report.counts["undelivered"] == 0


@pytest.mark.slow
def test_one_order_over_which_the_server_fails_does_not_hold_up_the_others(
    sandbox: Sandbox, delivery: Make, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = sandbox._answer

    def fail_over_five(request: Any, body: bytes, number: int) -> Any:
        if b'"channel_order_id":"5"' in body:
            return sandbox._fail(500, "UNEXPECTED", "boom")
        return answer(request, body, number)

    monkeypatch.setattr(sandbox, "_answer", fail_over_five)
    monkeypatch.setattr(client, "_budget", 1.0)
    monkeypatch.setattr("connectors.mirakl.sending.SUSPECT_SECONDS", 0.3)
    report = run(delivery(), [make_record(number) for number in range(40)])
    assert (report.counts["delivered"], report.counts["undelivered"]) == (39, 1)
    assert [failure.channel_order_id for failure in report.failures] == ["5"]


@pytest.mark.slow
def test_an_outage_leaves_orders_undelivered_and_the_next_run_completes_the_day(
    sandbox: Sandbox, delivery: Make, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_budget", 0.5)
    monkeypatch.setattr("connectors.mirakl.sending.SUSPECT_SECONDS", 0.3)
    records = [make_record(number) for number in range(500)]
    sandbox.settings.server_errors = 1
    report = run(delivery(), records)
    assert report.counts["undelivered"] == 500
    assert report.stopped
    sandbox.settings.server_errors = 0
    assert run(delivery(), records).counts["delivered"] == 500


def test_failures_are_capped_in_the_report_and_counted_whole(sandbox: Sandbox, delivery: Make) -> None:
    rejects = [
        Reject(str(number), "missing", f"order_lines[{number}].price", "is required", "2026-03-02T00:00:00Z")
        for number in range(1000)
    ]
    report = run(delivery(), [], rejects=rejects)
    assert len(report.failures) == 50
    assert report.failures_total == 1000
    assert dict(report.signatures) == {"missing order_lines[*].price": 1000}


def test_the_log_names_the_orders_that_failed_a_line_a_kind_and_bounded(
    sandbox: Sandbox, delivery: Make, log: Lines
) -> None:
    sandbox.settings.poisoned = frozenset(str(number) for number in range(0, 500, 20))
    rejects = [Reject("bad", "missing", "order_lines", "the order has no lines", "2026-03-02T00:00:00Z")]
    run(delivery(log=log.logger), [make_record(number) for number in range(500)], rejects=rejects)
    assert len(log.lines) < 20
    rejected, refused = log.texts("WARNING")
    assert rejected == "2026-03-01: 1 order rejected (missing order_lines): bad"
    assert refused.startswith("2026-03-01: 25 orders refused (INVALID_INPUT status): ")
    *named, more = refused.rpartition("status): ")[2].split(", ")
    assert (len(named), set(named) <= sandbox.settings.poisoned, more) == (10, True, "...")


def test_that_a_store_is_sent_nothing_more_is_an_error_in_the_log(sandbox: Sandbox, delivery: Make, log: Lines) -> None:
    sandbox.settings.known_stores = frozenset({"S-2"})
    run(delivery(log=log.logger), [make_record(1), make_record(2, store="S-2")])
    [line] = log.texts("ERROR")
    assert line.startswith("channel boutique: nothing more is sent to store S-1: HTTP 404")
    [left] = log.texts("WARNING")
    assert left == "2026-03-01: 1 order undelivered (STORE_STOPPED order): 1"


@pytest.mark.slow
@pytest.mark.parametrize(
    "style", ["exact", "jsonpath", "slash", "dotted", "first", "one-based", "wrong", "names", "none", "mixed"]
)
def test_every_pointer_style_of_the_stand_in_ends_right(sandbox: Sandbox, delivery: Make, style: Any) -> None:
    bad = frozenset(str(number) for number in range(0, 1000, 37))
    sandbox.settings = SandboxSettings(requests_per_second=10_000, pointers=style, poisoned=bad)
    report = run(delivery(), [make_record(number) for number in range(1000)])
    assert held(sandbox) == {str(number) for number in range(1000)} - bad
    assert report.counts["refused"] == len(bad)
    assert {failure.channel_order_id for failure in report.failures} == bad
