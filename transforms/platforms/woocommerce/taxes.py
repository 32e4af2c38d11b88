"""Taxes of items: one row a rate from the serialised split, or one in all where the split is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.frames import Table
from transforms.groups import Groups, Ints
from transforms.parsing import codes, mask
from transforms.platforms.woocommerce.chunk import Cell, Chunk, first_filled, rows_as
from transforms.platforms.woocommerce.lines import LineItems
from transforms.platforms.woocommerce.refunds import WHOLE, part
from transforms.platforms.woocommerce.serialised import tax_amounts
from transforms.rows import Rows


class TaxRate(NamedTuple):
    """A rate of the shop as it is today."""

    tax_rate_id: Cell
    tax_rate: Cell
    tax_rate_name: Cell


class GivenBack(NamedTuple):
    """A refunded item (its row), which is an adjustment of an order; `share` of its tax was given back."""

    order: int
    row: int
    adjustment_id: str
    share: Decimal


@dataclass(frozen=True)
class Taxed:
    """Items that hold taxes: their rows, the order of each, and whose tax it is."""

    rows: Ints
    orders: Ints
    line_ids: pa.StringArray
    adjustment_ids: pa.StringArray
    shares: Mapping[int, Decimal]


def taxed(chunk: Chunk, line_items: LineItems, given_back: Sequence[GivenBack]) -> Taxed:
    """Join lines, shipping and what was given back; taxes of discounts are the order's, as those of shipping."""
    own = np.isin(chunk.own, line_items.rows) | chunk.items.is_kind("shipping")[chunk.own]
    rows, orders = chunk.own[own], chunk.groups.owners[own]
    is_line = pa.array(np.isin(rows, line_items.rows[~line_items.is_discount]))
    of_lines = pc.if_else(is_line, chunk.items.order_item_id.take(pa.array(rows)), None)
    of_refunds = pa.array([given.adjustment_id for given in given_back], pa.string())
    return Taxed(
        rows=np.concatenate([rows, np.array([given.row for given in given_back], dtype=np.int64)]),
        orders=np.concatenate([orders, np.array([given.order for given in given_back], dtype=np.int64)]),
        line_ids=pa.concat_arrays([of_lines, pa.nulls(len(given_back), pa.string())]),
        adjustment_ids=pa.concat_arrays([pa.nulls(len(rows), pa.string()), of_refunds]),
        shares={len(rows) + at: given.share for at, given in enumerate(given_back) if given.share != WHOLE},
    )


def shop_rates(rows: Rows) -> dict[Cell, TaxRate]:
    """Return the shop's rates by their id."""
    return {rate.tax_rate_id: rate for rate in rows_as(TaxRate, rows, "tax_rates")}


def tax_rows(chunk: Chunk, rates: Mapping[Cell, TaxRate], of: Taxed) -> Table:
    """Return the taxes of some items. An order's own taxes name them, else the shop's rates of today."""
    items, rows = chunk.items, pa.array(of.rows)
    shipping = pa.array(items.is_kind("shipping")[of.rows])
    split = pc.if_else(shipping, items.taxes.take(rows), items.line_tax_data.take(rows))
    total = pc.if_else(shipping, items.total_tax.take(rows), items.line_tax.take(rows))
    place, texts = codes(split)
    named = [[(rate, amount) for rate, amount in tax_amounts(text) or () if amount] for text in texts]
    counts = np.array([len(pairs) for pairs in named])
    first = np.cumsum(counts) - counts
    owner = np.repeat(np.arange(len(place)), counts[place])
    pairs = first[place[owner]] + Groups(owner, len(place)).index
    # An empty split: all of the tax is that of the order's only rate.
    unsplit = np.flatnonzero((counts[place] == 0) & mask(pc.match_substring_regex(total, "[^ 0.]")))
    own = _OwnTaxes(chunk, [rate for of_text in named for rate, _ in of_text])
    rate = np.concatenate([own.asked[pairs], own.only(of.orders[unsplit])])
    of_text = pa.array([amount for of_text in named for _, amount in of_text], pa.string())
    amount = pa.concat_arrays([of_text.take(pa.array(pairs)), total.take(pa.array(unsplit))])
    item = np.concatenate([owner, unsplit])
    order = np.argsort(item, kind="stable")
    item, rate, amount = item[order], rate[order], amount.take(pa.array(order))
    tax = own.find(of.orders[item], rate)
    known = [rates.get(rate_id) for rate_id in own.rate_ids]
    by_rate = pa.array(rate)

    def of_tax(column: pa.StringArray) -> pa.StringArray:
        return column.take(pa.array(tax, mask=tax < 0))

    def of_rate(cells: list[Cell]) -> pa.StringArray:
        return pa.array(cells, pa.string()).take(by_rate)

    place = pa.array(item)
    return Table(
        {
            "channel_order_id": chunk.orders.ids.take(pa.array(of.orders[item])),
            "channel_order_line_id": of.line_ids.take(place),
            "channel_adjustment_id": of.adjustment_ids.take(place),
            "applies_to": pc.if_else(shipping.take(place), "shipping", "price"),
            "code": first_filled(
                of_tax(items.label),
                of_rate([rate and rate.tax_rate_name for rate in known]),
                of_tax(items.order_item_name),
                pa.scalar("TAX"),
            ),
            "rate": first_filled(of_tax(items.rate_percent), of_rate([rate and rate.tax_rate for rate in known])),
            "amount": _shared(amount, item, of.shares),
        }
    )


class _OwnTaxes:
    """The taxes of the orders themselves, by order and rate; of two of one rate the last counts.

    `rate_ids` are all rates, those of the orders and those `asked` for, which are numbers of it.
    """

    def __init__(self, chunk: Chunk, asked: list[str]) -> None:
        items = chunk.items
        own = chunk.own[items.is_kind("tax")[chunk.own]]
        rates = pc.fill_null(items.rate_id.take(pa.array(own)), "None")
        place, self.rate_ids = codes(pa.concat_arrays([rates, pa.array([*asked, ""], pa.string())]))
        self.asked, self._nameless = place[len(own) :], int(place[-1])
        keys = items.orders[own] * len(self.rate_ids) + place[: len(own)]
        self._keys, last = np.unique(keys[::-1], return_index=True)
        self._rows = own[::-1][last]
        self._counts = np.bincount(self._keys // len(self.rate_ids), minlength=len(chunk.orders))

    def only(self, orders: Ints) -> Ints:
        """Return the rate of orders that have just one."""
        at = np.searchsorted(self._keys, orders * len(self.rate_ids))
        keys = np.append(self._keys, 0)[at]
        rates: Ints = np.where(self._counts[orders] == 1, keys % len(self.rate_ids), self._nameless)
        return rates

    def find(self, orders: Ints, rates: Ints) -> Ints:
        """Return the tax items (their rows) of orders and rates, -1 where there is none."""
        wanted = orders * len(self.rate_ids) + rates
        at = np.searchsorted(self._keys, wanted)
        found: Ints = np.where(np.append(self._keys, -1)[at] == wanted, np.append(self._rows, -1)[at], -1)
        return found


def _shared(amounts: pa.StringArray, items: Ints, shares: Mapping[int, Decimal]) -> pa.StringArray:
    if not shares:
        return amounts
    given = zip(amounts.to_pylist(), items.tolist(), strict=True)
    return pa.array([part(amount, shares.get(item, WHOLE)) for amount, item in given], pa.string())
