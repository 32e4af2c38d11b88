"""Faults: what is wrong with an order, and which of several is reported.

An order with a fault is a reject; the first by rank is named. Ranks follow the order in which a person would read the
order: itself, its lines, money, refunds, statuses, addresses, and last what is judged of the finished payload.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from typing import NamedTuple

from transforms.codes import FaultCode, NormalisationNotice
from transforms.groups import Ints
from transforms.outcomes import Notice
from transforms.parsing import Read


class Stage(IntEnum):
    """The steps of judging an order, first to last."""

    TWICE = auto()
    OWN_LINES = auto()
    CURRENCY = auto()
    CREATED_AT = auto()
    UPDATED_AT = auto()
    SHIPPED_AT = auto()
    ORDER_ID = auto()
    WORDS = auto()
    STATUS = auto()
    LINES = auto()
    NO_LINES = auto()
    LINE_MONEY = auto()
    DISCOUNTS = auto()
    SHIPPING_PRICE = auto()
    TAXES = auto()
    TOTAL = auto()
    DEPARTURES = auto()
    REFUNDS = auto()
    CANCELATIONS = auto()
    LINE_STATUSES = auto()
    LINE_PAYLOADS = auto()
    SHIPPING_INFO = auto()
    BILLING_INFO = auto()
    HAS_INCIDENT = auto()
    ATTRIBUTES = auto()
    GATE = auto()
    HELD = auto()
    STORE = auto()


Rank = tuple[int, ...]


class Fault(NamedTuple):
    """One fault: its rank, a stable code, the contract's path, and words for a person. No personal data."""

    rank: Rank
    code: FaultCode
    field: str
    reason: str


class Faults:
    """The first fault of each order of a chunk."""

    def __init__(self) -> None:
        self._first: dict[int, Fault] = {}

    def add(self, order: int, rank: Rank, code: FaultCode, field: str, reason: str) -> None:
        """Note a fault of an order, by its position in the chunk."""
        fault = Fault(rank, code, field, reason)
        if order not in self._first or rank < self._first[order].rank:
            self._first[order] = fault

    def cells(
        self, read: Read, owners: Ints | None, rank: Callable[[int], Rank], field: Callable[[int], str] | str
    ) -> None:
        """Note the broken cells of a column; `owners` are the orders of its rows, absent where they are the orders."""
        for row, reason in read.broken.items():
            order = row if owners is None else int(owners[row])
            self.add(order, rank(row), read.code, field if isinstance(field, str) else field(row), reason)

    def get(self, order: int) -> Fault | None:
        """Return the first fault of an order."""
        return self._first.get(order)

    def __contains__(self, order: int) -> bool:
        """Return whether an order has a fault."""
        return order in self._first

    def orders(self) -> list[int]:
        """List the orders that have one."""
        return list(self._first)


class Notices:
    """What an operator must see about the orders of a chunk, in the order of the stages that noticed it."""

    def __init__(self) -> None:
        self._found: dict[int, list[tuple[Rank, Notice]]] = {}

    def add(self, order: int, rank: Rank, code: NormalisationNotice, field: str, detail: str) -> None:
        """Note something about an order, by its position in the chunk."""
        self._found.setdefault(order, []).append((rank, Notice(code, field, detail)))

    def of(self, order: int) -> tuple[Notice, ...]:
        """Return the notices about an order."""
        return tuple(notice for _, notice in sorted(self._found.get(order, ()), key=lambda found: found[0]))

    def orders(self) -> list[int]:
        """List the orders with notices."""
        return list(self._found)
