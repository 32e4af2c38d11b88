"""The demo's UI: a port that is taken is said to be so, and another one taken, or none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo import free_port
from tests.servers.ports import free_port as unused_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_first_free_port_is_taken(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    free = unused_port()
    assert free_port([taken, free]) == free
    assert capsys.readouterr().out == f"Port {taken} is taken by another program.\n"
    assert free_port([free]) == free
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_chosen_port_that_is_taken_ends_it(taken: int, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "examples.demo", "ui", "--port", str(taken)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Port {taken} is taken" in done.stdout
    assert "make ui PORT=3100" in done.stderr
    assert list(tmp_path.iterdir()) == []
