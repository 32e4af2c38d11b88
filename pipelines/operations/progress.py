"""Progress of the work of this process, reported to whoever listens: the shell does, a daemon does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

_Chunk = TypeVar("_Chunk")


class Listener(Protocol):
    """Is called when a stage has done so many more orders of a day, and when it has done with the day.

    `total` is how many orders the day has, given once where a stage knows it beforehand.
    """

    def __call__(self, stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        """Take it in; may be called from any thread."""


_listeners: list[Listener] = []


@contextmanager
def reported_to(listener: Listener) -> Iterator[None]:
    """Report to a listener while the block lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def reported_only_to(listener: Listener) -> Iterator[None]:
    """Report to a listener, and to nobody else, while the block lasts."""
    others = _listeners[:]
    _listeners[:] = [listener]
    try:
        yield
    finally:
        _listeners[:] = others


def report(stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
    """Call the listeners, if there are any."""
    for listener in _listeners:
        listener(stage, day, orders, done=done, total=total)


def tracked(stage: str, day: str, chunks: Iterable[_Chunk], size: Callable[[_Chunk], int]) -> Iterator[_Chunk]:
    """Yield the chunks of a day; each is reported when the next one is asked for."""
    for chunk in chunks:
        yield chunk
        report(stage, day, size(chunk))
    report(stage, day, 0, done=True)
