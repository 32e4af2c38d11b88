"""Goods that the buyer fetches: from a shop or from a relay point, instead of having them brought home.

Shops keep the place in the delivery address, or beside it while that address stays the buyer's own, where no parcel
goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from transforms.frames import FrameRow, Table, table_of
from transforms.groups import Groups
from transforms.rowsets import Objects, framed, objects, stacked


@dataclass(frozen=True, slots=True)
class Places:
    """Rows of the addresses frame, and where the buyer fetches the goods.

    `hides_home`: the only delivery address is the buyer's own. `attributes` of the order say which shop it is.
    """

    addresses: Sequence[FrameRow]
    point_id: str | None = None
    hides_home: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Columns of the addresses frame, grouped by order; `fetched` are the orders that go elsewhere than these say."""

    columns: Mapping[str, Objects]
    groups: Groups
    fetched: dict[int, Places] = field(default_factory=dict)

    def each(self, orders: Iterable[int]) -> Iterator[tuple[int, list[FrameRow]]]:
        """Yield (order, its addresses) for some orders."""
        columns = [column.tolist() for column in self.columns.values()]
        for order in orders:
            own = self.groups.rows(order)
            rows = zip(*(column[own] for column in columns), strict=True)
            yield order, [dict(zip(self.columns, row, strict=True)) for row in rows]

    def order_columns(self) -> dict[str, Objects]:
        """Write what orders say of places."""
        places = [self.fetched.get(order) for order in range(self.groups.size)]
        return {
            "pudo_id": objects([place and place.point_id for place in places]),
            "pickup": objects([(place and place.hides_home) or None for place in places]),
        }

    def frame(self, order_ids: Objects) -> Table:
        """Write the addresses; where an order is fetched, the place may be one of them."""
        as_given = ~np.isin(self.groups.owners, list(self.fetched))
        columns = {name: column[as_given] for name, column in self.columns.items()}
        places = [
            {**cells, "channel_order_id": order_ids[order]}
            for order, place in self.fetched.items()
            for cells in place.addresses
        ]
        given = {"channel_order_id": order_ids[self.groups.owners[as_given]], **columns}
        return stacked([framed(given), table_of(places)])


def fetched(addresses: Sequence[FrameRow], point_id: str | None, shop: FrameRow, keeps_home: bool = False) -> Places:
    """Return where an order goes whose goods are fetched. `shop`: the place's own cells of an address, as far as known.

    The delivery address is the buyer's home where it is the billing address too, or the platform never puts the place
    there (`keeps_home`).
    """
    shipping = next((cells for cells in addresses if cells["address_type"] == "shipping"), None)
    billing = next((cells for cells in addresses if cells["address_type"] == "billing"), None)
    at_home = keeps_home or shipping is None or (billing is not None and _where(shipping) == _where(billing))
    attributes = {"pickup-location": shop.get("company"), "pickup-address": ", ".join(_lines(shop))}
    found = {name: str(value) for name, value in attributes.items() if value}
    buyer = shipping or billing
    if at_home and buyer is not None and shop.get("street") and shop.get("city"):
        there = {name: buyer.get(name) for name in ("first_name", "last_name", "phone")}
        others = [cells for cells in addresses if cells["address_type"] != "shipping"]
        return Places([*others, {**there, **shop, "address_type": "shipping"}], point_id, False, found)
    return Places(addresses, point_id, at_home, found)


def _where(cells: FrameRow) -> tuple[str, ...]:
    found = (cells.get(name) for name in ("street", "zip_code", "city", "country"))
    return tuple(" ".join(str(cell or "").casefold().split()) for cell in found)


def _lines(shop: FrameRow) -> Iterator[str]:
    town = " ".join(filter(None, (shop.get("zip_code"), shop.get("city"))))
    yield from filter(None, (shop.get("street"), shop.get("street_additional_info"), town, shop.get("country")))
