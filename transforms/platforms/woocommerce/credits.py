"""Gift cards and store credit: what paid for a part of an order and is missing in its total.

WooCommerce's total is what was left to pay with money. The goods cost what they cost, so that the credit is payment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from transforms.database_values import as_text
from transforms.money import AmountError, parse_amount
from transforms.packed import structure
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item, Meta, Order
from transforms.rows import number

GIFT_CARDS = frozenset({"gift_card", "pw_gift_card", "yith_gift_card"})
_WALLET = "_via_wallet_partial_payment"
# Meta of orders and of items in which plugins note it.
_NOTED = frozenset(
    {"_legacy_fee_key", "amount", "_ywgc_applied_gift_cards", "_ywgc_applied_gift_cards_totals"}
    | {"smart_coupons_contribution", "_funds_used"}
)
# Line amounts have more decimals than the total: half a cent each.
_ROUNDING = Decimal("0.005")


def paid_otherwise(chunk: Chunk, totals: dict[int, Decimal]) -> tuple[Chunk, dict[int, Decimal]]:
    """Add to the totals of orders what credit paid; the fees by which a wallet takes it off are left out.

    `totals` are those that are not the orders' own.
    """
    totals, wallet = dict(totals), []
    for order in chunk.meta.keys() | chunk.keys.keys():
        meta, keys = chunk.meta.get(order, {}), chunk.keys.get(order, frozenset())
        if _NOTED.isdisjoint(meta) and _NOTED.isdisjoint(keys):
            continue
        row, items = chunk.orders.rows[order], chunk.items_of(order)
        item_meta = chunk.meta_of(items)
        fees = wallet_fees(items, item_meta)
        paid = credit(row, [item for item in items if item not in fees], item_meta, meta)
        paid -= sum((number(fee.line_total) for fee in fees), Decimal(0))
        wallet += [fee.row for fee in fees]
        if paid:
            totals[order] = totals.get(order, number(row.total_amount)) + paid
    return chunk.without((), wallet) if wallet else chunk, totals


def wallet_fees(items: Sequence[Item], item_meta: Mapping[str, Meta]) -> list[Item]:
    """List the fees below zero by which a wallet plugin takes off what it paid."""
    return [
        item
        for item in items
        if item.order_item_type == "fee"
        and item_meta.get(item.order_item_id, {}).get("_legacy_fee_key") == _WALLET
        and number(item.line_total) < 0
    ]


def credit(order: Order, items: Sequence[Item], item_meta: Mapping[str, Meta], meta: Meta) -> Decimal:
    """Return what the total lacks because credit paid it: what plugins note, if the order's items cost that much more.

    Whether the total lacks it differs by plugin, version and setting (credit may have lowered the line totals).
    """
    noted = sum(
        (
            number(item_meta.get(item.order_item_id, {}).get("amount"))
            for item in items
            if item.order_item_type in GIFT_CARDS
        ),
        Decimal(0),
    )
    if not noted:
        noted = _amounts(meta.get("_ywgc_applied_gift_cards")) or number(meta.get("_ywgc_applied_gift_cards_totals"))
    noted += _amounts(meta.get("smart_coupons_contribution")) + number(meta.get("_funds_used"))
    if noted <= 0:
        return Decimal(0)
    cells = [cell for item in items for cell in (item.line_total, item.line_tax, item.cost, item.total_tax)]
    costs = sum((number(cell) for cell in cells), Decimal(0))
    lacks = costs - number(order.total_amount)
    return noted if abs(lacks - noted) <= _ROUNDING * len(cells) else Decimal(0)


def _amounts(packed: Cell) -> Decimal:
    data = structure(packed)
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    total = Decimal(0)
    for value in values:
        if isinstance(value, dict | list):
            continue
        try:
            total += parse_amount(as_text(value))
        except AmountError:
            continue
    return total
