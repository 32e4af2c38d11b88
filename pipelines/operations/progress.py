"""How far the work of this process is, told while it is done to whoever listens: the shell does, a daemon does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

_Chunk = TypeVar("_Chunk")


class Listener(Protocol):
    """Hears that a stage has done so many more orders of a day, and when it has done with the day.

    `total` is how many orders the day has, told once where a stage knows it beforehand.
    """

    def __call__(self, stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        """Hear it; may be called from any thread."""


_listeners: list[Listener] = []


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener hear what is told meanwhile."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def only_heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener, and nobody else, hear what is told meanwhile."""
    others = _listeners[:]
    _listeners[:] = [listener]
    try:
        yield
    finally:
        _listeners[:] = others


def tell(stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
    """Tell the listeners, if there are any."""
    for listener in _listeners:
        listener(stage, day, orders, done=done, total=total)


def through(stage: str, day: str, chunks: Iterable[_Chunk], size: Callable[[_Chunk], int]) -> Iterator[_Chunk]:
    """Yield the chunks of a day; each is told once whoever asked for it comes back for the next."""
    for chunk in chunks:
        yield chunk
        tell(stage, day, size(chunk))
    tell(stage, day, 0, done=True)
