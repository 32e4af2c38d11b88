"""A private Redis."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port, leave_out
from tests.servers.processes import running


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run Redis in `folder`; yield its port on 127.0.0.1."""
    server = shutil.which("redis-server")
    if server is None:
        leave_out("Redis", "on Debian: apt-get install redis-server")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with running([server, *options], folder / "log", lambda: socket.create_connection(("127.0.0.1", port), 1), OSError):
        yield port
