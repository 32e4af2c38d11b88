"""The golden orders on the schema that Medusa's own published packages make, and the fixture held against it.

The packages are fetched by npm into the user's cache, never kept in the tree. Without npm this is left out and said;
where npm is there but cannot fetch, that is a failure in CI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.channels.reader import ShopSource
from tests.golden.judging import assert_as_expected
from tests.golden.platforms.medusa import PLATFORM
from tests.golden.reading import day_by_day
from tests.shops.medusa import SHOPS, MedusaShop, medusa_shop

VERSION = "2.21.2"
CASES = PLATFORM.cases_of(f"postgresql {VERSION}")
PACKAGES = ("order", "fulfillment", "payment")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "channel-to-mirakl" / f"medusa-{VERSION}"

Column = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def migrations() -> str:
    """Return the SQL of the published migrations."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("left out: npm is not installed, so Medusa's published schema cannot be had")
    folders = [_fetched(npm, package) for package in PACKAGES]
    command = [node, str(SHOPS / "medusa_migrations.js"), *map(str, folders)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _fetched(npm: str, package: str) -> Path:
    folder = CACHE / package
    if not (folder / "package").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", f"@medusajs/{package}@{VERSION}"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            words = f"npm cannot fetch @medusajs/{package}@{VERSION}; is its registry reachable?"
            pytest.fail(words, pytrace=False) if os.environ.get("CI") else pytest.skip(f"left out: {words}")
        [archive] = folder.glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    return folder / "package"


def _connect(port: int, database: str) -> psycopg.Connection[Any]:
    server = f"host=127.0.0.1 port={port} user=postgres"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {database}".encode())
    return psycopg.connect(f"{server} dbname={database}")


def _columns(connection: psycopg.Connection[Any]) -> set[Column]:
    return set(
        connection.execute(
            "SELECT table_name, column_name, udt_name, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        )
    )


def _indexes(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in connection.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")}


def test_the_fixture_has_the_tables_columns_and_indexes_of_the_published_schema(
    migrations: str, postgresql_port: int
) -> None:
    with _connect(postgresql_port, "medusa_published") as published:
        published.execute(migrations.encode())
        published.execute((SHOPS / "medusa_links.sql").read_bytes())
        with _connect(postgresql_port, "medusa_fixture") as fixture:
            medusa_shop(fixture)
            ours = _columns(fixture)
            tables = {column[0] for column in ours}
            assert {column for column in _columns(published) if column[0] in tables} == ours
            assert _indexes(fixture) - _indexes(published) == set()


def test_the_golden_orders_are_read_the_same_from_the_published_schema(migrations: str, postgresql_port: int) -> None:
    with _connect(postgresql_port, "medusa_published") as connection:
        connection.execute(migrations.encode())
        connection.execute((SHOPS / "medusa_links.sql").read_bytes())
        # The cases hold the rows that matter, not all that foreign keys ask for.
        connection.execute("SET session_replication_role = replica")
        # One case is of a payment state that a version to come may have.
        connection.execute("ALTER TABLE payment_collection DROP CONSTRAINT payment_collection_status_check")
        shop = MedusaShop(connection)
        for case in CASES:
            shop.insert_all(case["rows"])
    url = f"postgresql://postgres@127.0.0.1:{postgresql_port}/medusa_published"
    seen = day_by_day([ShopSource("shop", "medusa", url)], PLATFORM.days, PLATFORM.stores)
    for case in CASES:
        assert_as_expected(PLATFORM, case, seen.get(PLATFORM.order_id(case), []))
