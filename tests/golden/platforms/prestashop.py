"""PrestaShop's golden cases, in each version that is read, and in a shop whose states have ids of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pymysql

from connectors.channels.reader import ShopSource
from tests.golden.cases import Case, Place, Platform
from tests.shops import prestashop

SHOPS = {
    "mariadb 1.7.7": "1.7.7",
    "mariadb 8": "8",
    "mariadb 9.1": "9.1",
    "mariadb 8 with state ids of its own": "8",
}
# The second shop of the database has a zone of its own, so each is a channel of its own.
ZONES = {"1": "Europe/Paris", "2": "America/New_York"}


def make(shop: str, cases: Sequence[Case], place: Place) -> list[ShopSource]:
    """Make one database of two shops."""
    name, first_state = f"prestashop_{list(SHOPS).index(shop)}", 101 if "of its own" in shop else 1
    server = pymysql.connect(host="127.0.0.1", port=place.port, user="root")
    with server, server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        prestashop.create(cursor, SHOPS[shop])
        prestashop.install(cursor, first_state)
        for case in cases:
            prestashop.insert_order(cursor, case["rows"], state_shift=first_state - 1)
        server.commit()
    url = f"mysql://root@127.0.0.1:{place.port}/{name}"
    return [ShopSource("shop", "prestashop", url, timezone=zone, store=store) for store, zone in ZONES.items()]


def _charged(case: Case) -> Decimal:
    [order] = case["rows"]["orders"]
    return Decimal(case.get("charged", {**prestashop.DEFAULTS["orders"], **order}["total_paid_tax_incl"]))


PLATFORM = Platform(
    name="prestashop",
    facts=frozenset({"rows"}),
    shops=SHOPS,
    make=make,
    days=[dt.date(2026, 3, 1) + dt.timedelta(days) for days in range(31)]
    + [dt.date(2026, 10, day) for day in (24, 25, 26)],
    order_id=lambda case: str(case["rows"]["orders"][0]["id_order"]),
    charged=_charged,
)
