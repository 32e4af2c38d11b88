"""Where a Magento order goes: its addresses, and the shop or relay point where the buyer fetches it.

Magento's own in-store pick-up puts the shop's address in the place of the delivery address, and so do some modules of
relay points; others leave the buyer's own address there, where no parcel goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from transforms.fetched import Cells, Places, fetched

# What methods (the part behind the carrier's code) are called where nothing is brought to the buyer.
_FETCHED = re.compile(r"pick_?-?up|click_?(and|n|&)?_?collect|parcel_?shop|locker|relais|service_?point", re.IGNORECASE)
# What carriers are called that bring nothing: the shop's own counter.
_COUNTER = re.compile(r"(store|local|shop)_?pick_?up|instore|click_?(and|n|&)?_?collect", re.IGNORECASE)


def places(order: Any, rows: Sequence[Any], location: Any) -> Places:
    """Find where an order goes. `location`: the shop where it is fetched (`pickup_locations.sql`), or None."""
    addresses = [address(row) for row in rows]
    shipping = next((row for row in rows if row.address_type == "shipping"), None)
    point_id = location.code if location is not None else order.relay_id or getattr(shipping, "relay_id", None)
    if not point_id and not _is_fetched(order.shipping_method):
        return Places(addresses)
    return fetched(addresses, point_id, {} if location is None else _shop(location))


def address(row: Any) -> Cells:
    """Shape an address; the lines of its street stand in one cell."""
    street, *more = (line.strip() for line in (row.street or "").split("\n"))
    return {
        "address_type": row.address_type,
        "first_name": " ".join(name for name in (row.firstname, row.middlename) if name),
        "last_name": row.lastname,
        "company": row.company,
        "street": street,
        "street_additional_info": ", ".join(line for line in more if line),
        "zip_code": row.postcode,
        "city": row.city,
        "state": row.region,
        "country": row.country_id,
        "phone": row.telephone,
    }


@lru_cache(maxsize=1024)
def _is_fetched(method: str | None) -> bool:
    # Carrier and method: mondialrelay_home is brought home all the same, amstorepickup_7 is a shop.
    carrier, _, name = (method or "").partition("_")
    return bool(_FETCHED.search(name or carrier) or _COUNTER.search(carrier))


def _shop(location: Any) -> Cells:
    street, *more = (line.strip() for line in (location.street or "").split("\n"))
    return {
        "company": location.name,
        "street": street,
        "street_additional_info": ", ".join(line for line in more if line),
        "zip_code": location.postcode,
        "city": location.city,
        "country": location.country_id,
    }
