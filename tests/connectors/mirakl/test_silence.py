"""While Mirakl gives no answer it is logged what comes instead, how often, since when and until when."""

from __future__ import annotations

import re

import pytest
from starlette.responses import Response

from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import NoAnswer
from connectors.mirakl.settings import MiraklSettings
from connectors.sandbox.server import Sandbox
from tests.connectors.mirakl.conftest import BODY, Clock, answers


def client(sandbox: Sandbox, logged: list[str]) -> MiraklClient:
    settings = MiraklSettings(sandbox.base_url, sandbox.token_url, "sandbox", "sandbox", requests_per_second=30)
    return MiraklClient(settings, logged.append)


def test_an_outage_is_logged_every_quarter_of_a_minute_and_not_once_a_try(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    speaker = client(sandbox, logged)
    answers(monkeypatch, sandbox, *(Response(status_code=503) for _ in range(1000)))
    with pytest.raises(NoAnswer):
        speaker.post_orders(BODY, interrupt=clock)
    assert 3 <= len(logged) <= 9
    text = r"Mirakl answers HTTP 503 for \d+ s, \d+ tries; tried again in \d+ s, given up at \d\d:\d\d:\d\d UTC"
    assert all(re.fullmatch(text, line) for line in logged)
    speaker.close()


def test_the_end_of_an_outage_is_logged(sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    speaker = client(sandbox, logged)
    answers(monkeypatch, sandbox, Response(status_code=429, headers={"Retry-After": "40"}))
    speaker.post_orders(BODY, interrupt=clock)
    assert [re.sub(r"\d\d:\d\d:\d\d", "at", line) for line in logged] == [
        "Mirakl answers HTTP 429 for 0 s, 1 tries; tried again in 40 s, given up at at UTC",
        "Mirakl answers again, after 40 s",
    ]
    speaker.close()


def test_a_hiccup_is_not_worth_a_line(sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    speaker = client(sandbox, logged)
    answers(monkeypatch, sandbox, Response(status_code=503))
    speaker.post_orders(BODY, interrupt=clock)
    assert logged == []
    speaker.close()
