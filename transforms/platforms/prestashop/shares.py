"""Which taxes share the tax of a line: PrestaShop's tax is the difference of two columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from transforms.database_values import as_text
from transforms.groups import Bools, Exact, Groups, Ints, roomy, spread
from transforms.platforms.prestashop.columns import (
    CENT,
    MICROS,
    Block,
    amounts,
    decimal,
    micro,
    micros,
    repeated,
)
from transforms.platforms.prestashop.money import UNNAMED, TaxShare
from transforms.rows import Rows, number, rows_of
from transforms.rowsets import Objects, Rowset


class Divided(NamedTuple):
    """Parts of taxes: whose (by its place among those that were asked for), which tax, and how much in micros."""

    owners: Ints
    taxes: Ints
    amounts: Exact


@dataclass(slots=True)
class Taxes:
    """All taxes that a chunk speaks of, numbered: by their name and their rate in percent (None: unknown)."""

    names: list[tuple[str, str | None]] = field(default_factory=list)
    _numbers: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def number(self, name: str, rate: str | None) -> int:
        """Return the number of a tax."""
        if (name, rate) not in self._numbers:
            self._numbers[name, rate] = len(self.names)
            self.names.append((name, rate))
        return self._numbers[name, rate]

    def unnamed(self) -> int:
        """Return the number of the tax that nothing explains."""
        return self.number(UNNAMED.code, UNNAMED.rate)

    def percents(self) -> Exact:
        """Return the rates of all taxes, in millionths of a percent; unknown ones are zero."""
        return np.array([micro(number(rate)) for _, rate in self.names], np.int64)

    def block(self, ids: Block, applies_to: str, divided: Divided) -> Block:
        """Write parts of taxes as rows of the taxes frame; `ids` name the order of each, and its line if it has one."""
        place = pa.array(divided.taxes)
        return {
            **ids,
            "applies_to": repeated(applies_to, len(place)),
            "code": pa.array([name for name, _ in self.names], pa.string()).take(place),
            "rate": pa.array([rate for _, rate in self.names], pa.string()).take(place),
            "amount": amounts(divided.amounts),
        }


@dataclass(frozen=True, slots=True)
class Shares:
    """The taxes of the lines, one row for each tax of a line, with its weight in the line's tax.

    `by_line` and `by_order` are the same rows, grouped.
    """

    taxes: Taxes
    tax: Ints
    weight: Exact
    by_line: Groups
    by_order: Groups

    def of_lines(self, lines: Ints, taxes: Exact) -> Divided:
        """Divide a tax for each of these lines over the line's taxes; one that no tax explains is unnamed."""
        return self._divided(self.by_line, lines, taxes)

    def of_orders(self, orders: Ints, taxes: Exact) -> Divided:
        """Divide a tax for each of these orders over the taxes of all its lines."""
        return self._divided(self.by_order, orders, taxes)

    def like_lines(self, lines: Ints, taxes: Exact, otherwise: Ints, wanted: Bools) -> Divided:
        """Divide each tax over the taxes of a line; where that is -1, it is `otherwise`, where `wanted`."""
        alike, own = np.flatnonzero(lines >= 0), np.flatnonzero((lines < 0) & wanted)
        divided = self.of_lines(lines[alike], taxes[alike])
        return Divided(
            np.concatenate((alike[divided.owners], own)),
            np.concatenate((divided.taxes, otherwise[own])),
            np.concatenate((divided.amounts, taxes[own])),
        )

    def objects(self, line: int) -> list[TaxShare]:
        """Return the taxes of one line as objects."""
        rows = self.by_line.rows(line)
        pairs = zip(self.tax[rows].tolist(), self.weight[rows].tolist(), strict=True)
        return [
            TaxShare(name, rate, decimal(weight)) for tax, weight in pairs for name, rate in [self.taxes.names[tax]]
        ]

    def lines_like(self, lines: Groups, price: Exact, tax: Exact, rate: Exact) -> Ints:
        """Find the line of each order that is taxed as its shipping or wrapping is; -1: none, or there is no tax.

        Its taxes have `rate` together, or yield `tax` of `price` where that is 0: PrestaShop keeps only the sum of the
        rates (carrier_tax_rate), and none for wrapping.
        """
        together = self.by_line.sum(self.taxes.percents()[self.tax])
        owners, whole = lines.owners, 100 * MICROS
        yielded = roomy(price, int(together.max(initial=1)))[owners] * together
        explained = np.abs(yielded - roomy(tax, whole)[owners] * whole) <= CENT * whole
        like = np.where(rate[owners] != 0, together == rate[owners], explained)
        return lines.first(like.astype(np.bool_) & (together != 0) & (tax[owners] != 0))

    def _divided(self, groups: Groups, wanted: Ints, taxes: Exact) -> Divided:
        rows, own = groups.among(wanted)
        parts = spread(taxes, self.weight[rows], own) if len(rows) else np.zeros(0, np.int64)
        bare = np.flatnonzero((own.counts == 0) & (taxes != 0))
        owners = np.concatenate((own.owners, bare))
        numbers = np.concatenate((self.tax[rows], np.full(len(bare), self.taxes.unnamed())))
        return Divided(owners, numbers, np.concatenate((parts, taxes[bare])))


def shares(rows: Rows, lines: Rowset, line_ids: Mapping[Any, int], line_taxes: Rowset) -> Shares:
    """Find the taxes of the lines: those of line_taxes.sql, else the one that the line itself names."""
    taxes = Taxes()
    known = {row.id_tax: (row.name or UNNAMED.code, as_text(row.rate)) for row in rows_of(rows, "taxes")}
    line, tax, weight = _written_down(taxes, known, line_taxes)
    # Taxes that were written down without their amounts weigh as much as their rates.
    weightless = ~Groups(line, len(line_ids)).any(weight != 0)
    weight = np.where(weightless[line], taxes.percents()[tax], weight)
    bare, own = _named_by_lines(taxes, lines, np.bincount(line, minlength=len(line_ids)) == 0)
    line, tax = np.concatenate((line, bare)), np.concatenate((tax, own))
    weight = np.concatenate((weight, np.full(len(bare), MICROS)))
    order = np.argsort(line, kind="stable")
    by_line = Groups(line[order], len(line_ids))
    by_order = Groups(lines.groups.owners[by_line.owners], lines.groups.size)
    return Shares(taxes, tax[order], weight[order], by_line, by_order)


def _written_down(
    taxes: Taxes, known: Mapping[Any, tuple[str, str | None]], line_taxes: Rowset
) -> tuple[Ints, Ints, Exact]:
    """Return line, tax and amount of line_taxes.sql; a tax that is on a line twice is one."""
    line, amount = line_taxes.groups.owners, micros(line_taxes["total_amount"])
    numbers, ids = _numbered(line_taxes["id_tax"])
    _, first, place = np.unique(line * max(len(ids), 1) + numbers, return_index=True, return_inverse=True)
    sums = np.zeros(len(first), amount.dtype)
    np.add.at(sums, place, amount)
    order = np.argsort(first)
    rows = first[order]
    tax = np.array([taxes.number(*known.get(id_tax, UNNAMED[:2])) for id_tax in ids], np.int64)
    return line[rows], tax[numbers[rows]], sums[order]


def _named_by_lines(taxes: Taxes, lines: Rowset, bare: Bools) -> tuple[Ints, Ints]:
    """Return the lines without tax rows that cost more with tax than without, and the tax that each names itself."""
    wanted = bare & (micros(lines["total_price_tax_incl"]) != micros(lines["total_price_tax_excl"]))
    found = np.flatnonzero(wanted)
    names, rates = lines["tax_name"], lines["tax_rate"]
    pairs = [
        taxes.number(names[row] or UNNAMED.code, as_text(rates[row]) if number(rates[row]) else None)
        for row in found.tolist()
    ]
    return found, np.array(pairs, np.int64)


def _numbered(values: Objects) -> tuple[Ints, list[Any]]:
    """Number the different cells of a column."""
    known = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return np.array([known[value] for value in values], np.int64), list(known)
