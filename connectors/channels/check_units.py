"""Units of a folder of SQL that read well and are wrong all the same: compared with those ordered, and with money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.channels.check_money import Suspicion, cells, number
from transforms.frames import OrderFrames

_COUNTED = ("quantity_shipped", "quantity_delivered", "quantity_returned", "quantity_cancelled", "quantity_refunded")
# A unit that came back gives back most of what it cost, whatever was kept of it.
_MOST_OF_A_UNIT = Decimal("0.75")


def wrong_units(frames: OrderFrames, gross: bool) -> Iterator[Suspicion]:
    """Yield what is suspicious about the units of a sample; `gross`: prices include taxes where no order differs."""
    yield from _more_than_ordered(frames)
    yield from _units_for_little(frames, gross)


def _more_than_ordered(frames: OrderFrames) -> Iterator[Suspicion]:
    """Find the first count of each column that is more than was ordered."""
    order_ids, ordered = cells(frames.lines, ("channel_order_id", "quantity"))
    for column in _COUNTED:
        counts = frames.lines[column].to_pylist()
        rows = [row for row, count in enumerate(counts) if number(count) > number(ordered[row])]
        if rows:
            row = rows[0]
            words = (
                f"column {column!r}, row {row + 1} (order {order_ids[row]}): is {counts[row]} of {ordered[row]} "
                f"ordered ({len(rows)} of {len(counts)} rows); does a join multiply rows?"
            )
            yield "warning", "lines", words


def _units_for_little(frames: OrderFrames, gross: bool) -> Iterator[Suspicion]:
    """Suspect units that are given back for clearly less than they cost, of orders without discounts."""
    modes = dict(zip(*cells(frames.orders, ("channel_order_id", "amounts")), strict=True))
    of_taxes = ("channel_order_line_id", "channel_adjustment_id", "applies_to", "amount")
    taxes: dict[Any, Decimal] = defaultdict(Decimal)
    for line_id, adjustment_id, applies_to, amount in zip(*cells(frames.taxes, of_taxes), strict=True):
        if applies_to == "price":
            taxes["line", line_id] += number(amount) if adjustment_id is None else 0
            taxes["refund", adjustment_id] += number(amount)

    def cost(order_id: Any, price: str | None, key: tuple[str, Any]) -> Decimal:
        includes = modes.get(order_id) == "gross" or (gross and not modes.get(order_id))
        return abs(number(price)) + (0 if includes else abs(taxes[key]))

    of_lines = ("channel_order_id", "channel_order_line_id", "kind", "quantity", "price")
    units: dict[Any, Decimal] = {}
    discounted: set[Any] = set()
    for order_id, line_id, kind, quantity, price in zip(*cells(frames.lines, of_lines), strict=True):
        if kind == "discount":
            discounted.add(order_id)
        elif number(quantity):
            units[line_id] = cost(order_id, price, ("line", line_id)) / number(quantity)
    of_refunds = ("channel_order_id", "channel_adjustment_id", "channel_order_line_id", "quantity", "price")
    columns = (*of_refunds, "gross_amount", "refund_total")
    compared, little = 0, []
    rows = zip(*cells(frames.adjustments, columns), strict=True)
    for row, (order_id, refund_id, line_id, quantity, price, gross_amount, total) in enumerate(rows):
        money = cost(order_id, price, ("refund", refund_id)) + abs(number(gross_amount))
        full = abs(number(quantity)) * units.get(line_id, Decimal(0))
        if full and money and total is None and order_id not in discounted:
            compared += 1
            if money < full * _MOST_OF_A_UNIT:
                little.append((row, order_id, quantity, money, full))
    if little:
        row, order_id, quantity, money, full = little[0]
        words = (
            f"column 'quantity', row {row + 1} (order {order_id}): gives back {quantity} of the line for {money:.2f}, "
            f"though that many cost {full:.2f}; {len(little)} of {compared} rows do so. A price reduction gives back "
            "no unit: its quantity is 0"
        )
        yield "warning", "adjustments", words
