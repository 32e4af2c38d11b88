"""Progress on the shell: a bar a stage where somebody watches, a line now and then where not.

A stage is as far as its days are; of the day it works on, as far as its orders are where an earlier stage has counted
them. What is logged as a warning meanwhile appears above the bars.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from pipelines.cli import show
from pipelines.operations import progress
from transforms.plural import counted

SECONDS_BETWEEN_LINES = 10.0
_STAGES = ("reading", "normalising", "sending", "comparing", "replaying")


@dataclass(slots=True)
class _Stage:
    """How far one stage is. `seconds` it was at work; `days` done; orders of each day it began."""

    orders: Counter[str] = field(default_factory=Counter)
    days: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def fraction(self, days: int, known: Counter[str]) -> float:
        """Return the done part, 0 to 1; `known` are the orders that a day has, where that is known."""
        begun = (
            min(1.0, self.orders[day] / known[day]) for day in self.orders if day not in self.days and known[day] > 0
        )
        return min(1.0, (len(self.days) + sum(begun)) / days) if days else 0.0


class Shown:
    """The progress of one channel's days. Thread-safe."""

    def __init__(self, channel: str, days: int, console: Console | None, orders: int | None = None) -> None:
        self._channel, self._days, self._console = channel, days, console
        self._all_orders = orders
        self._stages: dict[str, _Stage] = {}
        self._totals: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._told_at = self._said_at = time.monotonic()
        self._bars = None
        if console is not None and console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[words]}"))
            self._bars = Progress(*columns, console=console, transient=True, redirect_stdout=False)

    def __call__(self, stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        """Hear how far a stage is, see `pipelines.operations.progress`."""
        if self._console is None:
            return
        with self._lock:
            now = time.monotonic()
            at = self._stages.setdefault(stage, _Stage())
            at.orders[day] += orders
            if total is not None:
                self._totals[day] = total
            if done:
                at.days.add(day)
            at.seconds += now - self._told_at
            self._told_at = now
            if self._bars is not None:
                self._move(self._bars, stage, at)
            elif now - self._said_at >= SECONDS_BETWEEN_LINES:
                self._said_at = now
                click.echo(self.told(stage), err=True)

    def told(self, stage: str) -> str:
        """Say how far a stage is."""
        words, _ = self._words(stage, self._stages[stage])
        return f"{self._channel} {stage}: {words}"

    def _move(self, bars: Progress, stage: str, at: _Stage) -> None:
        words, part = self._words(stage, at)
        if (starting := self._tasks.pop("starting", None)) is not None:
            bars.remove_task(starting)
        if stage not in self._tasks:
            self._tasks[stage] = bars.add_task(f"{self._channel} {stage}", total=1.0, words="")
        bars.update(self._tasks[stage], completed=part, words=words)

    def _words(self, stage: str, at: _Stage) -> tuple[str, float]:
        orders = at.orders.total()
        known = Counter(dict.fromkeys(at.orders, self._all_orders)) if self._all_orders else self._known(stage)
        part = at.fraction(self._days, known)
        words = [f"{part:.0%}"]
        if self._days > 1:
            words.append(f"{len(at.days)} of {self._days} days")
        words.append(counted(orders, "order"))
        if at.seconds > 1 and orders:
            words.append(f"{orders / at.seconds:,.0f}/s")
        if 0 < part < 1 and at.seconds > 2:
            words.append(f"{show.span(at.seconds * (1 - part) / part)} left")
        return ", ".join(words), part

    def _known(self, stage: str) -> Counter[str]:
        """Return how many orders each day has, as an earlier stage that is done with the day has counted them.

        Else as many as were told beforehand: the change feed names them before they are read.
        """
        known: Counter[str] = Counter()
        for earlier in _STAGES[: _STAGES.index(stage)] if stage in _STAGES else ():
            if earlier in self._stages:
                counted = self._stages[earlier]
                known.update({day: counted.orders[day] for day in counted.days if day not in known})
        known.update({day: total for day, total in self._totals.items() if day not in known})
        return known

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen and show meanwhile."""
        if self._bars is None:
            with progress.reported_to(self):
                yield
            return
        with self._bars, progress.reported_to(self):
            self._tasks["starting"] = self._bars.add_task(f"{self._channel} starting", total=None, words="")
            yield


@contextmanager
def shown(channel: str, days: int, *, quiet: bool, orders: int | None = None) -> Iterator[None]:
    """Show on stderr how far the work on these days of a channel is, until it is done.

    `orders`, where it is known, is how many there are in all.
    """
    with _screen(quiet=quiet) as console, Shown(channel, days, console, orders).running():
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
