"""Delivering the records of a run to Mirakl, so that every order ends with one outcome."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import orjson

from connectors.ledger import Ledger
from connectors.mirakl.batches import BatchSize
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.day import Day
from connectors.mirakl.isolation import Evidence
from connectors.mirakl.report import DayReport
from connectors.mirakl.settlement import Settlement
from transforms.outcomes import Record, Reject

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Store:
    """What is known of one Mirakl store while a run delivers to it.

    `stopped` is (code, why) once nothing may leave: for the rest of the run, or `this_day` only.
    """

    evidence: Evidence
    stopped: tuple[str, str] | None = None
    this_day: bool = False


class Delivery:
    """Delivers to the stores of one channel with one credential; one instance a run.

    `log` receives what happens to batches and now and then the progress, as warnings which orders failed, bounded, and
    as an error that a store is sent nothing more. `stop` may be set
    from anywhere: requests in flight are finished and settled, nothing else leaves. `allowed` is asked before each
    request whether it may leave: whether this process is still the ledger's one sender.
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
        log: logging.Logger = _LOG,
        stop: threading.Event | None = None,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        self.client, self.ledger, self.channel = client, ledger, channel
        self.batch_size = BatchSize(orders_per_request, max_request_bytes)
        self.log, self.stop = log, stop or threading.Event()
        self._channel_id, self.threads, self.allowed = channel_id, threads, allowed
        # How many answers Mirakl had given when it last left a request without one.
        self.silent_since: int | None = None
        self._stores: dict[str, _Store] = {}
        self._stopped: tuple[str, str] | None = None
        self._lock = threading.Lock()

    def deliver(
        self,
        records: Iterable[Record],
        rejects: Iterable[Reject],
        *,
        day: str,
        run_id: str,
        again: bool = False,
        as_it_is: bool = False,
    ) -> DayReport:
        """Deliver one day; `again` sends every order that is not superseded, also unchanged and refused ones.

        `as_it_is` takes the lines and adjustments that an order has now for right, fewer as they may be.

        Returns when every order read has its outcome, `undelivered` included. The day is complete when none is: when
        `stop` cuts it short, what was read and not sent is `undelivered`, and there is at least one such order.

        Raises:
            LedgerError: the ledger failed; what was answered before is kept, what was in flight is sent again.
        """
        for store in self._stores.values():
            if store.this_day:
                store.stopped = None
        requests, retries = self.client.requests, self.client.retries
        report = DayReport(day)
        settlement = Settlement(
            self.ledger, self.channel, report, run_id=run_id, again=again, as_it_is=as_it_is, log=self.log
        )
        Day(self, settlement).deliver(records, rejects)
        report.counts["requests"] = self.client.requests - requests
        report.counts["retries"] = self.client.retries - retries
        for line in report.failure_lines():
            self.log.warning(line)
        return report

    def store(self, name: str) -> _Store:
        """Return the state of one store."""
        with self._lock:
            return self._stores.setdefault(name, _Store(Evidence()))

    def stopped(self, name: str) -> tuple[str, str] | None:
        """Return (code, why) when nothing may be sent to this store any more."""
        if self.stop.is_set():
            return "INTERRUPTED", "the run was stopped before Mirakl had answered"
        return self._stopped or self.store(name).stopped

    def stop_store(self, name: str, code: str, why: str, *, every_store: bool = False, this_day: bool = False) -> None:
        """Let nothing more be sent to this store, or to any; `this_day` ends with the day that is being delivered."""
        with self._lock:
            if self._stopped or self._stores[name].stopped:
                return
            if every_store:
                self._stopped = (code, why)
            else:
                self._stores[name].stopped, self._stores[name].this_day = (code, why), this_day
        if not self.stop.is_set():
            where = "every store" if every_store else f"store {name}"
            self.log.error(f"channel {self.channel}: nothing more is sent to {where}: {why}")

    def body(self, store: str, bodies: Sequence[bytes]) -> bytes:
        """Put one request together from serialised orders."""
        origin = orjson.dumps({"channel_id": self._channel_id, "channel_store_id": store})
        return b'{"origin":' + origin + b',"orders":[' + b",".join(bodies) + b"]}"
