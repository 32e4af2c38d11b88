"""Free ports, and leaving a server out."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

import pytest


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def leave_out(server: str, remedy: str) -> NoReturn:
    """Skip the tests of a server that cannot be had; with CI set that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{server} is not installed, and with CI set no server may be left out")
    pytest.skip(f"left out: {server} is not installed ({remedy})")
