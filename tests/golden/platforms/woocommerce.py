"""WooCommerce's golden cases, in SQLite and in MariaDB."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pymysql

from connectors.channels.reader import ShopSource
from tests.golden.cases import Case, Place, Platform
from tests.shops.woocommerce import FACTS, Statement, statements


def make(shop: str, cases: Sequence[Case], place: Place) -> list[ShopSource]:
    """Make a shop of the cases that share prefix and site."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[f"{case.get('prefix')} {case.get('site')}"].append(case)
    sources = []
    for number, of_shop in enumerate(groups.values()):
        made = list(statements(of_shop))
        url = _in_mariadb(number, made, place.port) if shop == "mariadb" else _in_sqlite(number, made, place.folder)
        prefix = of_shop[0].get("prefix", "wp_")
        sources.append(ShopSource("shop", "woocommerce", url, table_prefix=prefix, chunk_size=7))
    return sources


def _in_sqlite(number: int, made: list[Statement], folder: Path) -> str:
    path = folder / f"shop{number}.sqlite"
    connection = sqlite3.connect(path)
    for statement, row in made:
        connection.execute(statement, row)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def _in_mariadb(number: int, made: list[Statement], port: int) -> str:
    server = pymysql.connect(host="127.0.0.1", port=port, user="root", charset="utf8mb4")
    with server, server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS golden{number}")
        cursor.execute(f"CREATE DATABASE golden{number} CHARACTER SET utf8mb4")
        cursor.execute(f"USE golden{number}")
        # WordPress runs without strict mode: that is how zero dates come about.
        cursor.execute("SET SESSION sql_mode = ''")
        for statement, row in made:
            cursor.execute(statement.replace("?", "%s"), row)
        server.commit()
    return f"mysql://root@127.0.0.1:{port}/golden{number}"


def _charged(case: Case) -> Decimal:
    return Decimal(case.get("charged", case["order"]["total_amount"]))


def _given_back(case: Case) -> Decimal:
    documents = sum((Decimal(refund["amount"]) for refund in case.get("refunds", ())), Decimal(0))
    return Decimal(case.get("given_back", documents))


PLATFORM = Platform(
    name="woocommerce",
    facts=FACTS,
    shops={"sqlite": "10", "mariadb": "10"},
    make=make,
    days=[dt.date(2026, 3, 5)],
    order_id=lambda case: str(case.get("order", {}).get("id")),
    charged=_charged,
    given_back=_given_back,
    stores={"11": "V-11", "12": "V-12"},
)
