"""A fault of the configuration, of Mirakl or of the size of requests is distinguished from faults of the orders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as count_from
from typing import Any

import orjson
import pytest
from starlette.responses import Response

from connectors.mirakl.delivery import Delivery
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, count, deliver, held, make_record

pytestmark = pytest.mark.slow

Make = Callable[..., Delivery]


def test_the_first_orders_bad_for_one_reason_do_not_stop_the_good_ones(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.pointers = "none"
    sandbox.settings.poisoned = frozenset(str(number) for number in range(30))
    report = deliver(delivery(threads=1), [make_record(number) for number in range(300)])
    assert count(report) == {"delivered": 270, "refused": 30}


def test_all_orders_refused_for_one_reason_stop_the_store_before_long(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.pointers = "none"
    sandbox.settings.poisoned = frozenset(str(number) for number in range(3000))
    report = deliver(delivery(threads=1), [make_record(number) for number in range(3000)])
    assert "configuration" in (report.stopped or "")
    assert count(report) == {"undelivered": 3000}
    assert report.counts["requests"] <= 60
    sandbox.settings.poisoned = frozenset()
    report = deliver(delivery(), [make_record(number) for number in range(3000)])
    assert count(report) == {"delivered": 3000}


def test_a_known_refusal_where_nothing_was_accepted_does_not_block_later_orders(
    sandbox: Sandbox, delivery: Make
) -> None:
    sandbox.settings = SandboxSettings(
        requests_per_second=10_000, pointers="none", poisoned=frozenset(str(number) for number in range(100))
    )
    records = [make_record(number) for number in range(150)]
    for run in range(12):
        deliver(delivery(threads=1), records, run_id=f"run {run}")
    assert held(sandbox) == {str(number) for number in range(100, 150)}
    assert count(deliver(delivery(), records, run_id="last")) == {"unchanged": 50, "refused": 100}


@pytest.mark.parametrize("known_from", ["this run", "the run before"])
@pytest.mark.parametrize("pointers", ["none", "exact"])
def test_when_mirakl_refuses_everything_no_order_is_refused_and_little_is_sent(
    sandbox: Sandbox, delivery: Make, pointers: Any, known_from: str
) -> None:
    sandbox.settings.pointers = pointers
    records = [make_record(number) for number in range(3000)]
    sender = delivery(threads=4)
    assert count(deliver(sender, records[:300])) == {"delivered": 300}
    sandbox.settings.poisoned = frozenset(record.channel_order_id for record in records)
    if known_from == "the run before":
        sender, records = delivery(threads=4), records[:100] + records[300:]
    else:
        records = records[300:]
    report = deliver(sender, records, run_id="next")
    assert (report.counts["delivered"], report.counts["refused"]) == (0, 0)
    assert report.counts["undelivered"] >= 2700
    assert report.counts["requests"] <= 120
    assert "order after order" in (report.stopped or "")
    assert {failure.outcome for failure in report.failures} == {"undelivered"}
    sandbox.settings.poisoned = frozenset()
    deliver(delivery(), records)
    assert len(held(sandbox)) == 3000


def test_bad_orders_in_a_row_are_refused_where_mirakl_still_takes_others(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings = SandboxSettings(
        requests_per_second=10_000, pointers="none", poisoned=frozenset(str(number) for number in range(100, 600))
    )
    report = deliver(delivery(threads=1), [make_record(number) for number in range(700)])
    assert count(report) == {"delivered": 200, "refused": 500}
    assert report.counts["requests"] <= 3 * 500


def test_a_request_refused_for_its_origin_is_not_bisected(
    sandbox: Sandbox, delivery: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"code": "BAD_ORIGIN", "errors": [{"field": "input.origin.channel_id", "message": "no"}]}'
    monkeypatch.setattr(sandbox, "_answer", lambda *_: Response(body, 400))
    report = deliver(delivery(threads=1), [make_record(number) for number in range(500)])
    assert (report.counts["undelivered"], report.counts["requests"]) == (500, 1)
    assert "mirakl_channel_id" in (report.stopped or "")


def test_a_limit_on_the_number_of_orders_is_learned(
    sandbox: Sandbox, delivery: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sandbox._answer

    def answer(request: Any, body: bytes, number: int) -> Response:
        if len(orjson.loads(body)["orders"]) > 40:
            return Response(b'{"code": "TOO_MANY", "errors": [{"field": "orders", "message": "no"}]}', 400)
        return own(request, body, number)

    monkeypatch.setattr(sandbox, "_answer", answer)
    report = deliver(delivery(threads=1), [make_record(number) for number in range(2000)])
    assert count(report) == {"delivered": 2000}
    # Two requests of 100 and one of 50 are taken apart; from then on 25 orders go at a time.
    assert report.counts["requests"] <= 2000 / 25 + 40


def test_requests_of_a_size_that_was_taken_before_stay_as_they_are(
    sandbox: Sandbox, delivery: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something on the way refuses one request in three as too large, whatever its size."""
    own, numbers = sandbox._answer, count_from(1)

    def answer(request: Any, body: bytes, number: int) -> Response:
        return Response(status_code=413) if next(numbers) % 3 == 0 else own(request, body, number)

    monkeypatch.setattr(sandbox, "_answer", answer)
    report = deliver(delivery(threads=1), [make_record(number) for number in range(2000)])
    assert count(report) == {"delivered": 2000}
    assert report.counts["requests"] <= 60


def test_when_every_order_is_too_large_the_configuration_is_at_fault(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.max_request_bytes = 50
    report = deliver(delivery(threads=1), [make_record(number) for number in range(500)])
    assert count(report) == {"undelivered": 500}
    assert "HTTP_413" in (report.stopped or "")


@pytest.mark.parametrize("held_from", ["this run", "the run before"])
def test_the_order_sent_once_more_as_a_proof_keeps_the_stamp_that_the_ledger_knows(
    sandbox: Sandbox, delivery: Make, held_from: str
) -> None:
    """Mirakl ignores in silence what is older than the stamp it holds; so the ledger must know that one."""
    proof = make_record("proof", updated_at="2026-03-01T10:00:00Z")
    sender = delivery(threads=1)
    deliver(sender, [proof])
    sender = sender if held_from == "this run" else delivery(threads=1)
    sandbox.settings.poisoned = frozenset(map(str, range(40)))
    later = make_record("proof", updated_at="2026-03-01T12:00:00Z", read_at="2026-03-02T00:00:01Z")
    report = deliver(sender, [later, *map(make_record, range(40))])
    assert count(report) == {"unchanged": 1, "refused": 40}
    assert sandbox.orders[CHANNEL_ID, "proof"]["channel_updated_at"] == "2026-03-01T10:00:00Z"
    back = make_record("proof", title="back", updated_at="2026-03-01T11:00:00Z", read_at="2026-03-02T00:00:02Z")
    assert count(deliver(delivery(), [back])) == {"delivered": 1}
    assert sandbox.orders[CHANNEL_ID, "proof"]["order_lines"][0]["product"]["title"] == "back"


def test_a_first_day_of_bad_orders_alone_does_not_hold_up_the_next(sandbox: Sandbox, delivery: Make) -> None:
    """Mirakl holds nothing yet, so that nothing can prove the day's orders bad; the day after shows it."""
    sandbox.settings.poisoned = frozenset(map(str, range(60)))
    sender = delivery()
    first = deliver(sender, [make_record(number) for number in range(60)], day="2026-03-01")
    assert count(first) == {"undelivered": 60}
    assert "order after order" in (first.stopped or "")
    second = deliver(sender, [make_record(number) for number in range(100, 300)], day="2026-03-02")
    assert count(second) == {"delivered": 200}


def test_days_after_one_that_was_refused_whole_cost_little_when_they_are_too(sandbox: Sandbox, delivery: Make) -> None:
    sandbox.settings.poisoned = frozenset(map(str, range(1000)))
    sender = delivery(threads=1)
    for day in range(5):
        orders = [make_record(number) for number in range(day * 200, day * 200 + 200)]
        report = deliver(sender, orders, day=f"2026-03-0{day + 1}")
        assert count(report) == {"undelivered": 200}
        assert report.counts["requests"] <= (40 if day == 0 else 20)


@pytest.mark.parametrize("pointers", ["none", "exact"])
def test_orders_that_are_all_bad_but_each_in_its_own_way_are_all_named(
    sandbox: Sandbox, delivery: Make, monkeypatch: pytest.MonkeyPatch, pointers: str
) -> None:
    def answer(_request: Any, body: bytes, _number: int) -> Response:
        numbers = [int(order["channel_order_id"]) for order in orjson.loads(body)["orders"]]
        prefix = "orders[{}]." if pointers == "exact" else ""
        errors = [
            {"message": "no", "field": f"{prefix}custom_{'ab'[number % 2]}".format(position)}
            for position, number in enumerate(numbers)
        ]
        return Response(orjson.dumps({"code": "INVALID_INPUT", "message": "no", "errors": errors}), 400)

    monkeypatch.setattr(sandbox, "_answer", answer)
    report = deliver(delivery(threads=1), [make_record(number) for number in range(150)])
    assert count(report) == {"refused": 150}
    assert report.counts["requests"] <= 2 * 150
