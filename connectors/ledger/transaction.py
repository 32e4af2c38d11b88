"""One transaction on the rows of a channel at a destination: nobody else claims its orders meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connectors.ledger import claims, notices, retention, rows
from connectors.ledger.claims import Claim, ClaimedTogether
from connectors.ledger.rows import LedgerEntry
from transforms.outcomes import Notice


class ChannelTransaction:
    """One transaction on a channel's rows: read what is known, then write, with nobody in between."""

    def __init__(self, connection: sa.Connection, key: str, rivals: Mapping[str, str]) -> None:
        self._connection, self._key, self._rivals = connection, key, rivals

    def known(self, order_ids: Sequence[str]) -> dict[str, LedgerEntry]:
        """Return the rows of these orders, in one query."""
        return rows.known(self._connection, self._key, order_ids)

    def taken(self, order_ids: Sequence[str]) -> dict[str, str]:
        """Return order id -> rival channel of those orders that a rival sent to the same destination."""
        return rows.taken(self._connection, self._rivals, order_ids)

    def removed_until(self) -> str | None:
        """Return the instant before which rows of this channel were removed, None where none were."""
        return retention.removed_until(self._connection, self._key)

    def held(self, order_ids: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return `HELD` of those of these orders that are delivered and noticed for nothing."""
        return rows.held(self._connection, self._key, order_ids)

    def read_again(self, order_ids: Sequence[str], read_at: str, run_id: str, day: str) -> None:
        """Give the rows of these orders a newer reading, in which they were as before."""
        rows.read_again(self._connection, self._key, order_ids, read_at, run_id, day)

    def claim(self, orders: Sequence[Claim], together: ClaimedTogether) -> None:
        """Claim orders, each once, in bulk."""
        claims.claim(self._connection, self._key, orders, together)

    def write(self, entries: Sequence[LedgerEntry]) -> None:
        """Write rows, in bulk."""
        rows.write(self._connection, self._key, entries)

    def notice(self, found: Mapping[str, Sequence[Notice]]) -> None:
        """Replace the notices of these orders, by id."""
        if found:
            notices.keep(self._connection, self._key, found)
