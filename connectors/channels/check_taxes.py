"""Taxes of a folder of SQL that are in a wrong place: sums stay right, what belongs to which line does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from connectors.channels.check_money import Suspicion, cells, number
from transforms.frames import OrderFrames


def misplaced_taxes(frames: OrderFrames, gross: bool) -> Iterator[Suspicion]:
    """Yield what is suspicious about where taxes are; `gross`: prices include them where an order says nothing else."""
    rates: dict[Any, set[str]] = defaultdict(set)
    without_line: dict[Any, int] = {}
    of_lines: set[Any] = set()
    of_shipping: set[Any] = set()
    columns = ("channel_order_id", "channel_order_line_id", "channel_adjustment_id", "applies_to", "rate", "amount")
    for row, cell in enumerate(zip(*cells(frames.taxes, columns), strict=True)):
        order_id, line_id, adjustment_id, applies_to, rate, amount = cell
        if adjustment_id is not None or not number(amount):
            continue
        if applies_to == "shipping":
            of_shipping.add(order_id)
        elif line_id is not None:
            of_lines.add(order_id)
        else:
            without_line.setdefault(order_id, row)
            rates[order_id].add(rate or "")
    yield from _no_taxes(frames, gross, of_lines | set(without_line))
    mixed = [order_id for order_id in without_line if len(rates[order_id]) > 1]
    if mixed:
        order_id = mixed[0]
        words = (
            f"row {without_line[order_id] + 1} (order {order_id}): taxes of {len(rates[order_id])} rates name no line, "
            f"and each is spread over all products ({len(mixed)} of {len(frames.orders)} orders); give each its "
            "channel_order_line_id"
        )
        yield "warning", "taxes", words
    shipped = {
        order_id
        for order_id, price in zip(*cells(frames.orders, ("channel_order_id", "shipping_price")), strict=True)
        if number(price)
    }
    doubtful = [one for one in without_line if one in of_lines and one in shipped and one not in of_shipping]
    if doubtful:
        order_id = doubtful[0]
        words = (
            f"row {without_line[order_id] + 1} (order {order_id}): is a tax on all products beside taxes of single "
            "lines; if it is that of shipping, its applies_to is 'shipping'"
        )
        yield "warning", "taxes", words


def _no_taxes(frames: OrderFrames, gross: bool, taxed: set[Any]) -> Iterator[Suspicion]:
    """Suspect prices with tax of which no tax is listed: they would be sent as prices without."""
    orders = zip(*cells(frames.orders, ("channel_order_id", "amounts")), strict=True)
    including = [order_id for order_id, amounts in orders if (amounts or ("gross" if gross else "net")) == "gross"]
    if including and not taxed & set(including):
        words = (
            f"has no tax of the {len(including)} orders whose prices include tax; Mirakl's prices are without, so each "
            "tax has to be listed, to be taken out"
        )
        yield "warning", "taxes", words
