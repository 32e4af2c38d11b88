"""A ledger on each of its engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.ledger import Ledger, LedgerEntry

CHANNEL = "boutique"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    database: str = request.getfixturevalue("postgresql_database")
    return database


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    ledger = Ledger(url)
    yield ledger
    ledger.dispose()


def entry(order_id: str, outcome: str = "delivered", **values: object) -> LedgerEntry:
    since = None if outcome == "delivered" else "2026-03-02T00:00:00Z"
    base = LedgerEntry(order_id, outcome, "2026-03-02T00:00:00Z", "run", "2026-03-01", unaccepted_since=since)
    return base._replace(**values)  # type: ignore[arg-type]
