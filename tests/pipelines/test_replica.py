"""A shop read from a MariaDB replica that lags: what it did not show yet is sent once it does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from connectors.sandbox.server import Sandbox
from tests.connectors.custom.conftest import FILES
from tests.own_shop import OwnShop
from tests.pipelines.shell import json_of
from tests.servers.mariadb import mariadb

pytestmark = pytest.mark.server

DAY, NEXT = "2026-03-02", "2026-03-03"
RANGE = ("--from", DAY, "--to", NEXT)
SCHEMA = (
    "CREATE DATABASE shop",
    "USE shop",
    "CREATE TABLE sale (id VARCHAR(30) PRIMARY KEY, moment DATETIME, total DECIMAL(20, 6))",
    "CREATE TABLE line (id VARCHAR(30), sale VARCHAR(30), quantity INT, price DECIMAL(20, 6), sku TEXT, title TEXT)",
    "CREATE TABLE event (sale VARCHAR(30), moment DATETIME)",
    "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'right'",
    "GRANT SELECT ON shop.* TO reader@'127.0.0.1'",
    "CREATE USER replica@'127.0.0.1' IDENTIFIED BY 'right'",
    "GRANT REPLICATION SLAVE ON *.* TO replica@'127.0.0.1'",
)


class Servers:
    """A primary, and a replica of it."""

    def __init__(self, primary: int, replica: int) -> None:
        self.replica_port = replica
        self._primary, self._replica = (
            pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True) for port in (primary, replica)
        )
        self.change(*SCHEMA)
        source = f"MASTER_HOST='127.0.0.1', MASTER_PORT={primary}, MASTER_USER='replica', MASTER_PASSWORD='right'"
        self._on(self._replica, f"CHANGE MASTER TO {source}, MASTER_USE_GTID=slave_pos")
        self.go_on()

    def change(self, *statements: str) -> None:
        """Change the shop, on its primary."""
        for statement in statements:
            self._on(self._primary, statement)

    def order(self, order_id: str, changed: str, price: int) -> None:
        """Put an order into the shop, or change it."""
        self.change(
            f"REPLACE INTO sale VALUES ('{order_id}', '{changed}', {price})",
            f"DELETE FROM line WHERE sale = '{order_id}'",
            f"INSERT INTO line VALUES ('{order_id}-1', '{order_id}', 1, {price}, 'MUG', 'Mug')",
            f"INSERT INTO event VALUES ('{order_id}', '{changed}')",
        )

    def lag(self) -> None:
        """Let the replica take in what the primary does, and not show it."""
        self._on(self._replica, "STOP SLAVE SQL_THREAD")

    def go_on(self) -> None:
        """Let the replica catch up; return when it has."""
        self._on(self._replica, "START SLAVE")
        [[position]] = self._on(self._primary, "SELECT @@gtid_binlog_pos")
        [[waited]] = self._on(self._replica, f"SELECT MASTER_GTID_WAIT('{position}', 30)")
        assert waited == 0, self._on(self._replica, "SHOW SLAVE STATUS")

    def close(self) -> None:
        self._primary.close()
        self._replica.close()

    def _on(self, server: pymysql.Connection[Any], statement: str) -> Any:
        with server.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


@pytest.fixture
def servers(environment: dict[str, str], shop: OwnShop, tmp_path: Path) -> Iterator[Servers]:
    """The channel `own`, read from the replica."""
    Path(environment["DAGSTER_HOME"]).mkdir()
    for name, text in FILES.items():
        (shop.folder / name).write_text(text)
    for name in ("placed.sql", "addresses.sql"):
        (shop.folder / name).unlink()
    with (
        tempfile.TemporaryDirectory(prefix="primary-") as primary,
        tempfile.TemporaryDirectory(prefix="replica-") as replica,
        mariadb(Path(primary), "--server-id=1", "--log-bin=log") as primary_port,
        mariadb(Path(replica), "--server-id=2", "--read-only") as replica_port,
    ):
        started = Servers(primary_port, replica_port)
        url = f'"mysql://reader:right@127.0.0.1:{replica_port}/shop"'
        block = shop.block(database_url=url, stores="{}", mirakl_store_id='"S-1"')
        (tmp_path / "channels.toml").write_text(block)
        yield started
        started.close()


def held(sandbox: Sandbox) -> dict[str, float]:
    """Prices at Mirakl, by order."""
    return {order_id: order["order_lines"][0]["price"]["amount"] for (_, order_id), order in sandbox.orders.items()}


def test_what_a_lagging_replica_did_not_show_is_sent_when_it_does(servers: Servers, sandbox: Sandbox) -> None:
    servers.order("stays", f"{DAY} 09:00:00", 10)
    servers.order("changes", f"{DAY} 09:00:00", 20)
    servers.order("moves", f"{DAY} 09:00:00", 30)
    servers.go_on()
    json_of("sync", "own", *RANGE)
    before = {"stays": 10, "changes": 20, "moves": 30}
    assert held(sandbox) == before

    servers.lag()
    servers.order("changes", f"{DAY} 11:00:00", 21)
    servers.order("moves", f"{NEXT} 00:30:00", 31)
    servers.order("comes", f"{DAY} 12:00:00", 40)
    assert json_of("sync", "own", *RANGE)["unchanged"] == 3
    assert held(sandbox) == before

    servers.go_on()
    assert json_of("sync", "own", *RANGE)["delivered"] == 3
    assert held(sandbox) == {"stays": 10, "changes": 21, "moves": 31, "comes": 40}


def test_the_second_change_of_one_second_waits_for_the_look_back_when_it_lagged(
    servers: Servers, sandbox: Sandbox
) -> None:
    servers.order("twice", f"{DAY} 09:00:00", 10)
    servers.go_on()
    servers.lag()
    servers.order("twice", f"{DAY} 09:00:00", 11)
    json_of("sync", "own", *RANGE)
    servers.go_on()
    assert json_of("sync", "own", *RANGE)["delivered"] == 0
    assert json_of("sync", "own", *RANGE, "--reread")["delivered"] == 1
    assert held(sandbox) == {"twice": 11}
