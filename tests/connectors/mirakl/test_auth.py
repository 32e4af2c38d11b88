"""Tokens over a real socket: when one is asked for, how long it is used, and what is none."""

from __future__ import annotations

import threading
from typing import Any

import orjson
import pytest
from starlette.responses import Response

from connectors.mirakl.auth import _read
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import CredentialRefused, NoAnswer, TokenUnavailable
from connectors.mirakl.limiter import CEILING
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import BODY, Clock, answers, make_client


def test_a_token_refused_once_is_replaced(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, sandbox, Response(status_code=401))
    client.post_orders(BODY)
    assert (client.requests, sandbox.stats.tokens) == (2, 2)


def test_a_new_token_refused_as_well_stops_the_store(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, sandbox, *[Response(status_code=401)] * 2)
    with pytest.raises(CredentialRefused, match="MIRAKL_CLIENT_ID"):
        client.post_orders(BODY)
    assert client.requests == 2


def test_a_credential_that_worked_gets_three_new_tokens_before_its_store_stops(
    sandbox: Sandbox, client: MiraklClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post_orders(BODY)
    answers(monkeypatch, sandbox, *[Response(status_code=401)] * 7)
    with pytest.raises(CredentialRefused, match="MIRAKL_CLIENT_ID"):
        client.post_orders(BODY)
    assert (client.requests, sandbox.stats.tokens) == (5, 4)
    client.post_orders(BODY)
    assert (client.requests, client.answers) == (9, 2)


def test_credentials_can_be_tried_without_sending_anything(sandbox: Sandbox, client: MiraklClient) -> None:
    client.authenticate()
    assert (sandbox.stats.tokens, sandbox.stats.requests) == (1, 0)
    other = make_client(sandbox, client_secret="wrong")
    with pytest.raises(CredentialRefused, match="MIRAKL_CLIENT_SECRET"):
        other.authenticate()
    other.close()


@pytest.mark.slow
def test_the_token_endpoint_may_be_away_for_a_while(sandbox: Sandbox, client: MiraklClient) -> None:
    sandbox.settings.token_endpoint_down = True
    timer = threading.Timer(1, lambda: setattr(sandbox.settings, "token_endpoint_down", False))
    timer.start()
    client.post_orders(BODY)
    assert client.requests == 1


def test_a_token_that_cannot_be_renewed_ahead_of_time_is_used_to_its_end(
    sandbox: Sandbox, client: MiraklClient, clock: Clock
) -> None:
    sandbox.settings.token_seconds = 3600
    client.post_orders(BODY, interrupt=clock)
    sandbox.settings.token_endpoint_down = True
    clock.now += 3590
    client.post_orders(BODY, budget=0.1, interrupt=clock)
    assert client.requests == 2
    clock.now += 20
    with pytest.raises(NoAnswer):
        client.post_orders(BODY, budget=0.1, interrupt=clock)


@pytest.mark.parametrize("token", ["", ["x"], "a\r\nX: y", "jeton-é", 7, None])
def test_what_a_header_cannot_hold_is_no_token(token: Any) -> None:
    with pytest.raises(TokenUnavailable, match="no token"):
        _read(orjson.dumps({"access_token": token, "expires_in": 3599}))


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"<h1>Log in</h1>"])
def test_an_answer_without_a_token_is_none(content: bytes) -> None:
    with pytest.raises(TokenUnavailable, match="no token"):
        _read(content)


@pytest.mark.parametrize(("life", "seconds"), [(3599, 3599), ("3599", 3599), (None, 300), ("soon", 300), ([], 300)])
def test_a_token_is_used_whatever_lifetime_is_given(life: Any, seconds: float) -> None:
    assert _read(orjson.dumps({"access_token": "abc", "expires_in": life})) == ("abc", seconds)


def test_a_wrong_token_address_is_reported_at_once(sandbox: Sandbox) -> None:
    client = make_client(sandbox, token_url=f"{sandbox.base_url}/nowhere")
    with pytest.raises(CredentialRefused, match="check MIRAKL_TOKEN_URL"):
        client.post_orders(BODY)
    client.close()


@pytest.mark.slow
def test_token_requests_count_against_the_rate(sandbox: Sandbox) -> None:
    sandbox.settings = SandboxSettings(token_seconds=0.2)
    client = make_client(sandbox, requests_per_second=CEILING)
    # At this rate they take two seconds at the least: ten lives of a token.
    for _ in range(2 * CEILING):
        client.post_orders(BODY)
    client.close()
    assert sandbox.stats.tokens > 5
    assert sandbox.stats.busiest_second <= CEILING
    assert sandbox.stats.answers["429"] == 0
