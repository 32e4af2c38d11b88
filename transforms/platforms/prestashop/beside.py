"""What stands beside the products of an order: its discount, gift wrapping and a payment fee, and taxes of any line.

Belongs here: cells of the lines and taxes frames for these. Does not belong here: products, shipping, refunds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from transforms.platforms.prestashop.items import Item
from transforms.platforms.prestashop.money import TaxShare, is_charged, shares_like, split_tax
from transforms.rows import number

Cells = dict[str, Any]
Charge = tuple[Cells, list[Cells]]


def taxes(order_id: Any, line_id: Any, applies_to: str, tax: Decimal, shares: Sequence[TaxShare]) -> list[Cells]:
    """Write a tax that several may share; without a line it is the order's."""
    return [
        {
            "channel_order_id": order_id,
            "channel_order_line_id": line_id,
            "applies_to": applies_to,
            "code": share.code,
            "rate": share.rate,
            "amount": amount,
        }
        for share, amount in split_tax(tax, shares)
    ]


def discount(order: Any, net: Decimal, gross: Decimal, items: Sequence[Item]) -> Iterator[Charge]:
    """Yield the discount on the whole order, if there is one."""
    everything = [share for item in items for share in item.shares]
    if not any(share.weight for share in everything):
        net, everything = gross, []
    if gross or net:
        line = _line(order, f"discount-{order.order_id}", "discount", -net, "discount", "Discount")
        # PrestaShop takes such a voucher off all products alike, so its tax goes as the products' taxes do.
        yield line, taxes(order.order_id, None, "price", net - gross, everything)


def fees(order: Any, payment_fees: Sequence[Any], shares: Sequence[Sequence[TaxShare]]) -> Iterator[Charge]:
    """Yield gift wrapping and payment fees; a fee that is not in the order's total was not charged."""
    wrapping = number(order.total_wrapping_tax_excl), number(order.total_wrapping_tax_incl)
    if any(wrapping):
        yield _fee(order, "wrapping", "gift-wrapping", "Gift wrapping", *wrapping, shares)
    for row in payment_fees:
        if is_charged(order, row.fee_tax_incl):
            yield _fee(order, "payment-fee", "payment-fee", "Payment fee", row.fee_tax_excl, row.fee_tax_incl, shares)


def _fee(
    order: Any, name: str, product: str, title: str, net: Decimal, gross: Decimal, shares: Sequence[Sequence[TaxShare]]
) -> Charge:
    line_id = f"{name}-{order.order_id}"
    its_shares = shares_like(shares, net, gross - net, Decimal(0), {})
    line = _line(order, line_id, "fee", net, product, title)
    return line, taxes(order.order_id, line_id, "price", gross - net, its_shares)


def _line(order: Any, line_id: str, kind: str, price: Decimal, product: str, title: str) -> Cells:
    return {
        "channel_order_id": order.order_id,
        "channel_order_line_id": line_id,
        "kind": kind,
        "quantity": 1,
        "price": price,
        "product_id": product,
        "product_title": title,
    }
