"""Trying whether a ledger can be used at a URL, without leaving one behind where there is none."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from connectors.config.database_url import read_url
from connectors.ledger.ledger import Ledger
from connectors.ledger.schema import as_ledger_error, open_engine, prepare


def try_ledger(url: str) -> Ledger:
    """Open the ledger at a URL, or try to make one there and take it back; return it, closed.

    Raises:
        LedgerError: it can be neither opened nor made.
    """
    ledger = Ledger(url, create=False)
    ledger.dispose()
    if not ledger.is_missing:
        Ledger(url).dispose()
        return ledger
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        _try_sqlite(parsed)
    else:
        _try_in_transaction(url)
    return ledger


def _try_sqlite(url: sa.URL) -> None:
    """Make a ledger beside the place of the one to come: another process may be about to make that one."""
    place = Path(url.database or "")
    made = [folder for folder in place.parents if not folder.exists()]
    trial = place.with_name(f".{place.name}.check-{os.getpid()}")
    try:
        Ledger(url.set(database=str(trial)).render_as_string(hide_password=False)).dispose()
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{trial}{suffix}").unlink(missing_ok=True)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _try_in_transaction(url: str) -> None:
    engine = open_engine(url)
    try:
        with as_ledger_error(), engine.connect() as connection:
            prepare(connection)
            connection.rollback()
    finally:
        engine.dispose()
