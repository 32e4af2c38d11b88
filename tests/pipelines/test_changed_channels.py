"""What becomes of a channel that is renamed, removed, or moved to another store or zone, as docs/operating.md says."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, NEXT, RANGE, call, json_of

pytestmark = pytest.mark.slow

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()


@pytest.fixture
def delivered(orders: OwnShop) -> OwnShop:
    """Two orders on each of two days, delivered by the channel `own`."""
    assert json_of("sync", "own", *RANGE)["delivered"] == 4
    return orders


def write(environment: dict[str, str], block: str) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(block)


def rename_in_the_ledger(environment: dict[str, str]) -> None:
    """Run the statement that the documentation gives."""
    [statement] = re.findall(r"UPDATE ledger_destinations .*?;", DOCUMENTED)
    statement = statement.replace("boutique_paris", "new").replace("boutique_fr", "own")
    with closing(sqlite3.connect(environment["LEDGER_URL"].removeprefix("sqlite:///"))) as ledger, ledger:
        ledger.execute(statement)


def test_a_renamed_channel_is_a_new_one_and_sends_its_orders_once_more(
    delivered: OwnShop, environment: dict[str, str]
) -> None:
    write(environment, delivered.block("new"))
    assert json_of("plan", "new", *RANGE)["new"] == 4
    assert json_of("sync", "new", *RANGE)["delivered"] == 4


def test_a_channel_renamed_in_the_ledger_too_sends_nothing_again(
    delivered: OwnShop, environment: dict[str, str]
) -> None:
    write(environment, delivered.block("new"))
    rename_in_the_ledger(environment)
    assert json_of("sync", "new", *RANGE)["unchanged"] == 4
    # Whoever takes the old name begins with an empty ledger.
    write(environment, delivered.block("new") + delivered.block("own", mirakl_channel_id='"5678"'))
    assert json_of("plan", "own", *RANGE)["new"] == 4
    assert json_of("sync", "own", *RANGE)["delivered"] == 4
    assert json_of("sync", "new", *RANGE)["unchanged"] == 4


def test_a_removed_channel_that_comes_back_goes_on_where_it_was(
    delivered: OwnShop, environment: dict[str, str]
) -> None:
    write(environment, delivered.block("other", mirakl_channel_id='"5678"'))
    assert [row["channel"] for row in json_of("status")["channels"]] == ["other"]
    assert "there is no channel 'own'" in call("sync", "own", *RANGE).stderr
    write(environment, delivered.block())
    assert json_of("sync", "own", *RANGE)["unchanged"] == 4


def test_a_channel_given_another_mirakl_store_sends_the_orders_it_reads(
    delivered: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    write(environment, delivered.block(stores='{"1" = "S-3"}'))
    assert json_of("plan", "own", "--from", DAY, "--to", DAY)["changed"] == 2
    assert json_of("sync", "own", "--from", DAY, "--to", DAY)["delivered"] == 2
    assert {order_id: store for (_, order_id), store in sandbox.stores.items()} == {
        **{f"{DAY}/{number}": "S-3" for number in (1, 2)},
        **{f"{NEXT}/{number}": "S-1" for number in (1, 2)},
    }


def test_a_channel_of_another_zone_has_other_days_and_sends_nothing_again(
    delivered: OwnShop, environment: dict[str, str]
) -> None:
    delivered.order("late", f"{DAY} 22:30:00")
    assert json_of("sync", "own", "--from", DAY, "--to", DAY)["delivered"] == 1
    write(environment, delivered.block(timezone='"Asia/Tokyo"'))
    assert json_of("sync", "own", "--from", DAY, "--to", DAY)["orders_read"] == 2
    again = json_of("sync", "own", "--from", NEXT, "--to", NEXT)
    assert (again["orders_read"], again["unchanged"]) == (3, 3)
