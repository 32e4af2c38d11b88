"""What Magento charged for a line and for shipping, tax excluded, with each tax by code and rate.

Magento keeps prices without tax, discounts with tax where the shop's prices have it, and the tax that such a discount
removed apart, as discount_tax_compensation: net = row total - discount + compensation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from transforms import groups as grouped
from transforms.groups import Bools, Exact, Groups, Ints, narrow
from transforms.money import spread
from transforms.packed import structure
from transforms.platforms.magento2.items import Products
from transforms.rows import number
from transforms.rowsets import ZERO, Objects, Rowset, filled, is_absent, objects, one_of, or_else, zeros

# Magento keeps four decimals.
_SCALE = 10_000

# Names for taxes that an order carries without saying which: imported ones, and a fixed product tax without its title.
_SOME_TAX = "TAX"
_FIXED_TAX = "FPT"
# What Adobe Commerce calls gift wrapping of an order, of an item (which it names), and a printed card.
WRAPPING = frozenset({"quote_gw", "item_gw", "printed_card_gw"})


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax; `rate` is a percentage, None for a fixed amount."""

    code: str
    rate: Any
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, tax excluded, with its taxes; `fixed` are taxes of an amount a unit (weee), and taxes on these."""

    net: Decimal
    taxes: list[Tax] = field(default_factory=list)
    fixed: list[Tax] = field(default_factory=list)

    def total(self) -> Decimal:
        """Return all of it, taxes included."""
        return sum(self.amounts(), ZERO)

    def part(self, numerator: Any, denominator: Any) -> Money:
        """Return this fraction of each amount."""
        if numerator == denominator:
            return self
        return self.with_amounts([round(amount * numerator / denominator, 4) for amount in self.amounts()])

    def amounts(self) -> list[Decimal]:
        """List net, taxes, fixed taxes."""
        return [self.net, *(tax.amount for tax in (*self.taxes, *self.fixed))]

    def with_amounts(self, amounts: list[Decimal]) -> Money:
        """Return the same with other amounts: net, taxes, fixed ones."""
        net, *rest = amounts
        taxes = [Tax(tax.code, tax.rate, amount) for tax, amount in zip((*self.taxes, *self.fixed), rest, strict=True)]
        return Money(net, taxes[: len(self.taxes)], taxes[len(self.taxes) :])


@dataclass(frozen=True, slots=True)
class Taxes:
    """Taxes of products or of orders, grouped by these; `is_fixed` ones come last in their group."""

    code: Objects
    rate: Objects
    amount: Objects
    is_fixed: Bools
    groups: Groups

    def where(self, wanted: Bools) -> Taxes:
        """Keep some of them."""
        return Taxes(
            self.code[wanted],
            self.rate[wanted],
            self.amount[wanted],
            self.is_fixed[wanted],
            self.groups.of(wanted),
        )

    def of(self, group: int, fixed: bool = False) -> list[Tax]:
        """Return the taxes of one group, or its fixed ones."""
        rows = range(*self.groups.rows(group).indices(len(self.amount)))
        return [Tax(self.code[row], self.rate[row], self.amount[row]) for row in rows if self.is_fixed[row] == fixed]


@dataclass(frozen=True, slots=True)
class Prices:
    """Money without tax, by product or by order, with its taxes; `below` is what discounts take beyond the price."""

    net: Objects
    below: Objects
    taxes: Taxes

    def money(self, row: int) -> Money:
        """Return one of them."""
        return Money(self.net[row], self.taxes.of(row), self.taxes.of(row, fixed=True))


@dataclass(frozen=True, slots=True)
class Rest:
    """Tax rows that are neither of items nor of shipping, grouped by order; `kind` is what they tax."""

    kind: Objects
    taxes: Taxes

    def by_kind(self, order: int) -> dict[str, list[Tax]]:
        """Return an order's, by what they tax."""
        kinds = self.kind[self.taxes.groups.rows(order)]
        found: dict[str, list[Tax]] = {kind: [] for kind in kinds}
        for kind, tax in zip(kinds, self.taxes.of(order), strict=True):
            found[kind].append(tax)
        return found


@dataclass(frozen=True, slots=True)
class Charges:
    """What products cost, what shipping did by order, and the tax rows of neither."""

    products: Prices
    shipping: Prices
    rest: Rest


def charges(orders: Rowset, products: Products, rows: Rowset) -> Charges:
    """Return what orders were charged, after discounts; `rows` are all tax rows.

    Magento carries cents of rounding from item to item, so a coupon of 100 % may leave one at -0.01, another at 0.01.
    """
    kind, item_id, associated = rows["taxable_item_type"], rows["item_id"], rows["associated_item_id"]
    of_order = rows.groups.owners
    taxes = Taxes(
        code=or_else(rows["code"], _SOME_TAX),
        rate=rows["tax_percent"],
        amount=filled(rows["real_amount"]),
        is_fixed=np.zeros(len(rows), dtype=np.bool_),
        groups=rows.groups,
    )
    is_wrapping, of_item = one_of(kind, WRAPPING), ~is_absent(item_id)
    is_product = ~is_wrapping & of_item
    is_fixed = ~is_wrapping & ~of_item & ~is_absent(associated)
    left = ~is_product & ~is_fixed
    is_shipping = left & ~is_wrapping & (kind == "shipping")
    is_rest = left & ~is_shipping
    item_taxes = _by_product(
        taxes.where(is_product), products.of_cells(item_id[is_product], of_order[is_product]), products
    )
    fixed = _by_product(taxes.where(is_fixed), products.of_cells(associated[is_fixed], of_order[is_fixed]), products)
    net_price = net(products.cells("row_total"), *(products.cells(column) for column in _OFF))
    charged = shared_rows(filled(products.cells("tax_amount")), item_taxes, products.cells("tax_percent"))
    shipping = shared_rows(
        filled(orders["shipping_tax_amount"]), taxes.where(is_shipping), np.full(len(orders), None, dtype=np.object_)
    )
    shipping_net = net(
        orders["shipping_amount"],
        orders["shipping_discount_amount"],
        orders["shipping_discount_tax_compensation_amount"],
    )
    nothing = zeros(len(orders))
    return Charges(
        Prices(
            np.maximum(net_price, zeros(len(net_price))),
            np.minimum(net_price, zeros(len(net_price))),
            _with_fixed(charged, fixed, products),
        ),
        Prices(shipping_net, nothing, shipping),
        Rest(or_else(kind[is_rest], ""), taxes.where(is_rest)),
    )


_OFF = ("discount_amount", "discount_tax_compensation_amount")


def net(amount: Objects, discount: Objects, compensation: Objects) -> Objects:
    """Return what remains of prices without tax."""
    remains: Objects = filled(amount) - filled(discount) + filled(compensation)
    return remains


def net_of(amount: Decimal | None, discount: Decimal | None, compensation: Decimal | None) -> Decimal:
    """Return what remains of one price without tax."""
    return (amount or ZERO) - (discount or ZERO) + (compensation or ZERO)


def _by_product(taxes: Taxes, product: Ints, products: Products) -> Taxes:
    """Group the taxes by product; those of none are left out."""
    order = np.argsort(product, kind="stable")
    order = order[np.searchsorted(product[order], 0) :]
    groups = Groups(product[order], len(products.row))
    return Taxes(taxes.code[order], taxes.rate[order], taxes.amount[order], taxes.is_fixed[order], groups)


def shared_rows(amounts: Objects, like: Taxes, rates: Objects) -> Taxes:
    """Divide each group's tax amount as `like` is divided; where `like` has none, it is one tax of its `rates`."""
    owed = amounts.astype(np.bool_)
    own = like.where(owed[like.groups.owners])
    part = amounts[own.groups.owners]
    several = np.flatnonzero(own.groups.counts > 1)
    if len(several):
        rows, groups = own.groups.among(several)
        part[rows] = _exact(grouped.spread(_whole(amounts[several]), _whole(own.amount[rows]), groups))
    kept = np.flatnonzero(part)
    alone = np.flatnonzero(owed & (own.groups.counts == 0))
    owners = np.concatenate((own.groups.owners[kept], alone))
    order = np.argsort(owners, kind="stable")
    return Taxes(
        code=np.append(own.code[kept], np.full(len(alone), _SOME_TAX, dtype=np.object_))[order],
        rate=np.append(own.rate[kept], or_else(rates[alone], None))[order],
        amount=np.append(part[kept], amounts[alone])[order],
        is_fixed=np.zeros(len(order), dtype=np.bool_),
        groups=Groups(owners[order], len(amounts)),
    )


def _whole(amounts: Objects) -> Exact:
    return narrow(np.array([round(amount * _SCALE) for amount in amounts], dtype=np.object_))


def _exact(parts: Exact) -> Objects:
    return objects([Decimal(part) / _SCALE for part in parts.tolist()])


def _with_fixed(taxes: Taxes, rows: Taxes, products: Products) -> Taxes:
    """Put fixed product taxes behind the others of their products: those that items name, then tax rows on them."""
    named = filled(products.cells("weee_tax_applied_row_amount"))
    owners = [taxes.groups.owners]
    parts = [taxes]
    if named.astype(np.bool_).any():
        applied = products.cells("weee_tax_applied")
        named_taxes = [
            (product, tax)
            for product in np.flatnonzero(named).tolist()
            for tax in _fixed(applied[product], named[product])
        ]
        owners.append(np.array([product for product, _ in named_taxes], dtype=np.int64))
        parts.append(_as_rows([tax for _, tax in named_taxes]))
    if len(rows.amount):
        rows = rows.where(rows.amount.astype(np.bool_))
        owners.append(rows.groups.owners)
        parts.append(rows)
    if len(parts) == 1:
        return taxes
    owner = np.concatenate(owners)
    is_fixed = np.arange(len(owner)) >= len(taxes.amount)
    order = np.argsort(owner, kind="stable")
    return Taxes(
        code=np.concatenate([part.code for part in parts])[order],
        rate=np.concatenate([part.rate for part in parts])[order],
        amount=np.concatenate([part.amount for part in parts])[order],
        is_fixed=is_fixed[order],
        groups=Groups(owner[order], len(products.row)),
    )


def _as_rows(taxes: Sequence[Tax]) -> Taxes:
    size = len(taxes)
    return Taxes(
        objects([tax.code for tax in taxes]),
        objects([tax.rate for tax in taxes]),
        objects([tax.amount for tax in taxes]),
        np.ones(size, dtype=np.bool_),
        Groups(np.arange(size), size),
    )


def _fixed(cell: Any, total: Decimal) -> list[Tax]:
    applied = structure(cell)
    entries = list(applied.values()) if isinstance(applied, dict) else applied if isinstance(applied, list) else []
    titles = [entry for entry in entries if isinstance(entry, dict)]
    like = [Tax(str(entry.get("title") or _FIXED_TAX), None, number(entry.get("row_amount"))) for entry in titles]
    return shared(total, like or [Tax(_FIXED_TAX, None, total)], None)


def shared(amount: Decimal, like: list[Tax], rate: Any) -> list[Tax]:
    """Divide one tax amount as `like` is divided; where `like` is empty, it is one tax of that rate."""
    if not amount:
        return []
    if not like:
        return [Tax(_SOME_TAX, rate or None, amount)]
    parts = zip(like, split(amount, [tax.amount for tax in like]), strict=True)
    return [Tax(tax.code, tax.rate, part) for tax, part in parts if part]


def paid_otherwise(rows: Rowset) -> Objects:
    """Return what store credit, gift cards and points have paid of orders or credit memos (Adobe Commerce)."""
    paid: Objects = sum((filled(rows[column]) for column in _OTHERWISE), zeros(len(rows)))
    return paid


def paid_otherwise_of(row: Any) -> Decimal:
    """Return the same of one row."""
    parts = (row.customer_balance_amount, row.gift_cards_amount, row.reward_currency_amount)
    return sum((part or ZERO for part in parts), ZERO)


_OTHERWISE = ("customer_balance_amount", "gift_cards_amount", "reward_currency_amount")


def split(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount in proportion to `weights`, in steps of 0.0001; the parts add up to it exactly."""
    parts = spread(round(total * _SCALE), [round(weight * _SCALE) for weight in weights])
    return [Decimal(part) / _SCALE for part in parts]
