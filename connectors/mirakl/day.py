"""The course of one day's delivery: records in, requests out, several at a time, memory flat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from connectors.mirakl.sending import Sending
from connectors.mirakl.settlement import Pending, Settlement
from transforms.outcomes import Record, Reject

if TYPE_CHECKING:
    from connectors.mirakl.delivery import Delivery

_Item = TypeVar("_Item")

CLAIMED_TOGETHER = 500
CLAIMED_BYTES = 8_000_000
PROGRESS_SECONDS = 10


class Day:
    """Delivers one day; used once, from one thread."""

    def __init__(self, delivery: Delivery, settlement: Settlement) -> None:
        self._delivery, self._settlement = delivery, settlement
        self._sending = Sending(delivery, settlement)
        self._waiting: dict[str, list[Pending]] = {}
        self._under_way: set[Future[None]] = set()
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        self._progress = ""

    def deliver(self, records: Iterable[Record], rejects: Iterable[Reject]) -> None:
        """Send what must be sent and settle everything.

        Whatever is raised, by the ledger or by the source of the records, is passed on once the requests under way are
        answered. What was claimed by then is undelivered in the ledger, so the next run sends it.
        """
        for rejected in _chunks(rejects, lambda _: 0):
            self._settlement.reject(rejected)
        with ThreadPoolExecutor(self._delivery.threads, thread_name_prefix="mirakl") as self._pool:
            try:
                for chunk in _chunks(records, lambda record: len(record.payload)):
                    self._claim(chunk)
                    # Cut short only once the count tells so: a day without undelivered orders is a complete one.
                    if self._delivery.stop.is_set() and self._settlement.report.counts["undelivered"]:
                        break
                    self._submit(everything=False)
                self._drain()
            except BaseException as error:
                self._sending.abandon()
                if not isinstance(error, Exception):
                    self._delivery.stop.set()
                raise
        self._settlement.report.counts["requests_isolating"] = self._sending.isolating

    def _claim(self, chunk: list[Record]) -> None:
        """Claim a chunk; an order of it that is still under way is finished first, so that none is sent by two."""
        if self._settlement.open(record.channel_order_id for record in chunk):
            self._drain()
        stopped: list[Pending] = []
        for pending in self._settlement.claim(chunk):
            store = pending.claim.record.store
            # Orders of a store that has stopped are not kept until the end of a long day.
            kept = self._waiting.setdefault(store, []) if self._delivery.stopped(store) is None else stopped
            kept.append(pending)
        self._sending.give_up(stopped)

    def _submit(self, *, everything: bool) -> None:
        """Hand batches to threads, waiting while enough are under way."""
        for store, batch in self._batches(everything=everything):
            while len(self._under_way) >= self._delivery.threads:
                self._finish()
                self._log_progress()
            self._under_way.add(self._pool.submit(self._sending.batch, store, batch))

    def _batches(self, *, everything: bool) -> Iterator[tuple[str, list[Pending]]]:
        """Cut full batches, by count and bytes, off what waits for each store."""
        for store, waiting in self._waiting.items():
            while waiting:
                size = self._delivery.batch_size.fit([len(pending.claim.body) for pending in waiting])
                if size is None and not everything:
                    break
                batch = waiting[: size or len(waiting)]
                del waiting[: len(batch)]
                yield store, batch

    def _drain(self) -> None:
        """Send whatever waits, and let every claimed order end."""
        self._submit(everything=True)
        while self._under_way:
            self._finish()
            self._log_progress()
        self._sending.confirm()
        self._sending.give_up(self._settlement.all_open())

    def _finish(self) -> None:
        done, self._under_way = wait(self._under_way, PROGRESS_SECONDS, FIRST_COMPLETED)
        for future in done:
            future.result()

    def _log_progress(self) -> None:
        if time.monotonic() < self._progress_at:
            return
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        counts = self._settlement.report.counts
        failed = counts["refused"] + counts["rejected"]
        line = (
            f"{self._settlement.report.day}: {counts['orders_read']:,} orders read, {counts['delivered']:,} delivered, "
            f"{counts['unchanged']:,} unchanged, {failed:,} refused or rejected so far"
        )
        # While Mirakl is silent the client says so; the same numbers again would say nothing.
        if line != self._progress:
            self._progress = line
            self._delivery.log.info(line)


def _chunks(items: Iterable[_Item], size: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """Yield up to `CLAIMED_TOGETHER` items, fewer where they are large: some orders have a thousand lines."""
    chunk: list[_Item] = []
    held = 0
    for item in items:
        chunk.append(item)
        held += size(item)
        if len(chunk) >= CLAIMED_TOGETHER or held >= CLAIMED_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
