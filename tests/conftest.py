"""Real servers for the tests, started by the test run itself, each once and only when a test asks for it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from tests.scheduling import FilesAndShops
from tests.servers.mariadb import mariadb
from tests.servers.postgresql import postgresql

pytest.register_assert_rewrite("tests.golden.judging")

# A busy machine makes inputs slowly, and is no fault of theirs.
hypothesis.settings.register_profile("busy", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
hypothesis.settings.load_profile("busy")

_SERVERS = ("mariadb", "postgresql")
_FIXTURES = frozenset(f"{server}_port" for server in _SERVERS)


DAEMONS = Path(__file__).parent / "integration"
MEMORY, ENOUGH = Path("/dev/shm"), 2 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where there is room: SQLite waits for the disk at each commit of Dagster's."""
    if config.option.basetemp is None and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesAndShops:
    """Give each process whole files, and whole shops of the golden cases."""
    return FilesAndShops(config, log)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark what needs a server, so that the quick loop can leave it out: by fixture, or by the parameter that asks.

    Files with slow tests come first, those that wait for daemons before all, those of slow tests alone before the
    others, so that several processes end at about one time.
    """
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        asked = any(server in str(parameter) for server in _SERVERS for parameter in parameters)
        if asked or not _FIXTURES.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.server)
    slow: defaultdict[Path, list[bool]] = defaultdict(list)
    for item in items:
        slow[item.path].append(item.get_closest_marker("slow") is not None)
    items.sort(key=lambda item: (item.path.parent != DAEMONS, not any(slow[item.path]), not all(slow[item.path])))


@pytest.fixture(scope="session")
def mariadb_port() -> Iterator[int]:
    """Run a private MariaDB; its root user has no password."""
    with tempfile.TemporaryDirectory(prefix="mariadb-") as folder, mariadb(Path(folder)) as port:
        yield port


@pytest.fixture(scope="session")
def postgresql_port() -> Iterator[int]:
    """Run a private PostgreSQL; its user `postgres` has no password."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder, postgresql(Path(folder)) as port:
        yield port


@pytest.fixture(scope="session")
def _database(postgresql_port: int) -> str:
    with psycopg.connect(f"host=127.0.0.1 port={postgresql_port} user=postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE test")
    return f"postgresql://postgres@127.0.0.1:{postgresql_port}/test"


@pytest.fixture
def postgresql_database(_database: str) -> str:
    """Empty the tests' database, which costs a third of making a new one; return its SQLAlchemy URL."""
    with psycopg.connect(_database, autocommit=True) as connection:
        connection.execute("ALTER DATABASE test RESET ALL")
        # What an earlier test left open may hold advisory locks: each session is waited for.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'test' AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        # As in a database that is made.
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    return _database.replace("postgresql://", "postgresql+psycopg://")
