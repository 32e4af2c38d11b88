"""What a change feed must keep, whichever shop it is of."""

from __future__ import annotations

import datetime as dt

from connectors.channels.reader import ShopReader, ShopSource


def changes_by_feed_and_by_id(source: ShopSource, start: dt.datetime, end: dt.datetime) -> tuple[list[str], list[str]]:
    """Return the newest changes of the orders that changed in [start, end): by the feed, and asked for by their ids."""
    reader = ShopReader(source)
    with reader.snapshot() as snapshot:
        entries = [entry for page in snapshot.changes(start, end) for entry in page]
        by_id = snapshot.changes_of([order_id for order_id, _ in entries])
    reader.dispose()
    assert entries
    asked = zip(by_id["order_id"], by_id["changed_at"], strict=True)
    return sorted(map(str, entries)), sorted(map(str, asked))
