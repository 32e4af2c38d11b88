"""Where a PrestaShop order goes: its addresses, and the point or shop where the buyer fetches it.

Relay points stand in tables of their modules. Most modules put the point into the order's delivery address as well,
some leave the buyer's home there; a point whose place is known takes the place of that address.

Belongs here: addresses, pick-up. Does not belong here: carriers' parcels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

Cells = dict[str, Any]

# How shops call it that the buyer fetches the goods from them (not from a carrier's relay point).
_OWN_COUNTER = (
    "click and collect",
    "click & collect",
    "click&collect",
    "click-and-collect",
    "clickcollect",
    "clickandcollect",
    "pick up in store",
    "pick up in-store",
    "pick-up in store",
    "pick-up in-store",
    "pickup in store",
    "in-store pick",
    "in store pick",
    "store pickup",
    "store pick-up",
    "storepickup",
    "local pickup",
    "retrait en magasin",
    "retrait magasin",
    "retrait en boutique",
    "retrait boutique",
    "retrait sur place",
    "selbstabholung",
    "abholung im",
    "recogida en tienda",
    "recoger en tienda",
    "ritiro in negozio",
    "ritiro in sede",
    "afhalen in",
    "odbiór osobisty",
    "odbiór w sklepie",
    "levantamento em loja",
)


class Pickup(NamedTuple):
    """Where the buyer fetches the goods: the point's id and name. `address`: where it is, if known.

    `hides_home`: the order's delivery address is the buyer's own, where nothing is to be sent.
    """

    point_id: str | None
    name: str | None
    address: Mapping[str, Any] | None
    hides_home: bool


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
    if _is_own_counter(order.carrier_name, order.carrier_delay, order.carrier_module):
        name = order.carrier_name if order.carrier_name not in {None, "", "0"} else None
        return Pickup(None, " - ".join(filter(None, (order.shop_name, name))), None, hides_home=True)
    return None


@lru_cache(maxsize=1024)
def _is_own_counter(*texts: str | None) -> bool:
    words = " ".join(filter(None, texts)).casefold()
    return any(word in words for word in _OWN_COUNTER)


def _is_point(shipping: Any, point: Any) -> bool:
    """Say whether the delivery address is the relay point already: its module named the point there."""
    if shipping is None:
        return False
    if point.module_moves_address:
        return True
    told = " ".join(
        filter(None, (shipping.company, shipping.address1, shipping.address2, shipping.alias, shipping.other))
    )
    return any(word and word.casefold() in told.casefold() for word in (point.point_id, point.point_name))


def addresses(order: Any, rows: Sequence[Any], place: Pickup | None) -> Iterator[Cells]:
    """Yield the cells of the addresses frame; a relay point whose place is known stands for the delivery address."""
    for row in rows:
        cells = {
            "channel_order_id": order.order_id,
            "address_type": row.address_type,
            "first_name": row.firstname,
            "last_name": row.lastname,
            "company": row.company,
            "street": row.address1,
            "street_additional_info": row.address2,
            "zip_code": row.postcode,
            "city": row.city,
            "state": row.state,
            "country": row.country,
            "phone": row.phone,
            "additional_info": row.other,
        }
        if row.address_type == "shipping" and place is not None and place.address is not None:
            country = place.address["country"] or row.country
            cells |= {**place.address, "country": country, "state": None}
        yield cells
