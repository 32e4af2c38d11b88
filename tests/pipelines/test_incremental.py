"""A day that was read before: only what changed is read again, and the frames are those of a whole read."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.frames import tables
from connectors.frames.storage import FrameStorage
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.settlement import Settlement
from connectors.sandbox.server import Sandbox
from pipelines.config.settings import load_settings
from pipelines.incremental import NormalisedDay, RawDay, rules
from pipelines.operations.shop import open_shop
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs
from transforms.frames import OrderFrames
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.normalised import Normalised
from transforms.outcomes import Record

pytestmark = pytest.mark.slow

DAY, NEXT = "2026-03-02", "2026-03-03"


@pytest.fixture
def read() -> Iterator[list[str]]:
    """The ids of the orders that were read from the shop, in their order; empty it between two runs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "AS channel_order_id, placed" in statement and isinstance(parameters, tuple):
            found.extend(str(parameter) for parameter in parameters if parameter is not None)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def counts(runs: Runs, day: str = DAY) -> tuple[int, int]:
    """(orders read, of them carried over) as the newest materialisation of raw_orders says."""
    shown = runs.metadata(day, asset="raw_orders")
    return shown["orders_read"], shown["orders_carried_over"]


def test_an_order_that_did_not_change_is_not_read_again(runs: Runs, shop: OwnShop, read: list[str]) -> None:
    for number in range(3):
        shop.order(str(number), f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    assert (sorted(read), counts(runs)) == (["0", "1", "2"], (3, 0))
    read.clear()
    shop.order("1", f"{DAY} 13:00:00", status="sent")
    assert runs.sync(DAY).success
    assert (read, counts(runs)) == (["1"], (3, 2))


def test_what_is_carried_over_is_delivered_and_counted_as_before(runs: Runs, shop: OwnShop, sandbox: Sandbox) -> None:
    shop.order("good", f"{DAY} 12:00:00")
    shop.order("bad", f"{DAY} 12:00:00", price="ten")
    shop.order("other", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    shop.order("other", f"{DAY} 13:00:00", status="sent")
    assert runs.sync(DAY).success
    shown = runs.metadata(DAY)
    assert (shown["orders_read"], shown["delivered"], shown["unchanged"], shown["rejected"]) == (3, 1, 1, 1)
    assert sandbox.orders["1234", "other"]["status"] == "SHIPPED"


def test_an_order_that_left_the_day_leaves_its_frames(runs: Runs, shop: OwnShop) -> None:
    shop.order("moving", f"{DAY} 12:00:00")
    shop.order("staying", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    shop.order("moving", f"{NEXT} 12:00:00")
    assert runs.sync(DAY, NEXT).success
    assert (counts(runs), counts(runs, NEXT)) == ((1, 1), (1, 0))


def test_a_change_too_young_to_be_final_is_read_again(runs: Runs, shop: OwnShop, read: list[str]) -> None:
    today = dt.datetime.now(dt.UTC)
    shop.order("young", today.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"))
    day = today.astimezone(load_settings().channel("own").settings.zone).date().isoformat()
    assert runs.sync(day).success
    assert runs.sync(day).success
    assert read == ["young", "young"]
    assert counts(runs, day) == (1, 0)


def test_an_order_that_was_not_accepted_is_read_again(runs: Runs, shop: OwnShop, read: list[str]) -> None:
    shop.order("good", f"{DAY} 12:00:00")
    shop.order("bad", f"{DAY} 12:00:00", price="ten")
    assert runs.sync(DAY).success
    read.clear()
    assert runs.sync(DAY).success
    assert read == ["bad"]


def test_whoever_asks_reads_everything(runs: Runs, shop: OwnShop) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    config = {"ops": {"own__raw_orders": {"config": {"reread": True}}}}
    assert runs.job("sync_own", partition_key=DAY, run_config=config).success
    assert counts(runs) == (1, 0)


@pytest.fixture
def normalised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the orders that were normalised; empty it between two runs."""
    found: list[str] = []

    def note(frames: OrderFrames, mapping: ChannelMapping) -> Normalised:
        found.extend(frames.orders["channel_order_id"].to_pylist())
        return normalise(frames, mapping)

    monkeypatch.setattr("pipelines.incremental.normalise", note)
    return found


def test_what_was_normalised_is_carried_over_with_its_numbers(runs: Runs, shop: OwnShop, normalised: list[str]) -> None:
    shop.order("odd", f"{DAY} 12:00:00", status="strange")
    shop.order("other", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    before = runs.metadata(DAY, asset="mirakl_orders")
    normalised.clear()
    shop.order("other", f"{DAY} 13:00:00", status="sent")
    assert runs.sync(DAY).success
    assert normalised == ["other"]
    after = runs.metadata(DAY, asset="mirakl_orders")
    assert (after["orders_read"], after["unmapped_status"]) == (before["orders_read"], before["unmapped_status"])
    assert after["unmapped_status_orders"] == before["unmapped_status_orders"]


def test_another_mapping_normalises_everything_from_what_is_stored(
    runs: Runs, shop: OwnShop, environment: dict[str, str], normalised: list[str], read: list[str]
) -> None:
    for order in ("1", "2"):
        shop.order(order, f"{DAY} 12:00:00", status="strange")
    assert runs.sync(DAY).success
    normalised.clear()
    read.clear()
    block = shop.block() + '\n[channels.own.statuses]\nstrange = "SHIPPED"\n'
    Path(environment["CHANNELS_FILE"]).write_text(block)
    assert runs.sync(DAY).success
    assert (sorted(normalised), read) == (["1", "2"], [])
    assert runs.metadata(DAY)["delivered"] == 2


@pytest.mark.parametrize("change", ["sql", "zone", "frames"])
def test_frames_of_another_source_are_read_anew(
    runs: Runs, shop: OwnShop, environment: dict[str, str], change: str
) -> None:
    shop.order("1", f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    if change == "sql":
        query = shop.folder / "orders.sql"
        query.write_text(query.read_text().replace("total, email", "total, NULL AS email"))
    elif change == "zone":
        Path(environment["CHANNELS_FILE"]).write_text(shop.block(timezone='"Europe/Berlin"'))
    else:
        (Path(environment["FRAMES_URL"]) / "own" / "raw_orders" / f"{DAY}.parquet").unlink()
    assert runs.sync(DAY).success
    assert counts(runs) == (1, 0)


def stored(frames: FrameStorage, asset: str) -> list[dict[str, object]]:
    """The stored orders of the day, without when each was read."""
    whole = pa.concat_tables([tables.STORED[asset].empty_table(), *frames.read("own", asset, DAY)])
    rows: list[dict[str, object]] = whole.drop_columns(["read_at"]).to_pylist()
    return sorted(rows, key=lambda row: str(row["channel_order_id"]))


ACTIONS = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["change", "leave", "remove", "return"])), max_size=5
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(history=st.lists(ACTIONS, min_size=1, max_size=4))
def test_any_history_of_changes_and_ticks_ends_as_one_whole_read(
    history: list[list[tuple[str, str]]], environment: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = OwnShop(Path(folder) / "shop")
        Path(environment["CHANNELS_FILE"]).write_text(shop.block())
        channel = load_settings().channel("own")
        frames, other = FrameStorage(f"{folder}/frames"), FrameStorage(f"{folder}/whole")

        def tick(storage: FrameStorage, *, reread: bool) -> None:
            with open_shop(channel) as opened:
                schema = tables.made_from(tables.RAW_ORDERS, opened.fingerprint())
                chunks = RawDay(opened, DAY).chunks(storage, "own", "raw_orders", [], reread=reread)
                storage.write("own", "raw_orders", DAY, schema, chunks)
            outcomes = NormalisedDay(storage, "own", DAY).chunks("raw_orders", "mirakl_orders", channel.mapping())
            schema = tables.made_from(tables.MIRAKL_ORDERS, rules(channel.mapping()))
            storage.write("own", "mirakl_orders", DAY, schema, map(tables.mirakl_table, outcomes))

        second = 0
        for actions in history:
            for order, action in actions:
                second += 1
                stamp = f"{DAY if action in {'change', 'return'} else NEXT} 12:00:{second:02}"
                if action == "remove":
                    shop.remove(order)
                else:
                    shop.order(order, stamp, price=f"{second}.00", lines=1 + second % 3)
            tick(frames, reread=False)
        tick(other, reread=True)
        for asset in ("raw_orders", "mirakl_orders"):
            assert stored(frames, asset) == stored(other, asset)


@pytest.fixture
def one_store(shop: OwnShop, environment: dict[str, str]) -> OwnShop:
    """The shop, with all of its orders going to one store."""
    Path(environment["CHANNELS_FILE"]).write_text(shop.block(stores="{}", mirakl_store_id='"S-1"'))
    return shop


@pytest.fixture
def claimed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the records that delivery decided about; empty it between two runs."""
    found: list[str] = []
    claim = Settlement.claim

    def note(self: Settlement, records: Sequence[Record]) -> list[ClaimedOrder]:
        found.extend(record.channel_order_id for record in records)
        return claim(self, records)

    monkeypatch.setattr(Settlement, "claim", note)
    return found


def test_an_order_that_mirakl_holds_as_it_was_read_is_not_decided_about_again(
    runs: Runs, one_store: OwnShop, claimed: list[str]
) -> None:
    for number in range(5):
        one_store.order(str(number), f"{DAY} 12:00:00")
    assert runs.sync(DAY).success
    claimed.clear()
    one_store.order("4", f"{DAY} 13:00:00", status="sent")
    assert runs.sync(DAY).success
    # One of those that did not change serves as proof that Mirakl takes orders.
    assert len(claimed) == 2
    assert "4" in claimed
    shown = runs.metadata(DAY)
    assert (shown["orders_read"], shown["delivered"], shown["unchanged"]) == (5, 1, 4)


def test_neither_is_one_of_several_stores_unless_an_id_belongs_to_two_of_them(
    runs: Runs, shop: OwnShop, claimed: list[str]
) -> None:
    for number in range(5):
        shop.order(str(number), f"{DAY} 12:00:00", store=f"{1 + number % 2}")
    assert runs.sync(DAY).success
    claimed.clear()
    assert runs.sync(DAY).success
    assert len(claimed) == 1
    orders = (shop.folder / "orders.sql").read_text()
    (shop.folder / "orders.sql").write_text(
        f"{orders} UNION ALL {orders.replace(' store,', ' 2 AS store,')} AND id = '0'"
    )
    assert runs.sync(DAY).success
    claimed.clear()
    assert runs.sync(DAY).success
    assert set(claimed) == {"1", "2", "3", "4"}


@pytest.mark.parametrize("reason", ["noticed", "refused", "read again unchanged"])
def test_an_order_with_an_open_notice_is_decided_about_again(
    runs: Runs, one_store: OwnShop, sandbox: Sandbox, claimed: list[str], reason: str
) -> None:
    one_store.order("a proof", f"{DAY} 12:00:00")
    one_store.order("plain", f"{DAY} 12:00:00")
    if reason == "refused":
        sandbox.settings = replace(sandbox.settings, poisoned=frozenset({"odd"}))
    one_store.order("odd", f"{DAY} 12:00:00", status="strange" if reason == "noticed" else "paid")
    assert runs.sync(DAY).success
    claimed.clear()
    config = {"ops": {"own__raw_orders": {"config": {"reread": reason == "read again unchanged"}}}}
    assert runs.job("sync_own", partition_key=DAY, run_config=config).success
    expected = {"noticed": {"odd"}, "refused": {"odd"}, "read again unchanged": set()}
    assert set(claimed) - {"a proof"} == expected[reason]
    assert runs.metadata(DAY)["orders_read"] == 3
