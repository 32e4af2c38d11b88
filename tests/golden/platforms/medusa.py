"""Medusa's golden cases, in PostgreSQL, in the oldest and the newest version that is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import psycopg

from connectors.channels.reader import ShopSource
from tests.golden.cases import Case, Place, Platform
from tests.shops.medusa import SCHEMAS, medusa_shop


def make(shop: str, cases: Sequence[Case], place: Place) -> list[ShopSource]:
    """Make one shop."""
    version = SHOPS[shop]
    name = f"medusa_{version.replace('.', '_')}"
    server = f"host=127.0.0.1 port={place.port} user=postgres"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    with psycopg.connect(f"{server} dbname={name}") as connection:
        made = medusa_shop(connection, version)
        for case in cases:
            made.insert_all(case["rows"])
    return [ShopSource("shop", "medusa", f"postgresql://postgres@127.0.0.1:{place.port}/{name}")]


SHOPS = {f"postgresql {version}": version for version in SCHEMAS}
PLATFORM = Platform(
    name="medusa",
    facts=frozenset({"rows"}),
    shops=SHOPS,
    make=make,
    days=[dt.date(2026, 3, day) for day in range(1, 31)],
    order_id=lambda case: str(case["rows"]["order"][0]["id"]),
)
