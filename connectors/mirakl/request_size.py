"""How many orders go into one request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

_WINDOW = 8
_SMALLEST = 10
_ENVELOPE_BYTES = 2000


class RequestSize:
    """The size of requests: at most `orders` and `max_bytes`, less for a while when most are refused.

    Mirakl documents neither a limit of bytes nor one of orders and lines together (contract 8.7): both are learned from
    its answers, and that is logged.
    """

    def __init__(self, orders: int, max_bytes: int, log: Callable[[str], None] = lambda _: None) -> None:
        self._most, self._orders, self._max_bytes, self._log = orders, orders, max_bytes, log
        self._accepted = 0
        self._recent: deque[bool] = deque(maxlen=_WINDOW)

    def fit(self, sizes: Iterable[int]) -> int | None:
        """Return how many of the next orders (their bytes given) fill a request, None when it would not be full."""
        room = self._max_bytes - _ENVELOPE_BYTES
        for number, size in enumerate(sizes):
            room -= size + 1
            if room < 0:
                return max(number, 1)
            if number + 1 == self._orders:
                return self._orders
        return None

    def record_accepted(self, size: int) -> None:
        """Record how many bytes of a request were accepted."""
        self._accepted = max(self._accepted, size)

    def record_too_large(self, size: int) -> None:
        """Keep requests at half of one that was too large, but not below what was accepted before."""
        self._max_bytes = min(self._max_bytes, max(size // 2, self._accepted))
        self._log(f"{size:,} bytes were too many for Mirakl: requests hold at most {self._max_bytes:,} from now on")

    def record_too_many(self, orders: int) -> None:
        """Keep requests at half of what was refused for its number alone."""
        self._most = min(self._most, max(_SMALLEST, orders // 2))
        self._orders = min(self._orders, self._most)
        self._log(f"{orders} orders were refused together and accepted apart: {self._most} a request from now on")

    def record_answer(self, *, clean: bool, halving: bool) -> None:
        """Record whether a request was accepted at once; `halving` says that bad orders had to be found by halving.

        Only halving gains from smaller requests: named orders cost the same whatever the size.
        """
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
