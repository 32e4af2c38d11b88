"""Order frames built from a few cells, so that a test shows only what it is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from transforms.frames import OrderFrames, order_frames, table_of
from transforms.mapping import ChannelMapping

READ_AT = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
MAPPING = ChannelMapping(
    store_id="S-1",
    platform_statuses={"paid": "AWAITING_SHIPMENT", "sent": "SHIPPED", "void": "CLOSED/CANCELED"},
)
ORDER = {
    "channel_order_id": "1",
    "created_at": "2026-03-01 09:30:00",
    "updated_at": "2026-03-02 10:00:00",
    "status": "paid",
    "currency": "EUR",
    "total_paid": "24.00",
}
LINE = {
    "channel_order_id": "1",
    "channel_order_line_id": "11",
    "quantity": "2",
    "price": "20.00",
    "product_id": "MUG",
    "product_title": "Mug",
}
TAX = {
    "channel_order_id": "1",
    "channel_order_line_id": "11",
    "applies_to": "price",
    "code": "VAT",
    "rate": "20",
    "amount": "4.00",
}
ADDRESS = {"address_type": "shipping", "last_name": "X", "street": "Y 1", "city": "Z"}

Rows = Sequence[Mapping[str, Any]]


@pytest.fixture
def frames() -> Callable[..., OrderFrames]:
    def build(**tables: Rows) -> OrderFrames:
        # An order has an address unless a test is about its addresses.
        ids = [order["channel_order_id"] for order in tables.get("orders", ())]
        tables.setdefault("addresses", [{**ADDRESS, "channel_order_id": order_id} for order_id in ids])
        if not tables["addresses"]:
            del tables["addresses"]
        return order_frames({name: table_of(rows) for name, rows in tables.items()}, READ_AT)

    return build
