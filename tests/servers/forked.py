"""Programs in processes of their own that start in milliseconds, forked from one that has the product imported."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pipelines.cli.commands", "pipelines.build", "tests.connectors.mirakl.deliver_orders"])
COMMAND = "from pipelines.cli import main; main()"


class Forked:
    """What `subprocess.Popen([sys.executable, "-c", program, *arguments])` is with pipes for what it prints."""

    def __init__(self, program: str, *arguments: str) -> None:
        with ExitStack() as closing:
            ours, its = zip(*(CONTEXT.Pipe(duplex=False) for _ in range(2)), strict=True)
            for connection in (*ours, *its):
                closing.callback(connection.close)
            self.process = CONTEXT.Process(
                target=_run, args=(program, arguments, dict(os.environ), str(Path.cwd()), *its)
            )
            self.process.start()
            self.stdout, self.stderr = (os.fdopen(os.dup(connection.fileno())) for connection in ours)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """Return how it ended, None while it runs; a signal is negative."""
        return self.process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[int, str, str]:
        """Wait for its end; return how it ended, and what it printed: no more than a pipe holds."""
        self.process.join(timeout)
        status = self.poll()
        assert status is not None, f"it did not come to an end in {timeout} s"
        with self.stdout, self.stderr:
            return status, self.stdout.read(), self.stderr.read()


def _run(
    program: str,
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    folder: str,
    stdout: Connection,
    stderr: Connection,
) -> None:
    for number, connection in ((1, stdout), (2, stderr)):
        os.dup2(connection.fileno(), number)
        connection.close()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.argv = ["-c", *arguments]
    exec(program, {"__name__": "__main__"})
