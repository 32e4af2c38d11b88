"""One rate for all threads that use one credential."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

CEILING = 30
_SLOWEST = 4
_RECOVERY = 0.98


class NoSlot(Exception):
    """No request may leave before the caller's time is up."""


class Limiter:
    """Spaces requests evenly, and never lets more than 30 be at Mirakl in any one-second window (contract 5).

    When a request arrives is between when it leaves and when it is answered, whatever the network does. So those under
    way and those answered less than a second ago are counted together, and that count is what the ceiling holds for.
    """

    def __init__(self, requests_per_second: float) -> None:
        if not 0 < requests_per_second <= CEILING:
            raise ValueError(f"requests_per_second must be more than 0 and at most {CEILING}")
        self._interval = self._pace = 1 / requests_per_second
        self._lock = threading.Lock()
        self._next = self._slowed_at = 0.0
        self._under_way = 0
        self._answered: deque[float] = deque()

    @contextmanager
    def slot(self, until: float = math.inf, interrupt: threading.Event | None = None) -> Iterator[None]:
        """Wait until a request may leave; the request is made inside.

        Raises:
            NoSlot: not before `until` (of the monotonic clock), or `interrupt` was set meanwhile.
        """
        self._wait(until, interrupt or threading.Event())
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._answered.append(time.monotonic())

    def hold(self, seconds: float) -> None:
        """Let nothing leave for this long, and go on slower for a while: Mirakl asked for it, and means all threads."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next, now + seconds)
            # Requests that were under way together are answered 429 together: one reason to slow down, not eight.
            if now - self._slowed_at > 1:
                self._slowed_at = now
                self._pace = min(self._pace * 2, self._interval * _SLOWEST)

    def _wait(self, until: float, interrupt: threading.Event) -> None:
        while True:
            with self._lock:
                now = time.monotonic()
                leave = self._free_at(now)
                if leave <= now:
                    # A thread wakes a little late; the next one makes up for it, by one interval at most.
                    self._next = max(self._next, now - self._pace) + self._pace
                    self._pace = max(self._interval, self._pace * _RECOVERY)
                    self._under_way += 1
                    return
            if leave > until or interrupt.wait(leave - now):
                raise NoSlot

    def _free_at(self, now: float) -> float:
        while self._answered and self._answered[0] <= now - 1:
            self._answered.popleft()
        if self._under_way + len(self._answered) < CEILING:
            return self._next
        return max(self._next, self._answered[0] + 1.001 if self._answered else now + 0.01)
