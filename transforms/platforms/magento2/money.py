"""What Magento charged for a line and for shipping, tax excluded, with each tax by code and rate.

Magento keeps prices without tax, discounts with tax where the shop's prices have it, and the tax that such a discount
removed apart, as discount_tax_compensation: net = row total - discount + compensation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from transforms.money import spread
from transforms.packed import structure
from transforms.rows import number

ZERO = Decimal(0)
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


@dataclass(slots=True)
class OrderTaxes:
    """The tax rows of one order: of products and their fixed taxes by line, of shipping, the rest by what it taxes."""

    products: dict[Any, list[Tax]] = field(default_factory=lambda: defaultdict(list))
    fixed: dict[Any, list[Tax]] = field(default_factory=lambda: defaultdict(list))
    shipping: list[Tax] = field(default_factory=list)
    rest: dict[str, list[Tax]] = field(default_factory=lambda: defaultdict(list))


def order_taxes(rows: Iterable[Any], line_of: Mapping[Any, Any]) -> OrderTaxes:
    """Sort the tax rows of one order by what they tax; `line_of` is item id -> line id."""
    taxes = OrderTaxes()
    for row in rows:
        tax = Tax(row.code or _SOME_TAX, row.tax_percent, row.real_amount or ZERO)
        if row.taxable_item_type in WRAPPING:
            taxes.rest[row.taxable_item_type].append(tax)
        elif row.item_id is not None:
            taxes.products[line_of.get(row.item_id)].append(tax)
        elif row.associated_item_id is not None:
            taxes.fixed[line_of.get(row.associated_item_id)].append(tax)
        elif row.taxable_item_type == "shipping":
            taxes.shipping.append(tax)
        else:
            taxes.rest[row.taxable_item_type or ""].append(tax)
    return taxes


def line_money(row: Any, taxes: OrderTaxes) -> Money:
    """Return what an item row cost, after discounts."""
    return Money(
        net=max(_exact_net(row), ZERO),
        taxes=shared(row.tax_amount or ZERO, taxes.products[row.item_id], row.tax_percent),
        fixed=_fixed(row) + [tax for tax in taxes.fixed[row.item_id] if tax.amount],
    )


def below_zero(items: Iterable[Any]) -> Decimal:
    """Return what discounts take beyond their items' prices, as a negative amount.

    Magento carries cents of rounding from item to item, so a coupon of 100 % may leave one at -0.01, another at 0.01.
    """
    return sum((min(_exact_net(row), ZERO) for row in items), ZERO)


def shipping_money(order: Any, taxes: OrderTaxes) -> Money:
    """Return what shipping the order cost, after discounts."""
    discount, compensation = order.shipping_discount_amount, order.shipping_discount_tax_compensation_amount
    return Money(
        net=net(order.shipping_amount, discount, compensation),
        taxes=shared(order.shipping_tax_amount or ZERO, taxes.shipping, None),
    )


def _exact_net(item: Any) -> Decimal:
    return net(item.row_total, item.discount_amount, item.discount_tax_compensation_amount)


def net(amount: Decimal | None, discount: Decimal | None, compensation: Decimal | None) -> Decimal:
    """Return what remains of a price without tax."""
    return (amount or ZERO) - (discount or ZERO) + (compensation or ZERO)


def shared(amount: Decimal, like: list[Tax], rate: Any) -> list[Tax]:
    """Divide a tax amount as `like` is divided; where nothing says how, it is one tax of that rate."""
    if not amount:
        return []
    if not like:
        return [Tax(_SOME_TAX, rate or None, amount)]
    parts = zip(like, split(amount, [tax.amount for tax in like]), strict=True)
    return [Tax(tax.code, tax.rate, part) for tax, part in parts if part]


def paid_otherwise(row: Any) -> Decimal:
    """Return what store credit, gift cards and points have paid of an order or credit memo (Adobe Commerce)."""
    parts = (row.customer_balance_amount, row.gift_cards_amount, row.reward_currency_amount)
    return sum((part or ZERO for part in parts), ZERO)


def _fixed(row: Any) -> list[Tax]:
    total = row.weee_tax_applied_row_amount or ZERO
    applied = structure(row.weee_tax_applied)
    entries = list(applied.values()) if isinstance(applied, dict) else applied if isinstance(applied, list) else []
    titles = [entry for entry in entries if isinstance(entry, dict)]
    like = [Tax(str(entry.get("title") or _FIXED_TAX), None, number(entry.get("row_amount"))) for entry in titles]
    return shared(total, like or [Tax(_FIXED_TAX, None, total)], None)


def split(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount in proportion to `weights`, in steps of 0.0001; the parts add up to it exactly."""
    parts = spread(round(total * _SCALE), [round(weight * _SCALE) for weight in weights])
    return [Decimal(part) / _SCALE for part in parts]
