"""One process at a time, by a lock on a file that ends with whoever holds it, however they end."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2


@contextmanager
def exclusive_lock(
    path: Path, waiting: Callable[[], None] = lambda: None, allowed: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Hold the lock on a file, made when it is not there, once it is free and `allowed` returns True.

    `waiting` is called once if that is not at once.

    Raises:
        OSError: the file cannot be made.
    """
    with _opened(path) as file:
        wait_until(lambda: allowed() and _taken(file.fileno()), waiting)
        yield


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Hold the lock on a file with others that do so; `exclusive_lock` waits for all of them.

    Raises:
        OSError: the file cannot be made.
    """
    with _opened(path) as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH)
        yield


def is_free(path: Path) -> bool:
    """Return whether the lock on a file is free.

    Raises:
        OSError: the file cannot be made.
    """
    with _opened(path) as file:
        return _taken(file.fileno())


def wait_until(taken: Callable[[], bool], waiting: Callable[[], None]) -> None:
    """Try again and again until a lock is taken; a signal ends the waiting as it ends a sleep."""
    if taken():
        return
    waiting()
    while not taken():
        time.sleep(POLL_SECONDS)


def _opened(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb", buffering=0)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
