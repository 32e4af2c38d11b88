"""Orders with vouchers for some products, credit slips or counters of refunds: worked one by one, on objects.

Each voucher takes off what the one before left, and each slip gives back what the one before left: that is a history,
not a column. Few orders have one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from transforms.frames import FrameRow
from transforms.groups import Exact
from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import decimal, objects_of, put
from transforms.platforms.prestashop.items import Item
from transforms.platforms.prestashop.refunds import Refunds, refunded_units
from transforms.platforms.prestashop.shares import Shares
from transforms.platforms.prestashop.shipping import OrderShipping, Shipping
from transforms.platforms.prestashop.slips import SlipReader
from transforms.platforms.prestashop.states import OrderStates, Progress
from transforms.platforms.prestashop.vouchers import are_for_some_products, take_off_products
from transforms.rowsets import is_true, numbering, rowset


@dataclass(slots=True)
class Money:
    """What orders and lines cost in micros, and what was given back: columns that vouchers and slips change.

    Of the lines: `net`, `gross`, `units` and `refunded_units`. Of the orders, tax included but for `discount_net`: the
    rest; `discount_net` and `discount_gross` are taken off the whole order. `adjustments` and `adjustment_taxes` are
    cells of these frames.
    """

    net: Exact
    gross: Exact
    units: list[Any]
    refunded_units: list[Any]
    discount_net: Exact
    discount_gross: Exact
    total: Exact
    paid: Exact
    paid_back: Exact
    refunded: Exact
    shipping: Shipping
    adjustments: list[FrameRow] = field(default_factory=list)
    adjustment_taxes: list[FrameRow] = field(default_factory=list)


def work_one_by_one(chunk: Chunk, states: OrderStates, money: Money) -> None:
    """Work into `money` the vouchers, slips and counters of the orders that have such."""
    lines, vouchers, slips = chunk.lines, chunk.of_orders("cart_rules"), chunk.of_orders("slips")
    counted = is_true(lines["product_quantity_refunded"]) | is_true(lines["product_quantity_return"])
    wanted = np.flatnonzero(
        vouchers.groups.any(are_for_some_products(vouchers)) | lines.groups.any(counted) | (slips.groups.counts > 0)
    )
    if not len(wanted):
        return
    queries = ("cart_rules", "cart_rule_products", "slips", "returns", "messages")
    by_order = {query: objects_of(chunk.of_orders(query), wanted) for query in queries}
    by_order |= {"orders": objects_of(chunk.orders, wanted), "lines": objects_of(lines, wanted)}
    slip_ids = numbering(dict.fromkeys(slips["id_order_slip"]))
    slip_lines = rowset(chunk.rows, "slip_lines", "id_order_slip", slip_ids)
    by_slip = objects_of(slip_lines, np.arange(len(slip_ids)))
    for order in wanted.tolist():
        of = {name: groups.get(order, ()) for name, groups in by_order.items()}
        of_slips = {slip.id_order_slip: by_slip.get(slip_ids[slip.id_order_slip], ()) for slip in of["slips"]}
        first = int(lines.groups.bounds[order])
        items = [_item(row, line, money, chunk.shares) for line, row in enumerate(of["lines"], first)]
        shipping = money.shipping.of(order, chunk.shares)
        off = _take_off(order, items, of, shipping, money)
        refunds = _give_back(order, items, of, of_slips, off, shipping, states.progress(order), money)
        for line, item in enumerate(items, first):
            money.refunded_units[line] = refunded_units(item, refunds)
            if of["cart_rules"] or refunds.total:
                money.units[line] = item.units
                money.net, money.gross = put(money.net, line, item.net), put(money.gross, line, item.gross)


def _take_off(
    order: int, items: Sequence[Item], of: Mapping[str, Sequence[Any]], shipping: OrderShipping, money: Money
) -> Decimal:
    """Take the vouchers of an order off the products they are about; return what is on the whole order."""
    net, gross = take_off_products(of["orders"][0], items, of["cart_rules"], of["cart_rule_products"], shipping)
    if of["cart_rules"]:
        money.discount_net = put(money.discount_net, order, net)
        money.discount_gross = put(money.discount_gross, order, gross)
    return gross


def _give_back(
    order: int,
    items: Sequence[Item],
    of: Mapping[str, Sequence[Any]],
    slip_lines: Mapping[Any, Sequence[Any]],
    off: Decimal,
    shipping: OrderShipping,
    progress: Progress,
    money: Money,
) -> Refunds:
    """Read what the slips of an order give back; `off` is what vouchers take off the whole order."""
    if not of["slips"]:
        return Refunds()
    whole = sum((item.gross for item in items), Decimal(0))
    refunds = SlipReader(
        order=of["orders"][0],
        items={item.row.id_order_detail: item for item in items},
        paid_share=max(1 - off / whole, Decimal(0)) if off and whole else Decimal(1),
        shipping_shares=shipping.shares,
        returns=of["returns"],
        messages=of["messages"],
        progress=progress,
    ).read(of["slips"], slip_lines)
    # A shop that writes its slips down as negative payments too gave that money back once.
    payment = decimal(money.paid[order]) + min(decimal(money.paid_back[order]), refunds.total)
    total = decimal(money.total[order])
    if refunds.total and refunds.are_out_of(items, payment, total):
        money.total = put(money.total, order, total + refunds.put_back(items, shipping))
        money.shipping.price = put(money.shipping.price, order, shipping.price)
        money.shipping.tax = put(money.shipping.tax, order, shipping.tax)
    money.paid = put(money.paid, order, payment)
    money.refunded = put(money.refunded, order, refunds.total)
    money.adjustments += refunds.adjustments
    money.adjustment_taxes += refunds.taxes
    return refunds


def _item(row: Any, line: int, money: Money, shares: Shares) -> Item:
    return Item(row, money.units[line], decimal(money.net[line]), decimal(money.gross[line]), shares.objects(line))
