"""The course of one day's delivery: tables in, requests out, several at a time, memory flat.

Three kinds of threads, and one place where they meet:

    caller       takes tables from their source and puts slices of them into the inbox
    coordinator  decides, claims, forms requests, acts on answers: all that changes state happens here
    pool         posts bytes, and puts the answers into the inbox

So an answer is written down at once, whatever the source of the tables waits for.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.mirakl.client import MiraklClient
from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.errors import MiraklError
from connectors.mirakl.run import Run
from connectors.mirakl.sending import Answer, Request, Steps, StoreSender
from connectors.mirakl.settlement import Settlement
from transforms.normalised import records_of, rejects_of
from transforms.outcomes import Outcome

CLAIMED_TOGETHER = 500
CLAIMED_BYTES = 8_000_000
PROGRESS_SECONDS = 10


class _Answered(NamedTuple):
    """An answer to the request that a task waits for, or what was raised instead."""

    task: Steps[None]
    answer: Answer | BaseException


class _SourceFailed(NamedTuple):
    """The source of the tables raised something."""

    error: BaseException


# None: the source has no more tables.
_Event: TypeAlias = _Answered | _SourceFailed | pa.Table | None


class Coordinator:
    """Delivers one day, with up to `threads` requests at a time; used once.

    `may_send` is asked at the last moment before each request leaves.
    """

    def __init__(
        self,
        run: Run,
        settlement: Settlement,
        client: MiraklClient,
        *,
        threads: int,
        may_send: Callable[[], bool],
    ) -> None:
        self._run, self._settlement, self._client, self._may_send = run, settlement, client, may_send
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mirakl")
        self._inbox: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._wanted = threading.Semaphore(0)
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._senders: dict[str, StoreSender] = {}
        self._waiting: dict[str, list[ClaimedOrder]] = {}
        self._under_way = 0
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        self._progress = ""

    def deliver(self, tables: Iterable[pa.Table]) -> None:
        """Send what must be sent and settle everything.

        Whatever is raised, by the ledger or by the source of the tables, is passed on once the requests under way are
        answered. What was claimed by then is undelivered in the ledger, so the next run sends it.
        """
        try:
            threading.Thread(target=self._coordinate, name="delivery").start()
        except BaseException as error:
            # A signal may end the waiting for a thread that starts all the same; it has nothing to finish yet.
            self._inbox.put(_SourceFailed(error))
            raise
        try:
            for piece in chain(_slices(tables), [None]):
                self._wanted.acquire()
                if self._ended.is_set():
                    break
                self._inbox.put(piece)
            # Not `Thread.join`: interrupted by a signal, it takes the thread for ended from then on (CPython 3.11).
            self._ended.wait()
        except BaseException as error:
            if not isinstance(error, Exception):
                self._run.interrupt.set()
            self._inbox.put(_SourceFailed(error))
            self._ended.wait()
            raise
        if self._error is not None:
            raise self._error
        self._settlement.report.counts["requests_isolating"] = sum(one.isolating for one in self._senders.values())

    def _coordinate(self) -> None:
        try:
            while (piece := self._next_piece()) is not None:
                self._claim(piece)
                # Cut short only once the count shows it: a day without undelivered orders is a complete one.
                if self._run.interrupt.is_set() and self._settlement.report.unanswered:
                    break
                self._start_batches(everything=False)
            self._drain()
        except BaseException as error:
            self._error = error
            self._finish_under_way()
        finally:
            self._pool.shutdown()
            self._ended.set()
            self._wanted.release()

    def _next_piece(self) -> pa.Table | None:
        """Ask for the next slice, and act on answers until it comes; None at the end."""
        self._wanted.release()
        while isinstance(event := self._next_event(), _Answered):
            self._advance(event)
        return event

    def _claim(self, piece: pa.Table) -> None:
        """Claim a slice; an order of it that is still under way is finished first, so that none is sent by two."""
        records, rejects = list(records_of(piece)), list(rejects_of(piece))
        order_ids = [one.channel_order_id for one in records] + [one.channel_order_id for one in rejects]
        if self._settlement.open_among(order_ids):
            self._drain()
        if rejects:
            self._settlement.reject(rejects)
        for store, orders in _by_store(self._settlement.claim(records) if records else ()).items():
            stop = self._run.stop_of(store)
            if stop is None:
                self._waiting.setdefault(store, []).extend(orders)
            else:
                # Orders of a store that has stopped are not kept until the end of a long day.
                self._settlement.leave_unanswered(orders, stop)

    def _start_batches(self, *, everything: bool) -> None:
        """Start sending batches, waiting while enough are under way."""
        for store, batch in self._batches(everything=everything):
            while self._under_way >= self._threads:
                self._wait_for_answer()
            self._start(self._sender(store).send_batch(batch))

    def _batches(self, *, everything: bool) -> Iterator[tuple[str, list[ClaimedOrder]]]:
        """Cut full batches, by count and bytes, off what waits for each store."""
        for store, waiting in self._waiting.items():
            begin = 0
            while begin < len(waiting):
                rest = islice(waiting, begin, None)
                size = self._run.size.fit(len(order.body) for order in rest)
                if size is None and not everything:
                    break
                batch = waiting[begin : begin + size] if size else waiting[begin:]
                begin += len(batch)
                yield store, batch
            del waiting[:begin]

    def _drain(self) -> None:
        """Send whatever waits, and let every claimed order end."""
        self._start_batches(everything=True)
        self._wait_for_all()
        for sender in self._senders.values():
            self._start(sender.confirm())
        self._wait_for_all()
        for store, orders in _by_store(self._settlement.open_orders()).items():
            self._settlement.leave_unanswered(orders, self._run.stop_of(store))

    def _sender(self, store: str) -> StoreSender:
        if store not in self._senders:
            self._senders[store] = StoreSender(self._run, store, self._settlement)
        return self._senders[store]

    def _start(self, task: Steps[None]) -> None:
        self._under_way += 1
        self._advance(_Answered(task, None))

    def _advance(self, answered: _Answered) -> None:
        """Let a task go on with an answer, and post the request it comes to, if there is one more."""
        task, answer = answered
        try:
            if answer is not None and not isinstance(answer, MiraklError):
                raise answer
            request = task.send(answer)
        except StopIteration:
            self._under_way -= 1
        except BaseException:
            self._under_way -= 1
            raise
        else:
            self._pool.submit(self._post, task, request)

    def _post(self, task: Steps[None], request: Request) -> None:
        """Post a request, and put its answer, or what was raised, into the inbox; in a thread of the pool."""
        answer: Answer | BaseException = None
        try:
            self._client.post_orders(
                request.body, budget=request.budget, interrupt=self._run.interrupt, may_send=self._may_send
            )
        except BaseException as error:
            answer = error
        self._inbox.put(_Answered(task, answer))

    def _wait_for_all(self) -> None:
        while self._under_way:
            self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        event = self._next_event()
        assert isinstance(event, _Answered)  # a slice comes only when it is asked for
        self._advance(event)

    def _next_event(self) -> _Answered | pa.Table | None:
        """Return what comes next.

        Raises:
            BaseException: what the source of the tables raised.
        """
        while True:
            try:
                event = self._inbox.get(timeout=PROGRESS_SECONDS)
            except queue.Empty:
                self._log_progress()
                continue
            self._log_progress()
            if isinstance(event, _SourceFailed):
                raise event.error
            return event

    def _finish_under_way(self) -> None:
        """Write down the answers to the requests under way, and let nothing more leave."""
        for sender in self._senders.values():
            sender.abandoned = True
        while self._under_way:
            event = self._inbox.get()
            if isinstance(event, _Answered):
                try:
                    self._advance(event)
                except Exception as error:
                    self._run.log.warning(f"an answer that came after the delivery had failed is lost: {error}")

    def _log_progress(self) -> None:
        if time.monotonic() < self._progress_at:
            return
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        counts = self._settlement.report.counts
        failed = counts[Outcome.REFUSED] + counts[Outcome.REJECTED]
        line = (
            f"{self._settlement.report.day}: {counts['orders_read']:,} orders read, {counts['delivered']:,} delivered, "
            f"{counts['unchanged']:,} unchanged, {failed:,} refused or rejected so far"
        )
        # While Mirakl is silent the client logs that; the same numbers again would be noise.
        if line != self._progress:
            self._progress = line
            self._run.log.info(line)


def _by_store(orders: Iterable[ClaimedOrder]) -> dict[str, list[ClaimedOrder]]:
    found: dict[str, list[ClaimedOrder]] = {}
    for order in orders:
        found.setdefault(order.record.store, []).append(order)
    return found


def _slices(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield slices of up to `CLAIMED_TOGETHER` rows, fewer where they are large: some orders have a thousand lines."""
    for table in tables:
        sizes = pc.fill_null(pc.binary_length(table["payload"]), 0).to_numpy()
        ends = np.cumsum(sizes)
        begin = 0
        while begin < len(table):
            before = ends[begin - 1] if begin else 0
            fitting = int(np.searchsorted(ends, before + CLAIMED_BYTES, side="right"))
            end = min(max(fitting, begin + 1), begin + CLAIMED_TOGETHER, len(table))
            yield table.slice(begin, end - begin)
            begin = end
