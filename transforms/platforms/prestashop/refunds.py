"""What an order's slips give back altogether, against its lines and counters.

Counters repeat what slips name, price reductions as units too, and know of what was given back without a slip. Staff
may lower an order by what was given back, so that the screen shows what was sent; Mirakl gets both, the order as it
was placed and the refund.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from transforms.frames import FrameRow
from transforms.platforms.prestashop.items import Item
from transforms.platforms.prestashop.shipping import OrderShipping
from transforms.rows import number

ROUNDING = Decimal("0.01")  # a line
# Less than this part of what the units cost is a price reduction; a fee that is held back seldom takes so much.
UNITS_COST = Decimal("0.75")

Units = Decimal | int  # a decimal only of goods by length or weight


@dataclass(slots=True)
class Refunds:
    """What an order's slips give back: cells of the adjustments and taxes frames, and the sums of it, tax included.

    `units`: whole units by line; `on_slips`: the quantities that the slips name, those of price reductions too;
    `money`: (net, gross) by line, shipping under None.
    """

    adjustments: list[FrameRow] = field(default_factory=list)
    taxes: list[FrameRow] = field(default_factory=list)
    total: Decimal = Decimal(0)
    units: dict[Any, Units] = field(default_factory=lambda: defaultdict(int))
    on_slips: dict[Any, Units] = field(default_factory=lambda: defaultdict(int))
    money: dict[Any, tuple[Decimal, Decimal]] = field(default_factory=dict)

    def give_back(self, line_id: Any, net: Decimal, gross: Decimal) -> None:
        """Count money of a line, or of shipping where it is None."""
        before = self.money.get(line_id, (Decimal(0), Decimal(0)))
        self.money[line_id] = (before[0] + net, before[1] + gross)
        self.total += gross

    def are_out_of(self, items: Sequence[Item], paid: Decimal, total: Decimal) -> bool:
        """Return whether the order was lowered by what was given back, so that its lines lack what the slips name.

        What is left of its payment is then exactly what it costs; or it covers that, and a line has fewer units than
        were given back of it.
        """
        named = sum((gross for _, gross in self.money.values()), Decimal(0))
        if not named or named != self.total:
            return False
        beyond = paid - self.total - total
        lacking = any(self.units[item.row.id_order_detail] > item.units for item in items)
        return abs(beyond) <= 2 * ROUNDING or (beyond > 0 and lacking)

    def put_back(self, items: Sequence[Item], shipping: OrderShipping) -> Decimal:
        """Put units and money back on the lines and the shipping, as they were ordered; return the sum, tax included.

        What was given back on a line that is gone is left out with it.
        """
        by_line = {item.row.id_order_detail: item for item in items}
        kept = [cells for cells in self.adjustments if cells["channel_order_line_id"] in {None, *by_line}]
        ids = {cells["channel_adjustment_id"] for cells in kept}
        self.adjustments[:] = kept
        self.taxes[:] = [cells for cells in self.taxes if cells["channel_adjustment_id"] in ids]
        self.total = Decimal(0)
        for line_id, (net, gross) in self.money.items():
            if line_id is None:
                shipping.price += net
                shipping.tax += gross - net
            elif line_id in by_line:
                item = by_line[line_id]
                item.units += self.units[line_id]
                item.net += net
                item.gross += gross
            else:
                continue
            self.total += gross
        return self.total


def refunded_units(item: Item, refunds: Refunds) -> Units:
    """Count the units of a line that were given back, with those that its counters know of beyond the slips.

    Amounts given back as a voucher leave no slip, but count as units all the same: where their sum is clearly less than
    the units cost, they are none.
    """
    line, line_id = item.row, item.row.id_order_detail
    if not line.product_quantity_refunded and not line.product_quantity_return:
        return refunds.units[line_id]
    beyond: Units = max(line.product_quantity_refunded + line.product_quantity_return - refunds.on_slips[line_id], 0)
    money = number(line.total_refunded_tax_incl) - refunds.money.get(line_id, (0, Decimal(0)))[1]
    if beyond and 0 < money < UNITS_COST * item.unit_gross * beyond:
        beyond = 0
    return refunds.units[line_id] + beyond
