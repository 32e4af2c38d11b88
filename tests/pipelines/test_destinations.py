"""What was delivered to one destination counts there alone: runs, plan, reconciliation and failures agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs, failure
from tests.pipelines.shell import call

pytestmark = pytest.mark.slow

DAY = "2026-03-02"
DAYS = ["--from", DAY, "--to", DAY]


@pytest.fixture
def another() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(requests_per_second=10_000)) as running:
        yield running


def shown(*words: str) -> dict[str, object]:
    answer: dict[str, object] = orjson.loads(call(*words, "--json").stdout)
    return answer


def test_after_a_trial_the_orders_are_sent_to_the_real_destination_as_well(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, another: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    shop.order("2", f"{DAY} 12:00:00")
    sandbox.settings = another.settings = SandboxSettings(poisoned=frozenset({"2"}), requests_per_second=10_000)
    assert runs.sync(DAY).success
    monkeypatch.setenv("MIRAKL_BASE_URL", another.base_url)
    monkeypatch.setenv("MIRAKL_TOKEN_URL", another.token_url)
    assert shown("plan", "own", *DAYS)["new"] == 2
    assert shown("reconcile", "own", *DAYS)["found"] == {"never accepted": 2}
    listed = call("failures", "own")
    assert "own: nothing was delivered to http://127.0.0.1" in listed.stderr
    assert f"the ledger knows of {sandbox.base_url} (mirakl_channel_id 1234)" in listed.stderr
    assert "every order is accepted" not in listed.stderr
    result = runs.sync(DAY)
    assert result.success, failure(result)
    assert (runs.metadata(DAY)["delivered"], runs.metadata(DAY)["unchanged"], runs.metadata(DAY)["refused"]) == (
        1,
        0,
        1,
    )
    assert list(another.orders) == [("1234", "1")]
    logged = [entry.user_message for entry in runs.instance.all_logs(result.run_id)]
    assert any(text.startswith(f"nothing was delivered to {another.base_url}") for text in logged)
    monkeypatch.setenv(
        "MIRAKL_BASE_URL", sandbox.base_url.upper().replace("/API/CHANNEL-PLATFORM", "/api/channel-platform/")
    )
    assert shown("plan", "own", *DAYS)["unchanged"] == 1


def test_orders_are_sent_to_another_mirakl_channel_as_well(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    (tmp_path / "channels.toml").write_text(shop.block(mirakl_channel_id='"5678"'))
    assert runs.sync(DAY).success
    assert runs.metadata(DAY)["delivered"] == 1
    assert list(sandbox.orders) == [("1234", "1"), ("5678", "1")]


def test_an_order_id_that_another_shop_has_delivered_is_held_and_named(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    outlet = OwnShop(tmp_path / "outlet")
    (tmp_path / "channels.toml").write_text(shop.block() + outlet.block("outlet"))
    for of, numbers in ((shop, "12"), (outlet, "23")):
        for number in numbers:
            of.order(number, f"{DAY} 12:00:00", price="10.00" if of is shop else "99.00")
    assert runs.sync(DAY).success
    assert shown("plan", "outlet", *DAYS)["rejects"] == [
        {"orders": 1, "code": "order_id_taken", "field": "channel_order_id"}
    ]
    result = runs.sync(DAY, channel="outlet")
    assert result.success, failure(result)
    assert {order_id for _, order_id in sandbox.orders} == {"1", "2", "3"}
    assert sandbox.orders["1234", "2"]["order_lines"][0]["price"]["amount"] == 10.0
    assert sandbox.stats.stale == 0
    [row] = orjson.loads(call("failures", "outlet", "--json").stdout)
    assert (row["channel_order_id"], row["outcome"], row["code"]) == ("2", "rejected", "order_id_taken")
    assert "channel 'own', which is another shop" in row["reason"]
    # The one who came first goes on delivering it.
    shop.order("2", f"{DAY} 13:00:00", price="11.00")
    assert runs.sync(DAY).success
    assert sandbox.orders["1234", "2"]["order_lines"][0]["price"]["amount"] == 11.0


def test_stores_of_one_shop_deliver_an_order_that_moved_between_them(
    runs: Runs, shop: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    orders = (shop.folder / "orders.sql").read_text()
    (shop.folder / "orders.sql").write_text(orders.replace("IN :order_ids", "IN :order_ids AND store = :store"))
    blocks = shop.block(store='"1"') + shop.block("second", store='"2"')
    (tmp_path / "channels.toml").write_text(blocks)
    shop.order("1", f"{DAY} 12:00:00", store="1")
    assert runs.sync(DAY).success
    shop.order("1", f"{DAY} 13:00:00", store="2", status="sent")
    assert runs.sync(DAY, channel="second").success
    assert sandbox.orders["1234", "1"]["status"] == "SHIPPED"
