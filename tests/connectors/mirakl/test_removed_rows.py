"""What happens to orders whose rows the ledger does not keep any more, at a Mirakl that ignores older stamps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from connectors.ledger import Ledger, LedgerEntry
from connectors.mirakl.delivery import Delivery
from connectors.mirakl.report import DayReport
from connectors.sandbox.server import Sandbox
from tests.connectors.mirakl.conftest import count, deliver, make_record
from transforms.outcomes import Record, Reject

Make = Callable[..., Delivery]
REMOVED = dt.date(2027, 1, 1)
# Read and delivered before the rows were removed, and read after.
THEN, NOW = "2026-03-02T00:00:00Z", "2027-01-02T00:00:00Z"


def forget(ledger: Ledger) -> None:
    """Remove all rows, as time goes by."""
    with ledger.claims("boutique") as transaction:
        ids = [row.channel_order_id for page in ledger.order_ids("boutique") for row in page]
        rows = [row._replace(last_sent_at=THEN) for row in transaction.known(ids).values()]
        transaction.write(rows)
    assert ledger.remove_settled(REMOVED) == len(rows)


def row(ledger: Ledger, order_id: str = "1") -> LedgerEntry:
    return ledger.known("boutique", [order_id])[order_id]


def title(sandbox: Sandbox, order_id: str = "1") -> str:
    [order] = [order for (_, its), order in sandbox.orders.items() if its == order_id]
    return str(order["order_lines"][0]["product"]["title"])


@pytest.fixture
def later(delivery: Make, ledger: Ledger, sandbox: Sandbox) -> Callable[..., DayReport]:
    """Deliver an order, forget it, and deliver what has become of it."""
    assert count(deliver(delivery(), [make_record(1, read_at=THEN, updated_at="2026-03-01T10:00:00Z")])) == {
        "delivered": 1
    }
    forget(ledger)

    def later(*records: Record) -> DayReport:
        return deliver(delivery(), records, run_id="later")

    return later


def test_an_order_as_it_was_is_sent_once_more_to_the_same_effect(
    later: Callable[..., DayReport], sandbox: Sandbox
) -> None:
    record = make_record(1, read_at=NOW)
    assert count(later(record)) == {"delivered": 1}
    assert count(later(record)) == {"unchanged": 1}
    assert (len(sandbox.orders), title(sandbox)) == (1, "Mug")


def test_an_order_that_changed_since_arrives_under_its_own_stamp(
    later: Callable[..., DayReport], sandbox: Sandbox, ledger: Ledger
) -> None:
    stamp = "2027-01-01T12:00:00Z"
    assert count(later(make_record(1, title="Cup", read_at=NOW, updated_at=stamp))) == {"delivered": 1}
    assert (title(sandbox), row(ledger).stamp) == ("Cup", stamp)


def test_an_order_whose_stamp_went_back_arrives_under_a_later_one(
    later: Callable[..., DayReport], sandbox: Sandbox, ledger: Ledger
) -> None:
    # The refund that had stamped it was deleted: under its own stamp Mirakl would ignore it, with a 204.
    assert count(later(make_record(1, title="Cup", read_at=NOW, updated_at="2026-02-01T10:00:00Z"))) == {"delivered": 1}
    assert (title(sandbox), row(ledger).stamp) == ("Cup", "2027-01-01T00:00:00.001Z")


def test_so_does_one_that_was_rejected_meanwhile(
    later: Callable[..., DayReport], delivery: Make, sandbox: Sandbox, ledger: Ledger
) -> None:
    deliver(delivery(), [], [Reject("1", "missing", "city", "is required", NOW)])
    assert row(ledger).stamp is None
    mended = make_record(1, title="Cup", read_at=NOW, updated_at="2026-02-01T10:00:00Z")
    assert count(later(mended)) == {"delivered": 1}
    assert title(sandbox) == "Cup"


@pytest.mark.parametrize("is_rejected", [False, True])
def test_a_reading_older_than_removed_rows_is_not_sent(
    later: Callable[..., DayReport], delivery: Make, sandbox: Sandbox, is_rejected: bool
) -> None:
    if is_rejected:
        deliver(delivery(), [], [Reject("1", "missing", "city", "is required", THEN)])
    # Out of a frame that was kept for longer than the rows: a newer reading may be at Mirakl.
    report = later(make_record(1, title="Cup", read_at="2026-04-01T00:00:00Z"), make_record(2, read_at=NOW))
    assert count(report) == {"delivered": 1, "undelivered": 1}
    [failure] = report.failures
    assert (failure.channel_order_id, failure.code, failure.field) == ("1", "READ_TOO_LONG_AGO", "read_at")
    assert "read the day again" in failure.reason
    assert title(sandbox) == "Mug"
    assert count(later(make_record(1, title="Cup", read_at=NOW))) == {"delivered": 1}
    assert title(sandbox) == "Cup"


def test_where_no_rows_were_removed_an_old_reading_is_sent_as_ever(delivery: Make, ledger: Ledger) -> None:
    ledger.remove_settled(REMOVED)
    assert count(deliver(delivery(), [make_record(1, read_at=THEN)])) == {"delivered": 1}
    assert row(ledger).stamp == make_record(1).updated_at
