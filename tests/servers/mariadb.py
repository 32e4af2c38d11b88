"""A private MariaDB. Its zone is not UTC, so that a reader that trusts the server's zone is found out."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from tests.servers.ports import free_port, leave_out
from tests.servers.processes import running


@contextmanager
def mariadb(folder: Path, *more_options: str) -> Iterator[int]:
    """Run MariaDB in `folder`; yield its port on 127.0.0.1. Its root user has no password."""
    server = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if server is None or install is None:
        leave_out("MariaDB", "on Debian: apt-get install mariadb-server")
    user = ["--user=root"] if os.geteuid() == 0 else []
    common = [f"--datadir={folder / 'data'}", *user]
    # A server that starts, the one that installs included, clears the temporary tables of all others out of a shared
    # folder.
    temporary = [f"--tmpdir={folder}"]
    subprocess.run(
        [install, "--no-defaults", *common, *temporary, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    port = free_port()
    options = [f"--port={port}", f"--socket={folder / 's'}", "--bind-address=127.0.0.1", "--sql-mode=", *temporary]
    options += ["--default-time-zone=+05:30", "--innodb-flush-log-at-trx-commit=0", *more_options]
    command = [server, "--no-defaults", *common, *options]

    def connect() -> pymysql.Connection[Any]:
        return pymysql.connect(host="127.0.0.1", port=port, user="root")

    with running(command, folder / "log", connect, pymysql.OperationalError):
        yield port
