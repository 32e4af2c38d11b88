"""Shipping of orders: what it costs, and what the methods are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa

from transforms.database_values import as_text
from transforms.money import AmountError, parse_amount
from transforms.platforms.woocommerce.chunk import Cell, Chunk
from transforms.platforms.woocommerce.lines import shown
from transforms.platforms.woocommerce.pickups import is_counter


@dataclass(frozen=True)
class Shipping:
    """Columns of the orders; `fetched` are those of which all goods are fetched at the shop, by their rows."""

    price: list[Cell]
    method: pa.StringArray
    method_code: pa.StringArray
    fetched: list[int]


def shipping(chunk: Chunk) -> Shipping:
    """Read the shipping items: an order is shipped by the method of its first."""
    items = chunk.items
    own = chunk.own[items.is_kind("shipping")[chunk.own]]
    rows, orders = pa.array(own), items.orders[own].tolist()
    methods = items.method_id.take(rows).to_pylist()
    costs: dict[int, list[Cell]] = defaultdict(list)
    brought: set[int] = set()
    for order, cost, method in zip(orders, items.cost.take(rows).to_pylist(), methods, strict=True):
        costs[order].append(cost)
        if not is_counter(method):
            brought.add(order)
    price: list[Cell] = ["0"] * len(chunk.orders)
    for order, parts in costs.items():
        price[order] = _sum(parts)
    first = np.full(len(chunk.orders), -1)
    first[orders[::-1]] = np.arange(len(own))[::-1]
    of_order = pa.array(first, mask=first < 0)
    codes = list(map(_method_code, methods, items.instance_id.take(rows).to_pylist()))
    return Shipping(
        price=price,
        method=shown(items.order_item_name.take(rows).take(of_order)),
        method_code=pa.array(codes, pa.string()).take(of_order),
        fetched=[order for order in costs if order not in brought],
    )


def _sum(costs: Sequence[Cell]) -> Cell:
    """Add amounts up; a broken one is passed on as it is, so that the order is rejected for it."""
    if len(costs) == 1:
        return costs[0] or "0"
    total = Decimal(0)
    for cost in costs:
        try:
            total += parse_amount(cost)
        except AmountError:
            return cost
    return as_text(total)


@lru_cache(maxsize=4096)
def _method_code(method_id: Cell, instance_id: Cell) -> Cell:
    # Old rows hold `method:instance` in one value.
    method = method_id or ""
    return f"{method}:{instance_id}" if instance_id and ":" not in method else method or None
