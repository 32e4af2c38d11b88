"""Real servers for the tests, started by the test run itself, each once and only when a test asks for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from tests.servers.mariadb import mariadb
from tests.servers.postgresql import postgresql

pytest.register_assert_rewrite("tests.golden.judging")

# A busy machine makes inputs slowly, and is no fault of theirs.
hypothesis.settings.register_profile("busy", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
hypothesis.settings.load_profile("busy")

_SERVERS = ("mariadb", "postgresql")
_FIXTURES = frozenset(f"{server}_port" for server in _SERVERS)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark what needs a server, so that the quick loop can leave it out: by fixture, or by the parameter that asks."""
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        asked = any(server in str(parameter) for server in _SERVERS for parameter in parameters)
        if asked or not _FIXTURES.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.server)


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


@pytest.fixture
def postgresql_database(postgresql_port: int) -> str:
    """Make an empty database; return its SQLAlchemy URL."""
    server = f"host=127.0.0.1 port={postgresql_port} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS test WITH (FORCE)")
        connection.execute("CREATE DATABASE test")
    return f"postgresql+psycopg://postgres@127.0.0.1:{postgresql_port}/test"
