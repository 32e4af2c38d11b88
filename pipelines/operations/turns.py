"""Whose turn it is to send, where several runs of one command work on a range side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Turn = Callable[[], AbstractContextManager[None]]

_granters: list[Turn] = []


@contextmanager
def granted_by(turn: Turn) -> Iterator[None]:
    """Let whoever sends in this process ask `turn` first, while the block lasts."""
    _granters.append(turn)
    try:
        yield
    finally:
        _granters.remove(turn)


@contextmanager
def my_turn() -> Iterator[None]:
    """Wait until this process may send, and let the next one send afterwards. A command of one process never waits."""
    if not _granters:
        yield
        return
    with _granters[-1]():
        yield
