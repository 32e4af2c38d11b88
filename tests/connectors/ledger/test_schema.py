"""A ledger of an older version becomes one of this version, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.ledger import Destination, Ledger, LedgerError
from connectors.ledger.schema import _MIGRATIONS
from tests.connectors.ledger.conftest import CHANNEL, entry

VERSION_1 = Path(__file__).with_name("version_1.sql").read_text()
MIRAKL = Destination("https://mirakl.example/api", "1234")


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def version_1(url: str) -> str:
    """A ledger that was written by version 1."""
    with connected(url) as connection:
        for statement in VERSION_1.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    return url


def shape(url: str) -> dict[str, Any]:
    with connected(url) as connection:
        inspector = sa.inspect(connection)
        return {
            table: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
                inspector.get_pk_constraint(table)["constrained_columns"],
                sorted(index["name"] or "" for index in inspector.get_indexes(table)),
            )
            for table in inspector.get_table_names()
        }


def test_a_ledger_of_version_1_gets_the_shape_of_a_new_one_and_keeps_its_rows(version_1: str) -> None:
    for _ in range(2):
        ledger = Ledger(version_1)
        rows = {row.channel_order_id: row for row in next(ledger.order_ids(CHANNEL))}
        assert {name: row.outcome for name, row in rows.items()} == {"A-1": "refused", "A-2": "delivered"}
        assert rows["A-1"].error_field_sent == "$.orders[17].order_lines[0].price"
        assert [(channel, row.channel_order_id) for channel, row in ledger.unaccepted()] == [
            (CHANNEL, "A-1"),
            ("other", "B-1"),
        ]
        ledger.dispose()
    upgraded = shape(version_1)
    with connected(version_1) as connection:
        for table in upgraded:
            connection.exec_driver_sql(f"DROP TABLE {table}")
    Ledger(version_1).dispose()
    assert shape(version_1) == upgraded


def test_rows_of_version_1_are_those_of_the_destination_that_is_delivered_to_next(version_1: str) -> None:
    ledger = Ledger(version_1)
    assert ledger.look_at(CHANNEL, MIRAKL) == []
    assert len(ledger.known(CHANNEL, ["A-1", "A-2"])) == 2
    assert ledger.deliver_to(CHANNEL, MIRAKL) == []
    assert len(ledger.known(CHANNEL, ["A-1", "A-2"])) == 2
    other = MIRAKL._replace(mirakl_channel_id="5678")
    assert ledger.deliver_to(CHANNEL, other) == [MIRAKL]
    assert ledger.known(CHANNEL, ["A-1", "A-2"]) == {}
    ledger.dispose()


def test_a_migration_that_fails_leaves_the_old_version(version_1: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shape(version_1)
    broken = (*_MIGRATIONS, ("ALTER TABLE ledger_orders ADD COLUMN note TEXT", "ALTER TABLE nowhere ADD COLUMN x TEXT"))
    monkeypatch.setattr("connectors.ledger.schema._MIGRATIONS", broken)
    with pytest.raises(LedgerError, match="nowhere"):
        Ledger(version_1)
    assert shape(version_1) == before
    monkeypatch.undo()
    ledger = Ledger(version_1)
    ledger.write(CHANNEL, [entry("A-3")])
    ledger.dispose()


def test_a_ledger_of_a_newer_version_is_left_alone(url: str) -> None:
    Ledger(url).dispose()
    with connected(url) as connection:
        connection.exec_driver_sql("UPDATE ledger_version SET version = 99")
    with pytest.raises(LedgerError, match=f"schema 99, this software knows up to {1 + len(_MIGRATIONS)}; update it"):
        Ledger(url)
