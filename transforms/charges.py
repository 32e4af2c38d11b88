"""Charges: every cent of an order on its lines, adding up to what the shop charged."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from transforms.amounts import Amounts, TaxKey
from transforms.cells import tax_key
from transforms.chunk import Chunk, off_line
from transforms.faults import Faults, Notices, Stage
from transforms.groups import Bools, Exact, Groups, Ints, narrow, round_to_total, sort_order, spread
from transforms.mapping import ChannelMapping
from transforms.money import AmountError, from_minor
from transforms.parsing import combinations

# What a discount takes off price and taxes alike is GROSS; no line has it.
PRICE, TAX, SHIPPING, SHIPPING_TAX, GROSS = range(5)
_BUCKETS = ("price", "taxes", "shipping", "shipping_taxes")


@dataclass(frozen=True, slots=True)
class TaxRows:
    """Taxes of lines in minor units, sorted by line, in the order they are sent; `key` is a position in `keys`."""

    lines: Ints
    bucket: Ints
    key: Ints
    minor: Exact


@dataclass(slots=True)
class Charges:
    """The money of each line in minor units."""

    price: Exact
    shipping: Exact
    taxes: TaxRows
    keys: list[TaxKey]
    _bounds: Ints = field(init=False)

    def __post_init__(self) -> None:
        self._bounds = np.searchsorted(self.taxes.lines, np.arange(len(self.price) + 1))

    def total(self) -> Exact:
        """Return what each line costs altogether."""
        taxes = Groups(self.taxes.lines, len(self.price)).sum(self.taxes.minor)
        total: Exact = self.price + self.shipping + taxes
        return total

    def amounts(self, line: int) -> Amounts:
        """Return the money of one line as an object."""
        made = Amounts(int(self.price[line]), int(self.shipping[line]))
        for row in range(self._bounds[line], self._bounds[line + 1]):
            bucket = _BUCKETS[self.taxes.bucket[row]]
            made.add(bucket, self.keys[self.taxes.key[row]], int(self.taxes.minor[row]))
        return made


@dataclass(slots=True)
class _Slots:
    """Amounts of a chunk, sorted by order: of a line, or of the order where `lines` is -1; below, see `off_line`."""

    owners: Ints
    lines: Ints
    bucket: Ints
    key: Ints
    exact: Exact

    def of(self, rows: Exact) -> _Slots:
        return _Slots(*(column[rows] for column in (self.owners, self.lines, self.bucket, self.key, self.exact)))

    @classmethod
    def joined(cls, *parts: _Slots) -> _Slots:
        columns = ("owners", "lines", "bucket", "key", "exact")
        return cls(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))


def charge(chunk: Chunk, mapping: ChannelMapping, faults: Faults, notices: Notices) -> Charges:
    """Give every line its money in minor units, adding up to the shop's total where rounding allows."""
    orders, lines = chunk.orders, chunk.lines
    tax_keys, keys = _tax_keys(chunk, mapping, faults)
    slots = _slots(chunk, tax_keys)
    _exclude_taxes(slots, orders.gross)
    by_order = Groups(slots.owners, len(orders))
    total = to_minor(orders.total.values, orders.unit)
    minor, adds_up = round_to_total(slots.exact, orders.unit[slots.owners], total, orders.total.present, by_order)
    differ = np.flatnonzero(~adds_up)
    charged = by_order.sum(minor)
    for order in differ.tolist():
        text = difference(chunk, order, int(charged[order]), "charged", int(total[order]))
        notices.add(order, (Stage.TOTAL,), "money_mismatch", "order_lines", text)
    made = _Money(len(lines.quantity), _Slots(slots.owners, slots.lines, slots.bucket, slots.key, minor))
    rest = made.rest
    positive = np.flatnonzero(rest.exact > 0)
    for rows in _rounds(rest.owners[positive]):
        _spread(made, chunk, rest.of(positive[rows]))
    charges = made.charges(keys)
    negative = rest.of(np.flatnonzero(rest.exact < 0))
    return _take_off(charges, chunk, negative) if len(negative.owners) else charges


def difference(chunk: Chunk, order: int, ours: int, verb: str, shop: int) -> str:
    """Describe how two sums of an order, in minor units, differ."""
    digits, currency = int(chunk.orders.digits[order]), chunk.orders.currency[order].as_py()
    return f"Mirakl gets {from_minor(ours, digits)} {currency}, the shop {verb} {from_minor(shop, digits)} {currency}"


def to_minor(exact: Exact, unit: Exact) -> Exact:
    """Round exact amounts half up to minor units."""
    minor: Exact = np.where(exact < 0, -1, 1) * ((2 * np.abs(exact) + unit) // (2 * unit))
    return minor


def _tax_keys(chunk: Chunk, mapping: ChannelMapping, faults: Faults) -> tuple[Ints, list[TaxKey]]:
    taxes = chunk.taxes
    place, found = combinations(taxes.cells["code"], taxes.cells["rate"])
    keys: dict[TaxKey, int] = {}
    numbers = np.zeros(len(found), dtype=np.int64)
    for index, (code, rate) in enumerate(found):
        try:
            key = tax_key(code, rate, mapping.rate_divisor)
        except AmountError as error:
            for row in np.flatnonzero(place == index).tolist():
                line = int(taxes.lines[row])
                path = "order_lines.taxes" if line < 0 else f"{chunk.lines.path(line)}.taxes"
                faults.add(int(taxes.owners[row]), (Stage.TAXES, row, 0), "invalid_amount", f"{path}.rate", str(error))
            key = "", None
        numbers[index] = keys.setdefault(key, len(keys))
    return numbers[place], list(keys)


def _slots(chunk: Chunk, tax_keys: Ints) -> _Slots:
    orders, lines, taxes, discounts = chunk.orders, chunk.lines, chunk.taxes, chunk.discounts

    def made(owners: Ints, of_lines: Ints | int, bucket: Ints | int, key: Ints | int, exact: Exact) -> _Slots:
        line, kind, tax = (np.broadcast_to(column, len(owners)) for column in (of_lines, bucket, key))
        return _Slots(owners, line, kind, tax, exact)

    every = np.arange(len(lines.quantity))
    shipped = np.flatnonzero(lines.total_shipping_price.present)
    prices = made(lines.groups.owners, every, PRICE, -1, lines.price)
    shipping = made(lines.groups.owners[shipped], shipped, SHIPPING, -1, lines.total_shipping_price.values[shipped])
    of_lines = _Slots.joined(prices, shipping)
    if len(shipped):
        of_lines = of_lines.of(sort_order(of_lines.lines, of_lines.bucket))
    slots = _Slots.joined(
        of_lines,
        made(discounts.owners, discounts.lines, PRICE, -1, discounts.price),
        made(discounts.owners, discounts.lines, GROSS, -1, discounts.gross),
        made(np.arange(len(orders)), -1, SHIPPING, -1, orders.shipping_price.values),
        made(taxes.owners, taxes.lines, np.where(taxes.is_shipping, SHIPPING_TAX, TAX), tax_keys, taxes.amount.values),
    )
    return slots.of(np.argsort(slots.owners, kind="stable"))


def _exclude_taxes(slots: _Slots, gross: Bools) -> None:
    """Take each tax out of the amount that includes it: its line's, or the order's where the line has none."""
    is_tax = (slots.bucket == TAX) | (slots.bucket == SHIPPING_TAX)
    taxed = np.flatnonzero(gross[slots.owners] & is_tax)
    if not len(taxed):
        return
    of_line = {
        bucket: _first(slots.lines, (slots.bucket == bucket) & (slots.lines >= 0)) for bucket in (PRICE, SHIPPING)
    }
    of_order = {
        bucket: _first(slots.owners, (slots.bucket == bucket) & (slots.lines < 0)) for bucket in (PRICE, SHIPPING)
    }
    order, line = slots.owners[taxed], slots.lines[taxed]
    places = np.full(len(taxed), -1, dtype=np.int64)
    for bucket, tax in ((PRICE, TAX), (SHIPPING, SHIPPING_TAX)):
        own = np.where(line >= 0, of_line[bucket][line], -1)
        place = np.where(own >= 0, own, of_order[bucket][order])
        places = np.where(slots.bucket[taxed] == tax, place, places)
    found = places >= 0
    np.subtract.at(slots.exact, places[found], slots.exact[taxed[found]])


def _first(keys: Ints, wanted: Bools) -> Ints:
    """Return the first wanted row of each key, -1 where there is none; one entry more, for keys of -1."""
    rows = np.flatnonzero(wanted)
    found = np.full(int(keys.max(initial=-1)) + 2, -1, dtype=np.int64)
    found[keys[rows][::-1]] = rows[::-1]
    return found


def _rounds(owners: Ints) -> list[Ints]:
    """List the first row of each order, then the second, and so on."""
    index = np.arange(len(owners)) - np.searchsorted(owners, owners)
    return [np.flatnonzero(index == number) for number in range(int(index.max(initial=-1)) + 1)]


class _Money:
    """The money of lines while what is the order's is being spread over them."""

    def __init__(self, lines: int, slots: _Slots) -> None:
        minor, owned = slots.exact, slots.lines >= 0
        self.price, self.shipping = np.zeros(lines, minor.dtype), np.zeros(lines, minor.dtype)
        for amounts, bucket in ((self.price, PRICE), (self.shipping, SHIPPING)):
            rows = np.flatnonzero(owned & (slots.bucket == bucket))
            amounts[slots.lines[rows]] = minor[rows]
        is_tax = (slots.bucket == TAX) | (slots.bucket == SHIPPING_TAX)
        taxes = slots.of(np.flatnonzero(owned & is_tax))
        self.taxes = [TaxRows(taxes.lines, taxes.bucket, taxes.key, taxes.exact)]
        self.rest = slots.of(np.flatnonzero(~owned & (minor != 0)))

    def charges(self, keys: list[TaxKey]) -> Charges:
        """Add up taxes of one name on one line, where the first of them stands."""
        columns = ("lines", "bucket", "key", "minor")
        rows = TaxRows(*(np.concatenate([getattr(part, name) for part in self.taxes]) for name in columns))
        place = rows.lines * 4 + rows.bucket
        distinct, first, number = np.unique(
            place * max(len(keys), 1) + rows.key, return_index=True, return_inverse=True
        )
        if len(distinct) < len(rows.lines):
            sums = np.zeros(len(distinct), rows.minor.dtype)
            np.add.at(sums, number, rows.minor)
            order = sort_order(place[first], first)
            first, minor = first[order], sums[order]
        else:
            first = np.argsort(place, kind="stable")
            minor = rows.minor[first]
        taxes = TaxRows(rows.lines[first], rows.bucket[first], rows.key[first], minor)
        return Charges(self.price, self.shipping, taxes, keys)


def _spread(made: _Money, chunk: Chunk, slots: _Slots) -> None:
    """Spread one amount of each of some orders over its lines, in proportion to their prices; nobody ships a fee."""
    rows, groups = chunk.lines.groups.among(slots.owners)
    is_product = ~chunk.lines.is_fee[rows]
    weights = np.where(is_product, np.maximum(made.price[rows], 0), 0)
    weights = np.where((groups.sum(weights) > 0)[groups.owners], weights, is_product)
    parts = spread(slots.exact, weights, groups)
    bucket = slots.bucket[groups.owners]
    for amounts, wanted in ((made.price, PRICE), (made.shipping, SHIPPING)):
        of_bucket = bucket == wanted
        amounts[rows[of_bucket]] += parts[of_bucket]
    taxes = np.flatnonzero(((bucket == TAX) | (bucket == SHIPPING_TAX)) & (parts != 0))
    made.taxes.append(TaxRows(rows[taxes], bucket[taxes], slots.key[groups.owners[taxes]], parts[taxes]))


def _take_off(charges: Charges, chunk: Chunk, slots: _Slots) -> Charges:
    """Take discounts off their orders, one after another: each sees what earlier ones left."""
    pots = _Pots.of(charges, chunk, np.flatnonzero(np.isin(chunk.lines.groups.owners, slots.owners)))
    for rows in _rounds(slots.owners):
        _take_one_off(pots, slots.of(rows))
    return pots.emptied(charges)


@dataclass(slots=True)
class _Pots:
    """All amounts of some lines, by order and line: the price, its taxes, the shipping, its taxes.

    `key` is a position in `Charges.keys`, -1 of what is no tax. `place`: where an amount stands in the columns of
    `charges`, those of `lines` and `taxes` put under each other.
    """

    lines: Ints
    taxes: Ints
    place: Ints
    owners: Groups
    line: Ints
    is_fee: Bools
    bucket: Ints
    key: Ints
    minor: Exact

    @classmethod
    def of(cls, charges: Charges, chunk: Chunk, lines: Ints) -> _Pots:
        """Gather the amounts of these lines."""
        none = np.full(len(lines), -1)
        taxes = np.flatnonzero(np.isin(charges.taxes.lines, lines))
        line = np.concatenate((lines, lines, charges.taxes.lines[taxes]))
        bucket = np.concatenate(
            (np.full(len(lines), PRICE), np.full(len(lines), SHIPPING), charges.taxes.bucket[taxes])
        )
        place = np.argsort(line * len(_BUCKETS) + bucket, kind="stable")
        line = line[place]
        return cls(
            lines=lines,
            taxes=taxes,
            place=place,
            owners=Groups(chunk.lines.groups.owners[line], len(chunk.orders)),
            line=line,
            is_fee=chunk.lines.is_fee[line],
            bucket=bucket[place],
            key=np.concatenate((none, none, charges.taxes.key[taxes]))[place],
            minor=np.concatenate((charges.price[lines], charges.shipping[lines], charges.taxes.minor[taxes]))[place],
        )

    def emptied(self, charges: Charges) -> Charges:
        """Return the charges with what is left in the pots."""
        left = np.empty(len(self.minor), self.minor.dtype)
        left[self.place] = self.minor
        price, shipping, minor = (
            column.astype(left.dtype) for column in (charges.price, charges.shipping, charges.taxes.minor)
        )
        price[self.lines], shipping[self.lines], minor[self.taxes] = np.split(
            left, (len(self.lines), 2 * len(self.lines))
        )
        taxes = TaxRows(charges.taxes.lines, charges.taxes.bucket, charges.taxes.key, narrow(minor))
        return Charges(narrow(price), narrow(shipping), taxes, charges.keys)


def _take_one_off(pots: _Pots, slots: _Slots) -> None:
    """Take one discount, or the tax of one (`key`), off each of some orders; off one of its lines first, where named.

    Goods are taken off the products, a tax off that tax, and money that names no tax off the products and their taxes
    in proportion; where that is used up, off something else. Mirakl knows no negative amounts: a voucher may be worth
    more than the products, and pay for fees and shipping.
    """
    rows, groups = pots.owners.among(slots.owners)
    owners, bucket, key, minor = groups.owners, pots.bucket[rows], pots.key[rows], pots.minor[rows]
    wanted = slots.key[owners]
    goods, same_tax = wanted < 0, (bucket == TAX) & (key == wanted) & (wanted >= 0)
    named = (slots.lines < -1)[owners] & (pots.line[rows] == off_line(slots.lines)[owners])
    gross = (slots.bucket == GROSS)[owners]
    product = goods & ((bucket == PRICE) | (gross & (bucket == TAX)))
    pools = (
        named & (product | same_tax),
        product & ~pots.is_fee[rows],
        product | (goods & ((bucket == SHIPPING) | (gross & (bucket == SHIPPING_TAX)))),
        # A fee keeps its price, and the tax of it, while the products hold enough.
        same_tax & ~pots.is_fee[rows],
        same_tax,
        ~goods & (key >= 0),
        np.ones(len(rows), np.bool_),
    )
    rest, there = -slots.exact, np.maximum(minor, 0)
    for pool in pools:
        weights = np.where(pool, there, 0)
        part = np.minimum(rest, groups.sum(weights))
        if part.any():
            taken = spread(part, weights, groups)
            minor, there, rest = minor - taken, there - taken, rest - part
        there = np.where(pool, 0, there)
    # Below zero: the record is refused by its path, as no amount of Mirakl's can say this.
    short = np.flatnonzero((rest > 0) & (groups.counts > 0))
    minor[groups.bounds[short]] -= rest[short]
    pots.minor[rows] = minor
