"""Where a PrestaShop order goes: its addresses, and the point or shop where the buyer fetches it.

Relay points are in tables of their modules. Most modules put the point into the order's delivery address as well,
whose alias names it, some leave the buyer's home there; a point whose place is known takes the place of that address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import own_objects, row_objects
from transforms.rowsets import Objects, Rowset

# The columns of the addresses frame, and what PrestaShop calls them.
_COLUMNS = {
    "channel_order_id": "order_id",
    "address_type": "address_type",
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "street": "address1",
    "street_additional_info": "address2",
    "zip_code": "postcode",
    "city": "city",
    "state": "state",
    "country": "country",
    "phone": "phone",
    "additional_info": "other",
}

# How carriers are called where the buyer fetches the goods from the shop, in the languages of most shops.
_OWN_COUNTER = re.compile(
    r"click\W*(and|&|et|und|e|y|en|n)?\W*collect"
    r"|(pick\W?(up|ed)|collect\w*|retrait|retirer|abhol\w*|recog\w+|recoger|ritir\w+|afhal\w+|odbi\w+|levantamento)"
    r".{0,16}\b(in\W?store|store|shop|magasin|boutique|filiale|geschäft|laden|markt|tienda|negozio|sede|winkel|sklep\w*|loja)"
    r"|\b(store|shop|local|in\W?store)\W(pick\W?up|collection)"
    r"|retrait sur place|selbstabhol|odbiór osobisty|storepickup"
)
# Whoever carries the goods to such a point is not the shop's own counter.
_POINT = re.compile(r"relais|relay|\bpoint\b|punto|locker|paczkomat|pudo|packstation|parcel\W?shop|pickup\W?station")
_POINT_ID = re.compile(r"\b[A-Z]{0,4}\d{4,10}[A-Z]?\b")


class Pickup(NamedTuple):
    """Where the buyer fetches the goods: the point's id and name. `address`: where it is, if known.

    `hides_home`: the order's delivery address is the buyer's own, where nothing is to be sent. `is_shop`: it is the
    shop's own counter.
    """

    point_id: str | None
    name: str | None
    address: Mapping[str, Any] | None
    hides_home: bool
    is_shop: bool = False


def pickup(order: Any, points: Sequence[Any], rows: Sequence[Any]) -> Pickup | None:
    """Find where the buyer fetches the goods; None: they are brought. `rows`: the order's addresses."""
    point = next((row for row in points if row.point_id or row.point_name), None)
    if point is not None:
        place = {
            "company": point.point_name,
            "street": point.street,
            "street_additional_info": point.street_additional_info,
            "zip_code": point.zip_code,
            "city": point.city,
            "country": point.country,
        }
        if point.street and point.city:
            return Pickup(point.point_id, point.point_name, place, hides_home=False)
        shipping = next((row for row in rows if row.address_type == "shipping"), None)
        return Pickup(point.point_id, point.point_name, None, hides_home=not _is_point(shipping, point))
    shipping = next((row for row in rows if row.address_type == "shipping"), None)
    if shipping is not None and shipping.alias and _names_point(shipping.alias):
        found = _POINT_ID.search(shipping.alias)
        return Pickup(found[0] if found else None, shipping.company or shipping.alias, None, hides_home=False)
    if _is_own_counter(order.carrier_name, order.carrier_delay, order.carrier_module):
        name = order.carrier_name if order.carrier_name not in {None, "", "0"} else None
        return Pickup(None, " - ".join(filter(None, (order.shop_name, name))), None, hides_home=True, is_shop=True)
    return None


@lru_cache(maxsize=1024)
def _is_own_counter(*texts: str | None) -> bool:
    words = " ".join(filter(None, texts)).casefold()
    return _OWN_COUNTER.search(words) is not None and _POINT.search(words) is None


@lru_cache(maxsize=4096)
def _names_point(alias: str) -> bool:
    return _POINT.search(alias.casefold()) is not None


def _is_point(shipping: Any, point: Any) -> bool:
    """Return whether the delivery address is the relay point already: its module named the point there."""
    if shipping is None:
        return False
    if point.module_moves_address:
        return True
    named = " ".join(
        filter(None, (shipping.company, shipping.address1, shipping.address2, shipping.alias, shipping.other))
    )
    return any(word and word.casefold() in named.casefold() for word in (point.point_id, point.point_name))


def pickups(chunk: Chunk) -> dict[int, Pickup]:
    """Find the orders that the buyer fetches, and where; only those that something speaks of are looked at."""
    orders, points, addresses = chunk.orders, chunk.of_orders("pickup_points"), chunk.of_orders("addresses")
    with_point = set(points.groups.owners.tolist())
    aliases = zip(addresses.groups.owners.tolist(), addresses["address_type"], addresses["alias"], strict=True)
    with_point |= {order for order, kind, alias in aliases if kind == "shipping" and alias and _names_point(alias)}
    carriers = zip(orders["carrier_name"], orders["carrier_delay"], orders["carrier_module"], strict=True)
    with_point |= {order for order, texts in enumerate(carriers) if _is_own_counter(*texts)}
    found = sorted(with_point)
    places = [
        pickup(row, own_objects(points, order), own_objects(addresses, order))
        for order, row in zip(found, row_objects(orders, found), strict=True)
    ]
    return {order: place for order, place in zip(found, places, strict=True) if place is not None}


def address_columns(addresses: Rowset, places: Mapping[int, Pickup]) -> dict[str, Objects]:
    """Write the addresses; a relay point whose place is known replaces the delivery address."""
    columns = {name: addresses[column] for name, column in _COLUMNS.items()}
    moved = {order: place.address for order, place in places.items() if place.address is not None}
    for row, order in enumerate(addresses.groups.owners.tolist()) if moved else ():
        if columns["address_type"][row] == "shipping" and order in moved:
            country = moved[order]["country"] or columns["country"][row]
            for name, cell in {**moved[order], "country": country, "state": None}.items():
                columns[name][row] = cell
    return columns
