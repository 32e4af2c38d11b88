"""Dagster as a person runs it: `dagster dev` with daemon, webserver and code server, asked by GraphQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

import pipelines
from connectors.sandbox.server import CREDENTIAL, Sandbox
from tests.servers.ports import free_port

SELECTOR = {"repositoryLocationName": "channel_to_mirakl", "repositoryName": "__repository__"}
_LOCATION = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"


class Dagster:
    """A running Dagster; `process` is `dagster dev`, the leader of a group in which everything else is."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.url, self.process = f"http://127.0.0.1:{port}/graphql", process
        self._http = httpx.Client(timeout=60, verify=False)

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self._http.post(self.url, json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        [value] = answer["data"].values()
        return value

    def close(self) -> None:
        self._http.close()

    def lose_power(self) -> None:
        """Kill everything at once, the processes of runs included."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def wait_for(ready: Callable[[], Any], what: str, seconds: float, every: float = 0.5) -> Any:
    """Wait until `ready` returns something, and return it. A question to Dagster's webserver costs it 10 to 50 ms."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(every)
    raise AssertionError(f"{what} did not come to an end in {seconds} s")


def variables(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """Return the environment of an installation whose state and channels.toml are in `folder`."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(folder / "home"),
        "CHANNELS_FILE": str(folder / "channels.toml"),
        "MIRAKL_BASE_URL": sandbox.base_url,
        "MIRAKL_TOKEN_URL": sandbox.token_url,
        "MIRAKL_CLIENT_ID": CREDENTIAL,
        "MIRAKL_CLIENT_SECRET": CREDENTIAL,
        "LEDGER_URL": f"sqlite:///{folder / 'ledger.sqlite'}",
        "FRAMES_URL": str(folder / "frames"),
    }


@contextmanager
def running_dagster(environment: dict[str, str], log: Path) -> Iterator[Dagster]:
    """Run `dagster dev` on the product's workspace.yaml until it answers; nothing of it outlives the block."""
    port = free_port()
    workspace = Path(pipelines.__file__).parents[1] / "workspace.yaml"
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(workspace), "-p", str(port), "-h", "127.0.0.1"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    dagster = Dagster(port, process)

    def up() -> bool:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            return bool(dagster.ask(_LOCATION)["nodes"])
        except (httpx.HTTPError, KeyError):
            return False

    try:
        wait_for(up, "starting Dagster", 90)
        yield dagster
    finally:
        dagster.close()
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
