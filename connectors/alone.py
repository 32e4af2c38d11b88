"""One process at a time, by a lock on a file that ends with whoever holds it, however they end.

Belongs here: the lock. Does not belong here: what is done alone.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.2


@contextmanager
def alone(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock on a file, made when it is not there; `waiting` is called once if another holds it.

    Raises:
        OSError: the file cannot be made.
    """
    with path.open("a") as file:
        wait_until(lambda: _taken(file.fileno()), waiting)
        yield


def wait_until(taken: Callable[[], bool], waiting: Callable[[], None]) -> None:
    """Try again and again until a lock is taken; a signal ends the waiting as it ends a sleep."""
    if taken():
        return
    waiting()
    while not taken():
        time.sleep(POLL_SECONDS)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
