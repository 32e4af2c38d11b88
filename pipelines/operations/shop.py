"""A channel's shop, open for reading: days, ids or placement times in; order frames out, chunk by chunk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.channels.ahead import ahead
from connectors.channels.check import SAMPLE_ORDERS
from connectors.channels.check_times import wrong_times
from connectors.channels.reader import ShopReader, Snapshot
from connectors.channels.snapshot import Rows
from pipelines.config.settings import Channel
from pipelines.operations.days import day_window
from transforms.frames import OrderFrames, together


@contextmanager
def open_shop(channel: Channel) -> Iterator[Shop]:
    """Open one consistent view of a channel's shop.

    Raises:
        SettingsError, ShopError: it cannot be read.
    """
    reader = ShopReader(channel.source())
    try:
        with reader.snapshot() as snapshot:
            yield Shop(channel, reader, snapshot)
    finally:
        reader.dispose()


class Shop:
    """One consistent view of a shop. `read_at` is its instant in UTC, by the shop database's own clock."""

    def __init__(self, channel: Channel, reader: ShopReader, snapshot: Snapshot) -> None:
        self.read_at = snapshot.read_at
        self._channel, self._reader, self._snapshot = channel, reader, snapshot

    def versions(self) -> dict[str, str]:
        """Return which version the shop's database and its software have, as far as the database knows.

        Raises:
            ShopError: the database cannot be asked.
        """
        return self._snapshot.versions(self._reader.prefix)

    def changed(self, day: str) -> Iterator[OrderFrames]:
        """Yield the orders whose newest change falls on a day."""
        return self._frames(self._snapshot.chunks(*day_window(self._channel, day)))

    def feed(self, day: str) -> Iterator[list[tuple[object, object]]]:
        """Yield (internal order id, change) of the orders whose newest change falls on a day, page by page."""
        return self._snapshot.changes(*day_window(self._channel, day))

    def whole(self, entries: Sequence[tuple[object, object]]) -> Iterator[OrderFrames]:
        """Yield these orders, entries of the feed."""
        return self._frames(self._snapshot.whole(entries))

    def change_text(self, change: object) -> str:
        """Write a change of the feed, or an instant, as text that sorts as the feed does."""
        return self._snapshot.change_text(change)

    def fingerprint(self) -> str:
        """Digest all that decides what the frames of an order are, other than its own rows."""
        return self._reader.fingerprint(self._snapshot)

    def changes(self, start: dt.datetime, end: dt.datetime, limit: int, seconds: float) -> list[tuple[object, object]]:
        """Return (order, change) of at most `limit` orders that changed in [start, end); no order is read.

        Raises:
            ShopError: the shop cannot be asked, or takes longer than `seconds`.
        """
        return self._snapshot.first_changed(start, end, limit, seconds)

    def wrong_times(self, first: str, last: str) -> list[str]:
        """Return what is suspicious about the change times of some days, as `check` does; of own SQL only."""
        if self._reader.platform.shape is not None:
            return []
        start, end = day_window(self._channel, first)[0], day_window(self._channel, last)[1]
        return list(wrong_times(self._reader, self._snapshot, start, end, SAMPLE_ORDERS))

    def placed(self, first: str, last: str) -> Iterator[OrderFrames]:
        """Yield the orders that were placed from `first` to `last`, both included."""
        start, end = day_window(self._channel, first)[0], day_window(self._channel, last)[1]
        return self._frames(self._snapshot.placed(start, end))

    def orders(self, order_ids: Sequence[str]) -> Iterator[OrderFrames]:
        """Yield these orders, whatever their day; the shop may lack some."""
        return self._frames(self._snapshot.orders(order_ids))

    def recent(self, limit: int, days: int) -> Iterator[OrderFrames]:
        """Yield at most `limit` orders that changed lately: in the last day if there are as many, else in `days`."""
        end = self.read_at + dt.timedelta(days=1)
        entries: list[tuple[object, object]] = []
        for back in (1, 7, days):
            entries = self._snapshot.first_changes("changes", self.read_at - dt.timedelta(days=back), end, limit)
            if len(entries) == limit:
                break
        return self.whole(entries) if entries else iter(())

    def oldest(self, limit: int) -> Iterator[OrderFrames]:
        """Yield at most `limit` orders: those that changed first since the channel's start date."""
        start = day_window(self._channel, str(self._channel.settings.start_date))[0]
        entries = self._snapshot.first_changes("changes", start, self.read_at + dt.timedelta(days=1), limit)
        return self.whole(entries) if entries else iter(())

    def _frames(self, chunks: Iterator[Rows]) -> Iterator[OrderFrames]:
        return together(self._reader.frames(rows, self.read_at) for rows in ahead(chunks))
