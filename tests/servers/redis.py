"""A private Redis."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port, leave_out


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run Redis in `folder`; yield its port on 127.0.0.1."""
    server = shutil.which("redis-server")
    if server is None:
        leave_out("Redis", "on Debian: apt-get install redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([server, *options], stdout=log, stderr=log)
    try:
        _wait(port, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, log: Path) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"Redis does not start: {log.read_text()[-2000:]}")
