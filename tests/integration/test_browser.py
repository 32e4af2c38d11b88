"""Dagster's UI as a person uses it, in Chromium: a backfill is launched, looked through and repaired by clicking."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, visibility_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import PERSONAL, OwnShop
from tests.servers.chromium import chromium
from tests.servers.dagster import Dagster, running_dagster, variables

pytestmark = pytest.mark.slow

GROUP = "/locations/channel_to_mirakl/asset-groups/own"
DELIVERY = "/assets/own/mirakl_delivery"
FIRST, REJECTING, FAILING, LAST = "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"
SECONDS = 120


class Page:
    """What a person sees and clicks, by the words that stand there."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser, self.address = browser, address

    def open(self, path: str) -> None:
        self.browser.get(self.address + path)

    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "body").text

    def see(self, *words: str) -> None:
        """Wait until all of these are on the page."""
        missing = f"the page does not show {words}"
        WebDriverWait(self.browser, SECONDS).until(lambda _: all(word in self.text() for word in words), missing)

    def find(self, path: str, *words: str) -> None:
        """Open a page, and again every 30 seconds, until all of these are on it: what it once loaded it may keep."""

        def shown(_: object) -> bool:
            text = self.text()
            return all(word in text for word in words)

        missing = f"{path} does not show {words}"
        for _ in range(SECONDS // 30):
            self.open(path)
            try:
                WebDriverWait(self.browser, 30).until(shown, missing)
                return
            except TimeoutException:
                continue
        raise TimeoutException(f"{missing}, but: {self.text()[:2000]}")

    def click(self, words: str, tag: str = "button") -> None:
        path = f"//{tag}[starts-with(normalize-space(.), '{words}')]"
        WebDriverWait(self.browser, SECONDS).until(element_to_be_clickable((By.XPATH, path)), words).click()

    def follow(self, address: str) -> None:
        link = (By.CSS_SELECTOR, f"a[href*='{address}']")
        WebDriverWait(self.browser, SECONDS).until(element_to_be_clickable(link), address).click()

    def open_menu(self) -> None:
        """Open the menu of the page's heading: the last button, an arrow without a word."""
        self.browser.find_elements(By.XPATH, "//button[normalize-space(.)='']")[-1].click()

    def field(self, css: str) -> WebElement:
        found: WebElement = WebDriverWait(self.browser, SECONDS).until(
            visibility_of_element_located((By.CSS_SELECTOR, css)), css
        )
        return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000, known_stores=frozenset({"S-1"}))) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def dagster(browser: Chrome, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Dagster]:
    """Dagster on a shop of four days; one has an order that cannot be sent, one is of a store nobody knows."""
    folder = tmp_path_factory.mktemp("browser")
    shop = OwnShop(folder / "shop")
    for day in (FIRST, REJECTING, FAILING, LAST):
        shop.order(f"good-{day}", f"{day} 12:00:00", store="2" if day == FAILING else "1")
    shop.order("bad-amount", f"{REJECTING} 13:00:00", price="ten")
    (folder / "channels.toml").write_text(shop.block())
    (folder / "home").mkdir()
    shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", folder / "home")
    with running_dagster(variables(folder, sandbox), folder / "log") as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Chrome, dagster: Dagster) -> Page:
    return Page(browser, dagster.url.removesuffix("/graphql"))


@pytest.fixture(scope="module")
def backfill(page: Page) -> str:
    """Launch a backfill over the four days by clicking, and watch it to its end; its path in the UI."""
    page.open(GROUP)
    page.click("Materialize all")
    page.click("Show all partitions")
    days = page.field("[class*=dialog] input[type=text]")
    days.send_keys(Keys.CONTROL, "a")
    days.send_keys(f"[{FIRST}...{LAST}]", Keys.ENTER)
    page.see("4 partitions")
    page.click("Launch backfill")
    page.open("/runs?view=backfills")
    page.follow("/runs/b/")
    page.see("Status\nFailed", "own / mirakl_delivery\n100% completed\n4\n0\n3\n1")
    return page.browser.current_url


def test_a_day_shows_the_orders_that_cannot_be_sent(page: Page, backfill: str) -> None:
    page.open(f"{DELIVERY}?view=partitions&partition={REJECTING}")
    page.see("bad-amount", "invalid_amount", "order_lines[0].price.amount", "Failed (1)", "Materialized (3)")


def test_a_day_without_an_answer_shows_the_run_that_failed(page: Page, backfill: str) -> None:
    page.open(f"{DELIVERY}?view=partitions&partition={FAILING}")
    page.see("failed, and did not materialize this asset")


def test_a_red_check_names_its_orders_and_the_command_that_goes_on(page: Page, backfill: str) -> None:
    page.open(f"{DELIVERY}?view=checks&checkDetail=all_accepted")
    page.see("all_accepted\nFailed", "2 orders are not accepted by Mirakl", "mirakl-orders failures own")
    page.see("bad-amount", f"good-{FAILING}")
    assert not [word for word in PERSONAL if word in page.text()]


def test_a_failed_day_is_executed_again_by_clicking(page: Page, backfill: str, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-1", "S-2"}))
    page.browser.get(backfill)
    page.see("Status\nFailed")
    page.open_menu()
    page.click("Re-execute from failure", "*[@role='menuitem' or self::a or self::button]")
    page.open("/runs?view=backfills")
    page.see("Success")
    page.open(f"{DELIVERY}?view=partitions&partition={FAILING}")
    page.see("Failed (0)", "Materialized (4)")
