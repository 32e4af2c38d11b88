"""A private PgBouncer before a PostgreSQL, in session or transaction mode."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import psycopg

from tests.servers.certificates import Certificates
from tests.servers.ports import free_port, leave_out
from tests.servers.processes import running


@contextmanager
def pgbouncer(
    folder: Path,
    postgresql_port: int,
    mode: Literal["session", "transaction", "statement"],
    certificates: Certificates | None = None,
    default_pool_size: int = 20,
    settings: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run PgBouncer in `folder`; yield its port on 127.0.0.1. Its user `postgres` has no password.

    With certificates it accepts clients with and without TLS. `settings` are more lines of `pgbouncer.ini`.
    """
    server = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        leave_out("PgBouncer", "on Debian: apt-get install pgbouncer")
    port = free_port()
    configuration = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": str(folder / "users"),
        "pool_mode": mode,
        "default_pool_size": str(default_pool_size),
        **(settings or {}),
    }
    if certificates is not None:
        configuration["client_tls_sslmode"] = "allow"
        configuration["client_tls_key_file"] = str(certificates.key)
        configuration["client_tls_cert_file"] = str(certificates.certificate)
    (folder / "users").write_text('"postgres" ""\n')
    lines = ["[databases]", f"* = host=127.0.0.1 port={postgresql_port}", "[pgbouncer]"]
    lines += [f"{name} = {value}" for name, value in configuration.items()]
    (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
    folder.chmod(0o755)
    user: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")

    with running([server, folder / "pgbouncer.ini"], folder / "log", connect, psycopg.OperationalError, user=user):
        yield port
