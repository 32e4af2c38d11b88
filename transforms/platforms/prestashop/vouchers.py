"""What each voucher of an order is taken off: one product, its shipping, or everything.

PrestaShop shows a gift at its full price and takes it off again by the voucher that gave it, as it does with free
shipping; vouchers for one product, the cheapest or a selection are amounts on the order as well. Told so, a gift would
cost money and its neighbour less than it did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from transforms.groups import Bools, Exact
from transforms.platforms.prestashop.columns import micros
from transforms.platforms.prestashop.items import Item
from transforms.platforms.prestashop.money import net_share, rounded
from transforms.platforms.prestashop.shipping import OrderShipping
from transforms.rows import number
from transforms.rowsets import Rowset, is_true

_CENT = Decimal("0.01")


def free_shipping(vouchers: Rowset) -> Exact:
    """Add up, for each order, the vouchers that make its shipping free, tax included."""
    return vouchers.groups.sum(np.where(is_true(vouchers["free_shipping"]), micros(vouchers["value"]), 0))


def are_for_some_products(vouchers: Rowset) -> Bools:
    """Return which vouchers are a gift, or may be about some of their order's products only."""
    reduces = vouchers["reduction_product"]
    is_about_all = np.fromiter((product in {None, 0} for product in reduces), np.bool_, len(vouchers))
    not_reduced = is_true(vouchers["reduction_exclude_special"]) & (micros(vouchers["reduction_percent"]) != 0)
    is_of_some = np.fromiter((product == 0 for product in reduces), np.bool_, len(vouchers)) & not_reduced
    some: Bools = is_true(vouchers["gift_product"]) | ~is_about_all | is_of_some
    return some


def take_off_products(
    order: Any, items: Sequence[Item], vouchers: Sequence[Any], selections: Iterable[Any], shipping: OrderShipping
) -> tuple[Decimal, Decimal]:
    """Take gifts and vouchers for some products off those; return (net, gross) of what is on the whole order.

    `selections`: a row for each line that a voucher for a selection is about.
    """
    net = number(order.total_discounts_tax_excl) - shipping.discount_net
    gross = number(order.total_discounts_tax_incl) - shipping.discount_gross
    if not vouchers or gross <= 0:
        return net, gross
    before = sum((item.net for item in items), Decimal(0))
    taken = Decimal(0)
    free = shipping.discount_gross
    chosen: dict[Any, set[Any]] = defaultdict(set)
    for row in selections:
        chosen[row.id_cart_rule].add(row.id_order_detail)
    for voucher in vouchers:
        value = number(voucher.value)
        if voucher.free_shipping:
            of_shipping = min(value, free)
            value, free = value - of_shipping, free - of_shipping
        # A voucher that is listed twice was used once: no more is taken off than the order has.
        value = min(value, gross - taken)
        given = _gift(items, voucher, value)
        if concerned := _concerned(items, voucher, chosen.get(voucher.id_cart_rule, ())):
            given += _spread(concerned, value - given)
        taken += given
    if not taken:
        return net, gross
    net -= before - sum((item.net for item in items), Decimal(0))
    gross -= taken
    if abs(gross) < _CENT:
        return Decimal(0), Decimal(0)
    if not 0 <= net <= gross:
        net = rounded(gross * net_share(order.total_discounts_tax_excl, order.total_discounts_tax_incl))
    return net, gross


def _gift(items: Sequence[Item], voucher: Any, value: Decimal) -> Decimal:
    if not voucher.gift_product:
        return Decimal(0)
    of_product = [item for item in items if item.row.product_id == voucher.gift_product]
    exactly = [item for item in of_product if (item.row.product_attribute_id or 0) == voucher.gift_product_attribute]
    for item in (exactly or of_product)[:1]:
        return item.take_off(min(value, item.unit_gross))
    return Decimal(0)


def _concerned(items: Sequence[Item], voucher: Any, chosen: Collection[Any]) -> list[Item]:
    """List the items that a voucher is about; none where it is about all of them, or where that is not known."""
    match voucher.reduction_product:
        case None:
            return []
        case 0:
            if not voucher.reduction_exclude_special or not number(voucher.reduction_percent):
                return []
            regular = [item for item in items if not item.row.is_reduced]
            return regular if len(regular) < len(items) else []
        case -1:  # the cheapest
            paid = [item for item in items if item.gross > 0]
            return [min(paid, key=lambda item: item.unit_gross)] if paid else []
        case -2:  # a selection
            return [item for item in items if item.row.id_order_detail in chosen]
        case product_id:
            return [item for item in items if item.row.product_id == product_id]


def _spread(items: Sequence[Item], value: Decimal) -> Decimal:
    whole = sum((item.gross for item in items), Decimal(0))
    if value <= 0 or whole <= 0:
        return Decimal(0)
    part = min(value, whole)
    taken = Decimal(0)
    for item in items[:-1]:
        taken += item.take_off(rounded(part * item.gross / whole))
    return taken + items[-1].take_off(part - taken)
