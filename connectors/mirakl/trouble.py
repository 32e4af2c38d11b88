"""What is said while Mirakl gives no answer: what it says instead, how often it was asked, since when, and until when.

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


class Trouble:
    """Hears of every request of a client. Thread-safe; times are of the monotonic clock."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._tries = 0
        self._since = self._said_at = 0.0

    def failed(self, why: str, pause: float, gives_up_at: float) -> None:
        """Hear of a request without an answer, which is tried again after a pause and given up at some time."""
        with self._lock:
            now = time.monotonic()
            self._since = self._since or now
            self._tries += 1
            lasts = now - self._since
            due = lasts >= FIRST_AFTER_SECONDS or pause >= _LONG_PAUSE_SECONDS
            if not due or (self._said_at and now - self._said_at < THEN_EVERY_SECONDS):
                return
            self._said_at = now
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=max(0.0, gives_up_at - now))
            text = (
                f"no answer from Mirakl for {lasts:.0f} s, {self._tries:,} tries: {why}; tried again in {pause:.0f} s, "
                f"given up at {until:%H:%M:%S} UTC"
            )
        self._say(text)

    def answered(self) -> None:
        """Hear of a definite answer."""
        with self._lock:
            lasted, said = time.monotonic() - self._since, self._said_at
            self._tries, self._since, self._said_at = 0, 0.0, 0.0
        if said:
            self._say(f"Mirakl answers again, after {lasted:.0f} s")
