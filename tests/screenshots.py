"""Make the pictures of docs/images anew: `make screenshots`, the example's shop in Dagster, in Chromium."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

import pipelines
from connectors.sandbox.server import Sandbox, SandboxSettings
from examples.demo import DAYS
from examples.woocommerce_shop import REFUSED_BY_MIRAKL, make_sqlite_shop
from tests.servers.chromium import REMEDY, chromium, chromium_is_installed
from tests.servers.dagster import running_dagster, variables

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 200_000
_CHANNEL = """[channels.example]
platform = "woocommerce"
database_url = "sqlite:///{shop}"
mirakl_channel_id = "1234"
mirakl_store_id = "S-1"
timezone = "Europe/Paris"
start_date = "{first}"
owners = ["team:marketplace"]
"""


@dataclass(frozen=True)
class Picture:
    """A page of the UI: what must stand on it before it is taken, and the window's size in pixels."""

    path: str
    words: tuple[str, ...]
    size: tuple[int, int]


def pictures(day: str) -> dict[str, Picture]:
    """Return the pictures by file name; `day` is one with failures."""
    delivery = "/assets/example/mirakl_delivery"
    group = "/locations/channel_to_mirakl/asset-groups/example"
    return {
        "channel": Picture(group, ("shop_database", "raw_orders", "mirakl_delivery", "2 / 3 Passed"), (1400, 560)),
        "delivery": Picture(f"{delivery}?view=partitions&partition={day}", ("failure_kinds", "retries"), (1400, 1250)),
        "check": Picture(f"{delivery}?view=checks&checkDetail=all_accepted", ("Failed", "INVALID_INPUT"), (1700, 1250)),
        "runs": Picture("/runs", ("sync_example", "Success"), (1400, 620)),
    }


def take(browser: Chrome, address: str, name: str, picture: Picture) -> None:
    """Take one picture, when the page is complete."""
    browser.set_window_size(*picture.size)
    browser.get(address + picture.path)

    def is_complete(_: Chrome) -> bool:
        text = browser.find_element(By.TAG_NAME, "body").text
        return all(word in text for word in picture.words)

    WebDriverWait(browser, 60).until(is_complete, f"{name}: the page does not show {picture.words}")
    png = browser.get_screenshot_as_png()
    if len(png) > MOST_BYTES:
        raise SystemExit(f"{name}.png has {len(png)} bytes, more than {MOST_BYTES}; choose a smaller window for it")
    (IMAGES / f"{name}.png").write_bytes(png)
    print(f"docs/images/{name}.png: {len(png) // 1000} kB")  # noqa: T201 - it is a command


def main() -> None:
    """Deliver the example's shop to a sandbox, and take the pictures of what Dagster shows."""
    if not chromium_is_installed():
        raise SystemExit(f"Chromium is not installed ({REMEDY})")
    today = dt.date.today()
    first = (today - dt.timedelta(days=DAYS)).isoformat()
    with tempfile.TemporaryDirectory() as name, Sandbox(SandboxSettings(poisoned=REFUSED_BY_MIRAKL)) as sandbox:
        folder = Path(name)
        make_sqlite_shop(folder / "shop.sqlite", days=DAYS)
        (folder / "channels.toml").write_text(_CHANNEL.format(shop=folder / "shop.sqlite", first=first))
        (folder / "home").mkdir()
        shutil.copy(Path(pipelines.__file__).parent / "dagster.yaml", folder / "home")
        environment = variables(folder, sandbox)
        shell = [sys.executable, "-m", "pipelines.cli"]
        # 3 says that some orders are not accepted: those are to be seen.
        synced = subprocess.run([*shell, "sync", "example", "--last", f"{DAYS + 1}d"], env=environment, check=False)
        if synced.returncode != 3:
            raise SystemExit(f"the sync ended with {synced.returncode}, not with 3")
        listed = subprocess.run(
            [*shell, "failures", "example", "--json"], env=environment, check=False, stdout=subprocess.PIPE
        )
        [(day, _)] = Counter(str(order["day"]) for order in json.loads(listed.stdout)).most_common(1)
        with running_dagster(environment, folder / "log") as dagster, chromium() as browser:
            for name_of_picture, picture in pictures(day).items():
                take(browser, dagster.url.removesuffix("/graphql"), name_of_picture, picture)


if __name__ == "__main__":
    main()
