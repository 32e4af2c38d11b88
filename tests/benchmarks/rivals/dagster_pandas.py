"""Dagster with pandas, as one writes it first: two frames, one merge, a dict an order."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import dagster as dg
import pandas as pd

from tests.benchmarks.floor import ITEMS, SALES, order_of, post


@dg.asset
def sales() -> pd.DataFrame:
    with sqlite3.connect(sys.argv[1]) as shop:
        return pd.read_sql(SALES, shop)


@dg.asset
def items() -> pd.DataFrame:
    with sqlite3.connect(sys.argv[1]) as shop:
        return pd.read_sql(ITEMS, shop)


@dg.asset
def orders(sales: pd.DataFrame, items: pd.DataFrame) -> list[dict[str, Any]]:
    lines = {sale: list(rows.itertuples(index=False, name=None)) for sale, rows in items.groupby("sale_id")}
    return [order_of(sale, lines[sale[0]]) for sale in sales.itertuples(index=False, name=None)]


@dg.asset
def delivery(orders: list[dict[str, Any]]) -> None:
    post(sys.argv[2], (orders[begin : begin + 100] for begin in range(0, len(orders), 100)))


if __name__ == "__main__":
    dg.materialize([sales, items, orders, delivery], resources={"io_manager": dg.mem_io_manager})
