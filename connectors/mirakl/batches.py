"""How many orders go into one request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

_WINDOW = 8
_SMALLEST = 10
_ENVELOPE_BYTES = 2000


class BatchSize:
    """The size of requests: at most `orders` and `max_bytes`, less for a while when most are refused. Thread-safe."""

    def __init__(self, orders: int, max_bytes: int) -> None:
        self._most, self._orders, self._max_bytes = orders, orders, max_bytes
        self._taken = 0
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._lock = threading.Lock()

    def fit(self, sizes: Sequence[int]) -> int | None:
        """Return how many of the next orders (their bytes given) fill a request, None when it would not be full."""
        room = self._max_bytes - _ENVELOPE_BYTES
        for number, size in enumerate(sizes):
            room -= size + 1
            if room < 0:
                return max(number, 1)
            if number + 1 == self._orders:
                return self._orders
        return None

    def taken(self, size: int) -> None:
        """Hear how many bytes of a request were accepted."""
        with self._lock:
            self._taken = max(self._taken, size)

    def too_large(self, size: int) -> None:
        """Keep requests at half of one that was too large, but not below what was accepted before."""
        with self._lock:
            self._max_bytes = min(self._max_bytes, max(size // 2, self._taken))

    def too_many(self, orders: int) -> None:
        """Keep requests at half of what was refused for its number alone."""
        with self._lock:
            self._most = min(self._most, max(_SMALLEST, orders // 2))
            self._orders = min(self._orders, self._most)

    def answered(self, *, clean: bool, halving: bool) -> None:
        """Hear whether a request was taken at once; `halving` says that the bad orders had to be found by halving.

        Only halving gains from smaller requests: named orders cost the same whatever the size.
        """
        with self._lock:
            self._recent.append(clean or not halving)
            if len(self._recent) < _WINDOW:
                return
            refused = self._recent.count(False)
            if refused > _WINDOW * 3 // 4 and self._orders > _SMALLEST:
                self._orders = max(_SMALLEST, self._orders // 2)
                self._recent.clear()
            elif refused <= _WINDOW // 4 and self._orders < self._most:
                self._orders = min(self._most, self._orders * 2)
                self._recent.clear()
