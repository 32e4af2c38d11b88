"""`make run`, a second one, and the UI after it in Chromium: failures of a day, the red check, the shop's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from connectors.ledger import Ledger
from connectors.sandbox.server import Sandbox, SandboxSettings
from examples.woocommerce_shop import REFUSED_BY_MIRAKL
from tests.integration.test_browser import Page
from tests.servers.chromium import chromium
from tests.servers.dagster import running_dagster, variables

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DELIVERY = "/assets/example/mirakl_delivery"


@dataclass(frozen=True)
class Example:
    """The UI over what `make run` left behind, and its refused orders: id -> day."""

    page: Page
    refused: dict[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as started:
        yield started


def make_run(folder: Path) -> str:
    """Do what `make run` does, in another folder; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DAGSTER_HOME", "LEDGER_URL"}}
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", "run"],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `make run` was called once."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copy(ROOT / "channels.toml", folder)
    make_run(folder)
    return folder


@pytest.fixture(scope="module")
def example(made: Path, browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    folder = shutil.copytree(made, tmp_path_factory.mktemp("shown") / "example")
    ledger = Ledger(f"sqlite:///{folder / 'var' / 'ledger.sqlite'}")
    refused = {row.channel_order_id: row.day for _, row in ledger.unaccepted("example") if row.outcome == "refused"}
    ledger.dispose()
    assert refused
    # The paths of channels.toml begin in the folder of the call, which is another one here.
    channels = folder / "channels.toml"
    channels.write_text(channels.read_text().replace("sqlite:///var/", f"sqlite:///{folder}/var/"))
    with Sandbox(SandboxSettings(poisoned=REFUSED_BY_MIRAKL)) as sandbox:
        kept = {
            "DAGSTER_HOME": str(folder / "var" / "dagster"),
            "LEDGER_URL": f"sqlite:///{folder / 'var' / 'ledger.sqlite'}",
            "FRAMES_URL": str(folder / "var" / "frames"),
        }
        with running_dagster({**variables(folder, sandbox), **kept}, folder / "log") as dagster:
            yield Example(Page(browser, dagster.url.removesuffix("/graphql")), refused)


def test_run_again_the_demo_sends_nothing(made: Path, tmp_path: Path) -> None:
    output = make_run(shutil.copytree(made, tmp_path / "example"))
    [total] = [line.split()[2:] for line in output.splitlines() if line.strip().startswith("all days")]
    read, delivered, unchanged, *_, requests = (int(cell.replace(",", "")) for cell in total)
    assert (delivered, requests) == (0, 0)
    assert 0 < unchanged < read


def test_a_day_names_its_refused_orders(example: Example) -> None:
    order_id, day = next(iter(example.refused.items()))
    place = f"{DELIVERY}?view=partitions&partition={day}"
    example.page.find(place, order_id, "refused", "INVALID_INPUT", "failure_kinds")


def test_the_red_check_names_every_refused_order(example: Example) -> None:
    place = f"{DELIVERY}?view=checks&checkDetail=all_accepted"
    example.page.find(place, "all_accepted\nFailed", "mirakl-orders failures example", *example.refused)


def test_the_shops_page_has_the_settings_in_force(example: Example) -> None:
    example.page.open("/assets/example/shop_database")
    example.page.see("woocommerce", "SQLite", "Europe/Paris", "late_after_hours", "newest_change")
