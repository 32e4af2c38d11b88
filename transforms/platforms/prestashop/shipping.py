"""What the buyers pay for shipping: `orders` shows it at full price, a free-shipping voucher takes it off again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from transforms.database_values import as_text
from transforms.groups import Bools, Exact, Ints
from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import CENT, decimal, micros
from transforms.platforms.prestashop.money import TaxShare, part
from transforms.platforms.prestashop.shares import Divided, Shares
from transforms.rows import number, rows_of


@dataclass(slots=True)
class OrderShipping:
    """Shipping of one order, see `Shipping`, and the taxes that its tax is shared by."""

    price: Decimal
    tax: Decimal
    discount_net: Decimal
    discount_gross: Decimal
    shares: list[TaxShare]


@dataclass(slots=True)
class Shipping:
    """Shipping of all orders in micros: `price` without `tax`, after the vouchers that make it free.

    `discount_net` and `discount_gross` are the part of each order's vouchers that is used up by it. `line`: the line
    that is taxed alike, else -1, and then `tax_number` is its tax. `taxed`: it had a tax before vouchers.
    """

    price: Exact
    tax: Exact
    discount_net: Exact
    discount_gross: Exact
    line: Ints
    tax_number: Ints
    taxed: Bools

    def divided(self, shares: Shares) -> Divided:
        """Divide the tax of each order's shipping; owners are the orders."""
        return shares.like_lines(self.line, self.tax, self.tax_number, self.taxed | (self.tax != 0))

    def of(self, order: int, shares: Shares) -> OrderShipping:
        """Return the shipping of one order."""
        discount = decimal(self.discount_net[order]), decimal(self.discount_gross[order])
        price, tax = decimal(self.price[order]), decimal(self.tax[order])
        return OrderShipping(price, tax, *discount, self._shares(order, shares))

    def _shares(self, order: int, shares: Shares) -> list[TaxShare]:
        if self.line[order] >= 0:
            return shares.objects(int(self.line[order]))
        name, rate = shares.taxes.names[self.tax_number[order]]
        return [TaxShare(name, rate, Decimal(1))] if self.taxed[order] else []


def shipping(chunk: Chunk, free: Exact) -> Shipping:
    """Find what each order's shipping costs. `free`: the sum of the vouchers that make it free, tax included."""
    orders = chunk.orders
    net, gross = micros(orders["total_shipping_tax_excl"]), micros(orders["total_shipping_tax_incl"])
    tax, rate = gross - net, micros(orders["carrier_tax_rate"])
    line = chunk.shares.lines_like(chunk.lines.groups, net, tax, rate)
    off = np.minimum(np.minimum(free, micros(orders["total_discounts_tax_incl"])), gross)
    off_net = np.where((off >= gross - CENT) & (off != 0), net, part(off, net, gross))
    off_gross = np.where(off_net == net, gross, off)
    price = net - off_net
    return Shipping(
        price=price,
        tax=gross - off_gross - price,
        discount_net=off_net,
        discount_gross=off_gross,
        line=line,
        tax_number=_own_taxes(chunk, np.flatnonzero((line < 0) & (tax != 0))),
        taxed=tax != 0,
    )


def _own_taxes(chunk: Chunk, untold: Ints) -> Ints:
    """Name the tax on shipping that is like no line's: the shop's only tax of its rate, else one without a name."""
    taxes = chunk.shares.taxes
    unnamed = taxes.unnamed()
    found = np.full(chunk.orders.groups.size, unnamed)
    if not len(untold):
        return found
    names: dict[Decimal, set[str]] = defaultdict(set)
    for row in rows_of(chunk.rows, "taxes"):
        names[number(row.rate)].add(row.name or "TAX")
    rates = chunk.orders["carrier_tax_rate"]
    for order in untold.tolist():
        if rate := number(rates[order]):
            known = names.get(rate, set())
            name = next(iter(known)) if len(known) == 1 else taxes.names[unnamed][0]
            found[order] = taxes.number(name, as_text(rates[order]))
    return found
