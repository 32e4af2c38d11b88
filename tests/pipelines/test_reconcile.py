"""The shop against the ledger: what is said of an order that is not at Mirakl as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.ledger import Ledger, LedgerEntry
from pipelines.operations.reconcile import DIFFERS, NEVER_ACCEPTED, NOT_IN_SHOP, Reconciliation, reconcile
from tests.transforms.conftest import LINE, MAPPING, ORDER, frames
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
CHANNEL: Any = SimpleNamespace(name="own", mapping=lambda: MAPPING)
DAYS = ["2026-03-02", "2026-03-03", "2026-03-04"]
ROW = LedgerEntry("1", "delivered", "2026-03-02T12:00:00Z", "run", "2026-03-02", delivered_hash="other")

__all__ = ["frames"]


class Shop:
    """A shop that holds these orders, all changed on the first day, and some changed on no day that is looked at."""

    def __init__(self, orders: OrderFrames, changed_since: OrderFrames | None = None) -> None:
        self._orders, self._changed_since = orders, changed_since
        self.asked: list[str] = []

    def changed(self, day: str) -> Iterator[OrderFrames]:
        if day == DAYS[0]:
            yield self._orders

    def orders(self, order_ids: list[str]) -> Iterator[OrderFrames]:
        self.asked += order_ids
        yield self._orders
        if self._changed_since is not None:
            yield self._changed_since


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.dispose()


@pytest.mark.parametrize(
    ("row", "status", "finding", "why"),
    [
        (None, "paid", NEVER_ACCEPTED, "never read"),
        (ROW._replace(outcome="undelivered", delivered_hash=None), "paid", NEVER_ACCEPTED, "undelivered: no answer"),
        (ROW._replace(outcome="refused", delivered_hash=None, error_code="X"), "paid", NEVER_ACCEPTED, "refused: X"),
        (None, "odd", NEVER_ACCEPTED, "rejected: unmapped_status"),
        (ROW, "paid", DIFFERS, "changed"),
        (ROW._replace(outcome="refused"), "paid", DIFFERS, "refused since"),
        (ROW, "odd", DIFFERS, "rejected: unmapped_status"),
        (ROW._replace(outcome="rejected"), "odd", DIFFERS, "rejected: unmapped_status"),
    ],
)
def test_a_difference_is_named_with_its_reason(
    frames: Build, ledger: Ledger, row: LedgerEntry | None, status: str, finding: str, why: str
) -> None:
    if row is not None:
        ledger.write("own", [row])
    channel: Any = SimpleNamespace(name="own", mapping=lambda: replace(MAPPING, reject_unmapped=True))
    shop: Any = Shop(frames(orders=[{**ORDER, "status": status}], lines=[LINE]))
    found = reconcile(channel, DAYS, shop, ledger)
    assert found.findings == [{"channel_order_id": "1", "finding": finding, "why": why}]
    assert (found.orders, found.matching, found.found) == (1, 0, {finding: 1})


def test_an_order_accepted_as_it_is_matches_and_those_of_other_days_are_left_alone(
    frames: Build, ledger: Ledger
) -> None:
    orders = frames(orders=[ORDER], lines=[LINE])
    accepted = ROW._replace(delivered_hash=normalise(orders, MAPPING).records[0].payload_hash)
    days = {"2": "2026-03-01", "3": "2026-03-02", "4": "2026-03-04", "5": "2026-03-05"}
    ledger.write("own", [accepted, *(ROW._replace(channel_order_id=number, day=day) for number, day in days.items())])
    ledger.write("own", [ROW._replace(channel_order_id="6", delivered_hash=None)])
    shop: Any = Shop(orders)
    found = reconcile(CHANNEL, DAYS, shop, ledger)
    assert (found.orders, found.matching) == (1, 1)
    assert [(one["channel_order_id"], one["finding"]) for one in found.findings] == [
        ("3", NOT_IN_SHOP),
        ("4", NOT_IN_SHOP),
    ]
    assert shop.asked == ["3", "4"]


def test_of_many_differences_all_are_counted_and_the_first_thousand_named() -> None:
    found = Reconciliation()
    for number in range(1200):
        found.find(str(number), NOT_IN_SHOP, "why")
    assert (found.found[NOT_IN_SHOP], len(found.findings)) == (1200, 1000)
    assert found.findings[-1]["channel_order_id"] == "999"


def test_an_order_that_changed_on_another_day_since_is_not_gone(frames: Build, ledger: Ledger) -> None:
    ledger.write("own", [ROW._replace(channel_order_id="2"), ROW._replace(channel_order_id="3")])
    since = frames(orders=[{**ORDER, "channel_order_id": "2"}], lines=[{**LINE, "channel_order_id": "2"}])
    shop: Any = Shop(frames(), since)
    assert [(one["channel_order_id"], one["finding"]) for one in reconcile(CHANNEL, DAYS, shop, ledger).findings] == [
        ("3", NOT_IN_SHOP)
    ]
