"""How Medusa orders are shipped: the methods that were chosen, what they cost, and the parcels that went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.groups import Bools
from transforms.platforms.medusa.lines import Lines
from transforms.platforms.medusa.prices import Broken, Prices, discounts_of, prices, taxes_of
from transforms.rows import Rows
from transforms.rowsets import (
    ABSENT,
    Objects,
    Rowset,
    choose,
    earliest,
    is_absent,
    is_true,
    numbered,
    numbering,
    or_else,
    rowset,
)

# The provider of who ships by hand.
_BY_HAND = "manual_manual"


@dataclass(frozen=True, slots=True)
class Methods:
    """The shipping methods of all orders of a chunk, grouped by order; `outbound` ones bring the goods."""

    rows: Rowset
    outbound: Bools
    prices: Prices

    def bringing(self) -> Rowset:
        """Return the first method of each order that brings the goods."""
        return self.rows.where(self.outbound).first()


def methods(rows: Rows, orders: Rowset, numbers: dict[object, int], broken: Broken) -> Methods:
    """Read the shipping methods of these orders; those with an amount or rate that is no number are noted."""
    found = rowset(rows, "shipping", "order_id", numbers)
    of_order = found.groups.owners
    ids = numbering(found["shipping_method_id"])
    taxes = taxes_of(rowset(rows, "shipping_taxes", "shipping_method_id", ids), broken, of_order)
    off = rowset(rows, "shipping_adjustments", "shipping_method_id", ids)
    without_tax = np.zeros(len(off), dtype=np.bool_)
    discounts = discounts_of(off, orders["version"][of_order], without_tax, broken, of_order)
    amount = broken.numbers(found["amount"], of_order)
    money = prices(amount, is_true(found["is_tax_inclusive"]), taxes, discounts, broken, of_order)
    return Methods(found, is_absent(found["return_id"]), money)


def carriers(fulfillments: Rowset, bringing: Rowset) -> Objects:
    """Return who carries each order: whoever took the first parcel, else whose method was chosen."""
    took, chosen = fulfillments.first()["provider_id"], bringing["provider_id"]
    provider = or_else(took, chosen)
    return choose(provider != _BY_HAND, provider, None)


def shipped_at(fulfillments: Rowset, lines: Lines) -> Objects:
    """Return when each line was first handed to a carrier."""
    number = numbering(zip(lines.groups.owners.tolist(), lines.rows["item_id"], strict=True))
    under_way = fulfillments.where(~is_absent(fulfillments["shipped_at"]))
    line = numbered(zip(under_way.groups.owners.tolist(), under_way["item_id"], strict=True), number)
    own = line != ABSENT
    return earliest(under_way["shipped_at"][own], line[own], len(number))
