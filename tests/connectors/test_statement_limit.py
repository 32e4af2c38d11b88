"""A time limit on statements, ended by the databases themselves."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connectors.channels.database import limit_statements, open_engine
from connectors.channels.driver_errors import driver_errors
from connectors.channels.errors import ShopError

# Longer than any test waits, each in a way that its database can interrupt.
_FOREVER = {
    "mariadb": "SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b",
    "postgresql": "SELECT pg_sleep(600)",
}


@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
def test_a_statement_that_takes_too_long_is_ended_with_one_message(server: str, request: pytest.FixtureRequest) -> None:
    port = request.getfixturevalue(f"{server}_port")
    url = {
        "mariadb": f"mysql://root@127.0.0.1:{port}/mysql",
        "postgresql": f"postgresql://postgres@127.0.0.1:{port}/postgres",
    }[server]
    with open_engine("own", url).connect() as connection:
        connection.exec_driver_sql("START TRANSACTION READ ONLY")
        limit_statements(connection, 0.2)
        with pytest.raises(ShopError, match="took too long"), driver_errors("own"):
            connection.execute(sa.text(_FOREVER[server]))
