"""Running a server's process until it answers, and ending it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SECONDS = 30.0


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    connect: Callable[[], Any],
    refused: type[Exception],
    *,
    stop: signal.Signals = signal.SIGTERM,
    user: dict[str, Any] | None = None,
) -> Iterator[None]:
    """Run a server for the length of the block, which begins when `connect` does not raise `refused` any more."""
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **(user or {}))
    try:
        end = time.monotonic() + _SECONDS
        while True:
            try:
                connect().close()
                break
            except refused:
                if time.monotonic() > end:
                    raise RuntimeError(f"{command[0]} does not start: {log.read_text()[-2000:]}") from None
                time.sleep(0.1)
        yield
    finally:
        process.send_signal(stop)
        process.wait(30)
