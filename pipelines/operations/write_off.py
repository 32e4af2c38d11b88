"""Orders that wait for an answer no more, as there is nothing to deliver: gone from the shop, or left out."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.ledger import Ledger
from transforms.outcomes import UNACCEPTED, Outcome


def write_off(channel: str, order_ids: Sequence[str], outcome: Outcome, ledger: Ledger, run_id: str) -> None:
    """Write down those of the orders that were not accepted as gone or excluded; what Mirakl holds stays."""
    with ledger.claims(channel) as transaction:
        settled = [
            row._replace(outcome=outcome.value, run_id=run_id, unaccepted_since=None)
            for row in transaction.known(order_ids).values()
            if row.outcome in UNACCEPTED
        ]
        transaction.write(settled)
        transaction.notice(dict.fromkeys(order_ids, ()))
