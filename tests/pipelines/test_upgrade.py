"""What the release before wrote is gone on with. Its ledger and frames are data, made by its own code.

`tests/releases/<commit>`: the dump of a ledger in SQLite, `{base_url}` in place of the destination, and the frames.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs, failure
from tests.pipelines.shell import DAY, NEXT, RANGE, json_of

RELEASE = Path(__file__).parents[1] / "releases" / "3c4f975"


@pytest.fixture
def upgraded(environment: dict[str, str], shop: OwnShop, sandbox: Sandbox) -> OwnShop:
    """An installation of the release before, whose software was replaced: three orders a day, and one rejected."""
    shutil.copytree(RELEASE / "frames", environment["FRAMES_URL"])
    with closing(sqlite3.connect(environment["LEDGER_URL"].removeprefix("sqlite:///"))) as ledger:
        ledger.executescript((RELEASE / "ledger.sql").read_text().replace("{base_url}", sandbox.base_url))
    Path(environment["DAGSTER_HOME"]).mkdir()
    for day in (DAY, NEXT):
        for number in (1, 2, 3):
            shop.order(f"{day}/{number}", f"{day} 12:00:0{number}", lines=number)
    shop.order(f"{DAY}/rejected", f"{DAY} 13:00:00", currency="ZZZ")
    return shop


def test_after_an_upgrade_nothing_is_sent_that_did_not_change(upgraded: OwnShop, sandbox: Sandbox) -> None:
    done = json_of("sync", "own", *RANGE, status=3)
    assert (done["unchanged"], done["rejected"], done["delivered"]) == (6, 1, 0)
    assert sandbox.stores == {}
    upgraded.order(f"{DAY}/1", f"{DAY} 15:00:00", status="sent")
    assert json_of("sync", "own", *RANGE, status=3)["delivered"] == 1


def test_the_frames_of_the_release_before_are_delivered_as_they_are(upgraded: OwnShop, runs: Runs) -> None:
    assert runs.only("mirakl_delivery", NEXT).success
    shown = runs.metadata(NEXT)
    assert (shown["orders_read"], shown["unchanged"]) == (3, 3)


def test_the_raw_frames_of_the_release_before_are_normalised(upgraded: OwnShop, runs: Runs) -> None:
    assert runs.only("mirakl_orders", DAY).success
    assert runs.only("mirakl_delivery", DAY).success
    assert Counter(runs.metadata(DAY))["unchanged"] == 3


@pytest.mark.parametrize(("asset", "stored"), [("mirakl_orders", "raw_orders"), ("mirakl_delivery", "mirakl_orders")])
def test_frames_of_a_newer_release_are_refused_with_what_to_do(
    upgraded: OwnShop, runs: Runs, environment: dict[str, str], asset: str, stored: str
) -> None:
    path = Path(environment["FRAMES_URL"]) / "own" / stored / f"{DAY}.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("of_tomorrow", pa.nulls(table.num_rows, pa.string())), path)
    assert "stored by another version of this software; materialise own/raw_orders" in failure(runs.only(asset, DAY))
    # A whole run reads the shop again.
    assert runs.sync(DAY).success
    assert runs.metadata(DAY)["unchanged"] == 3
