"""Orders that wait for an answer no more, as there is nothing to deliver: gone from the shop, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.ledger import UNACCEPTED, Ledger

GONE = "gone"
EXCLUDED = "excluded"


def write_off(channel: str, order_ids: Sequence[str], outcome: str, ledger: Ledger, run_id: str) -> None:
    """Write down those of the orders that were not accepted as `GONE` or `EXCLUDED`; what Mirakl holds stays."""
    with ledger.claims(channel) as transaction:
        settled = [
            replace(row, outcome=outcome, run_id=run_id, unaccepted_since=None)
            for row in transaction.known(order_ids).values()
            if row.outcome in UNACCEPTED
        ]
        transaction.write(settled)
        transaction.notice(dict.fromkeys(order_ids, ()))
