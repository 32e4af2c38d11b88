"""What holds for a whole run of a channel, over its days: which stores are sent nothing more, and what was learned."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from connectors.mirakl.errors import UnansweredCode
from connectors.mirakl.policy import Evidence
from connectors.mirakl.request_size import RequestSize


class Stop(NamedTuple):
    """Why nothing may be sent any more: a code, and the reason; `this_day` ends with the day that is delivered."""

    code: UnansweredCode
    reason: str
    this_day: bool = False


INTERRUPTED = Stop("INTERRUPTED", "the run was stopped before Mirakl had answered")


class Run:
    """The state of one run. `interrupt` may be set from anywhere: nothing leaves any more.

    `answers` counts definite answers of Mirakl (204, 400, 413). `silent_since` is that count when Mirakl last left a
    request without an answer.
    """

    def __init__(
        self, channel: str, channel_id: str, size: RequestSize, log: logging.Logger, interrupt: threading.Event
    ) -> None:
        self.channel, self.size, self.log, self.interrupt = channel, size, log, interrupt
        self.answers = 0
        self.silent_since: int | None = None
        self._channel_id = channel_id
        self._stops: dict[str, Stop] = {}
        self._stop_of_all: Stop | None = None
        self._evidence: dict[str, Evidence] = {}

    @property
    def is_silent(self) -> bool:
        """Whether Mirakl has given no answer since one was missed."""
        return self.silent_since == self.answers

    def evidence(self, store: str) -> Evidence:
        """Return what Mirakl's answers have shown of one store."""
        if store not in self._evidence:
            self._evidence[store] = Evidence(store, self.log.info)
        return self._evidence[store]

    def begin_day(self) -> None:
        """Let stores be sent to that were stopped for the day before."""
        self._stops = {store: stop for store, stop in self._stops.items() if not stop.this_day}

    def stop_of(self, store: str) -> Stop | None:
        """Return why nothing may be sent to this store any more, None where something may."""
        if self.interrupt.is_set():
            return INTERRUPTED
        return self._stop_of_all or self._stops.get(store)

    def stop_store(self, store: str, stop: Stop) -> None:
        """Let nothing more be sent to this store."""
        if self._stop_of_all is None and store not in self._stops:
            self._stops[store] = stop
            self._log_stop(f"store {store}", stop)

    def stop_all(self, stop: Stop) -> None:
        """Let nothing more be sent to any store."""
        if self._stop_of_all is None:
            self._stop_of_all = stop
            self._log_stop("every store", stop)

    def body(self, store: str, orders: Sequence[bytes]) -> bytes:
        """Put one request together from serialised orders."""
        origin = orjson.dumps({"channel_id": self._channel_id, "channel_store_id": store})
        return b'{"origin":' + origin + b',"orders":[' + b",".join(orders) + b"]}"

    def _log_stop(self, where: str, stop: Stop) -> None:
        if not self.interrupt.is_set():
            self.log.error(f"channel {self.channel}: nothing more is sent to {where}: {stop.reason}")
