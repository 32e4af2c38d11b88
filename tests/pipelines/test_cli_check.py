"""`mirakl-orders check` names what is wrong in one line each, and never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.shell import call

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MIRAKL_CLIENT_SECRET", "hunter2", "MIRAKL_CLIENT_SECRET"),
        ("MIRAKL_CLIENT_ID", "", "MIRAKL_CLIENT_ID"),
        ("MIRAKL_BASE_URL", "http://mirakl.example", "MIRAKL_BASE_URL"),
        ("MIRAKL_BASE_URL", "https://me:hunter2@127.0.0.1:1", "MIRAKL_BASE_URL holds a user"),
        ("MIRAKL_BASE_URL", "http://127.0.0.1:1/api/v1/orders/", "MIRAKL_BASE_URL ends with /v1/orders"),
        ("MIRAKL_BASE_URL", "http://127.0.0.1:1/api", "nobody answers at MIRAKL_BASE_URL"),
        ("MIRAKL_TOKEN_URL", "http://127.0.0.1:1/token", "check MIRAKL_TOKEN_URL"),
        ("MIRAKL_TOKEN_URL", "nowhere", "MIRAKL_TOKEN_URL"),
        ("LEDGER_URL", "mysql://me:hunter2@host/db", "LEDGER_URL"),
        ("LEDGER_URL", "sqlite:////proc/none/ledger.sqlite", "LEDGER_URL"),
        ("LEDGER_URL", "sqlite://", "LEDGER_URL"),
        ("LEDGER_URL", "postgresql://me:hunter2@ter2@host/db", "percent-encoded"),
        ("FRAMES_URL", "/proc/none", "FRAMES_URL"),
        ("FRAMES_URL", "ftp://me:hunter2@127.0.0.1:1/frames", "FRAMES_URL"),
        ("DAGSTER_HOME", "var/dagster", "must be an absolute path"),
        ("FRAMES_URL", "nothing://none", "FRAMES_URL"),
    ],
)
def test_check_names_a_wrong_variable_in_one_line(
    orders: OwnShop, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = call("check")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "error" in line.split()[:1]]
    assert message in line
    assert line.count(variable) < 3
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("database_url", '"env:NOT_SET"', "the environment variable NOT_SET is not set"),
        ("database_url", '"sqlite:////nowhere.sqlite"', "no SQLite file"),
        ("database_url", '"mysql://me:hunter2@127.0.0.1:1/db"', "cannot be reached"),
        ("database_url", '"oracle://me:hunter2@host/db"', "no driver for oracle"),
        ("database_url", '"nonsense"', "not a database address"),
        ("platform", '"woocommerce"', "no table"),
        ("timezone", '"Europe/Pariss"', "unknown time zone"),
        ("start_date", '"2999-01-01"', "start_date 2999-01-01 is in the future"),
        ("store", '"2"', "no query of"),
    ],
)
def test_check_names_what_is_wrong_with_a_block_in_one_line(
    orders: OwnShop, environment: dict[str, str], key: str, value: str, message: str
) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(orders.block(**{key: value}))
    done = call("check")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "error" in line.split()[:1]]
    assert message in line
    assert "hunter2" not in done.stdout + done.stderr


def test_check_warns_of_a_password_in_the_options_of_an_address_without_showing_it(
    environment: dict[str, str], shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{shop.database}?password=hush")
    Path(environment["CHANNELS_FILE"]).write_text(shop.block(database_url='"env:SHOP_URL"'))
    done = call("check", "own")
    assert "database_url has a password among its options (?password=)" in done.stdout
    assert "hush" not in done.stdout + done.stderr


def test_check_warns_of_two_shops_with_one_mirakl_channel(
    environment: dict[str, str], shop: OwnShop, tmp_path: Path
) -> None:
    Path(environment["DAGSTER_HOME"]).mkdir()
    other = OwnShop(tmp_path / "other")
    Path(environment["CHANNELS_FILE"]).write_text(shop.block() + other.block("other"))
    done = call("check")
    assert done.returncode == 0, done.stdout
    assert "[channels.own] has the mirakl_channel_id of other" in done.stdout


def test_check_finds_a_file_without_a_channel(environment: dict[str, str]) -> None:
    Path(environment["CHANNELS_FILE"]).write_text("")
    done = call("check")
    assert done.returncode == 1
    assert "no channel is described; add a block [channels.my_shop]" in done.stdout


def test_check_is_content_with_a_right_configuration(orders: OwnShop, sandbox: Sandbox) -> None:
    done = call("check")
    assert done.returncode == 0, done.stdout
    # Mirakl is asked with requests that hold no order, and refuses them.
    assert (sandbox.stats.stored, set(sandbox.stats.answers)) == (0, {"400"})
    assert "every order is accepted" not in call("failures").stderr
