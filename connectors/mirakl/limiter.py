"""One rate for all threads that use one credential.

Belongs here: when the next request may leave. Does not belong here: why a request is repeated.
"""

from __future__ import annotations

import threading
import time

CEILING = 30


class Limiter:
    """Spaces requests evenly: at most `requests_per_second`, no bursts, so no one-second window ever holds more.

    Mirakl recommends 20 a second and allows 30 (contract 5); more than 30 is refused here.
    """

    def __init__(self, requests_per_second: float) -> None:
        if not 0 < requests_per_second <= CEILING:
            raise ValueError(f"requests_per_second must be more than 0 and at most {CEILING}")
        # At the ceiling itself, one request more would fit between two ends of a window.
        self._interval = 1 / min(requests_per_second, CEILING - 1)
        self._lock = threading.Lock()
        self._next = 0.0

    def acquire(self) -> None:
        """Wait until this request may leave."""
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + self._interval
                    return
                wait = self._next - now
            time.sleep(wait)

    def hold(self, seconds: float) -> None:
        """Let nothing leave for this long: Mirakl asked for a pause, and means all threads."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)
