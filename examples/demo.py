"""The product on a made-up shop: `make run` delivers its orders to the sandbox, `make ui` shows them in Dagster.

Both run the real thing, `mirakl-orders sync` and `dagster dev` on channels.toml, with a sandbox in Mirakl's place.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from connectors.sandbox.server import CREDENTIAL, Sandbox, SandboxSettings
from examples.woocommerce_shop import REFUSED_BY_MIRAKL, make_sqlite_shop
from pipelines.runs.instance import HOME_VARIABLE, prepared_home

SHOP = Path("var/example/shop.sqlite")
DAYS = 21
_PORT = 3000
_PORTS_TRIED = 20
# The same every time: to the ledger, a sandbox at another address is another destination.
_SANDBOX_PORT = 8584
_EXPECTED = {0, 3}


def main(command: str, port: int | None = None) -> int:
    """Run one of the two; return the exit status. `port` is the UI's; without it, the first free one from 3000 on."""
    if command == "ui":
        port = free_port([port] if port else range(_PORT, _PORT + _PORTS_TRIED))
        if port is None:
            print("Choose another one: make ui PORT=3100", file=sys.stderr)
            return 1
    if not SHOP.exists():
        print(f"Making a WooCommerce shop with 600 orders over {DAYS} days: {SHOP}")
        make_sqlite_shop(SHOP, days=DAYS)
    sandbox_port = _SANDBOX_PORT if _is_free(_SANDBOX_PORT) else 0
    if not sandbox_port:
        print(f"Port {_SANDBOX_PORT} is taken: this sandbox has another address, and every order is sent there.")
    with Sandbox(SandboxSettings(poisoned=REFUSED_BY_MIRAKL), port=sandbox_port) as sandbox:
        environment = {
            **os.environ,
            "MIRAKL_BASE_URL": sandbox.base_url,
            "MIRAKL_TOKEN_URL": sandbox.token_url,
            "MIRAKL_CLIENT_ID": CREDENTIAL,
            "MIRAKL_CLIENT_SECRET": CREDENTIAL,
            HOME_VARIABLE: str(prepared_home()),
        }
        return _run(environment) if port is None else _ui(environment, port)


def _run(environment: Mapping[str, str]) -> int:
    today = dt.date.today()
    first = today - dt.timedelta(days=DAYS)
    command = ["mirakl-orders", "sync", "example", "--from", first.isoformat(), "--to", today.isoformat()]
    print(f"$ {' '.join(command)}\n", flush=True)
    status = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *command[1:]], env=environment, check=False
    ).returncode
    if status not in _EXPECTED:
        return status
    print("Some orders of this shop are broken on purpose. Run it again: nothing is sent twice.")
    command_line = Path(sys.executable).with_name("mirakl-orders")
    print("To ask about these orders, name the sandbox they went to:")
    print(f"  export MIRAKL_BASE_URL={environment['MIRAKL_BASE_URL']}")
    print(f"  {os.path.relpath(command_line)} failures example")
    print("Look at it in Dagster: make ui")
    return 0


def free_port(wanted: Sequence[int]) -> int | None:
    """Return the first of these ports that is free, and say so when another one was wanted first."""
    free = next((port for port in wanted if _is_free(port)), None)
    if free != wanted[0]:
        print(f"Port {wanted[0]} is taken by another program.", flush=True)
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the webserver itself: what a server that ended left behind is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _ui(environment: Mapping[str, str], port: int) -> int:
    print(f"Dagster is on http://127.0.0.1:{port} in some seconds; Ctrl-C ends it.", flush=True)
    command = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--port", str(port)]
    is_stopped = False

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal is_stopped
        is_stopped = True
        # Ctrl-C reaches Dagster by itself; a SIGTERM has to be passed on, or Dagster's processes would stay.
        if number == signal.SIGTERM:
            process.send_signal(signal.SIGINT)

    # Before Dagster begins, which would inherit it if a shell's background job ignores Ctrl-C.
    signal.signal(signal.SIGINT, stop)
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, stop)
    status = process.wait()
    return 0 if is_stopped else status


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m examples.demo")
    arguments.add_argument("command", choices=["run", "ui"])
    arguments.add_argument("--port", type=int, help="port of the UI; without it, the first free one from 3000 on")
    given = arguments.parse_args()
    sys.exit(main(given.command, given.port))
