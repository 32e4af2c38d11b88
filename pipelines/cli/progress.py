"""Progress on the shell: one bar a channel where somebody watches, a line now and then where not.

A stage is as far as its days are; of the day it works on, as far as its orders are where an earlier stage has counted
them. The work is as far as its stages are on average, however many processes work on them. What is logged as a
warning meanwhile appears above the bar.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipelines.cli import show
from pipelines.operations import progress
from transforms.plural import counted

SECONDS_BETWEEN_LINES = 30.0
_DONE = {
    "reading": "read",
    "normalising": "normalised",
    "sending": "sent",
    "comparing": "compared",
    "replaying": "replayed",
}
# Before that, a rate or what is left would be a guess.
_LEAST_SECONDS = 2.0
_BAR_WIDTH = 24


@dataclass(slots=True)
class _Stage:
    """How far one stage is. `begun` is when it began; `days` are done; orders of each day it began."""

    begun: float
    orders: Counter[str] = field(default_factory=Counter)
    days: set[str] = field(default_factory=set)

    def fraction(self, days: int, known: Counter[str]) -> float:
        """Return the done part, 0 to 1; `known` are the orders that a day has, where that is known."""
        begun = (
            min(1.0, self.orders[day] / known[day]) for day in self.orders if day not in self.days and known[day] > 0
        )
        return min(1.0, (len(self.days) + sum(begun)) / days) if days else 0.0


class Shown:
    """The progress of one channel's days through the `stages`, one after another or side by side. Thread-safe."""

    def __init__(
        self, channel: str, days: int, console: Console | None, stages: Sequence[str], orders: int | None = None
    ) -> None:
        self._channel, self._days, self._console = channel, days, console
        self._expected, self._all_orders = stages, orders
        self._stages: dict[str, _Stage] = {}
        self._totals: dict[str, int] = {}
        self._lock = threading.Lock()
        self._reported_at = self._printed_at = time.monotonic()

    def __call__(self, stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        """Take in how far a stage is, see `pipelines.operations.progress`."""
        if self._console is None or stage not in self._expected:
            return
        with self._lock:
            now = time.monotonic()
            at = self._stages.setdefault(stage, _Stage(self._reported_at))
            at.orders[day] += orders
            if total is not None:
                self._totals[day] = total
            if done:
                at.days.add(day)
            self._reported_at = now
            if not self._console.is_terminal and now - self._printed_at >= SECONDS_BETWEEN_LINES:
                self._printed_at = now
                click.echo(self.line(), err=True)

    def line(self) -> str:
        """Return how far the work is, in one line."""
        return f"{self._channel}: {self._part():.0%}, {'; '.join(filter(None, (self._days_left(), self._orders())))}"

    def _part(self) -> float:
        """Return the done part of the whole, 0 to 1."""
        done = (at.fraction(self._days, self._known(stage)) for stage, at in self._stages.items())
        return sum(done) / len(self._expected)

    def _days_left(self) -> str:
        """Return how many days are through the last stage, and how long the rest takes at the pace so far."""
        words: list[str] = []
        last = self._stages.get(self._expected[-1])
        if self._days > 1:
            words.append(f"{len(last.days) if last else 0} of {self._days} days")
        seconds = time.monotonic() - min(at.begun for at in self._stages.values())
        if seconds > _LEAST_SECONDS and 0 < (part := self._part()) < 1:
            words.append(f"{show.span(seconds * (1 - part) / part)} left")
        return ", ".join(words)

    def _orders(self) -> str:
        """Return how many orders each stage has done, and the pace of the last one."""
        words: list[str] = []
        for stage, at in self._stages.items():
            orders = at.orders.total()
            words.append(f"{orders:,} {_DONE[stage]}" if words else f"{counted(orders, 'order')} {_DONE[stage]}")
        last = self._stages.get(self._expected[-1])
        if last and (seconds := time.monotonic() - last.begun) > _LEAST_SECONDS and last.orders.total():
            words.append(f"{last.orders.total() / seconds:,.0f}/s")
        return ", ".join(words)

    def _known(self, stage: str) -> Counter[str]:
        """Return how many orders each day has, as an earlier stage that is done with the day has counted them.

        Else as many as were reported beforehand: the change feed names them before they are read.
        """
        if self._all_orders:
            return Counter(dict.fromkeys(self._stages[stage].orders, self._all_orders))
        known: Counter[str] = Counter()
        for earlier in self._expected[: self._expected.index(stage)]:
            if earlier in self._stages:
                of_earlier = self._stages[earlier]
                known.update({day: of_earlier.orders[day] for day in of_earlier.days if day not in known})
        known.update({day: total for day, total in self._totals.items() if day not in known})
        return known

    def __rich__(self) -> RenderableType:
        with self._lock:
            bar = Table.grid(padding=(0, 1))
            if not self._stages:
                bar.add_row(self._channel, ProgressBar(total=None, pulse=True, width=_BAR_WIDTH), "starting")
                return bar
            part = self._part()
            shown_bar = ProgressBar(total=1.0, completed=part, width=_BAR_WIDTH)
            bar.add_row(self._channel, shown_bar, f"{part:4.0%}", self._days_left())
            return Group(bar, Text(self._orders(), style="dim"))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen and show meanwhile."""
        with ExitStack() as stack:
            if self._console is not None and self._console.is_terminal:
                live = Live(self, console=self._console, transient=True, redirect_stdout=False)
                stack.enter_context(live)
            stack.enter_context(progress.reported_to(self))
            yield


@contextmanager
def shown(channel: str, days: int, *stages: str, quiet: bool, orders: int | None = None) -> Iterator[None]:
    """Show on stderr how far these stages of the work on a channel's days are, until it is done.

    `orders`, where it is known, is how many there are in all.
    """
    with _screen(quiet=quiet) as console, Shown(channel, days, console, stages, orders).running():
        yield


@contextmanager
def _screen(*, quiet: bool) -> Iterator[Console | None]:
    """Open where progress is shown, None where it is not.

    While a step runs, Dagster puts a file in place of the process's standard error: a terminal is kept by a copy.
    """
    if quiet or not sys.stderr.isatty():
        yield None if quiet else show.console(stderr=True)
        return
    with os.fdopen(os.dup(sys.stderr.fileno()), "w") as terminal:
        yield Console(file=terminal, markup=False, emoji=False, highlight=False)
