"""What tests of refunds and of cancelations begin from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.transforms.conftest import LINE
from transforms.frames import OrderFrames

Build = Callable[..., OrderFrames]
SECOND_LINE = {**LINE, "channel_order_line_id": "12", "price": "10.00"}
REFUND = {"channel_order_id": "1", "refund_id": "50", "created_at": "2026-03-03 08:00:00"}


def item(adjustment_id: str, **cells: str) -> Mapping[str, Any]:
    return {**REFUND, "channel_adjustment_id": adjustment_id, "channel_order_line_id": "11", **cells}


def adjustments_of(order: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (a["channel_adjustment_id"], a["type"], a["reason"], a["quantity"], str(a["price"]["amount"]))
        for line in order["order_lines"]
        for a in line.get("adjustments", ())
    ]
