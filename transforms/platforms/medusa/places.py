"""Where a Medusa order goes: its addresses, and the stock location or relay point where the buyer fetches it.

Belongs here: addresses, pick-up. Does not belong here: fulfilments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transforms.fetched import Cells, Places, fetched
from transforms.packed import json

# Where the providers of fulfilments keep the point that the buyer chose, in the data of the shipping method.
_POINTS = frozenset(
    {"pickuppoint", "pickuppointid", "pickuplocation", "pickuplocationid", "pickupid", "servicepoint"}
    | {"servicepointid", "relaypoint", "relaypointid", "relayid", "parcelshop", "parcelshopid", "lockerid", "locker"}
    | {"pudo", "pudoid", "accesspointid", "droppoint", "droppointid", "deliverypointid", "collectionpointid"}
)
_IDS = ("id", "code", "number", "external_id")


def places(addresses: Sequence[Cells], location: Any, methods: Sequence[Any]) -> Places:
    """Find where an order goes. `location`: the row of `pickup_locations.sql`, or None; `methods` bring the goods."""
    if location is not None:
        return fetched(addresses, getattr(location, "location_id", None), _shop(location), keeps_home=True)
    for method in methods:
        data = json(method.data)
        for name, value in data.items() if isinstance(data, dict) else ():
            if name.lower().replace("_", "").replace("-", "") in _POINTS and (point := _point(value)) is not None:
                return fetched(addresses, *point)
    return Places(addresses)


def address(row: Any) -> Cells:
    """Shape an address."""
    return {
        "first_name": row.first_name,
        "last_name": row.last_name,
        "company": row.company,
        "street": row.address_1,
        "street_additional_info": row.address_2,
        "zip_code": row.postal_code,
        "city": row.city,
        "state": row.province,
        "country": row.country_code,
        "phone": row.phone,
    }


def _shop(location: Any) -> Cells:
    if getattr(location, "location_id", None) is None:
        return {"company": location.set_name}
    return {
        "company": location.name,
        "street": location.address_1,
        "street_additional_info": location.address_2,
        "zip_code": location.postal_code,
        "city": location.city,
        "state": location.province,
        "country": location.country_code,
    }


def _point(value: Any) -> tuple[str, Cells] | None:
    """Read a relay point: its id, or an object with its id and name."""
    if isinstance(value, dict):
        found = next((value[name] for name in _IDS if isinstance(value.get(name), str | int)), None)
        name = value.get("name")
        return None if found in (None, "") else (str(found), {"company": name} if isinstance(name, str) else {})
    return (str(value), {}) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
