"""Delivering a day's records to Mirakl: claim, batch, send, settle, so that every order ends with one outcome.

Belongs here: batches, threads, stores that stop, and the ledger's two writes. Does not belong here: what a refusal
means (`isolation`), what a row becomes (`claims`), HTTP (`client`).
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import orjson

from connectors.ledger import Ledger, LedgerEntry, now
from connectors.mirakl import claims
from connectors.mirakl.batches import BatchSize
from connectors.mirakl.claims import Claim
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.errors import Fault, NoAnswer, OrdersRefused, RequestTooLarge, StoreStopped
from connectors.mirakl.isolation import Evidence, Isolation, Refused, Systemic
from connectors.mirakl.pointers import is_about_origin
from connectors.mirakl.report import DayReport, Failure
from transforms.outcomes import Record, Reject

_Item = TypeVar("_Item")

CLAIMED_TOGETHER = 500
PROGRESS_SECONDS = 10
FUTURE_TOLERANCE = dt.timedelta(minutes=5)
# One order that makes Mirakl's server fail must not hold up the others for the whole budget again and again.
_PROBE_BUDGET = 10.0


@dataclass(slots=True)
class _Store:
    """What is known of one Mirakl store while a run delivers to it. `stopped` is (code, why) once nothing may leave."""

    evidence: Evidence
    stopped: tuple[str, str] | None = None


class Delivery:
    """Delivers to the stores of one channel with one credential; one instance a run.

    `log` receives one line per batch event and now and then the progress, never a line per order. `stop` may be set
    from anywhere: requests in flight are finished and settled, nothing else leaves.
    """

    def __init__(
        self,
        client: MiraklClient,
        ledger: Ledger,
        *,
        channel: str,
        channel_id: str,
        orders_per_request: int = 100,
        max_request_bytes: int = 5_000_000,
        threads: int = 8,
        log: Callable[[str], None] = lambda _: None,
        stop: threading.Event | None = None,
    ) -> None:
        self.client, self.ledger, self.channel = client, ledger, channel
        self.batch_size = BatchSize(orders_per_request, max_request_bytes)
        self.log, self.stop = log, stop or threading.Event()
        self._channel_id, self._threads = channel_id, threads
        self._stores: dict[str, _Store] = {}
        self._stopped: tuple[str, str] | None = None
        self._lock = threading.Lock()

    def deliver(
        self, records: Iterable[Record], rejects: Iterable[Reject], *, day: str, run_id: str, again: bool = False
    ) -> DayReport:
        """Deliver one day; `again` also sends what Mirakl refused with the same content before.

        Returns when every order has its outcome, `undelivered` included.

        Raises:
            LedgerError: the ledger failed; what was answered before is kept, what was in flight is sent again.
        """
        requests, retries = self.client.requests, self.client.retries
        run = _Day(self, DayReport(day), run_id, again)
        run.reject(rejects)
        run.deliver(records)
        run.report.counts["requests"] = self.client.requests - requests
        run.report.counts["retries"] = self.client.retries - retries
        return run.report

    def store(self, name: str) -> _Store:
        """Return the state of one store."""
        with self._lock:
            return self._stores.setdefault(name, _Store(Evidence()))

    def stopped(self, name: str) -> tuple[str, str] | None:
        """Return (code, why) when nothing may be sent to this store any more."""
        if self.stop.is_set():
            return "INTERRUPTED", "the run was stopped before this order was sent"
        return self._stopped or self.store(name).stopped

    def stop_store(self, name: str, code: str, why: str, *, every_store: bool = False) -> None:
        """Let nothing more be sent to this store, or to any."""
        with self._lock:
            if every_store:
                self._stopped = self._stopped or (code, why)
            else:
                self._stores[name].stopped = self._stores[name].stopped or (code, why)
        self.log(f"stopped sending to {'every store' if every_store else f'store {name}'}: {why}")

    def body(self, store: str, bodies: Sequence[bytes]) -> bytes:
        """Put one request together from serialised orders."""
        origin = orjson.dumps({"channel_id": self._channel_id, "channel_store_id": store})
        return b'{"origin":' + origin + b',"orders":[' + b",".join(bodies) + b"]}"


class _Day:
    """The delivery of one day: hears from `Isolation` what became of orders, and writes it down."""

    def __init__(self, delivery: Delivery, report: DayReport, run_id: str, again: bool) -> None:
        self.delivery, self.report, self.run_id, self.again = delivery, report, run_id, again
        self._open: dict[str, Claim] = {}
        self._sent: set[str] = set()
        self._probing: set[str] = set()
        self._isolations: dict[str, Isolation] = {}
        self._waiting: dict[str, list[Claim]] = {}
        self._posts = self._batches = 0
        self._lock = threading.Lock()
        self._progress_at = time.monotonic() + PROGRESS_SECONDS

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Write down what our own validation rejected."""
        for chunk in _chunks(rejects, CLAIMED_TOGETHER):
            self.report.count("orders_read", len(chunk))
            with self.delivery.ledger.claims(self.delivery.channel) as transaction:
                known = transaction.known([reject.channel_order_id for reject in chunk])
                entries = [
                    (reject, claims.rejected(known.get(reject.channel_order_id), reject, now(), self.run_id, self.day))
                    for reject in chunk
                ]
                # An order twice in the shop's answer is rejected twice; its row is one.
                unique = {entry.channel_order_id: entry for _, entry in entries if entry is not None}
                transaction.write(list(unique.values()))
            for reject, entry in entries:
                if entry is None:
                    self.report.count("superseded")
                else:
                    self.report.fail(
                        Failure(reject.channel_order_id, "rejected", reject.code, reject.field, reject.reason)
                    )

    @property
    def day(self) -> str:
        """The day being delivered."""
        return self.report.day

    def deliver(self, records: Iterable[Record]) -> None:
        """Send what must be sent, several requests at a time, and settle everything."""
        pending: set[Future[None]] = set()
        with ThreadPoolExecutor(self.delivery._threads, thread_name_prefix="mirakl") as pool:
            try:
                for chunk in _chunks(records, CLAIMED_TOGETHER):
                    for claimed in self._claim(chunk):
                        self._waiting.setdefault(claimed.record.store, []).append(claimed)
                    for store, batch in self._take(everything=False):
                        pending = self._submit(pool, pending, store, batch)
                for store, batch in self._take(everything=True):
                    pending = self._submit(pool, pending, store, batch)
                _finish(pending)
                for store, isolation in list(self._isolations.items()):
                    self._guarded(store, isolation.confirm)
            except BaseException:
                self.delivery.stop.set()
                wait(pending)
                raise
            finally:
                self._give_up_open()
        self.report.counts["requests_isolating"] = self._posts - self._batches

    def _submit(
        self, pool: ThreadPoolExecutor, pending: set[Future[None]], store: str, batch: list[Claim]
    ) -> set[Future[None]]:
        """Hand a batch to a thread, waiting while enough are under way: memory stays flat."""
        while len(pending) >= self.delivery._threads:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            _finish(done)
            self._log_progress()
        pending.add(pool.submit(self._batch, store, batch))
        return pending

    def _claim(self, chunk: list[Record]) -> list[Claim]:
        """Decide about records and claim those that must be sent, in one transaction."""
        self.report.count("orders_read", len(chunk))
        sending: list[Claim] = []
        entries: list[LedgerEntry] = []
        instant = now()
        with self.delivery.ledger.claims(self.delivery.channel) as transaction:
            known = transaction.known([record.channel_order_id for record in chunk])
            for record in chunk:
                row = known.get(record.channel_order_id)
                fate = claims.fate(row, record, again=self.again)
                if fate == "send":
                    claimed = claims.claim(row, record, instant, self.run_id, self.day)
                    sending.append(claimed)
                    entries.append(claimed.entry)
                elif fate == "unchanged" and row is not None:
                    self.report.count("unchanged")
                    entries.append(claims.unchanged(row, record, self.run_id, self.day))
                elif fate == "refused" and row is not None:
                    entries.append(claims.still_refused(row, record, self.run_id, self.day))
                    self._fail_refused(record.channel_order_id, row.error_code, row.error_field, "refused before")
                else:
                    self.report.count("superseded")
            transaction.write(entries)
        latest = dt.datetime.now(dt.UTC) + FUTURE_TOLERANCE
        with self._lock:
            self._open.update({claimed.record.channel_order_id: claimed for claimed in sending})
        for claimed in sending:
            if claimed.shrunk:
                self.report.note_shrunk(claimed.record.channel_order_id)
            if claims.moment(claimed.record.updated_at) > latest:
                self.report.note_future_stamp(claimed.record.channel_order_id)
        return sending

    def _take(self, *, everything: bool) -> Iterator[tuple[str, list[Claim]]]:
        """Cut full batches, by count and bytes, off what waits for each store."""
        for store, waiting in self._waiting.items():
            while waiting:
                size = self.delivery.batch_size.fit([len(claimed.body) for claimed in waiting])
                if size is None and not everything:
                    break
                batch = waiting[: size or len(waiting)]
                del waiting[: len(batch)]
                yield store, batch

    def _batch(self, store: str, batch: list[Claim]) -> None:
        if not self._send(store, batch):
            self._probe(store, batch)

    def _send(self, store: str, batch: list[Claim]) -> bool:
        """Send a batch and settle it; return False when Mirakl's server fails over it time and again."""
        isolation = self._isolation(store)

        def send() -> None:
            with self._lock:
                self._batches += 1
            clean = isolation.deliver([claimed.record for claimed in batch])
            trusted = self.delivery.store(store).evidence.pointers.trusted
            self.delivery.batch_size.answered(clean=clean, halving=not trusted)

        return self._guarded(store, send, batch)

    def _isolation(self, store: str) -> Isolation:
        with self._lock:
            if store not in self._isolations:
                evidence = self.delivery.store(store).evidence
                self._isolations[store] = Isolation(lambda records: self._post(store, records), self, evidence)
            return self._isolations[store]

    def _guarded(self, store: str, send: Callable[[], None], batch: Sequence[Claim] = ()) -> bool:
        """Send, and turn what is not about single orders into stopped stores or smaller batches.

        Returns False when a server answers this batch with nothing but failures of its own.
        """
        try:
            if self.delivery.stopped(store) is None:
                send()
        except _Stopped:
            pass
        except RequestTooLarge:
            self._smaller(store, batch)
        except NoAnswer as error:
            if error.spoke and batch and not self.delivery.stop.is_set():
                return False
            self.delivery.stop_store(store, "NO_ANSWER", str(error), every_store=True)
        except StoreStopped as error:
            self.delivery.stop_store(store, "STORE_STOPPED", str(error))
        except Systemic as error:
            self.delivery.stop_store(store, "SYSTEMIC", str(error))
        return True

    def _smaller(self, store: str, batch: Sequence[Claim]) -> None:
        """Send what is still open of a batch in two halves."""
        halves = self._halves(store, batch)
        if len(halves) == 1 and len(halves[0]) == 1:
            self.refused([Refused(halves[0][0].record, "HTTP_413", "order", None)])
            return
        for half in halves:
            self._batch(store, half)

    def _probe(self, store: str, batch: list[Claim]) -> None:
        """Find out whether Mirakl's server fails for everyone, or over one order of this batch."""
        halves = self._halves(store, batch)
        if sum(map(len, halves)) <= 1:
            return
        answers = self.delivery.client.answers
        with self._lock:
            self._probing.update(claimed.record.channel_order_id for half in halves for claimed in half)
        failing = [half for half in halves if not self._send(store, half)]
        if self.delivery.client.answers == answers:
            why = "Mirakl answers with nothing but server errors"
            self.delivery.stop_store(store, "NO_ANSWER", why, every_store=True)
            return
        for half in failing:
            self._probe(store, half)

    def _halves(self, store: str, batch: Sequence[Claim]) -> list[list[Claim]]:
        """Split what of a batch has no answer yet, named orders that wait for confirmation aside."""
        waiting = self._isolation(store).suspects
        with self._lock:
            ids = self._open.keys() - waiting
        rest = [claimed for claimed in batch if claimed.record.channel_order_id in ids]
        middle = (len(rest) + 1) // 2
        return [half for half in (rest[:middle], rest[middle:]) if half]

    def _post(self, store: str, records: Sequence[Record]) -> tuple[Fault, ...] | None:
        """Send one request; return the faults of a refusal.

        Raises:
            _Stopped: nothing may be sent to this store any more.
        """
        if self.delivery.stopped(store) is not None:
            raise _Stopped
        with self._lock:
            self._posts += 1
            open_claims = [self._open[record.channel_order_id] for record in records]
            self._sent.update(record.channel_order_id for record in records)
            probing = records[0].channel_order_id in self._probing
        body = self.delivery.body(store, [claimed.body for claimed in open_claims])
        try:
            budget = _PROBE_BUDGET if probing else None
            self.delivery.client.post_orders(body, budget=budget, stop=self.delivery.stop)
        except OrdersRefused as refusal:
            if any(is_about_origin(fault) for fault in refusal.faults):
                raise StoreStopped(
                    f"the request's origin is refused with code {refusal.faults[0].code}; "
                    "check mirakl_channel_id and mirakl_store_id"
                ) from None
            if len(records) > 1:
                self.delivery.log(f"{len(records)} orders refused with code {refusal.faults[0].code}: isolating")
            return refusal.faults
        except RequestTooLarge:
            self.delivery.batch_size.too_large(len(body))
            self.delivery.log(f"{len(records)} orders are too many bytes ({len(body):,}): sending fewer")
            raise
        return None

    def accepted(self, records: Sequence[Record]) -> None:
        """Write down what Mirakl accepted."""
        done = self._close([record.channel_order_id for record in records])
        self.delivery.ledger.settle(self.delivery.channel, [claims.delivered(claimed) for claimed in done])
        self.report.count("delivered", len(done))

    def refused(self, orders: Sequence[Refused]) -> None:
        """Write down what Mirakl refused."""
        answers = {order.record.channel_order_id: order for order in orders}
        done = self._close(list(answers))
        entries = [claims.refused(claimed, answers[claimed.record.channel_order_id]) for claimed in done]
        self.delivery.ledger.settle(self.delivery.channel, entries)
        for entry in entries:
            self._fail_refused(entry.channel_order_id, entry.error_code, entry.error_field, "refused")

    def _fail_refused(self, order_id: str, code: str | None, field: str | None, word: str) -> None:
        reason = f"{word} by Mirakl with code {code}"
        self.report.fail(Failure(order_id, "refused", code or "", field or "order", reason))

    def _close(self, order_ids: Sequence[str]) -> list[Claim]:
        with self._lock:
            return [claimed for order_id in order_ids if (claimed := self._open.pop(order_id, None)) is not None]

    def _give_up_open(self) -> None:
        """What is open when nothing more is sent has no definite answer."""
        left = self._close(list(self._open))
        entries: list[LedgerEntry] = []
        for claimed in left:
            store, order_id = claimed.record.store, claimed.record.channel_order_id
            code, why = self.delivery.stopped(store) or ("NO_ANSWER", "Mirakl gave no definite answer to this order")
            entries.append(claims.undelivered(claimed, sent=order_id in self._sent, code=code))
            self.report.fail(Failure(order_id, "undelivered", code, "order", why))
            self.report.stopped = self.report.stopped or why
        for chunk in _chunks(entries, CLAIMED_TOGETHER):
            self.delivery.ledger.settle(self.delivery.channel, chunk)

    def _log_progress(self) -> None:
        if time.monotonic() >= self._progress_at:
            self._progress_at = time.monotonic() + PROGRESS_SECONDS
            counts = self.report.counts
            failed = counts["refused"] + counts["rejected"]
            self.delivery.log(
                f"{self.day}: {counts['orders_read']:,} orders read, {counts['delivered']:,} delivered, "
                f"{counts['unchanged']:,} unchanged, {failed:,} refused or rejected so far"
            )


class _Stopped(Exception):
    """Nothing may be sent to this store any more; what is open stays open."""


def _finish(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()


def _chunks(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
