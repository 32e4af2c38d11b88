"""Addresses of orders that buyers fetch: a pick-up point's address replaces the buyer's."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from transforms.database_values import as_text
from transforms.frames import Frame, Table
from transforms.platforms.woocommerce.attributes import AttributeRow, attribute
from transforms.platforms.woocommerce.chunk import Chunk
from transforms.platforms.woocommerce.pickups import POINTS, Place, place
from transforms.rows import Rows

_HOME = ("street", "street_additional_info", "zip_code", "city", "country")


class Addresses:
    """The address rows of one chunk; a row is changed where its order goes to a pick-up point."""

    def __init__(self, frame: Frame) -> None:
        self._cells: dict[str, list[Any]] = {name: list(frame[name]) for name in frame.columns}
        self._cells["channel_order_id"] = list(map(as_text, self._cells["channel_order_id"]))
        keys = zip(self._cells["channel_order_id"], self._cells["address_type"], strict=True)
        self._rows: dict[tuple[str | None, Any], int] = {}
        for row, key in enumerate(keys):
            self._rows.setdefault(key, row)

    def is_home(self, order_id: str) -> bool:
        """Return whether the parcel would go to the billing address, or its address is unknown: no plugin set it."""
        shipping, billing = (self._rows.get((order_id, kind)) for kind in ("shipping", "billing"))
        if shipping is None or billing is None:
            return shipping is None
        return all(_same(cells[shipping], cells[billing]) for name in _HOME for cells in (self._cells[name],))

    def send_to(self, order_id: str, where: Place) -> None:
        """Let the parcel go to a pick-up point, in the buyer's name."""
        row = self._rows.get((order_id, "shipping"))
        if row is None:
            row = self._added(order_id)
        cells = {
            "company": where.name,
            "street": where.street,
            "street_additional_info": None,
            "zip_code": where.zip_code,
            "city": where.city,
            "state": None,
        }
        for name, cell in cells.items():
            self._cells[name][row] = cell
        if where.country:
            self._cells["country"][row] = where.country

    def _added(self, order_id: str) -> int:
        billing = self._rows.get((order_id, "billing"))
        row = len(self._cells["channel_order_id"])
        for cells in self._cells.values():
            cells.append(None if billing is None else cells[billing])
        self._cells["channel_order_id"][row], self._cells["address_type"][row] = order_id, "shipping"
        self._rows[order_id, "shipping"] = row
        return row

    def frame(self) -> Table:
        """Return the rows."""
        return Table(self._cells)


@dataclass(frozen=True)
class Fetched:
    """Where buyers fetch their orders, by the order's row; `addresses` only where one was changed."""

    point_ids: Mapping[int, str]
    at_home: frozenset[int]
    attributes: list[AttributeRow]
    addresses: Table | None


def fetched(chunk: Chunk, rows: Rows, at_the_counter: Iterable[int]) -> Fetched:
    """Return where buyers fetch the goods. `at_the_counter`: orders of which all is fetched at the shop.

    At home is where the buyer's address is not where the parcel goes, and there is no other.
    """
    addresses = None
    found: list[AttributeRow] = []
    point_ids: dict[int, str] = {}
    at_home, changed = set(), False
    for order in {*at_the_counter, *(order for order, meta in chunk.meta.items() if not POINTS.isdisjoint(meta))}:
        order_id, items = chunk.orders.rows[order].order_id, chunk.items_of(order)
        methods = [item for item in items if item.order_item_type == "shipping"]
        where = place(methods, chunk.meta_of(methods), chunk.meta.get(order, {}))
        if where is None:
            continue
        for name, value in attributes(where).items():
            if value:
                found.append({"channel_order_id": order_id, **attribute(name, html.unescape(value))})
        if where.point_id is None:
            at_home.add(order)
            continue
        point_ids[order] = where.point_id
        addresses = addresses or Addresses(rows["addresses"])
        if where.street and where.city:
            addresses.send_to(order_id, where)
            changed = True
        elif addresses.is_home(order_id):
            at_home.add(order)
    frame = addresses.frame() if addresses is not None and changed else None
    return Fetched(point_ids, frozenset(at_home), found, frame)


def attributes(where: Place) -> Mapping[str, str | None]:
    """Name the place of a pick-up for people."""
    return {"pickup-location": where.name, "pickup-address": where.address, "pickup-details": where.details}


def _same(one: Any, other: Any) -> bool:
    return (one or "").strip().casefold() == (other or "").strip().casefold()
