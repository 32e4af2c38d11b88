"""What an order costs beside its items and its shipping: gift wrapping, and the fees of modules that the channel names.

Both are columns of the order and of its credit memos, and on no item; each is a line of its own, so that what is
given back of it finds it. A fee below zero is a discount.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from transforms.frames import FrameRow
from transforms.platforms.magento2.money import WRAPPING, Money, Tax, shared
from transforms.rowsets import ZERO

# How `connectors/channels` names the columns that a channel lists as `fee_columns`.
_FEE, _FEE_TAX = "fee__", "fee_tax__"

Taxes = Mapping[str, list[Tax]]


@dataclass(frozen=True, slots=True)
class Extra:
    """One of them: its line, what it costs, and `given_back`, which reads that off a credit memo's row.

    `suffix` names it in the ids of adjustments.
    """

    line_id: str
    suffix: str
    product_id: str
    title: str
    money: Money
    given_back: Callable[[Any], Money]

    @property
    def is_line(self) -> bool:
        """Return whether it is a line of its own; below zero it is a discount."""
        return self.money.net >= 0


def extras(order: Any, rest: Taxes) -> tuple[list[Extra], Taxes]:
    """Return what the order has of them, and the taxes of `rest` (by what they tax) that belong to none."""
    own = {kind: taxes for kind, taxes in rest.items() if kind in WRAPPING}
    rest = {kind: taxes for kind, taxes in rest.items() if kind not in WRAPPING}
    found = [_wrapping(order, [tax for taxes in own.values() for tax in taxes])]
    charged = [column for column in _fee_columns(order._fields) if getattr(order, _FEE + column)]
    for column in charged:
        kinds = [kind for kind in rest if column in kind] or (list(rest) if len(charged) == len(rest) == 1 else [])
        found.append(_fee(order, column, [tax for kind in kinds for tax in rest[kind]]))
        rest = {kind: taxes for kind, taxes in rest.items() if kind not in kinds}
    return [extra for extra in found if extra.money.total()], rest


def columns_of(names: Iterable[str]) -> list[str]:
    """Return the columns that show whether an order has any: of wrapping, and of the channel's fees."""
    return ["wrapping_amount", "wrapping_tax_amount", *(name for name in names if name.startswith(_FEE))]


def line_cells(extra: Extra) -> FrameRow:
    """Write its row of the lines frame."""
    return {
        "channel_order_line_id": extra.line_id,
        "kind": "fee" if extra.is_line else "discount",
        "quantity": 1,
        "price": extra.money.net,
        "product_id": extra.product_id,
        "product_title": extra.title,
    }


def tax_cells(tax: Tax, line_id: Any = None) -> FrameRow:
    """Write a row of the taxes frame: of a line's price, or of the order's."""
    cells = {"applies_to": "price", "code": tax.code, "rate": tax.rate, "amount": tax.amount}
    return {"channel_order_line_id": line_id, **cells}


@lru_cache(maxsize=64)
def _fee_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.removeprefix(_FEE) for name in names if name.startswith(_FEE))


def _wrapping(order: Any, like: list[Tax]) -> Extra:
    def money(row: Any) -> Money:
        return Money(row.wrapping_amount or ZERO, shared(row.wrapping_tax_amount or ZERO, like, None))

    return Extra(f"wrapping-{order.order_id}", "wrapping", "gift-wrapping", "Gift wrapping", money(order), money)


def _fee(order: Any, column: str, like: list[Tax]) -> Extra:
    charged = getattr(order, _FEE + column)
    listed = sum((tax.amount for tax in like), ZERO)

    def money(row: Any) -> Money:
        amount = getattr(row, _FEE + column) or ZERO
        # Without a column of its own, the tax is that of the order's tax rows.
        tax = getattr(row, _FEE_TAX + column) if hasattr(row, _FEE_TAX + column) else listed * amount / charged
        return Money(amount, shared(round(tax or ZERO, 4), like, None))

    title = column.strip("_").replace("_", " ").capitalize()
    return Extra(f"{column}-{order.order_id}", column, column, title, money(order), money)
