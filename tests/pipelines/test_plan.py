"""What a plan says of a day's orders, against the ledger and the frames that are still stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from connectors.ledger import Ledger, LedgerEntry
from pipelines.cli.plan import _Screen
from pipelines.config.blocks import MiraklLimits
from pipelines.operations.plan import OUTCOMES, PlannedOrder, plan
from tests.transforms.conftest import LINE, MAPPING, ORDER, frames
from transforms.frames import OrderFrames
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
DAY, EMPTY = "2026-03-02", "2026-03-03"
LATER = "2027-01-01T00:00:00Z"
NAMES = ("new", "fails", "changed", "same", "late", "refused", "broken")

__all__ = ["frames"]


def shop(orders: OrderFrames) -> Any:
    def changed(day: str) -> Iterator[OrderFrames]:
        if day == DAY:
            yield orders

    return SimpleNamespace(changed=changed, wrong_times=lambda *_: [])


def channel(mapping: ChannelMapping = MAPPING) -> Any:
    return SimpleNamespace(name="own", mapping=lambda: mapping)


def storage_in(folder: Path) -> FrameStorage:
    return FrameStorage(str(folder / "frames"))


@pytest.fixture
def orders(frames: Build) -> OrderFrames:
    """One order for each outcome, and one more that was claimed and never accepted."""
    return frames(
        orders=[{**ORDER, "channel_order_id": name, "currency": "?" if name == "broken" else "EUR"} for name in NAMES],
        lines=[{**LINE, "channel_order_id": name, "channel_order_line_id": name} for name in NAMES],
    )


@pytest.fixture
def ledger(tmp_path: Path, orders: OrderFrames) -> Iterator[Ledger]:
    hashes = {record.channel_order_id: record.payload_hash for record in normalise(orders, MAPPING).records}
    row = LedgerEntry("", "delivered", "2026-03-02T12:00:00Z", "run", DAY, store="S-1", delivered_hash="other")
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.write(
        "own",
        [
            row._replace(channel_order_id="fails", outcome="undelivered", delivered_hash=None),
            row._replace(channel_order_id="changed"),
            row._replace(channel_order_id="same", delivered_hash=hashes["same"]),
            row._replace(channel_order_id="late", read_at=LATER),
            row._replace(
                channel_order_id="refused",
                outcome="refused",
                error_code="INVALID_INPUT",
                delivered_hash=None,
                attempted_hash=hashes["refused"],
            ),
        ],
    )
    yield ledger
    ledger.dispose()


def test_every_order_has_one_outcome_and_only_new_and_changed_ones_cost_requests(
    orders: OrderFrames, ledger: Ledger, tmp_path: Path
) -> None:
    limits = MiraklLimits(orders_per_request=2, requests_per_second=20)
    reported: list[PlannedOrder] = []
    found = plan(channel(), [DAY, EMPTY], shop(orders), ledger, storage_in(tmp_path), limits, report=reported.append)
    assert found.summary() == {
        "new": 2,
        "changed": 1,
        "unchanged": 1,
        "superseded": 1,
        "excluded": 0,
        "refused": 1,
        "rejected": 1,
        "noticed": {},
        "requests": 2,
        "seconds": 0.1,
        "compared": 0,
        "fields": {},
        "rejects": [{"orders": 1, "code": "unknown_currency", "field": "currency"}],
        "unmapped": [],
        "warnings": [],
    }
    assert (found.would_send, found.cannot_send) == (True, True)
    assert {order.channel_order_id: (order.day, order.outcome, order.code) for order in reported} == {
        "new": (DAY, "new", None),
        "fails": (DAY, "new", None),
        "changed": (DAY, "changed", None),
        "refused": (DAY, "refused", "INVALID_INPUT"),
        "broken": (DAY, "rejected", "unknown_currency"),
    }


def test_a_noticed_order_is_listed_with_both_sums_and_unmapped_values_are_counted(
    frames: Build, tmp_path: Path
) -> None:
    noticed = frames(orders=[{**ORDER, "status": "odd", "total": "99.00"}], lines=[LINE])
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    reported: list[PlannedOrder] = []
    found = plan(channel(), [DAY], shop(noticed), ledger, storage_in(tmp_path), MiraklLimits(), report=reported.append)
    ledger.dispose()
    assert [(order.outcome, order.code) for order in reported] == [
        ("new", "unmapped_status"),
        ("new", "money_mismatch"),
    ]
    assert "99.00" in (reported[1].reason or "")
    assert "20.00" in (reported[1].reason or "")
    assert [(word.word, count) for word, count in found.unmapped.items()] == [("odd", 1)]


def test_requests_are_counted_day_by_day_and_store_by_store_as_a_sync_sends_them(frames: Build, tmp_path: Path) -> None:
    def day(name: str, stores: str) -> OrderFrames:
        ids = [f"{name}{number}" for number in range(len(stores))]
        return frames(
            orders=[{**ORDER, "channel_order_id": one, "store": store} for one, store in zip(ids, stores, strict=True)],
            lines=[{**LINE, "channel_order_id": one, "channel_order_line_id": one} for one in ids],
        )

    days = {DAY: day("a", "11122"), EMPTY: day("b", "1")}
    mapping = replace(MAPPING, stores={"1": "S-1", "2": "S-2"})
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    two_stores: Any = SimpleNamespace(changed=lambda name: iter([days[name]]), wrong_times=lambda *_: [])

    def requests(**limits: int) -> int:
        arguments = (channel(mapping), list(days), two_stores, ledger, storage_in(tmp_path))
        return plan(*arguments, MiraklLimits.model_validate(limits)).requests

    assert requests(orders_per_request=2) == 4  # S-1 in two requests, S-2 in one; the other day in one of its own
    assert requests(orders_per_request=100) == 3
    ledger.dispose()


def test_a_changed_order_is_compared_with_what_was_accepted_without_personal_data(
    frames: Build, tmp_path: Path
) -> None:
    def day(carrier: str | None = None, **line: str) -> OrderFrames:
        lines = [{**LINE, **line}, {**LINE, "channel_order_line_id": "12", "updated_at": "2026-03-02 09:00:00"}]
        return frames(orders=[{**ORDER, "carrier": carrier}], lines=lines)

    accepted = normalise(day(), MAPPING)
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("own", "mirakl_orders", DAY, tables.MIRAKL_ORDERS, [tables.mirakl_table(accepted)])
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    held = LedgerEntry("1", "delivered", "2026-03-02T12:00:00Z", "run", DAY, store="S-1")
    ledger.write("own", [held._replace(delivered_hash=accepted.records[0].payload_hash)])
    mapping = replace(MAPPING, statuses={"paid": "SHIPPED"})
    now = day(product_title="Zzname", updated_at="2026-03-02 09:30:00", carrier="DHL")
    reported: list[PlannedOrder] = []
    found = plan(channel(mapping), [DAY], shop(now), ledger, storage, MiraklLimits(), report=reported.append)
    assert (found.outcomes["changed"], found.compared) == (1, 1)
    # Once an order, however many of its lines change alike; never a time of change.
    assert found.fields == {
        "status: AWAITING_SHIPMENT -> SHIPPED": 1,
        "shipping_info.carrier": 1,
        "order_lines[*].status: AWAITING_SHIPMENT -> SHIPPED": 1,
        "order_lines[*].can_cancel: true -> false": 1,
        "order_lines[*].product.title": 1,
    }
    [order] = reported
    assert "order_lines[1].status: AWAITING_SHIPMENT -> SHIPPED" in order.changes
    assert "shipping_info.carrier: absent -> DHL" in order.changes
    assert "order_lines[0].product.title" in order.changes
    ledger.dispose()


def test_what_is_reported_of_an_order_has_a_place_on_the_screen() -> None:
    unreported = {"unchanged", "superseded", "excluded"}
    assert set(_Screen(())._causes) == {*OUTCOMES, "noticed"} - unreported
