"""The two writes that frame nearly every request, on both engines: the claim of many orders, and their acceptance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from connectors.ledger import Acceptance, Claim, ClaimedTogether, Ledger, LedgerEntry, claimed_row
from tests.connectors.ledger.conftest import CHANNEL, entry

TOGETHER = ClaimedTogether("run 2", "2026-03-02", "2026-03-02T00:07:00.000Z")
FAULT = {"error_code": "C", "error_field": "f", "error_field_sent": "s", "error_reason": "r"}
SENT = {"attempts": 3, "first_sent_at": "2026-03-01T00:00:00Z", "last_sent_at": "2026-03-01T01:00:00Z", "history": "[]"}
BEFORE: list[dict[str, Any]] = [
    {"outcome": "delivered", "delivered_hash": "d", "attempted_hash": "d", "order_lines": 3, "adjustments": 1, **SENT},
    {"outcome": "refused", "attempted_hash": "a", "stamp": "s", "doubtful_stamp": "t", **FAULT, **SENT},
    {"outcome": "undelivered", "attempts": 0, "store": "S-2", **FAULT},
    {"outcome": "undelivered", "unaccepted_since": "2026-02-01T00:00:00Z", **SENT},
    {"outcome": "rejected", **FAULT},
]


def claim(order_id: str, **values: Any) -> Claim:
    base = Claim(
        order_id, "S-1", f"hash of {order_id}", "2026-03-01T10:00:00Z", None, "2026-03-02T00:00:00Z", None, None
    )
    return base._replace(**values)


def claim_all(ledger: Ledger, claims: list[Claim], together: ClaimedTogether = TOGETHER) -> None:
    with ledger.claims(CHANNEL) as transaction:
        transaction.claim(claims, together)


def test_orders_new_to_the_ledger_are_claimed_however_many(ledger: Ledger) -> None:
    claims = [claim(f"A-{number}", order_lines=number, adjustments=0) for number in range(257)]
    claim_all(ledger, claims)
    rows = ledger.known(CHANNEL, [one.channel_order_id for one in claims])
    assert rows == {one.channel_order_id: claimed_row(one, TOGETHER, None) for one in claims}
    assert (rows["A-1"].outcome, rows["A-1"].attempts, rows["A-1"].first_sent_at) == (
        *("undelivered", 1),
        TOGETHER.instant,
    )


@pytest.mark.parametrize("cells", BEFORE, ids=[f"{cells['outcome']} {number}" for number, cells in enumerate(BEFORE)])
@pytest.mark.parametrize("counts", [(3, 1), (None, None)])
def test_a_claim_makes_of_a_row_what_follows_from_it(
    ledger: Ledger, cells: dict[str, Any], counts: tuple[int | None, int | None]
) -> None:
    before = entry("A-1", **cells)
    ledger.write(CHANNEL, [before, entry("other")])
    one = claim("A-1", doubtful_stamp="2026-03-01T09:00:00Z", order_lines=counts[0], adjustments=counts[1])
    claim_all(ledger, [one, claim("new")])
    rows = ledger.known(CHANNEL, ["A-1", "new", "other"])
    assert rows["A-1"] == claimed_row(one, TOGETHER, before)
    assert rows["A-1"].attempts == before.attempts + 1
    assert rows["A-1"].delivered_hash is None
    assert (rows["new"].attempts, rows["other"]) == (1, entry("other"))


def test_what_was_read_last_is_known_of_a_channel_once_it_is_claimed(ledger: Ledger) -> None:
    claim_all(ledger, [claim("1", read_at="2026-03-02T00:00:09Z"), claim("2")])
    assert ledger.read_after(CHANNEL, "2026-03-02T00:00:08Z")[0] == 1


def accepted(rows: Iterable[LedgerEntry], *more: str) -> Acceptance:
    rows = list(rows)
    order_ids = [row.channel_order_id for row in rows]
    return Acceptance([*order_ids, *more], rows[0].read_at, rows[0].attempts, rows[0].last_sent_at or "", 2, 1, "[[]]")


def test_accepted_orders_are_held_as_they_were_claimed(ledger: Ledger) -> None:
    claims = [claim(f"A-{number}") for number in range(257)]
    claim_all(ledger, claims)
    rows = {one.channel_order_id: claimed_row(one, TOGETHER, None) for one in claims}
    some, others = list(rows.values())[:100], list(rows.values())[101:]
    ledger.accept(CHANNEL, TOGETHER.run_id, [accepted(some), accepted(others)])
    held = {
        order_id: row._replace(
            outcome="delivered",
            delivered_hash=row.attempted_hash,
            order_lines=2,
            adjustments=1,
            history="[[]]",
            unaccepted_since=None,
        )
        for order_id, row in rows.items()
    }
    assert ledger.known(CHANNEL, list(rows)) == {**held, "A-100": rows["A-100"]}


@pytest.mark.parametrize(
    "since",
    [
        {"run_id": "another"},
        {"read_at": "2026-03-02T00:00:01Z"},
        {"attempts": 2},
        {"last_sent_at": "2026-03-02T00:08:00.000Z"},
        {"error_code": "NO_ANSWER"},
        {"outcome": "refused"},
    ],
    ids=str,
)
def test_an_acceptance_changes_no_row_but_that_of_its_claim(ledger: Ledger, since: dict[str, Any]) -> None:
    row = claimed_row(claim("A-1"), TOGETHER, None)
    newer = row._replace(**since)
    ledger.write(CHANNEL, [newer])
    ledger.accept(CHANNEL, TOGETHER.run_id, [accepted([row], "unknown")])
    assert ledger.known(CHANNEL, ["A-1", "unknown"]) == {"A-1": newer}
    ledger.accept("other channel", TOGETHER.run_id, [accepted([newer])])
    assert ledger.known(CHANNEL, ["A-1"]) == {"A-1": newer}
