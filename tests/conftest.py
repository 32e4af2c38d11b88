"""Real servers for the tests, started by the test run itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest


@pytest.fixture(scope="session")
def mariadb_port() -> Iterator[int]:
    """Run a private MariaDB; its root user has no password."""
    server, install = (
        shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
        shutil.which("mariadb-install-db"),
    )
    if server is None or install is None:
        if os.environ.get("CI"):
            pytest.fail("MariaDB is not installed, and with CI set no server may be left out")
        pytest.skip("left out: MariaDB is not installed (on Debian: apt-get install mariadb-server)")
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
    user = ["--user=root"] if os.geteuid() == 0 else []
    common = [f"--datadir={folder / 'data'}", *user]
    subprocess.run(
        [install, "--no-defaults", *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    options = [f"--port={port}", f"--socket={folder / 's'}", "--bind-address=127.0.0.1", "--sql-mode="]
    # A zone of its own, so that a reader that trusts the server's zone is found out.
    options += ["--default-time-zone=+05:30"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([server, "--no-defaults", *common, *options], stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                pymysql.connect(host="127.0.0.1", port=port, user="root").close()
                break
            except pymysql.OperationalError:
                time.sleep(0.1)
        else:
            pytest.fail((folder / "log").read_text()[-2000:])
        yield port
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
