"""What an order has beside its products: its discount, gift wrapping and a payment fee."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.groups import Bools, Exact
from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import Block, amounts, micros, repeated
from transforms.platforms.prestashop.money import is_charged

Charge = tuple[Block, Block]


def discounts(chunk: Chunk, net: Exact, gross: Exact) -> Iterator[Charge]:
    """Yield what is taken off whole orders: lines, and their taxes."""
    shares = chunk.shares
    # PrestaShop takes such a voucher off all products alike, so its tax goes as the products' taxes do.
    net = np.where(shares.by_order.any(shares.weight != 0), net, gross)
    orders = np.flatnonzero((gross != 0) | (net != 0))
    if len(orders):
        ids = chunk.order_ids.take(pa.array(orders))
        divided = shares.of_orders(orders, (net - gross)[orders])
        taxes = shares.taxes.block({"channel_order_id": ids.take(pa.array(divided.owners))}, "price", divided)
        yield _lines(ids, "discount", "discount", -net[orders], "discount", "Discount"), taxes


def fees(chunk: Chunk) -> Iterator[Charge]:
    """Yield gift wrapping and payment fees; a fee that is not in the order's total was not charged."""
    orders = chunk.orders
    net, gross = micros(orders["total_wrapping_tax_excl"]), micros(orders["total_wrapping_tax_incl"])
    yield from _fees(chunk, "wrapping", ("gift-wrapping", "Gift wrapping"), net, gross, (net != 0) | (gross != 0))
    rows = chunk.of_orders("payment_fees")
    if len(rows):
        net, gross = (rows.groups.sum(micros(rows[column])) for column in ("fee_tax_excl", "fee_tax_incl"))
        charged = (rows.groups.counts > 0) & is_charged(orders, gross)
        yield from _fees(chunk, "payment-fee", ("payment-fee", "Payment fee"), net, gross, charged)


def _fees(
    chunk: Chunk, name: str, product: tuple[str, str], net: Exact, gross: Exact, charged: Bools
) -> Iterator[Charge]:
    orders = np.flatnonzero(charged)
    if not len(orders):
        return
    shares, tax = chunk.shares, np.where(charged, gross - net, 0)
    line = shares.lines_like(chunk.lines.groups, net, tax, np.zeros(len(net), np.int64))[orders]
    ids = chunk.order_ids.take(pa.array(orders))
    block = _lines(ids, name, "fee", net[orders], *product)
    unnamed = np.full(len(orders), shares.taxes.unnamed())
    divided = shares.like_lines(line, tax[orders], unnamed, tax[orders] != 0)
    owners = pa.array(divided.owners)
    line_ids = {name: block[name].take(owners) for name in ("channel_order_id", "channel_order_line_id")}
    yield block, shares.taxes.block(line_ids, "price", divided)


def _lines(ids: pa.StringArray, name: str, kind: str, price: Exact, product: str, title: str) -> Block:
    size = len(ids)
    return {
        "channel_order_id": ids,
        "channel_order_line_id": pc.binary_join_element_wise(f"{name}-", ids, ""),
        "kind": repeated(kind, size),
        "quantity": repeated("1", size),
        "price": amounts(price),
        "product_id": repeated(product, size),
        "product_title": repeated(title, size),
    }
