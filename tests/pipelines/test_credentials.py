"""Several credentials: each has a rate of its own, so channels of different ones do not wait for each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.ledger import Ledger
from connectors.sandbox.server import CREDENTIAL, Sandbox
from pipelines.config.environment import Environment
from pipelines.config.settings import load_settings
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, RANGE, call, json_of

CREDENTIALS = """
[mirakl.credentials.germany]
client_id = "env:GERMANY_ID"
client_secret = "env:GERMANY_SECRET"
"""


@pytest.fixture
def germany(orders: OwnShop, environment: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> OwnShop:
    """The channel `own` has a credential of its own, which alone the sandbox knows; `other` has the usual one."""
    monkeypatch.setenv("GERMANY_ID", "de")
    monkeypatch.setenv("GERMANY_SECRET", "Zzsecret")
    sandbox.settings = replace(sandbox.settings, client_id="de", client_secret="Zzsecret")
    own = orders.block(credential='"germany"')
    other = orders.block("other", mirakl_channel_id='"5678"')
    Path(environment["CHANNELS_FILE"]).write_text(CREDENTIALS + own + other)
    return orders


@pytest.mark.slow
def test_a_channel_delivers_with_the_credential_that_it_names(germany: OwnShop) -> None:
    assert json_of("sync", "own", *RANGE)["delivered"] == 4
    refused = call("sync", "other", *RANGE)
    assert refused.returncode == 1
    assert "the token endpoint refuses the credentials" in refused.stdout


def test_a_channel_does_not_wait_for_the_sender_of_another_credential(
    germany: OwnShop, environment: dict[str, str]
) -> None:
    usual = Environment().mirakl(load_settings().mirakl).credential
    ledger = Ledger(environment["LEDGER_URL"])
    with ledger.one_sender(lambda: pytest.fail("nobody sends"), credential=usual):
        done = call("sync", "own", *RANGE)
    ledger.dispose()
    assert done.returncode == 0
    assert "another run is sending" not in done.stderr


def test_two_names_of_one_credential_are_one_sender(germany: OwnShop, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, environment = load_settings().mirakl, Environment()
    assert environment.mirakl(limits, "germany").credential != environment.mirakl(limits).credential
    monkeypatch.setenv("GERMANY_ID", CREDENTIAL)
    assert environment.mirakl(limits, "germany").credential == environment.mirakl(limits).credential


def test_status_shows_the_rate_of_a_channel_and_who_shares_it(germany: OwnShop) -> None:
    own, other = json_of("status")["channels"]
    assert own["rate_budget"] == {"requests_per_second": 20.0, "credential": "germany", "shares_with": []}
    assert other["rate_budget"]["credential"] is None
    assert "20 requests a second of credential 'germany'" in call("status", "own").stdout


def test_check_tries_each_credential_with_its_own_channels(germany: OwnShop) -> None:
    found = call("check").stdout
    assert "Mirakl, credential 'germany'" in found
    assert "refuses the credentials" in found
    assert "Mirakl takes the token" in found


def test_a_variable_that_is_not_set_is_named_before_anything_runs(
    germany: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GERMANY_SECRET")
    done = call("sync", "own", *RANGE)
    assert done.returncode == 1
    assert (
        "[mirakl.credentials.germany] client_secret: the environment variable GERMANY_SECRET is not set" in done.stderr
    )


def test_a_credential_that_is_not_described_breaks_its_channel_alone(
    germany: OwnShop, environment: dict[str, str]
) -> None:
    path = Path(environment["CHANNELS_FILE"])
    path.write_text(path.read_text().replace('credential = "germany"', 'credential = "germanu"'))
    settings = load_settings()
    assert "credential: there is no [mirakl.credentials.germanu]; did you mean 'germany'?" in settings.broken["own"]
    assert list(settings.channels) == ["other"]


def test_a_secret_in_the_file_is_refused_and_not_repeated(germany: OwnShop, environment: dict[str, str]) -> None:
    path = Path(environment["CHANNELS_FILE"])
    path.write_text(path.read_text().replace("env:GERMANY_SECRET", "Zzsecret"))
    done = call("sync", "own", "--from", DAY, "--to", DAY)
    assert done.returncode == 1
    assert 'credentials.germany.client_secret: must be "env:NAME"' in done.stderr
    assert "Zzsecret" not in done.stderr
