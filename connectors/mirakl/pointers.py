"""Which orders of a refused request Mirakl names, and how far that is to be trusted.

The syntax of `errors[].field` is not documented (contract 3): a root or none, dots, brackets or slashes, another name
for `orders`, positions from zero or one, or no field. So a position is a hint that every reader must prove.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from connectors.mirakl.errors import Fault

_STEP = re.compile(r"([A-Za-z_$][\w$-]*)|(\d+)")
_ROOTS = frozenset({"$", "input", "body", "request", "upsertorders", "orders"})
TRUST_AFTER = 3


def order_position(field: str | None) -> int | None:
    """Read the position of the order in a path, None where it names none.

    The first number is the order's, whatever the name before it, unless a line or adjustment is counted there.
    """
    steps = _STEP.findall(field or "")
    first = next((index for index, (_, number) in enumerate(steps) if number), None)
    if first is None:
        return None
    counted = steps[first - 1][0].lower() if first else ""
    return None if any(name in counted for name in ("line", "adjust", "tax", "attribute")) else int(steps[first][1])


def is_about_origin(fault: Fault) -> bool:
    """Whether the fault lies in the request's `origin`: no order is to blame, and none can be delivered."""
    steps = [(name.lower(), number) for name, number in _STEP.findall(fault.field or "")]
    return next((name for name, number in steps if number or name not in _ROOTS), "") == "origin"


def our_field(field: str | None) -> str:
    """Resolve Mirakl's path to the contract's path inside one order (`order_lines[1].status`), `order` if unknown."""
    steps = _STEP.findall(field or "")
    first_number = next((index for index, (_, number) in enumerate(steps) if number), None)
    if first_number is None or order_position(field) is None:
        inner = [step for step in steps if step[0].lower() not in _ROOTS]
    else:
        inner = steps[first_number + 1 :]
    path = "".join(f"[{number}]" if number else f".{name}" for name, number in inner).removeprefix(".")
    return path or "order"


def signature(code: str, field: str) -> str:
    """Name a kind of failure: code and field, positions starred, so that a thousand alike count as one kind."""
    return f"{code} {re.sub(r'[0-9]+', '*', field)}"


class Refusal(NamedTuple):
    """Why Mirakl refused an order: its code, the field resolved to our record, and the field as Mirakl wrote it."""

    code: str
    field: str
    field_sent: str | None

    @property
    def kind(self) -> str:
        """Code and field, positions starred."""
        return signature(self.code, self.field)

    @classmethod
    def of(cls, faults: Sequence[Fault], number: int | None = None) -> Refusal:
        """Choose the fault of the order that Mirakl gave this number, else the first."""
        own = next((fault for fault in faults if number is not None and order_position(fault.field) == number), None)
        fault = own or faults[0]
        return cls(fault.code, our_field(fault.field), fault.field)


class Pointers:
    """The running verdict on Mirakl's positions.

    `base` is 0 or 1, learned from proofs; `trusted` after a few proofs and no miss; `useless` after two misses more
    than proofs, when asking again costs more than halving. A change of the verdict is logged.
    """

    def __init__(self, log: Callable[[str], None] = lambda _: None) -> None:
        self._log = log
        self._hits = [0, 0]
        self._misses = [0, 0]
        self.base = 0

    @property
    def trusted(self) -> bool:
        """Whether named orders may be confirmed together instead of one by one."""
        return self._hits[self.base] >= TRUST_AFTER and self._misses[self.base] == 0

    @property
    def useless(self) -> bool:
        """Whether halving is cheaper than believing."""
        return self._misses[self.base] >= self._hits[self.base] + 2

    def named(self, faults: Sequence[Fault], size: int) -> frozenset[int]:
        """Return the positions named in a request of `size` orders; empty where they are of no use.

        Of no use: none, one out of range, or more than half of the request (halving then costs no more).
        """
        if self.useless:
            return frozenset()
        found = self.numbers(faults)
        positions = frozenset(position - self.base for position in found)
        usable = all(0 <= position < size for position in positions) and len(positions) * 2 <= size
        return positions if usable else frozenset()

    @staticmethod
    def numbers(faults: Sequence[Fault]) -> frozenset[int]:
        """Return the numbers as Mirakl wrote them."""
        return frozenset(number for fault in faults if (number := order_position(fault.field)) is not None)

    def record_hit(self) -> None:
        """Record that a named order was indeed refused."""
        self._hits[self.base] += 1

    def record_miss(self) -> None:
        """Record that a named order was good, or that a bad one was not named."""
        was_useless = self.useless
        self._misses[self.base] += 1
        if self.useless and not was_useless:
            self._log("Mirakl names orders that it accepts: its positions are not used, refused requests are halved")

    def learn(self, faults: Sequence[Fault], bad: frozenset[int]) -> None:
        """Compare a refusal's numbers with the positions halving found bad; settle on the base that explains them."""
        found = self.numbers(faults)
        if not found or not bad:
            return
        for base in (0, 1):
            if {number - base for number in found} == bad:
                self._hits[base] += 1
            elif base != self.base:
                self._misses[base] += 1
        other = 1 - self.base
        if self.useless and self._hits[other] >= TRUST_AFTER and self._misses[other] == 0:
            self.base = other
            self._log(f"Mirakl's positions of orders begin at {other}: they are used from now on")
