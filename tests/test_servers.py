"""The servers of the test run are there, and stand in a zone that is not UTC."""

from __future__ import annotations

import sqlalchemy as sa


def test_postgresql_runs_in_a_zone_that_is_not_utc(postgresql_database: str) -> None:
    engine = sa.create_engine(postgresql_database)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW timezone")) == "Asia/Kolkata"
    engine.dispose()
