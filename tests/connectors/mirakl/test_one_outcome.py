"""Every order read ends with exactly one outcome, whatever is odd about the order, the stream or Mirakl's answers."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.ledger import Ledger, LedgerError
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.delivery import Delivery
from connectors.sandbox.server import Sandbox, SandboxSettings
from tests.connectors.mirakl.conftest import CHANNEL_ID, Lines, count, deliver, held, make_client, make_record, tables
from transforms.outcomes import Record, Reject

Make = Callable[..., Delivery]


@pytest.mark.slow
@given(
    stream=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("AB"), st.sampled_from(["S-1", "S-2"]), st.integers(0, 2)),
        max_size=60,
    ),
    rejects=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2)), max_size=5),
    bad=st.frozensets(st.integers(0, 40), max_size=5),
    pointers=st.sampled_from(["exact", "none", "wrong", "first"]),
    store_known=st.booleans(),
    together=st.sampled_from([1, 7, 500]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_counts_of_a_day_add_up(
    sandbox: Sandbox,
    delivery: Make,
    monkeypatch: pytest.MonkeyPatch,
    stream: list[tuple[int, str, str, int]],
    rejects: list[tuple[int, int]],
    bad: frozenset[int],
    pointers: Any,
    store_known: bool,
    together: int,
) -> None:
    """Ids repeat within the stream, under another store, in another state, read earlier or later."""
    monkeypatch.setattr("connectors.mirakl.coordinator.CLAIMED_TOGETHER", together)
    known = frozenset() if store_known else frozenset({"S-1"})
    poisoned = frozenset(map(str, bad))
    sandbox.settings = SandboxSettings(
        requests_per_second=10_000, pointers=pointers, poisoned=poisoned, known_stores=known
    )
    report = deliver(
        delivery(orders_per_request=5, threads=3),
        [
            make_record(number, title=title, store=store, read_at=f"2026-03-02T00:00:0{read}Z")
            for number, title, store, read in stream
        ],
        [
            Reject(str(number), "missing", "city", "is required", f"2026-03-02T00:00:0{read}Z")
            for number, read in rejects
        ],
    )
    assert report.counts["orders_read"] == len(stream) + len(rejects)
    assert report.failures_total == sum(report.counts[name] for name in ("rejected", "refused", "undelivered"))


def test_the_newest_of_an_order_that_comes_twice_is_the_one_delivered(sandbox: Sandbox, delivery: Make) -> None:
    stream = [make_record(number) for number in range(700)]
    stream += [make_record(3, title="later", read_at="2026-03-02T00:00:01Z")]
    assert count(deliver(delivery(), stream)) == {"delivered": 701}
    assert sandbox.orders[CHANNEL_ID, "3"]["order_lines"][0]["product"]["title"] == "later"


@pytest.mark.parametrize("between", [0, 700])
def test_one_id_under_two_stores_is_named_and_neither_overwrites_the_other(
    sandbox: Sandbox, delivery: Make, between: int
) -> None:
    stream = [make_record("same", store="S-1"), *map(make_record, range(between)), make_record("same", store="S-2")]
    for _ in range(2):
        report = deliver(delivery(), stream)
        assert [(one.channel_order_id, one.code) for one in report.failures] == [("same", "duplicate_order")]
        assert sandbox.stores[CHANNEL_ID, "same"] == "S-1"


def test_an_order_that_moved_to_another_store_is_sent_there_and_logged(
    sandbox: Sandbox, delivery: Make, log: Lines
) -> None:
    deliver(delivery(), [make_record(1, store="S-1")])
    moved = make_record(1, store="S-2", read_at="2026-03-02T00:00:01Z")
    assert count(deliver(delivery(log=log.logger), [moved])) == {"delivered": 1}
    assert sandbox.stores[CHANNEL_ID, "1"] == "S-2"
    assert log.texts("WARNING") == ["1 orders were under another store before, the first is 1"]


@pytest.mark.parametrize("order_id", ["X" * 501, "a\x00b"])
def test_an_id_the_ledger_cannot_keep_rejects_that_order_alone(
    client: MiraklClient, postgresql_database: str, order_id: str
) -> None:
    ledger = Ledger(postgresql_database)
    delivery = Delivery(client, ledger, channel="boutique", channel_id=CHANNEL_ID)
    report = deliver(delivery, [make_record(order_id), make_record("注文-№1"), make_record("Y" * 500)])
    assert count(report) == {"delivered": 2, "rejected": 1}
    assert report.failures[0].field == "channel_order_id"
    ledger.dispose()


def test_the_stamp_that_is_raised_is_the_orders_own(sandbox: Sandbox, delivery: Make) -> None:
    stamp = "2026-02-01T10:00:00.250Z"
    deliver(delivery(), [make_record(1, updated_at="2026-03-01T10:00:00.500Z")])
    record = make_record(1, title=f'"channel_updated_at":"{stamp}"', updated_at=stamp)
    order = orjson.loads(record.payload)
    note = {"id": "channel_updated_at", "type": "DATE", "value": stamp}
    payload = orjson.dumps({"custom_attributes": [note], **order})
    assert count(deliver(delivery(), [record._replace(payload=payload)])) == {"delivered": 1}
    held_order = sandbox.orders[CHANNEL_ID, "1"]
    assert held_order["channel_updated_at"] == "2026-03-01T10:00:00.500Z"
    assert held_order["custom_attributes"] == [note]
    assert held_order["order_lines"][0]["product"]["title"] == f'"channel_updated_at":"{stamp}"'


def test_a_stamp_from_the_future_that_is_corrected_still_lets_changes_through(sandbox: Sandbox, delivery: Make) -> None:
    deliver(delivery(), [make_record(1, updated_at="2099-01-01T00:00:00Z")])
    report = deliver(delivery(), [make_record(1, title="new", read_at="2026-03-02T00:00:01Z")])
    assert report.future_stamps == []
    assert sandbox.orders[CHANNEL_ID, "1"]["order_lines"][0]["product"]["title"] == "new"


def test_sending_again_sends_what_is_unchanged_as_well(sandbox: Sandbox, delivery: Make) -> None:
    deliver(delivery(), [make_record(1)])
    sandbox.orders.clear()
    assert count(deliver(delivery(), [make_record(1)], again=True)) == {"delivered": 1}
    assert held(sandbox) == {"1"}


def test_two_orders_that_claim_one_line_are_distinguished(sandbox: Sandbox, delivery: Make) -> None:
    """Both are named, as together neither is acceptable; sent apart, the first one is."""
    sandbox.settings.poisoned = frozenset({"5", "105", "205", "305"})
    stream = [make_record(number) for number in range(600)]
    twin = orjson.loads(stream[520].payload)
    twin["order_lines"][0]["channel_order_line_id"] = "510-0"
    stream[520] = stream[520]._replace(payload=orjson.dumps(twin))
    report = deliver(delivery(threads=1), stream)
    assert count(report) == {"delivered": 595, "refused": 5}
    assert "510" in held(sandbox)


def test_a_source_that_breaks_off_fails_the_day_and_leaves_the_next_day_alone(
    sandbox: Sandbox, delivery: Make, ledger: Ledger
) -> None:
    def broken() -> Iterator[Record]:
        yield from map(make_record, range(700))
        raise OSError("the frames are gone")

    stop = threading.Event()
    run = delivery(interrupt=stop)
    with pytest.raises(OSError, match="frames"):
        run.deliver(tables(broken(), size=100), day="2026-03-01", run_id="run")
    assert not stop.is_set()
    assert count(deliver(run, [make_record("next")])) == {"delivered": 1}
    report = deliver(run, [make_record(number) for number in range(700)])
    assert report.counts["delivered"] + report.counts["unchanged"] == 700


def test_a_ledger_that_fails_midway_ends_the_day_and_the_next_run_completes_it(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, calls = ledger.accept, iter(range(100))

    def accept(*arguments: Any) -> None:
        if next(calls) == 3:
            raise LedgerError("no room")
        own(*arguments)

    monkeypatch.setattr(ledger, "accept", accept)
    records = [make_record(number) for number in range(3000)]
    with pytest.raises(LedgerError, match="no room"):
        delivery().deliver(tables(records), day="2026-03-01", run_id="run")
    monkeypatch.setattr(ledger, "accept", own)
    report = deliver(delivery(), records)
    assert report.counts["delivered"] + report.counts["unchanged"] == 3000
    assert len(held(sandbox)) == 3000


def test_an_interrupt_from_the_keyboard_lets_nothing_more_leave(sandbox: Sandbox, delivery: Make) -> None:
    def interrupted() -> Iterator[Record]:
        yield from map(make_record, range(600))
        raise KeyboardInterrupt

    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt):
        delivery(interrupt=stop).deliver(tables(interrupted(), size=100), day="2026-03-01", run_id="run")
    assert stop.is_set()


def test_a_signal_while_the_last_answers_are_waited_for_lets_them_be_written_down(
    sandbox: Sandbox, delivery: Make, ledger: Ledger
) -> None:
    sandbox.settings = replace(sandbox.settings, latency=0.5)
    waiting = threading.main_thread().ident
    assert waiting is not None

    def interrupt_under_way() -> None:
        while not sandbox.stats.requests:
            time.sleep(0.01)
        signal.pthread_kill(waiting, signal.SIGINT)

    threading.Thread(target=interrupt_under_way).start()
    # A shell starts what it does not wait for with SIGINT ignored, and the tests with it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            delivery().deliver(tables([make_record(1)]), day="2026-03-01", run_id="run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert held(sandbox) == {"1"}
    assert ledger.known("boutique", ["1"])["1"].outcome == "delivered"


def test_orders_of_a_stopped_store_are_not_kept_in_memory(sandbox: Sandbox, ledger: Ledger) -> None:
    client = make_client(sandbox, client_secret="wrong")
    delivery = Delivery(client, ledger, channel="boutique", channel_id=CHANNEL_ID, threads=2)
    alive: list[int] = []

    def stream() -> Iterator[Record]:
        for number in range(5000):
            if number % 500 == 499:
                alive.append(
                    sum(1 for _, row in ledger.unaccepted("boutique") if row.error_code == "CREDENTIAL_REFUSED")
                )
            yield make_record(number)

    assert count(deliver(delivery, stream(), size=500)) == {"undelivered": 5000}
    # Each is settled with its chunk, not at the end of the day.
    assert alive[-1] >= 3500
    client.close()


def test_the_ledger_holds_no_personal_data(
    sandbox: Sandbox, delivery: Make, ledger: Ledger, tmp_path: Path, log: Lines
) -> None:
    marked = ["Zwiebelmann", "zwiebel@example.org", "+49 170 555", "Am Zwiebelfeld 3", "ZWIEBELTITEL"]
    address = {"last_name": marked[0], "street": marked[3], "city": "Zwiebelstadt", "phone": marked[2]}
    stream = []
    for number in range(60):
        order = orjson.loads(make_record(number, title="ZWIEBELTITEL").payload)
        order["shipping_info"] = {"address": address, "email": marked[1]}
        if number % 7 == 0:
            order["shipping_info"]["address"] = {**address, "country_iso_code": "ZWIEBEL"}
        stream.append(make_record(number, title="ZWIEBELTITEL")._replace(payload=orjson.dumps(order)))
    report = deliver(delivery(log=log.logger), stream)
    assert report.counts["refused"] == 9
    ledger.dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir()).lower()
    assert b"country_iso_code" in kept
    assert b"zwiebel" not in kept
    assert b"555" not in kept
    assert "zwiebel" not in f"{log.lines} {report}".lower()
