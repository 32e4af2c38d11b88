"""The floor to compare with: a plain script over the benchmark's shop, which does nothing that it need not.

`python -m tests.benchmarks.floor SHOP.sqlite RECEIVER_URL`. It joins rows, writes JSON and posts it: no refunds, no
spreading, no checks, no change feed, no retries, no ledger, no request limit. What it saves is the price of all that.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import httpx

SALES = """
    SELECT id, placed, changed, status, total, email, first_name, last_name, street, zip, city, country FROM sale
    ORDER BY id
"""
ITEMS = "SELECT sale_id, id, sku, title, quantity, price, tax FROM item ORDER BY sale_id, id"
_CLIENTS: dict[str, httpx.Client] = {}
_STATUSES = {"paid": "AWAITING_SHIPMENT", "sent": "SHIPPED"}


def _time(text: str) -> str:
    return text.replace(" ", "T") + "Z"


def _euros(text: str) -> dict[str, Any]:
    return {"amount": float(text), "currency": "EUR"}


def order_of(sale: tuple[Any, ...], items: list[tuple[Any, ...]]) -> dict[str, Any]:
    number, placed, changed, status, _, email, first, last, street, code, city, country = sale
    lines = [
        {
            "channel_order_line_id": str(line),
            "created_at": _time(placed),
            "updated_at": _time(changed),
            "quantity": quantity,
            "price": _euros(price),
            "total_shipping_price": _euros("0"),
            "taxes": [{"amount": _euros(tax), "code": "VAT", "rate": 0.2}],
            "product": {"id": sku, "title": title},
            "status": _STATUSES[status],
            "can_cancel": status == "paid",
            "can_refund": True,
        }
        for _, line, sku, title, quantity, price, tax in items
    ]
    address = {"first_name": first, "last_name": last, "street": street, "zip_code": code, "city": city}
    return {
        "channel_order_id": str(number),
        "created_at": _time(placed),
        "channel_updated_at": _time(changed),
        "status": _STATUSES[status],
        "order_lines": lines,
        "shipping_info": {"address": {**address, "country": country}, "email": email},
        "fulfillment": {"type": "FULFILLED_BY_SELLER"},
    }


def batches(database: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the shop's orders by the hundred."""
    shop, other = sqlite3.connect(database), sqlite3.connect(database)
    items = groupby(other.execute(ITEMS), key=lambda item: item[0])
    sales = shop.execute(SALES)
    while batch := [order_of(sale, list(next(items)[1])) for sale in sales.fetchmany(100)]:
        yield batch


def post(address: str, requests: Iterable[list[dict[str, Any]]]) -> None:
    """Post each list of orders as one request."""
    credential = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    if address not in _CLIENTS:
        http = _CLIENTS[address] = httpx.Client(timeout=60)
        token = http.post(f"{address}/oauth/token", data=credential).json()["access_token"]
        http.headers.update({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    for orders in requests:
        body = {"origin": {"channel_id": "1234", "channel_store_id": "S-1"}, "orders": orders}
        answer = _CLIENTS[address].post(
            f"{address}/api/channel-platform/v1/orders", content=json.dumps(body, default=float).encode()
        )
        answer.raise_for_status()


if __name__ == "__main__":
    post(sys.argv[2], batches(sys.argv[1]))
