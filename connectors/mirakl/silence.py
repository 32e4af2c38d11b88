"""What is logged while Mirakl gives no definite answer: what comes instead, how often, since when, and until when.

A hiccup is not worth a line. From a few seconds on there is one, then one every quarter of a minute however many
requests wait, and one when it is over.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

FIRST_AFTER_SECONDS = 3.0
THEN_EVERY_SECONDS = 15.0
_LONG_PAUSE_SECONDS = 5.0


class Silence:
    """Records every request of a client. Thread-safe; times are of the monotonic clock."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._tries = 0
        self._since = self._logged_at = 0.0

    def record_failure(self, why: str, pause: float, gives_up_at: float) -> None:
        """Record a request without an answer, which is tried again after a pause and given up at some time."""
        with self._lock:
            now = time.monotonic()
            self._since = self._since or now
            self._tries += 1
            lasts = now - self._since
            due = lasts >= FIRST_AFTER_SECONDS or pause >= _LONG_PAUSE_SECONDS
            if not due or (self._logged_at and now - self._logged_at < THEN_EVERY_SECONDS):
                return
            self._logged_at = now
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=max(0.0, gives_up_at - now))
            text = (
                f"{why} for {lasts:.0f} s, {self._tries:,} tries; tried again in {pause:.0f} s, "
                f"given up at {until:%H:%M:%S} UTC"
            )
        self._log(text)

    def record_answer(self) -> None:
        """Record a definite answer."""
        with self._lock:
            lasted, logged = time.monotonic() - self._since, self._logged_at
            self._tries, self._since, self._logged_at = 0, 0.0, 0.0
        if logged:
            self._log(f"Mirakl answers again, after {lasted:.0f} s")
