"""How the sandbox behaves, and what it counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Pointers = Literal["exact", "jsonpath", "slash", "dotted", "first", "one-based", "wrong", "names", "none", "mixed"]
POINTERS: tuple[Pointers, ...] = (
    "exact",
    "jsonpath",
    "slash",
    "dotted",
    "first",
    "one-based",
    "wrong",
    "names",
    "none",
    "mixed",
)
CREDENTIAL = "sandbox"


@dataclass(slots=True)
class SandboxSettings:
    """How the sandbox behaves; replace it while the sandbox runs to change its mind. Rates are 0..1, times seconds.

    `pointers` is how a 400 names the orders at fault: `exact` (`orders[3].status`), `jsonpath` (`$.orders[3]`),
    `slash`, `dotted`, `first` (only the first fault), `one-based`, `wrong` (another order's position),
    `names` (an internal name instead of `orders`), `none` (no field at all), `mixed` (any of these, at random).
    `poisoned` orders are refused whatever they hold, `breaking` ones make the server fail (500) over their request.
    `known_stores` empty means every store is known; `unknown_store_after` lets every store become unknown after that
    many requests. Every answer takes `latency`; a share of `slow` takes `slow_seconds` more. `drop_before` and
    `drop_after` cut that share of connections without an answer, before or after the orders are stored. `throttle`
    answers 429 to that share, `requests_per_second` to what is beyond it, with `retry_after` naming a pause of 1 s.
    """

    token_seconds: float = 3599
    token_endpoint_down: bool = False
    refuse_tokens: float = 0
    latency: float = 0
    slow: float = 0
    slow_seconds: float = 1
    server_errors: float = 0
    html_errors: bool = False
    drop_before: float = 0
    drop_after: float = 0
    requests_per_second: int = 30
    throttle: float = 0
    retry_after: bool = True
    pointers: Pointers = "exact"
    poisoned: frozenset[str] = frozenset()
    breaking: frozenset[str] = frozenset()
    known_stores: frozenset[str] = frozenset()
    unknown_store_after: int | None = None
    max_request_bytes: int = 20_000_000
    client_id: str = CREDENTIAL
    client_secret: str = CREDENTIAL
    seed: int = 0


@dataclass(slots=True)
class Stats:
    """What the sandbox counted: answers by HTTP status, and the busiest second it saw, token requests included."""

    answers: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    tokens: int = 0
    busiest_second: int = 0
    stale: int = 0
    stored: int = 0
