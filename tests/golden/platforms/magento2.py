"""Magento's golden cases, in MariaDB, read by a user who may not see card data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pymysql

from connectors.channels.reader import ShopSource
from tests.golden.cases import Case, Place, Platform
from tests.shops.magento2 import insert_case, make_shop


def make(shop: str, cases: Sequence[Case], place: Place) -> list[ShopSource]:
    """Make one shop."""
    with pymysql.connect(host="127.0.0.1", port=place.port, user="root") as server:
        make_shop(server, "magento_golden")
        for case in cases:
            insert_case(server, case)
        server.commit()
    url = f"mysql://magento_golden:secret@127.0.0.1:{place.port}/magento_golden"
    return [ShopSource("shop", "magento2", url)]


def _order_id(case: Case) -> str:
    return str(case["rows"].get("sales_order", {}).get("increment_id", f"{case['id']:09}"))


PLATFORM = Platform(
    name="magento2",
    facts=frozenset({"id", "rows"}),
    shops={"mariadb": "2.4"},
    make=make,
    days=[dt.date(2026, 2, 27) + dt.timedelta(days) for days in range(16)],
    order_id=_order_id,
)
