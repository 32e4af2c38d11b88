"""Where a Magento order goes: its addresses, and the shop or relay point where the buyer fetches it.

Magento's own in-store pick-up puts the shop's address in the place of the delivery address, and so do some modules of
relay points; others leave the buyer's own address there, where no parcel goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from transforms.fetched import Addresses, fetched
from transforms.rows import Rows
from transforms.rowsets import ABSENT, Objects, Rowset, choose, is_true, objects, or_else, rowset

# What methods (the part behind the carrier's code) are called where nothing is brought to the buyer.
_FETCHED = re.compile(r"pick_?-?up|click_?(and|n|&)?_?collect|parcel_?shop|locker|relais|service_?point", re.IGNORECASE)
# What carriers are called that bring nothing: the shop's own counter.
_COUNTER = re.compile(r"(store|local|shop)_?pick_?up|instore|click_?(and|n|&)?_?collect", re.IGNORECASE)


def addresses(rows: Rows, orders: Rowset, numbers: Mapping[Any, int]) -> Addresses:
    """Find where these orders go."""
    rows_of_orders = rowset(rows, "addresses", "order_id", numbers)
    locations = rowset(rows, "pickup_locations", "order_id", numbers).last()
    is_located = locations.rows != ABSENT
    shipping = rows_of_orders.where(rows_of_orders["address_type"] == "shipping").first()
    point_id = choose(is_located, locations["code"], or_else(orders["relay_id"], shipping["relay_id"]))
    is_fetched = np.array([_is_fetched(method) for method in orders["shipping_method"]], dtype=np.bool_)
    found = Addresses(_columns(rows_of_orders), rows_of_orders.groups)
    shops = _shops(locations)
    for order, own in found.each(np.flatnonzero(is_true(point_id) | is_fetched).tolist()):
        shop = {name: column[order] for name, column in shops.items()} if is_located[order] else {}
        found.fetched[order] = fetched(own, point_id[order], shop)
    return found


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
    """Split streets, which are the lines of one cell: the first line, and all others."""
    lines = [[line.strip() for line in (street or "").split("\n")] for street in streets]
    return objects([first for first, *_ in lines]), objects([", ".join(filter(None, more)) for _, *more in lines])


@lru_cache(maxsize=1024)
def _is_fetched(method: str | None) -> bool:
    # Carrier and method: mondialrelay_home is brought home all the same, amstorepickup_7 is a shop.
    carrier, _, name = (method or "").partition("_")
    return bool(_FETCHED.search(name or carrier) or _COUNTER.search(carrier))


def _shops(locations: Rowset) -> Mapping[str, Objects]:
    street, more = _lines(locations["street"])
    return {
        "company": locations["name"],
        "street": street,
        "street_additional_info": more,
        "zip_code": locations["postcode"],
        "city": locations["city"],
        "country": locations["country_id"],
    }
