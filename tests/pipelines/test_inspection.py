"""`check`: what it says of Mirakl and of a channel's newest orders, and what it says it could not try."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.mirakl.errors import Fault as MiraklFault
from connectors.mirakl.errors import OrdersRefused, StoreStopped
from connectors.sandbox.server import Sandbox
from pipelines.config.settings import load_settings
from pipelines.operations.inspection import check
from pipelines.operations.stores import try_stores
from pipelines.runs.home_check import check_dagster_home
from tests.own_shop import OwnShop


def found(verdict: str) -> list[str]:
    settings = load_settings()
    return [
        one.message
        for one in check(settings, list(settings.channels.values()), check_dagster_home)
        if one.verdict == verdict
    ]


def recently() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


class KnownStores:
    """A Mirakl that looks at the store first, as the real one may: the sandbox counts the orders first."""

    def __init__(self, *stores: str) -> None:
        self.stores, self.asked = stores, 0

    def post_orders(self, body: bytes, *, budget: float) -> None:
        request = orjson.loads(body)
        assert request["orders"] == []
        self.asked += 1
        if request["origin"]["channel_store_id"] not in self.stores:
            raise StoreStopped("HTTP 404: the channel or the store is unknown to Mirakl")
        raise OrdersRefused((MiraklFault("INVALID_INPUT", "orders"),))


def test_a_store_is_known_where_one_that_cannot_exist_is_answered_otherwise(environment: dict[str, str]) -> None:
    channel = load_settings().channel("own")
    mirakl: Any = KnownStores("S-1")
    assert [verdict for verdict, _ in try_stores(mirakl, channel)] == ["ok", "error"]
    assert mirakl.asked == 3


def test_a_store_stays_untried_where_every_store_is_answered_alike(
    environment: dict[str, str], sandbox: Sandbox
) -> None:
    assert "whether store S-1 is registered: Mirakl answers a request without orders alike for any store" in found(
        "not tried"
    )
    assert (sandbox.stats.stored, set(sandbox.stats.answers)) == (0, {"400"})


def test_a_token_that_mirakl_itself_refuses_is_found(environment: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, refuse_tokens=1.0)
    assert any("HTTP 401" in words for words in found("error"))


def test_a_wrong_path_is_found(environment: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAKL_BASE_URL", sandbox.base_url + "s")
    assert any("HTTP 404" in words and "MIRAKL_BASE_URL" in words for words in found("error"))


def test_what_comes_after_a_fault_is_reported_as_not_tried(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAKL_CLIENT_SECRET", "wrong")
    assert any("whether Mirakl takes the token" in words for words in found("not tried"))


def test_orders_that_cannot_be_sent_are_counted_apart_from_faults(environment: dict[str, str], shop: OwnShop) -> None:
    Path(environment["DAGSTER_HOME"]).mkdir()
    shop.order("good", recently())
    shop.order("bad", recently(), currency="???")
    [words] = found("orders")
    assert "1 of 2 recent orders cannot be sent: unknown_currency, currency" in words
    assert "for example bad" in words
    assert found("error") == []


@pytest.mark.parametrize(("cell", "words"), [({"store": "9"}, "unknown_store"), ({"currency": "???"}, "unknown_curr")])
def test_what_all_orders_share_is_a_fault_of_the_configuration(
    environment: dict[str, str], shop: OwnShop, cell: dict[str, Any], words: str
) -> None:
    for name in ("1", "2"):
        shop.order(name, recently(), **cell)
    assert any(words in one for one in found("error"))


def test_words_of_recent_orders_without_a_map_are_named(environment: dict[str, str], shop: OwnShop) -> None:
    shop.order("1", recently(), status="odd")
    assert any("status 'odd' has no mapping" in words for words in found("warning"))


def test_a_shop_without_recent_orders_is_tried_by_older_ones(environment: dict[str, str], shop: OwnShop) -> None:
    shop.order("1", "2026-02-01 10:00:00", status="odd")
    assert any("no order changed in the last 30 days; older ones are tried" in words for words in found("warning"))
    assert any("status 'odd' has no mapping (1 time among 1 order)" in words for words in found("warning"))


def test_a_shop_without_any_order_leaves_the_mapping_untried(environment: dict[str, str]) -> None:
    assert "the mapping: no order changed since 2026-01-01 (start_date)" in found("not tried")


def test_sums_that_differ_are_named_before_anything_is_sent(environment: dict[str, str], shop: OwnShop) -> None:
    shop.order("1", recently(), price="10.00", total="12.00")
    words = "1 of 1 recent order: money_mismatch, order_lines Mirakl gets 10.00 EUR, the shop charged 12.00 EUR"
    assert any(words in one for one in found("warning"))
