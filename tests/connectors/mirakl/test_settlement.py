"""What is written down and counted of an order between its claim and its outcome; no request leaves here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from connectors.ledger import Ledger, LedgerEntry
from connectors.mirakl.decisions import NEWER_UNANSWERED, ClaimedOrder
from connectors.mirakl.pointers import Refusal
from connectors.mirakl.report import DayReport
from connectors.mirakl.run import Stop
from connectors.mirakl.settlement import Settlement
from tests.connectors.mirakl.conftest import Lines, make_record
from transforms.outcomes import Reject
from transforms.times import format_time

FIRST, SECOND, THIRD = (f"2026-03-02T00:00:0{second}Z" for second in range(3))
Make = Callable[..., Settlement]


@pytest.fixture
def settle(ledger: Ledger, log: Lines) -> Make:
    def make(run_id: str = "run", *, again: bool = False) -> Settlement:
        return Settlement(ledger, "boutique", DayReport("2026-03-01"), run_id=run_id, again=again, log=log.logger)

    return make


def counts(settlement: Settlement) -> dict[str, int]:
    return {name: number for name, number in settlement.report.counts.items() if number}


def row(ledger: Ledger, order_id: str = "1") -> LedgerEntry:
    return ledger.known("boutique", [order_id])[order_id]


def no(order: ClaimedOrder, code: str = "INVALID_INPUT", field: str = "status") -> tuple[ClaimedOrder, Refusal]:
    return order, Refusal(code, field, f"orders[0].{field}")


def reject(order_id: str, read_at: str = FIRST) -> Reject:
    return Reject(order_id, "missing", "order_lines", "the order has no lines", read_at)


def test_a_reject_is_counted_named_and_written_down(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    settlement.reject([reject("1"), reject("2")])
    assert counts(settlement) == {"orders_read": 2, "rejected": 2}
    [failure, _] = settlement.report.failures
    assert (failure.channel_order_id, failure.outcome, failure.code) == ("1", "rejected", "missing")
    assert (failure.field, failure.reason) == ("order_lines", "the order has no lines")
    written = row(ledger)
    assert (written.outcome, written.read_at, written.run_id, written.day) == ("rejected", FIRST, "run", "2026-03-01")
    assert written.unaccepted_since is not None


def test_a_reject_under_an_id_the_ledger_cannot_keep_stands_there_under_what_it_can(
    settle: Make, ledger: Ledger
) -> None:
    settle().reject([reject("a\x00b"), reject("X" * 501)])
    assert sorted(ledger.known("boutique", ["ab", "X" * 500])) == ["X" * 500, "ab"]


def test_a_record_under_such_an_id_is_rejected_and_the_others_are_claimed(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    [order] = settlement.claim([make_record("a\x00b"), make_record("fine")])
    assert order.order_id == "fine"
    assert counts(settlement) == {"orders_read": 2, "rejected": 1}
    [failure] = settlement.report.failures
    assert (failure.channel_order_id, failure.code, failure.field) == ("ab", "invalid", "channel_order_id")
    assert row(ledger, "ab").outcome == "rejected"


def test_a_reject_read_earlier_than_what_the_ledger_stands_for_is_superseded(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    settlement.accept(settlement.claim([make_record(1, read_at=SECOND)]))
    settlement = settle()
    settlement.reject([reject("1", FIRST)])
    assert counts(settlement) == {"orders_read": 1, "superseded": 1}
    assert row(ledger).outcome == "delivered"


@pytest.mark.parametrize(
    ("readings", "newest"),
    [((FIRST, SECOND, FIRST), 1), ((FIRST, FIRST), 1), ((SECOND, FIRST), 0), ((FIRST, THIRD), 1)],
)
def test_of_several_readings_of_an_order_the_newest_is_claimed(
    settle: Make, readings: tuple[str, ...], newest: int
) -> None:
    settlement = settle()
    records = [make_record(1, title=f"{number}", read_at=read_at) for number, read_at in enumerate(readings)]
    [order] = settlement.claim(records)
    assert order.record is records[newest]
    assert counts(settlement) == {"orders_read": len(readings), "superseded": len(readings) - 1}


def test_one_id_under_two_stores_is_rejected_also_when_it_comes_with_a_later_chunk(settle: Make) -> None:
    settlement = settle()
    settlement.claim([make_record(1, store="S-1")])
    assert settlement.claim([make_record(1, store="S-2")]) == []
    assert counts(settlement) == {"orders_read": 2, "rejected": 1}
    assert settlement.report.failures[0].code == "duplicate_order"


@pytest.mark.parametrize(("read_at", "store"), [(FIRST, "S-1"), (SECOND, "S-2")])
def test_an_id_under_two_stores_is_rejected_in_one_reading_and_a_move_in_two(
    settle: Make, read_at: str, store: str
) -> None:
    settlement = settle()
    [order] = settlement.claim([make_record(1, store="S-1"), make_record(1, store="S-2", read_at=read_at)])
    assert order.record.store == store
    found = [(one.code, one.field) for one in settlement.report.failures]
    assert found == ([("duplicate_order", "origin.channel_store_id")] if read_at == FIRST else [])
    assert counts(settlement) == {"orders_read": 2, "rejected" if found else "superseded": 1}


def test_a_claimed_order_is_open_until_its_one_outcome(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    records = [make_record(number) for number in (1, 2)]
    orders = settlement.claim(records)
    assert row(ledger).outcome == "undelivered"
    assert [order.order_id for order in settlement.open_among(["2", "3"])] == ["2"]
    assert [order.order_id for order in settlement.open_orders()] == ["1", "2"]
    for _ in range(2):
        settlement.accept(orders[:1])
        settlement.refuse([no(orders[0])])
    assert [order.order_id for order in settlement.open_orders()] == ["2"]
    assert counts(settlement) == {"orders_read": 2, "delivered": 1}
    assert row(ledger).outcome == "delivered"


@pytest.mark.parametrize(("minutes", "expected"), [(4, []), (6, ["1"])])
def test_a_stamp_a_few_minutes_ahead_is_the_shops_clock_and_later_ones_are_named(
    settle: Make, minutes: int, expected: list[str]
) -> None:
    settlement = settle()
    ahead = format_time(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes))
    settlement.accept(settlement.claim([make_record(1, updated_at=ahead)]))
    assert settlement.report.future_stamps == expected


def test_how_long_an_order_took_is_noted_and_a_stamp_in_the_future_counts_as_now(settle: Make) -> None:
    settlement = settle()
    stamps = [format_time(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)) for seconds in (-3600, 60)]
    settlement.accept(settlement.claim([make_record(number, updated_at=at) for number, at in enumerate(stamps)]))
    an_hour, none = settlement.report.ages
    assert (3600 <= an_hour < 3700, none) == (True, 0)


def test_a_refusal_is_written_down_with_the_field_as_mirakl_wrote_it(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    one, two = settlement.claim([make_record(number) for number in (1, 2)])
    settlement.refuse([no(two, "B", "order_lines[0].price"), no(one, "A", "status")])
    assert (row(ledger).error_code, row(ledger).error_field_sent) == ("A", "orders[0].status")
    assert (row(ledger, "2").error_code, row(ledger, "2").error_field) == ("B", "order_lines[0].price")
    expected = {one.channel_order_id: (one.code, one.field, one.reason) for one in settlement.report.failures}
    assert expected == {
        "1": ("A", "status", "refused by Mirakl: a"),
        "2": ("B", "order_lines[0].price", "refused by Mirakl: b"),
    }


def test_an_order_refused_before_is_refused_still_and_reported(settle: Make, ledger: Ledger) -> None:
    first = settle("before")
    first.refuse([no(order) for order in first.claim([make_record(1)])])
    settlement = settle()
    assert settlement.claim([make_record(1, read_at=SECOND)]) == []
    [failure] = settlement.report.failures
    assert (failure.code, failure.field) == ("INVALID_INPUT", "status")
    assert failure.reason == "refused by Mirakl: invalid input; not sent again, as it has not changed"
    assert (row(ledger).run_id, row(ledger).read_at) == ("run", SECOND)


@pytest.mark.parametrize(("proven", "retracted"), [(False, ["new"]), (True, ["new", "old"])])
def test_retracted_refusals_are_undelivered_but_known_ones_need_proof(
    settle: Make, ledger: Ledger, proven: bool, retracted: list[str]
) -> None:
    first = settle("before")
    old, elsewhere = first.claim([make_record("old"), make_record("elsewhere")])
    first.refuse([no(old), no(elsewhere)])
    settlement = settle(again=True)
    orders = settlement.claim([make_record("old"), make_record("new"), make_record("fine")])
    settlement.accept(orders[2:])
    settlement.refuse([no(order) for order in orders[:2]])
    for order in [*orders, elsewhere]:
        settlement.retract(order, "all alike", proven=proven)
    outcomes = {order_id: known.outcome for order_id, known in ledger.known("boutique", ["new", "old"]).items()}
    assert sorted(order_id for order_id, outcome in outcomes.items() if outcome == "undelivered") == retracted
    assert (row(ledger, "fine").outcome, row(ledger, "elsewhere").outcome) == ("delivered", "refused")
    assert settlement.report.counts["undelivered"] == len(retracted)
    assert settlement.report.counts["refused"] == 2 - len(retracted)
    assert {one.channel_order_id: one.reason for one in settlement.report.failures if one.outcome == "undelivered"} == (
        dict.fromkeys(retracted, "all alike")
    )
    assert settlement.report.stopped == "all alike"


def test_an_order_that_never_left_is_undelivered_without_an_attempt(settle: Make, ledger: Ledger) -> None:
    settlement = settle()
    sent, kept = settlement.claim([make_record(1), make_record(2)])
    sent.sent = True
    settlement.leave_unanswered([sent], Stop("NO_ANSWER", "it is silent"))
    settlement.leave_unanswered([kept], Stop("STORE_STOPPED", "the store is unknown"))
    assert counts(settlement) == {"orders_read": 2, "undelivered": 2}
    assert (row(ledger).attempts, row(ledger).error_code) == (1, "NO_ANSWER")
    assert (row(ledger, "2").attempts, row(ledger, "2").error_code) == (0, "STORE_STOPPED")
    assert [one.reason for one in settlement.report.failures] == ["it is silent", "the store is unknown"]
    assert settlement.report.stopped == "it is silent"
    assert (sent.outcome, settlement.open_orders()) == ("undelivered", [])


@pytest.mark.parametrize("code", ["NO_ANSWER", None])
def test_superseded_by_an_unanswered_reading_is_unanswered_unless_under_way(
    settle: Make, ledger: Ledger, code: str | None
) -> None:
    ledger.write("boutique", [LedgerEntry("1", "undelivered", SECOND, "other", "2026-03-01", error_code=code)])
    settlement = settle()
    assert settlement.claim([make_record(1, read_at=FIRST)]) == []
    assert counts(settlement) == {"orders_read": 1, "undelivered" if code else "superseded": 1}
    assert settlement.report.stopped == (NEWER_UNANSWERED if code else None)
    assert [one.code for one in settlement.report.failures] == ([code] if code else [])


def test_an_order_that_mirakl_holds_is_known_for_its_store_only(settle: Make) -> None:
    settlement = settle()
    settlement.accept(settlement.claim([make_record(1)]))
    settlement = settle()
    assert settlement.claim([make_record(1), make_record(2)])[0].order_id == "2"
    assert counts(settlement) == {"orders_read": 2, "unchanged": 1}
    assert settlement.unchanged_record("S-1") == make_record(1)
    assert settlement.unchanged_record("S-2") is None


def test_orders_under_another_store_than_before_are_logged_in_one_line(settle: Make, log: Lines) -> None:
    first = settle("before")
    records = [make_record(number) for number in (1, 2)]
    first.accept(first.claim(records))
    settle().claim([make_record(number, store="S-2", read_at=SECOND) for number in (1, 2, 3)])
    assert log.texts("WARNING") == ["2 orders were under another store before, the first is 1"]
    settle().claim([make_record(number, store="S-2", read_at=SECOND) for number in (4, 5)])
    assert len(log.lines) == 1
