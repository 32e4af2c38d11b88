"""Delivering the orders of a run to Mirakl, so that every order ends with one outcome.

Where to read on, in the order in which an order passes: `unchanged` (finds in columns what Mirakl holds as it is),
`coordinator` (the course of a day), `decisions` and `settlement` (what becomes of an order, and where that is written),
`sending` and `isolation` (requests, and what to do about an answer), `client` (posting one).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

import pyarrow as pa

from connectors.ledger import Ledger
from connectors.mirakl.client import MiraklClient
from connectors.mirakl.coordinator import Coordinator
from connectors.mirakl.report import DayReport
from connectors.mirakl.request_size import RequestSize
from connectors.mirakl.run import Run
from connectors.mirakl.settlement import Settlement

_LOG = logging.getLogger(__name__)


class Delivery:
    """Delivers to the stores of one channel with one credential; one instance a run.

    `log` receives what happens to batches and now and then the progress, as warnings which orders failed, bounded, and
    as an error that a store is sent nothing more. `interrupt` may be set from anywhere: requests in flight are finished
    and settled, nothing else leaves. `may_send` is asked before each request whether it may leave: whether this process
    is still the credential's one sender.
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
        interrupt: threading.Event | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self.ledger = ledger
        self._client, self._channel, self._log = client, channel, log
        self._threads, self._may_send = threads, may_send
        size = RequestSize(orders_per_request, max_request_bytes, log.info)
        self._run = Run(channel, channel_id, size, log, interrupt or threading.Event())

    def deliver(
        self,
        tables: Iterable[pa.Table | pa.RecordBatch],
        *,
        day: str,
        run_id: str,
        again: bool = False,
        as_it_is: bool = False,
    ) -> DayReport:
        """Deliver one day, of tables in the shape of `MIRAKL_ORDERS`.

        `again` sends every order that is not superseded, also unchanged and refused ones. `as_it_is` takes the lines
        and adjustments that an order has now for right, fewer as they may be.

        Returns when every order read has its outcome, `undelivered` included. The day is complete when none is: when
        `interrupt` cuts it short, what was read and not sent is `undelivered`, and there is at least one such order.

        Raises:
            LedgerError: the ledger failed; what was answered before is kept, what was in flight is sent again.
        """
        self._run.begin_day()
        requests, retries = self._client.requests, self._client.retries
        statuses = self._client.statuses.copy()
        report = DayReport(day)
        settlement = Settlement(
            self.ledger, self._channel, report, run_id=run_id, again=again, as_it_is=as_it_is, log=self._log
        )
        coordinator = Coordinator(self._run, settlement, self._client, threads=self._threads, may_send=self._may_send)
        coordinator.deliver(tables)
        report.counts["requests"] = self._client.requests - requests
        report.counts["retries"] = self._client.retries - retries
        report.statuses = self._client.statuses - statuses
        for line in report.failure_lines():
            self._log.warning(line)
        return report
