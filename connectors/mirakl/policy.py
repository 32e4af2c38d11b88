"""How this software meets what Mirakl leaves undocumented: what its answers have shown, and what follows from that.

| undocumented (docs/mirakl-api.md, 3 and 8) | met by |
|---|---|
| how many bytes a request may have, other limits on the number of orders | `RequestSize`: halved, learned |
| how an error names an order, and whether it names all of them | `Pointers`: proven before they are trusted |
| whether of orders confirmed together a sample proves the others | spot checks, fewer once they held |
| 400 to every order, for a fault of the configuration or at Mirakl | `Evidence.is_systemic`, then a proof |
| a server that fails over one order | a short budget for suspects, halves |
| a token refused by a gateway's hiccup | `token_renewals` |
| a login page, a redirect, a status that Mirakl does not list | `FOREIGN_REPEATS`, then the store stops |

What acts is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from connectors.mirakl.decisions import ClaimedOrder
from connectors.mirakl.pointers import Pointers, Refusal
from transforms.outcomes import Record

SYSTEMIC_AFTER = 10
CONFIRM_TOGETHER = 6
# Orders of a group that are sent alone before the group is believed, and once groups have been right.
SPOT_CHECKS, SPOT_CHECKS_LATER = 2, 1
# One order that makes Mirakl's server fail must not hold up the others for the whole budget again and again.
SUSPECT_SECONDS = 10.0
FOREIGN_REPEATS = 2

Log = Callable[[str], None]


def token_renewals(*, has_worked: bool) -> int:
    """Return how many new tokens a request is tried with after a 401.

    One is the rule. A credential that has worked in this session may be refused by a gateway's hiccup, so it gets two
    more before its store is stopped.
    """
    return 3 if has_worked else 1


class Verdicts(Protocol):
    """Where it is written down what is certain of orders."""

    def accept(self, orders: list[ClaimedOrder]) -> None:
        """Mirakl holds these."""

    def refuse(self, orders: list[tuple[ClaimedOrder, Refusal]]) -> None:
        """Mirakl does not want these."""

    def retract(self, order: ClaimedOrder, reason: str, *, proven: bool) -> None:
        """The fault did not lie in this refused order, for certain when `proven`."""


class Evidence:
    """What the answers of one store have shown so far in this run.

    `accepted_last` is a record that Mirakl accepted. `refused_in_a_row` are the orders refused alone since then, for
    the same code and field, each with the verdicts of its day. `systemic_kind` is that code and field once the fault
    was concluded not to lie in the orders; it is kept until Mirakl accepts one or refuses one otherwise.
    `groups_held`: orders confirmed together have passed their spot check.
    """

    def __init__(self, store: str, log: Log) -> None:
        self.pointers = Pointers(log)
        self.accepted_last: Record | None = None
        self.refused_in_a_row: list[tuple[Verdicts, ClaimedOrder, Refusal]] = []
        self.systemic_kind: str | None = None
        self.groups_held = False
        self._store, self._log = store, log

    @property
    def is_systemic(self) -> bool:
        """Whether ten or more orders in a row were refused alone, all for the same code and field."""
        return self.systemic_kind is not None or len(self.refused_in_a_row) >= SYSTEMIC_AFTER

    @property
    def spot_checks(self) -> int:
        """How many orders of a group are sent alone before the others are believed to be refused."""
        return SPOT_CHECKS_LATER if self.groups_held else SPOT_CHECKS

    def record_accepted(self, record: Record) -> None:
        """Record that Mirakl accepts this order."""
        self.accepted_last = record
        self.systemic_kind = None
        self.refused_in_a_row.clear()

    def record_refused_alone(self, verdicts: Verdicts, order: ClaimedOrder, refusal: Refusal) -> None:
        """Record an order refused alone."""
        if self.systemic_kind != refusal.kind:
            self.systemic_kind = None
        if self.refused_in_a_row and self.refused_in_a_row[-1][2].kind != refusal.kind:
            self.refused_in_a_row.clear()
        self.refused_in_a_row.append((verdicts, order, refusal))

    def mark_systemic(self, reason: str, *, proven: bool) -> None:
        """Conclude that the fault does not lie in the orders refused in a row: they are not refused after all."""
        retracted, self.refused_in_a_row = self.refused_in_a_row, []
        if retracted:
            self.systemic_kind = retracted[-1][2].kind
            self._log(f"store {self._store}: {len(retracted)} refusals count for nothing: {reason}")
        for verdicts, order, _ in retracted:
            verdicts.retract(order, reason, proven=proven)
