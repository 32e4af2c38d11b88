"""Where a Magento order goes: its addresses, and the shop or relay point where the buyer fetches it.

Magento's own in-store pick-up puts the shop's address in the place of the delivery address, and so do some modules of
relay points; others leave the buyer's own address there, where no parcel goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from transforms.fetched import Cells, Places, fetched
from transforms.groups import Groups
from transforms.rows import Rows
from transforms.rowsets import ABSENT, Objects, Rowset, choose, is_true, objects, or_else, rowset

# What methods (the part behind the carrier's code) are called where nothing is brought to the buyer.
_FETCHED = re.compile(r"pick_?-?up|click_?(and|n|&)?_?collect|parcel_?shop|locker|relais|service_?point", re.IGNORECASE)
# What carriers are called that bring nothing: the shop's own counter.
_COUNTER = re.compile(r"(store|local|shop)_?pick_?up|instore|click_?(and|n|&)?_?collect", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Rows of the addresses frame, grouped by order; `fetched` are the orders that go elsewhere than these say."""

    columns: Mapping[str, Objects]
    groups: Groups
    fetched: Mapping[int, Places]


def addresses(rows: Rows, orders: Rowset, numbers: Mapping[Any, int]) -> Addresses:
    """Find where these orders go."""
    found = rowset(rows, "addresses", "order_id", numbers)
    columns = _columns(found)
    locations = rowset(rows, "pickup_locations", "order_id", numbers).last()
    is_located = locations.rows != ABSENT
    shipping = found.where(found["address_type"] == "shipping").first()
    point_id = choose(is_located, locations["code"], or_else(orders["relay_id"], shipping["relay_id"]))
    is_fetched = np.array([_is_fetched(method) for method in orders["shipping_method"]], dtype=np.bool_)
    elsewhere = {}
    for order in np.flatnonzero(is_true(point_id) | is_fetched).tolist():
        own = found.groups.rows(order)
        cells = [
            dict(zip(columns, values, strict=True))
            for values in zip(*(column[own] for column in columns.values()), strict=True)
        ]
        shop = _shop(locations.take(np.array([order]))) if is_located[order] else {}
        elsewhere[order] = fetched(cells, point_id[order], shop)
    return Addresses(columns, found.groups, elsewhere)


def _columns(rows: Rowset) -> Mapping[str, Objects]:
    street, more = _lines(rows["street"])
    names = zip(rows["firstname"], rows["middlename"], strict=True)
    return {
        "address_type": rows["address_type"],
        "first_name": objects([" ".join(filter(None, both)) for both in names]),
        "last_name": rows["lastname"],
        "company": rows["company"],
        "street": street,
        "street_additional_info": more,
        "zip_code": rows["postcode"],
        "city": rows["city"],
        "state": rows["region"],
        "country": rows["country_id"],
        "phone": rows["telephone"],
    }


def _lines(streets: Objects) -> tuple[Objects, Objects]:
    """Take the lines of streets apart, which stand in one cell: the first, and all others."""
    lines = [[line.strip() for line in (street or "").split("\n")] for street in streets]
    return objects([first for first, *_ in lines]), objects([", ".join(filter(None, more)) for _, *more in lines])


@lru_cache(maxsize=1024)
def _is_fetched(method: str | None) -> bool:
    # Carrier and method: mondialrelay_home is brought home all the same, amstorepickup_7 is a shop.
    carrier, _, name = (method or "").partition("_")
    return bool(_FETCHED.search(name or carrier) or _COUNTER.search(carrier))


def _shop(location: Rowset) -> Cells:
    street, more = _lines(location["street"])
    return {
        "company": location["name"][0],
        "street": street[0],
        "street_additional_info": more[0],
        "zip_code": location["postcode"][0],
        "city": location["city"][0],
        "country": location["country_id"][0],
    }
