"""`exclude` of a channel, from channels.toml to what Dagster and the shell say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from pipelines.names import MIRAKL_ORDERS
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs, failure, red
from tests.pipelines.shell import call

DAY = "2026-03-02"
STORE_2 = '{ column = "store", values = ["2"] }'


def configure(tmp_path: Path, shop: OwnShop, exclude: str) -> None:
    (tmp_path / "channels.toml").write_text(shop.block(exclude=exclude))


@pytest.mark.parametrize("exclude", [STORE_2, f"[{STORE_2}]"])
def test_orders_left_out_are_not_sent_and_counted(
    exclude: str, runs: Runs, shop: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    shop.order("A", f"{DAY} 12:00:00")
    shop.order("B", f"{DAY} 12:00:00", store="2", status="odd")
    configure(tmp_path, shop, exclude)
    result = runs.sync(DAY)
    assert result.success, failure(result)
    assert red(result) == set()
    shown = runs.metadata(DAY)
    assert (shown["orders_read"], shown["delivered"], shown["excluded"]) == (2, 1, 1)
    shown = runs.metadata(DAY, asset=MIRAKL_ORDERS)
    assert (shown["orders_read"], shown["orders_normalised"], shown["excluded"]) == (2, 1, 1)
    assert len(sandbox.orders) == 1


def test_an_excluded_order_stays_delivered_as_it_was_or_is_written_off(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    shop.order("held", f"{DAY} 12:00:00", store="2")
    shop.order("broken", f"{DAY} 12:00:00", store="2", currency="?")
    assert red(runs.sync(DAY)) == {"all_accepted"}
    [before] = sandbox.orders.values()
    configure(tmp_path, shop, STORE_2)
    shop.order("held", f"{DAY} 13:00:00", store="2", status="sent")
    assert red(runs.sync(DAY)) == set()
    assert list(sandbox.orders.values()) == [before]
    known = runs.ledger().known("own", ["held", "broken"])
    assert {order_id: row.outcome for order_id, row in known.items()} == {"held": "delivered", "broken": "excluded"}


def test_plan_and_coverage_count_excluded_orders(environment: dict[str, str], shop: OwnShop, tmp_path: Path) -> None:
    shop.order("A", f"{DAY} 12:00:00")
    shop.order("B", f"{DAY} 12:00:00", store="2")
    configure(tmp_path, shop, STORE_2)
    days = ["--from", DAY, "--to", DAY, "--json"]
    planned = call("plan", "own", *days)
    assert json.loads(planned.stdout)["excluded"] == 1
    covered = call("coverage", "own", *days)
    left_out = [word for word in json.loads(covered.stdout) if word["fate"] == "excluded"]
    assert left_out == [
        {"kind": "excluded by store", "word": "2", "fate": "excluded", "target": "not sent", "count": 1}
    ]


def test_order_reports_that_an_order_is_excluded(environment: dict[str, str], shop: OwnShop, tmp_path: Path) -> None:
    shop.order("B", f"{DAY} 12:00:00", store="2")
    configure(tmp_path, shop, STORE_2)
    looked = call("order", "own", "B", "--json")
    assert "leaves it out" in json.loads(looked.stdout)["next"]
