"""Where a Medusa order goes: its addresses, and the stock location or relay point where the buyer fetches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from transforms.fetched import Addresses, fetched
from transforms.frames import FrameRow
from transforms.groups import Groups
from transforms.packed import json
from transforms.rows import Rows
from transforms.rowsets import ABSENT, Objects, Rowset, choose, is_absent, is_true, rowset

# Where the providers of fulfilments keep the point that the buyer chose, in the data of the shipping method.
_POINTS = frozenset(
    {"pickuppoint", "pickuppointid", "pickuplocation", "pickuplocationid", "pickupid", "servicepoint"}
    | {"servicepointid", "relaypoint", "relaypointid", "relayid", "parcelshop", "parcelshopid", "lockerid", "locker"}
    | {"pudo", "pudoid", "accesspointid", "droppoint", "droppointid", "deliverypointid", "collectionpointid"}
)
_IDS = ("id", "code", "number", "external_id")
_NO_DATA = frozenset({None, "{}"})
# Columns of the addresses frame, and what Medusa calls them.
_COLUMNS: Mapping[str, str] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "street": "address_1",
    "street_additional_info": "address_2",
    "zip_code": "postal_code",
    "city": "city",
    "state": "province",
    "country": "country_code",
    "phone": "phone",
}
_OF_A_SHOP = ("street", "street_additional_info", "zip_code", "city", "state", "country")


def addresses(rows: Rows, numbers: Mapping[Any, int], bringing: Rowset) -> Addresses:
    """Find where these orders go; `bringing` are their shipping methods that bring the goods."""
    found = rowset(rows, "addresses", "order_id", numbers)
    # One row that is both addresses becomes two.
    is_both = is_true(found["is_both"])
    row = np.repeat(np.arange(len(found)), np.where(is_both, 2, 1))
    again = np.append(False, row[1:] == row[:-1])[: len(row)]
    kind = choose(again, "billing", choose(is_both, "shipping", found["address_type"])[row])
    columns = {"address_type": kind}
    columns |= {name: found[column][row] for name, column in _COLUMNS.items()}
    goes_to = Addresses(columns, Groups(found.groups.owners[row], found.groups.size))
    points = _points(bringing)
    locations = rowset(rows, "pickup_locations", "order_id", numbers).first()
    location_id, shops = locations["location_id"], _shops(locations)
    is_located = locations.rows != ABSENT
    for order, own in goes_to.each(sorted({*points, *np.flatnonzero(is_located).tolist()})):
        if is_located[order]:
            shop = {name: column[order] for name, column in shops.items()}
            goes_to.fetched[order] = fetched(own, location_id[order], shop, keeps_home=True)
        else:
            goes_to.fetched[order] = fetched(own, *points[order])
    return goes_to


def _shops(locations: Rowset) -> Mapping[str, Objects]:
    # Without its tables nobody knows the stock location; the set has a name all the same.
    company = choose(is_absent(locations["location_id"]), locations["set_name"], locations["name"])
    return {"company": company, **{name: locations[_COLUMNS[name]] for name in _OF_A_SHOP}}


def _points(methods: Rowset) -> dict[int, tuple[str, FrameRow]]:
    """Return by order the relay point that the first of its methods with one names: its id, and its address."""
    points: dict[int, tuple[str, FrameRow]] = {}
    for order, data in zip(methods.groups.owners.tolist(), methods["data"], strict=True):
        if data not in _NO_DATA and order not in points and (point := _chosen_point(json(data))) is not None:
            points[order] = point
    return points


def _chosen_point(data: Any) -> tuple[str, FrameRow] | None:
    for name, value in data.items() if isinstance(data, dict) else ():
        if name.lower().replace("_", "").replace("-", "") in _POINTS and (point := _point(value)) is not None:
            return point
    return None


def _point(value: Any) -> tuple[str, FrameRow] | None:
    """Read a relay point: its id, or an object with its id and name."""
    if isinstance(value, dict):
        found = next((value[name] for name in _IDS if isinstance(value.get(name), str | int)), None)
        name = value.get("name")
        return None if found in (None, "") else (str(found), {"company": name} if isinstance(name, str) else {})
    return (str(value), {}) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
