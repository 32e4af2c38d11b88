"""Addresses of orders that buyers fetch: a pick-up point's address stands in for the buyer's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.frames import Frame, Table
from transforms.platforms.woocommerce.pickups import Place

_HOME = ("street", "street_additional_info", "zip_code", "city", "country")


class Addresses:
    """The address rows of one chunk; a row is changed where its order goes to a pick-up point."""

    def __init__(self, frame: Frame) -> None:
        self._cells: dict[str, list[Any]] = {name: list(frame[name]) for name in frame.columns}
        keys = zip(self._cells["channel_order_id"], self._cells["address_type"], strict=True)
        self._rows: dict[tuple[Any, Any], int] = {}
        for row, key in enumerate(keys):
            self._rows.setdefault(key, row)

    def is_home(self, order_id: Any) -> bool:
        """Say whether the parcel would go to the billing address, or nobody knows where: no plugin put the place in."""
        shipping, billing = (self._rows.get((order_id, kind)) for kind in ("shipping", "billing"))
        if shipping is None or billing is None:
            return shipping is None
        return all(_same(cells[shipping], cells[billing]) for name in _HOME for cells in (self._cells[name],))

    def send_to(self, order_id: Any, place: Place) -> None:
        """Let the parcel go to a pick-up point, in the buyer's name."""
        row = self._rows.get((order_id, "shipping"))
        if row is None:
            row = self._added(order_id)
        told = {
            "company": place.name,
            "street": place.street,
            "street_additional_info": None,
            "zip_code": place.zip_code,
            "city": place.city,
            "state": None,
        }
        for name, cell in told.items():
            self._cells[name][row] = cell
        if place.country:
            self._cells["country"][row] = place.country

    def _added(self, order_id: Any) -> int:
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


def attributes(place: Place) -> Mapping[str, str | None]:
    """Name the place of a pick-up for people."""
    return {"pickup-location": place.name, "pickup-address": place.address, "pickup-details": place.details}


def _same(one: Any, other: Any) -> bool:
    return (one or "").strip().casefold() == (other or "").strip().casefold()
