"""What was tried with one order so far: the last attempts, oldest first, as a text in its row.

In the row itself, so that it is written in the same statement and removed with the order: a table of its own would
double the writes of a backfill.
"""

from __future__ import annotations

from typing import NamedTuple

import orjson

from transforms.outcomes import Outcome

MOST_ATTEMPTS = 10


class Attempt(NamedTuple):
    """One attempt: when (UTC with `Z`), in which run, and how it ended; code and field where it failed."""

    at: str
    run_id: str
    outcome: str
    code: str | None = None
    field: str | None = None


def read(history: str | None) -> list[Attempt]:
    """Return the attempts of a row."""
    return [Attempt(*cells) for cells in orjson.loads(history)] if history else []


def appended(history: str | None, attempt: Attempt) -> str:
    """Return the history with one more attempt; the oldest ones beyond ten are forgotten.

    An order that is rejected is tried again at every run: rejected for the same cause once more, it is no new attempt.
    """
    attempts = read(history)
    if attempts and attempt.outcome == Outcome.REJECTED and attempts[-1][2:] == attempt[2:]:
        return history or ""
    return orjson.dumps([list(kept) for kept in (*attempts, attempt)][-MOST_ATTEMPTS:]).decode()
