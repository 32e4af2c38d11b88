"""A Magento 2 shop on a real MariaDB, filled with the golden cases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pymysql
import pytest

from connectors.channels.reader import ShopReader, ShopSource
from tests.golden.cases import Place
from tests.golden.platforms.magento2 import PLATFORM
from tests.shops.magento2 import make_shop
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise
from transforms.normalised import Normalised
from transforms.platforms import PLATFORMS

MAPPING = ChannelMapping(store_id="S-1", platform_statuses=PLATFORMS["magento2"].statuses)
FIRST_DAY, DAYS = dt.datetime(2026, 2, 27, tzinfo=dt.UTC), 16


def source(port: int, database: str, **settings: Any) -> ShopSource:
    url = f"mysql://{database}:secret@127.0.0.1:{port}/{database}"
    return ShopSource("shop", "magento2", url, **settings)


def read_days(reader: ShopReader, mapping: ChannelMapping = MAPPING) -> Iterator[tuple[dt.date, Normalised]]:
    """Read every day from the first to the last of the cases, as sync does."""
    with reader.snapshot() as snapshot:
        for number in range(DAYS):
            day = FIRST_DAY + dt.timedelta(days=number)
            for rows in snapshot.chunks(day, day + dt.timedelta(days=1)):
                yield day.date(), normalise(reader.frames(rows, snapshot.read_at), mapping)


def payload(record: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(record.payload, parse_float=Decimal)
    return loaded


@pytest.fixture(scope="session")
def server(mariadb_port: int) -> Iterator[pymysql.Connection[Any]]:
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def golden_shop(mariadb_port: int, tmp_path_factory: pytest.TempPathFactory) -> ShopSource:
    [shop] = PLATFORM.make(
        "mariadb", PLATFORM.cases_of("mariadb"), Place(mariadb_port, tmp_path_factory.mktemp("golden"))
    )
    return shop


@pytest.fixture
def shop(mariadb_port: int, server: pymysql.Connection[Any]) -> ShopSource:
    """Make an empty shop of a test's own; `server` has it in use."""
    make_shop(server, "magento_shop")
    return source(mariadb_port, "magento_shop")
