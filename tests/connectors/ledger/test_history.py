"""What was tried with one order: the last ten attempts, in its row."""

from __future__ import annotations

from connectors.ledger.history import MOST_ATTEMPTS, Attempt, appended, read


def test_attempts_are_kept_in_their_order_and_the_oldest_are_forgotten() -> None:
    history: str | None = None
    for number in range(MOST_ATTEMPTS + 2):
        history = appended(history, Attempt(f"2026-03-02T00:00:{number:02}Z", f"run-{number}", "delivered"))
    kept = read(history)
    assert [attempt.run_id for attempt in kept] == [f"run-{number}" for number in range(2, MOST_ATTEMPTS + 2)]
    assert read(None) == []


def test_an_order_rejected_for_the_same_cause_at_every_run_is_one_attempt() -> None:
    first = Attempt("2026-03-02T00:00:00Z", "run-1", "rejected", "missing", "created_at")
    history = appended(None, first)
    assert read(appended(history, first._replace(at="2026-03-03T00:00:00Z", run_id="run-2"))) == [first]
    other = first._replace(field="currency")
    assert read(appended(history, other)) == [first, other]
