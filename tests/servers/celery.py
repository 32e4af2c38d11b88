"""An installation of several machines: Dagster's storage and the ledger on PostgreSQL, runs on Celery workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import yaml

from connectors.sandbox.server import Sandbox
from tests.servers.dagster import variables, wait_for

ROOT = Path(__file__).parents[2]


def postgresql_installation(
    folder: Path,
    sandbox: Sandbox,
    postgresql_port: int,
    port: int | None = None,
    settings: Mapping[str, Any] | None = None,
    more_variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the environment of an installation with the `dagster.yaml` of `deploy/`, some of its settings replaced.

    `port` is that of a pooler before PostgreSQL, if there is one.
    """
    configured = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text()) | dict(settings or {})
    configured["storage"]["postgres"]["postgres_db"]["port"] = port or postgresql_port
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump(configured))
    server = f"host=127.0.0.1 port={postgresql_port} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        for name in ("several_dagster", "several_ledger"):
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name}".encode())
    environment = {
        **variables(folder, sandbox),
        "LEDGER_URL": f"postgresql+psycopg://postgres@127.0.0.1:{port or postgresql_port}/several_ledger",
        "DAGSTER_POSTGRES_HOST": "127.0.0.1",
        "DAGSTER_POSTGRES_USER": "postgres",
        "DAGSTER_POSTGRES_PASSWORD": "unused",
        "DAGSTER_POSTGRES_DB": "several_dagster",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **(more_variables or {}),
    }
    migrated = subprocess.run(
        [sys.executable, "-m", "dagster", "instance", "migrate"], env=environment, capture_output=True, text=True
    )
    assert migrated.returncode == 0, migrated.stderr
    return environment


def celery_installation(
    folder: Path, sandbox: Sandbox, postgresql_port: int, redis_port: int, runs: int
) -> dict[str, str]:
    """Return the environment of an installation whose runs, so many at a time, are executed by Celery's workers."""
    settings = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text())
    settings["concurrency"]["runs"]["max_concurrent_runs"] = runs
    settings |= yaml.safe_load((ROOT / "deploy" / "celery-launcher.yaml").read_text())
    broker = {
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{redis_port}/0",
        "CELERY_RESULT_URL": f"redis://127.0.0.1:{redis_port}/1",
    }
    return postgresql_installation(folder, sandbox, postgresql_port, settings=settings, more_variables=broker)


@contextmanager
def worker(environment: dict[str, str], name: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery worker as `docs/deployment.md` says; nothing of it outlives the block."""
    config = str(ROOT / "deploy" / "celery-worker.yaml")
    command = ["dagster-celery", "worker", "start", "-A", "dagster_celery.app", "-y", config, "-n", name]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / command[0]), *command[1:], "--", "--concurrency", "2"],
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_for(lambda: b"ready." in log.read_bytes(), f"starting worker {name}", 60)
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker and what it has started as a machine that goes down does."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
