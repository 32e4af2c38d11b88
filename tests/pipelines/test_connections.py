"""How many connections a shop's server has to bear: one for whatever reads it, at most two for a sync of many days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg
import pymysql
import pytest

from pipelines import names
from pipelines.changes import changes_sensor
from pipelines.config.settings import load_settings
from tests.connectors.custom.conftest import FILES
from tests.own_shop import OwnShop
from tests.pipelines.conftest import Runs
from tests.pipelines.shell import json_of
from tests.servers.proxy import Connections, counting_proxy

DAYS = [f"2026-03-{day:02}" for day in range(1, 13)]
DAY = ("--from", DAYS[0], "--to", DAYS[0])
RANGE = ("--from", DAYS[0], "--to", DAYS[-1])
# Enough for several queries a day, between which `pause_ms` lets others in.
ORDERS = 8
SCHEMA = (
    "CREATE TABLE sale (id VARCHAR(30) PRIMARY KEY, moment VARCHAR(30), total DECIMAL(20, 6))",
    "CREATE TABLE line (id VARCHAR(30), sale VARCHAR(30), quantity INT, price DECIMAL(20, 6), sku TEXT, title TEXT)",
    "CREATE TABLE event (sale VARCHAR(30), moment VARCHAR(30))",
)


def rows() -> Iterator[str]:
    for day in DAYS:
        for number in range(ORDERS):
            order, moment = f"{day}/{number}", f"{day} 12:00:00"
            yield f"INSERT INTO sale VALUES ('{order}', '{moment}', 24)"
            yield f"INSERT INTO line VALUES ('{order}-1', '{order}', 2, 24, 'MUG', 'Mug')"
            yield f"INSERT INTO event VALUES ('{order}', '{moment}')"


@pytest.fixture
def mariadb_address(mariadb_port: int) -> str:
    with pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True).cursor() as cursor:
        for statement in ("CREATE OR REPLACE DATABASE counted", "USE counted", *SCHEMA, *rows()):
            cursor.execute(statement)
    return f"mysql://root@127.0.0.1:{mariadb_port}/counted"


@pytest.fixture
def postgresql_address(postgresql_database: str) -> str:
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in (*SCHEMA, *rows()):
            connection.execute(statement.encode())
    return postgresql_database


@pytest.fixture(params=["mariadb", "postgresql"])
def connections(
    request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str], shop: OwnShop
) -> Iterator[Connections]:
    """The channel `own` over a database server, behind a proxy that counts."""
    Path(environment["DAGSTER_HOME"]).mkdir()
    address = request.getfixturevalue(f"{request.param}_address")
    port = request.getfixturevalue(f"{request.param}_port")
    for name, text in FILES.items():
        (shop.folder / name).write_text(text)
    for name in ("placed.sql", "addresses.sql"):
        (shop.folder / name).unlink()
    with counting_proxy(port) as counted:
        url = address.replace(f":{port}/", f":{counted.port}/")
        keys = {"database_url": f'"{url}"', "stores": "{}", "mirakl_store_id": '"S-1"', "pause_ms": "50"}
        (tmp_path / "channels.toml").write_text(shop.block(**keys))
        yield counted


@pytest.mark.parametrize(
    "command", [("check", "own"), ("plan", "own", *RANGE), ("sync", "own", *DAY), ("reconcile", "own", *DAY)]
)
def test_a_command_has_one_connection(connections: Connections, command: tuple[str, ...]) -> None:
    json_of(*command, status=3 if command[0] == "reconcile" else 0)
    assert connections.most == 1


def test_a_sensor_and_the_nightly_inspection_have_one_connection(connections: Connections, runs: Runs) -> None:
    changes_sensor(load_settings().channel("own"))(dg.build_sensor_context(instance=runs.instance))
    assert connections.most == 1
    assert runs.job(names.inspection_job("own")).success
    assert connections.all > 1
    assert connections.most == 1


def test_a_run_over_some_days_has_one_connection(connections: Connections, runs: Runs) -> None:
    assert runs.sync(DAYS[0], DAYS[6]).success
    assert connections.most == 1


def test_a_sync_of_many_days_has_two_at_most(connections: Connections) -> None:
    done = json_of("sync", "own", *RANGE)
    assert done["delivered"] == ORDERS * len(DAYS)
    assert connections.all > 3
    assert connections.most <= 2
