"""One order looked at from all sides, and what would happen to it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from connectors.ledger import Ledger, LedgerEntry
from pipelines.operations.order import Look, look
from tests.transforms.conftest import LINE, MAPPING, ORDER, frames
from transforms.frames import OrderFrames
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
DAY = "2026-03-02"
ROW = LedgerEntry("1", "delivered", "2026-03-02T12:00:00Z", "run", DAY, store="S-1")

__all__ = ["frames"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.dispose()


def looked(orders: OrderFrames, ledger: Ledger, tmp_path: Path) -> Look:
    def found(_: Sequence[str]) -> Iterator[OrderFrames]:
        yield orders

    channel: Any = SimpleNamespace(name="own", mapping=lambda: MAPPING)
    shop: Any = SimpleNamespace(orders=found)
    return look(channel, "1", shop, ledger, FrameStorage(str(tmp_path / "frames")))


def test_an_order_nobody_sent_yet_shows_the_shops_words_and_its_record(
    frames: Build, ledger: Ledger, tmp_path: Path
) -> None:
    found = looked(frames(orders=[{**ORDER, "email": "zz@example.org"}], lines=[LINE]), ledger, tmp_path)
    assert found.is_known
    assert (found.shop["status"], found.lines[0]["price"]) == ("paid", "20.00")
    shown = found.values(personal=False)
    assert shown["record"]["status"] == "AWAITING_SHIPMENT"
    assert "zz@example.org" not in str(shown)
    assert "zz@example.org" in str(found.values(personal=True)["record"])
    assert (shown["mirakl"], shown["next"]) == (None, "the next sync of its day sends it")


def test_an_order_that_cannot_be_sent_names_field_and_reason(frames: Build, ledger: Ledger, tmp_path: Path) -> None:
    shown = looked(frames(orders=[{**ORDER, "currency": "?"}], lines=[LINE]), ledger, tmp_path).values(personal=False)
    assert (shown["record"], shown["reject"]["field"]) == (None, "currency")
    assert shown["next"].startswith("nothing: it cannot be sent")


def test_what_differs_from_what_mirakl_holds_is_named(frames: Build, ledger: Ledger, tmp_path: Path) -> None:
    accepted = normalise(frames(orders=[ORDER], lines=[LINE]), MAPPING)
    storage = FrameStorage(str(tmp_path / "frames"))
    storage.write("own", "mirakl_orders", DAY, tables.MIRAKL_ORDERS, [tables.mirakl_table(accepted)])
    ledger.write("own", [ROW._replace(delivered_hash=accepted.records[0].payload_hash)])
    same = looked(frames(orders=[ORDER], lines=[LINE]), ledger, tmp_path)
    assert (same.changes, same.next) == ([], "nothing: Mirakl holds it as it is")
    changed = looked(frames(orders=[{**ORDER, "status": "sent"}], lines=[LINE]), ledger, tmp_path)
    assert changed.changes is not None
    assert "status: AWAITING_SHIPMENT -> SHIPPED" in changed.changes


def test_an_order_the_shop_lacks_and_one_nobody_knows(frames: Build, ledger: Ledger, tmp_path: Path) -> None:
    assert not looked(frames(), ledger, tmp_path).is_known
    ledger.write("own", [ROW])
    gone = looked(frames(), ledger, tmp_path)
    assert gone.is_known
    assert "does not have it any more" in gone.next
