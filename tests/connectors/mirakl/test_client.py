"""One request to Mirakl over a real socket: what an answer means, how long it is waited for, and at what rate."""

from __future__ import annotations

import datetime as dt
import gc
import sys
import threading
import time
from contextlib import suppress
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.responses import HTMLResponse, Response

from connectors.mirakl.client import MiraklClient, _retry_after
from connectors.mirakl.errors import (
    DestinationError,
    NoAnswer,
    OrdersRefused,
    RequestTooLarge,
    StoreStopped,
    faults,
)
from connectors.mirakl.limiter import CEILING, Limiter
from connectors.mirakl.settings import MiraklSettings
from connectors.sandbox.server import Sandbox
from tests.connectors.mirakl.conftest import BODY, CHANNEL_ID, Clock, answers, make_client, waited

pytestmark = pytest.mark.slow


def test_204_is_the_only_yes(sandbox: Sandbox, client: MiraklClient) -> None:
    client.post_orders(BODY)
    assert (client.requests, client.retries, client.answers) == (1, 0, 1)
    assert len(sandbox.orders) == 1


@pytest.mark.parametrize("answer", [Response(status_code=204), Response(b"{}", 400)], ids=["accepted", "refused"])
def test_an_answered_body_is_freed_without_the_collector_of_cycles(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch, answer: Response
) -> None:
    """A day of a million orders would keep a gigabyte of them: it makes few objects that the collector counts."""
    answers(monkeypatch, sandbox, answer)
    body = b"%s " % BODY
    before = sys.getrefcount(body)
    gc.disable()
    try:
        with suppress(OrdersRefused):
            client.post_orders(body)
        assert sys.getrefcount(body) == before
    finally:
        gc.enable()


@pytest.mark.parametrize("status", [403, 404, 405, 406, 410, 415])
def test_a_no_of_mirakls_stops_the_store_and_is_not_repeated(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answers(monkeypatch, sandbox, Response(b"{}", status))
    with pytest.raises(StoreStopped, match=f"HTTP {status}"):
        client.post_orders(BODY)
    assert client.requests == 1


FOREIGN = [
    HTMLResponse("<h1>Log in</h1>", 200),
    Response(status_code=302, headers={"Location": "https://elsewhere.example/"}),
    Response(status_code=301, headers={"Location": "/api/channel-platform/v1/orders/"}),
    Response(status_code=402),
    Response(status_code=422),
]


@pytest.mark.parametrize("response", FOREIGN, ids=lambda response: str(response.status_code))
def test_an_answer_that_is_not_mirakls_stops_the_store_at_the_third_time(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch, response: Response
) -> None:
    """A gateway shows a login page for a moment, or for good: as it does at a wrong address."""
    answers(monkeypatch, sandbox, response, response)
    client.post_orders(BODY)
    assert (client.requests, len(sandbox.orders)) == (3, 1)
    answers(monkeypatch, sandbox, response, response, response)
    with pytest.raises(StoreStopped, match=f"HTTP {response.status_code}"):
        client.post_orders(BODY)
    assert client.requests == 6


def test_a_server_error_in_html_is_waited_out(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, sandbox, HTMLResponse("<h1>502 Bad Gateway</h1>", 502), Response(status_code=503))
    client.post_orders(BODY)
    assert (client.requests, client.retries) == (3, 2)


@pytest.mark.parametrize("status", [408, 425, 500, 599])
def test_a_status_that_passes_is_waited_out(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answers(monkeypatch, sandbox, Response(status_code=status))
    client.post_orders(BODY)
    assert (client.requests, client.retries, client.answers) == (2, 1, 1)


def test_a_refusal_without_mirakls_body_is_a_refusal_all_the_same(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, sandbox, HTMLResponse("<h1>400</h1>", 400))
    with pytest.raises(OrdersRefused, match="HTTP_400"):
        client.post_orders(BODY)


def test_a_413_is_a_request_too_large(sandbox: Sandbox, client: MiraklClient) -> None:
    sandbox.settings.max_request_bytes = 100
    with pytest.raises(RequestTooLarge):
        client.post_orders(BODY)


def test_retry_after_is_obeyed(sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, sandbox, Response(status_code=429, headers={"Retry-After": "1"}))
    with waited() as seconds:
        client.post_orders(BODY)
    assert seconds() >= 1


def test_a_pause_beyond_the_budget_is_not_waited_for_by_anyone(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(sandbox, retry_budget=2)
    answers(monkeypatch, sandbox, Response(status_code=429, headers={"Retry-After": "3600"}))
    begin = clock.now
    for _ in range(2):
        with pytest.raises(NoAnswer) as caught:
            client.post_orders(BODY, interrupt=clock)
        assert not caught.value.about_batch
    assert clock.now - begin < 1
    assert client.requests == 1
    client.close()


def test_429_is_waited_out_beyond_the_budget_while_mirakl_answers_others(
    sandbox: Sandbox, client: MiraklClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = sandbox._answer
    begin = clock.now

    def answer(request: Any, body: bytes, number: int) -> Response:
        unlucky = b'"unlucky"' in body and clock.now < begin + 5
        return Response(status_code=429, headers={"Retry-After": "1"}) if unlucky else own(request, body, number)

    def wait(seconds: float) -> bool:
        clock.now += seconds
        if seconds == 1:
            client.post_orders(BODY, interrupt=clock)
        return False

    monkeypatch.setattr(sandbox, "_answer", answer)
    monkeypatch.setattr(clock, "wait", wait)
    client.post_orders(BODY.replace(b'"1"', b'"unlucky"').replace(b'"1-0"', b'"unlucky-0"'), budget=2, interrupt=clock)
    assert (CHANNEL_ID, "unlucky") in sandbox.orders


def test_429_is_not_waited_out_beyond_the_budget_when_mirakl_answers_nobody(
    sandbox: Sandbox, client: MiraklClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, sandbox, *[Response(status_code=429, headers={"Retry-After": "1"})] * 9)
    begin = clock.now
    with pytest.raises(NoAnswer):
        client.post_orders(BODY, budget=2, interrupt=clock)
    assert clock.now - begin <= 2


def test_no_connection_has_nothing_to_do_with_the_batch(sandbox: Sandbox) -> None:
    client = make_client(sandbox, base_url="http://127.0.0.1:9/")
    with pytest.raises(NoAnswer, match="ConnectError") as caught:
        client.post_orders(BODY, budget=0.5)
    assert not caught.value.about_batch
    client.close()


def test_a_connection_cut_may_lie_in_the_batch(sandbox: Sandbox, client: MiraklClient) -> None:
    sandbox.settings.drop_before = 1
    with pytest.raises(NoAnswer) as caught:
        client.post_orders(BODY, budget=0.5)
    assert caught.value.about_batch


def test_stopping_ends_the_waiting_and_begins_no_other_request(
    sandbox: Sandbox, client: MiraklClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(seconds: float) -> bool:
        clock.now += seconds
        return True

    sandbox.settings.server_errors = 1
    monkeypatch.setattr(clock, "wait", stopped)
    with pytest.raises(NoAnswer):
        client.post_orders(BODY, interrupt=clock)
    assert sandbox.stats.requests == client.requests == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("-5", None),
        ("7", 7),
        (" 7 ", 7),
        ("²", None),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +999999999999999", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(value: str | None, seconds: float | None) -> None:
    assert _retry_after(value) == seconds


def test_retry_after_as_a_date_in_the_future_is_seconds_from_now() -> None:
    date = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60), usegmt=True)
    assert _retry_after(date) == pytest.approx(60, abs=2)
    assert _retry_after(date, "no date") == pytest.approx(60, abs=2)


def test_retry_after_as_a_date_is_by_the_clock_of_the_server() -> None:
    now, later = "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:09 GMT"
    assert _retry_after(later, now) == 9
    assert _retry_after(now, later) == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", [("HTTP_400", None)]),
        (b"[]", [("HTTP_400", None)]),
        (b"<html>", [("HTTP_400", None)]),
        (b'{"code": "A"}', [("A", None)]),
        (b'{"code": 7, "errors": [{"field": "orders[0].status"}]}', [("HTTP_400", "orders[0].status")]),
        (b'{"code": "A", "errors": [{"code": "B", "field": ""}, "C", {}]}', [("B", None), ("A", None)]),
        (b'{"code": "A", "errors": [{"extensions": {"code": "B"}, "field": 3}]}', [("B", None)]),
        (b'{"code": "A\\u0000B", "errors": null}', [("A_B", None)]),
        ('{"code": "É"}'.encode("latin-1"), [("HTTP_400", None)]),
    ],
)
def test_any_error_body_has_faults(body: bytes, expected: list[tuple[str, str | None]]) -> None:
    assert [(fault.code, fault.field) for fault in faults(body)] == expected


def test_secrets_are_not_sent_in_the_clear() -> None:
    with pytest.raises(DestinationError, match="MIRAKL_BASE_URL must start with https"):
        MiraklSettings("http://mirakl.example", "https://auth.example", "id", "secret")
    assert "hush" not in repr(MiraklSettings("https://mirakl.example", "https://auth.example", "id", "hush"))


def test_the_ceiling_holds_in_every_second_whatever_the_network_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request arrives at a random point between its leaving and its answer, and many are held up together."""
    limiter = Limiter(CEILING)
    arrivals: list[float] = []
    lock = threading.Lock()

    def requests(number: int) -> None:
        for turn in range(12):
            with limiter.slot():
                # Those that leave in the first half second all arrive at its end.
                late = 0.5 - (time.monotonic() % 1)
                time.sleep(max(late, 0.001 * ((number * 7 + turn * 3) % 11)))
                with lock:
                    arrivals.append(time.monotonic())

    threads = [threading.Thread(target=requests, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrivals.sort()
    busiest = max(sum(begin <= other < begin + 1 for other in arrivals) for begin in arrivals)
    assert len(arrivals) == 144
    assert busiest <= CEILING
