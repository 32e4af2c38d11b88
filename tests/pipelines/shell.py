"""`mirakl-orders` called in this process, for the tests of its commands."""

from __future__ import annotations

import io
import json
import signal
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from pipelines.cli import main

DAY, NEXT = "2026-03-02", "2026-03-03"
RANGE = ("--from", DAY, "--to", NEXT)


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, as its own process would; anything but an exit is a traceback."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(out), redirect_stderr(err), patch("sys.argv", ["mirakl-orders", *arguments]):
            main()
    except SystemExit as ended:
        texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
        return subprocess.CompletedProcess(arguments, int(ended.code or 0), *texts)
    finally:
        signal.signal(signal.SIGTERM, handler)


def json_of(*arguments: str, status: int = 0) -> Any:
    done = call(*arguments, "--json")
    assert done.returncode == status, done.stderr + done.stdout
    return json.loads(done.stdout)
