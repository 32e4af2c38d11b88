"""What becomes of an order, decided from its ledger row alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectors.ledger import ClaimedTogether, LedgerEntry
from connectors.ledger.history import Attempt, appended, read
from connectors.mirakl import decisions
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.pointers import Refusal
from tests.connectors.mirakl.conftest import make_record
from transforms.outcomes import Reject

NOW, EARLIER = "2026-03-02T00:01:00.000Z", "2026-03-01T00:01:00.000Z"
TOGETHER = ClaimedTogether("run", "2026-03-02", NOW)
RECORD = make_record(1)
HELD = LedgerEntry(
    channel_order_id="1",
    outcome="delivered",
    read_at="2026-03-01T23:00:00Z",
    run_id="before",
    day="2026-03-01",
    store="S-1",
    delivered_hash="held",
    attempted_hash="held",
    stamp="2026-03-01T09:00:00Z",
    order_lines=1,
    adjustments=1,
    attempts=3,
    first_sent_at=EARLIER,
    last_sent_at=EARLIER,
)
REFUSED = HELD._replace(
    outcome="refused",
    error_code="INVALID",
    error_field="status",
    error_field_sent="orders[0].status",
    unaccepted_since=EARLIER,
)
ASKED = HELD._replace(outcome="undelivered", delivered_hash=None, unaccepted_since=EARLIER)


def claimed(known: LedgerEntry | None, **record: Any) -> ClaimedOrder:
    return decisions.claim(known, make_record(1, **record), TOGETHER)


@pytest.mark.parametrize(
    ("known", "decision", "again"),
    [
        (None, "send", "send"),
        (HELD, "send", "send"),
        (HELD._replace(read_at="2026-03-02T00:00:00.001Z"), "superseded", "superseded"),
        (HELD._replace(read_at=RECORD.read_at), "send", "send"),
        (HELD._replace(delivered_hash=RECORD.payload_hash), "unchanged", "send"),
        (HELD._replace(delivered_hash=RECORD.payload_hash, store="S-2"), "send", "send"),
        (REFUSED._replace(attempted_hash=RECORD.payload_hash), "refused", "send"),
        (REFUSED, "send", "send"),
        (ASKED._replace(attempted_hash=RECORD.payload_hash), "send", "send"),
    ],
    ids=[
        "unknown",
        "other content",
        "read later before",
        "read at once",
        "same content",
        "same content in another store",
        "refused with this content",
        "refused with other content",
        "never answered",
    ],
)
def test_what_is_sent_is_what_is_new_to_mirakl(known: LedgerEntry | None, decision: str, again: str) -> None:
    assert decisions.decide(known, RECORD) == decision
    assert decisions.decide(known, RECORD, again=True) == again


@pytest.mark.parametrize(
    ("known", "stamp", "still_in_doubt"),
    [
        (None, "2026-03-01T10:00:00Z", None),
        (HELD._replace(stamp=None), "2026-03-01T10:00:00Z", None),
        (HELD, "2026-03-01T10:00:00Z", None),
        # Never below what Mirakl may hold.
        (HELD._replace(stamp="2026-03-01T11:00:00.500Z"), "2026-03-01T11:00:00.500Z", None),
        # Other content was never answered: one above it, so that it loses should it still arrive.
        (ASKED._replace(stamp="2026-03-01T10:00:00Z"), "2026-03-01T10:00:00.001Z", None),
        (ASKED._replace(stamp="2026-03-01T11:00:00.999Z"), "2026-03-01T11:00:01Z", None),
        (ASKED, "2026-03-01T10:00:00Z", None),
        # The same content was never answered: whichever arrives, Mirakl holds it.
        (ASKED._replace(stamp="2026-03-01T10:00:00Z", attempted_hash=RECORD.payload_hash),)
        + ("2026-03-01T10:00:00Z",) * 2,
        # Refused since, but an earlier request may still arrive.
        (REFUSED._replace(doubtful_stamp="2026-03-01T10:00:00Z"), "2026-03-01T10:00:00.001Z", None),
        (
            REFUSED._replace(doubtful_stamp="2026-03-01T10:00:00Z", attempted_hash=RECORD.payload_hash),
            "2026-03-01T10:00:00.001Z",
            None,
        ),
    ],
)
def test_the_stamp_outdoes_whatever_mirakl_may_hold(
    known: LedgerEntry | None, stamp: str, still_in_doubt: str | None
) -> None:
    claim = claimed(known)
    assert (claim.entry.stamp, claim.entry.doubtful_stamp) == (stamp, still_in_doubt)
    assert orjson.loads(claim.body) == {**orjson.loads(RECORD.payload), "channel_updated_at": stamp}


def test_an_order_unknown_before_is_undelivered_until_there_is_an_answer() -> None:
    assert claimed(None).entry == LedgerEntry(
        channel_order_id="1",
        outcome="undelivered",
        read_at=RECORD.read_at,
        run_id="run",
        day="2026-03-02",
        store="S-1",
        attempted_hash=RECORD.payload_hash,
        stamp=RECORD.updated_at,
        attempts=1,
        first_sent_at=NOW,
        last_sent_at=NOW,
        unaccepted_since=NOW,
    )


def test_a_claim_keeps_since_when_and_how_often_an_order_was_tried() -> None:
    entry = claimed(REFUSED).entry
    assert (entry.attempts, entry.first_sent_at, entry.last_sent_at) == (4, EARLIER, NOW)
    assert (entry.unaccepted_since, entry.delivered_hash, entry.error_code) == (EARLIER, None, None)
    assert (entry.order_lines, entry.adjustments) == (1, 1)


def test_an_accepted_order_is_held_as_it_was_sent() -> None:
    order = claimed(REFUSED, lines=2)
    [entry] = decisions.accepted([order])
    assert entry[:4] == (["1"], order.entry.read_at, order.entry.attempts, order.entry.last_sent_at)
    assert (entry.order_lines, entry.adjustments) == (2, 1), "the most that were delivered"


def test_every_attempt_is_remembered_in_the_order_it_was_made() -> None:
    refused = decisions.refused(claimed(None), Refusal("INVALID", "status", "orders[0].status"))
    retracted = decisions.retracted(refused, "systemic")
    together = TOGETHER._replace(run_id="later")
    [later] = decisions.accepted([decisions.claim(retracted, RECORD, together)])
    assert read(later.history) == [
        Attempt(NOW, "run", "refused", "INVALID", "status"),
        Attempt(NOW, "run", "undelivered", "INVALID", "status"),
        Attempt(NOW, "later", "delivered"),
    ]
    assert decisions.unchanged(refused, RECORD, "again", "2026-03-02").history == refused.history


@pytest.mark.parametrize("known", [None, HELD._replace(doubtful_stamp="2026-03-01T08:00:00Z")])
def test_of_a_refused_order_mirakl_holds_what_it_held_before(known: LedgerEntry | None) -> None:
    entry = decisions.refused(claimed(known), Refusal("INVALID", "status", "orders[0].status"))
    assert (entry.outcome, entry.attempted_hash) == ("refused", RECORD.payload_hash)
    assert (entry.error_code, entry.error_field, entry.error_field_sent) == ("INVALID", "status", "orders[0].status")
    before = (known.delivered_hash, known.stamp, known.doubtful_stamp) if known else (None, None, None)
    assert (entry.delivered_hash, entry.stamp, entry.doubtful_stamp) == before


@pytest.mark.parametrize("known", [None, HELD._replace(doubtful_stamp="2026-03-01T08:00:00Z")])
def test_an_order_that_never_left_leaves_all_that_is_known_of_mirakl_as_it_was(known: LedgerEntry | None) -> None:
    entry = decisions.undelivered(claimed(known), "STORE_STOPPED", "why")
    was = known or LedgerEntry("1", "undelivered", "", "", "")
    assert entry == was._replace(
        outcome="undelivered",
        error_code="STORE_STOPPED",
        error_reason="why",
        read_at=RECORD.read_at,
        run_id="run",
        day="2026-03-02",
        store="S-1",
        unaccepted_since=NOW,
        history=appended(None, Attempt(NOW, "run", "undelivered", "STORE_STOPPED")),
    )


def test_an_order_without_an_answer_stays_in_doubt() -> None:
    claim = claimed(HELD)
    claim.sent = True
    assert decisions.undelivered(claim, "NO_ANSWER", "why") == claim.entry._replace(
        error_code="NO_ANSWER",
        error_reason="why",
        history=appended(None, Attempt(NOW, "run", "undelivered", "NO_ANSWER")),
    )


def test_an_order_found_unchanged_has_no_fault_any_more() -> None:
    broken = REFUSED._replace(error_reason="why")
    assert decisions.unchanged(broken, RECORD, "run", "2026-03-02") == HELD._replace(
        read_at=RECORD.read_at, run_id="run", day="2026-03-02"
    )


def test_an_order_refused_before_stands_for_the_newer_reading() -> None:
    assert decisions.still_refused(REFUSED, RECORD, "run", "2026-03-02") == REFUSED._replace(
        read_at=RECORD.read_at, run_id="run", day="2026-03-02"
    )


def test_a_rejected_order_keeps_what_mirakl_holds() -> None:
    reject = Reject("1", "missing", "city", "x" * 501, RECORD.read_at)
    assert decisions.rejected(REFUSED, reject, NOW, "run", "2026-03-02") == REFUSED._replace(
        outcome="rejected",
        read_at=RECORD.read_at,
        run_id="run",
        day="2026-03-02",
        error_code="missing",
        error_field="city",
        error_field_sent=None,
        error_reason="x" * 500,
        history=appended(None, Attempt(NOW, "run", "rejected", "missing", "city")),
    )
    first = decisions.rejected(None, reject, NOW, "run", "2026-03-02")
    assert first is not None
    assert (first.outcome, first.channel_order_id, first.unaccepted_since) == ("rejected", "1", NOW)
    assert decisions.rejected(HELD._replace(read_at=RECORD.read_at), reject, NOW, "run", "2026-03-02") is not None
    assert decisions.rejected(HELD._replace(read_at="2026-03-02T00:00:01Z"), reject, NOW, "run", "2026-03-02") is None


@pytest.mark.parametrize(
    ("known", "shrunk"),
    [
        (None, False),
        (HELD._replace(order_lines=None, adjustments=None), False),
        (HELD._replace(adjustments=0), False),
        (HELD._replace(adjustments=None), False),
        (HELD, True),
        (HELD._replace(order_lines=2, adjustments=0), True),
    ],
)
def test_an_order_shrinks_by_lines_or_adjustments(known: LedgerEntry | None, shrunk: bool) -> None:
    assert decisions.has_shrunk(known, make_record(1)) is shrunk


@pytest.mark.parametrize(
    ("known", "moved"),
    [
        (None, False),
        (HELD, False),
        (HELD._replace(store="S-2"), True),
        (HELD._replace(store="S-2", stamp=None), False),
    ],
)
def test_an_order_moves_when_mirakl_may_hold_it_under_another_store(known: LedgerEntry | None, moved: bool) -> None:
    assert claimed(known).moved is moved


@pytest.mark.parametrize(
    ("cells", "twice"),
    [
        ({}, True),
        ({"read_at": "2026-03-02T00:00:00.000Z"}, True),
        ({"store": "S-1"}, False),
        ({"store": None}, False),
        ({"run_id": "other"}, False),
        ({"day": "2026-03-01"}, False),
        ({"read_at": "2026-03-02T00:00:01Z"}, False),
    ],
)
def test_an_id_stands_under_two_stores_when_one_delivery_reads_it_twice(cells: dict[str, Any], twice: bool) -> None:
    row = HELD._replace(**{"store": "S-2", "run_id": "run", "day": "2026-03-02", "read_at": RECORD.read_at, **cells})
    assert decisions.is_under_two_stores(row, RECORD, "run", "2026-03-02") is twice


@pytest.mark.parametrize(("order_id", "kept"), [("Y" * 500, True), ("X" * 501, False), ("a\x00", False)])
def test_the_ledger_keeps_ids_of_up_to_500_characters_without_nul(order_id: str, kept: bool) -> None:
    assert decisions.are_keepable(["fine", order_id]) is kept


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"outcome": "delivered"}, None),
        ({"outcome": "undelivered", "error_code": "NO_ANSWER"}, "NO_ANSWER"),
        # Still under way.
        ({"outcome": "undelivered", "error_code": None}, None),
        ({"outcome": "delivered", "read_at": "2026-03-02T00:00:00.002Z"}, "READ_IN_FUTURE"),
    ],
)
def test_a_superseded_order_is_without_an_answer_when_the_newer_reading_is(
    cells: dict[str, Any], code: str | None
) -> None:
    latest = decisions.moment("2026-03-02T00:00:00.001Z")
    found = decisions.unanswered(HELD._replace(**cells), "boutique", latest)
    assert (found and found.code) == code
