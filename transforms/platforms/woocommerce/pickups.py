"""Where the buyer fetches the goods: the shop's own counters, and the pick-up points of carriers' plugins.

A counter is a shipping method; a pick-up point is meta of the order, with an id that the carrier knows, mostly with its
name, often with its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.packed import structure
from transforms.platforms.woocommerce.chunk import Cell, Item, Meta

_AT_THE_COUNTER = frozenset({"local_pickup", "pickup_location", "legacy_local_pickup", "local_pickup_plus"})
_NAME = ("pickup_location", "_pickup_location_name", "_pickup_location_id")
_ADDRESS = ("pickup_address", "_pickup_location_address")

# Meta of the order: one cell with all of the point, as JSON or serialised PHP.
_PACKED = (
    "_wms_mondial_relay_pickup_info",
    "_wms_chronopost_pickup_info",
    "_wms_colissimo_pickup_info",
    "sendcloudshipping_service_point_meta",
    "_boxtal_connect_parcel_point",
    "_bw_parcel_point",
    "_gls_pickup_info",
)
# Or a cell each: id, name, street, zip code, city; then a cell that packs what has none of its own.
_CELLS: Sequence[tuple[str, ...]] = (
    ("_lpc_meta_pickUpLocationId", "_lpc_meta_pickUpLocationLabel", "", "", "", "_lpc_meta_pickUpLocationData"),
    (
        "packetery_point_id",
        "packetery_point_name",
        "packetery_point_street",
        "packetery_point_zip",
        "packetery_point_city",
    ),
    ("_parcel_machine_id", "_parcel_machine_desc"),
    ("parcel_machine_id", "_parcel_machine_desc"),
    *(
        (key,)
        for key in (
            "_paczkomat_id",
            "paczkomat_id",
            "Mondial Relay Parcel Shop ID",
            "mrwp_parcel_shop_id",
            "_mondial_relay_point_id",
            "wc_shipping_dpd_parcels_terminal",
            "dpd_parcelshop_id",
            "_dpd_pudo_id",
            "_omnivalt_terminal_id",
            "omnivalt_terminal_id",
            "_pickup_point_id",
            "pickup_point_id",
            "_pudo_id",
            "pudo_id",
        )
    ),
)
POINTS = frozenset({*_PACKED, *(keys[0] for keys in _CELLS)})
_ID_NAMES = ("pickup_id", "id", "code", "identifiant", "point_id")
_NAME_NAMES = ("pickup_name", "name", "nom")
_STREET_NAMES = ("pickup_address", "street", "address", "address_1", "adresse1")
_ZIP_NAMES = ("pickup_zipcode", "zip_code", "zipcode", "postal_code", "postcode", "zip", "codePostal")
_CITY_NAMES = ("pickup_city", "city", "localite")
_COUNTRY_NAMES = ("pickup_country", "country", "country_code", "codePays")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the buyer fetches the goods. `point_id` is the carrier's; without one it is the shop's own counter.

    `address` is the whole of it in one text where the shop keeps no more.
    """

    name: str | None = None
    point_id: str | None = None
    street: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country: str | None = None
    address: str | None = None
    details: str | None = None

    @property
    def is_counter(self) -> bool:
        """Return whether no carrier is involved."""
        return self.point_id is None


def place(shipping: Sequence[Item], item_meta: Mapping[str, Meta], meta: Meta) -> Place | None:
    """Return where the buyer fetches the goods, None where they are brought.

    `shipping` are the shipping items; an order of which one part is brought is brought.
    """
    if not POINTS.isdisjoint(meta) and (point := _point(meta)) is not None:
        return point
    if not shipping or not all(is_counter(item.method_id) for item in shipping):
        return None
    first = shipping[0]
    own = item_meta.get(first.order_item_id, {})
    address = next((own[key] for key in _ADDRESS if own.get(key)), None)
    cells = structure(address)
    return Place(
        name=next((own[key] for key in _NAME if own.get(key)), None) or first.order_item_name,
        address=_joined(cells.values()) if isinstance(cells, dict) else address,
        details=own.get("pickup_details") or None,
    )


def is_counter(method_id: Cell) -> bool:
    """Return whether a shipping method is that the buyer fetches the goods at the shop."""
    return (method_id or "").partition(":")[0] in _AT_THE_COUNTER


def _point(meta: Meta) -> Place | None:
    for key in _PACKED:
        if key in meta and isinstance(data := structure(meta[key]), dict) and (found := _unpacked(data)) is not None:
            return found
    for keys in _CELLS:
        if not (meta.get(keys[0]) or "").strip():
            continue
        cells = [(meta.get(key) or "").strip() or None for key in keys[:5]] + [None] * (5 - len(keys))
        data = structure(meta.get(keys[5])) if len(keys) > 5 else None
        more = _unpacked({"id": cells[0], **data}) if isinstance(data, dict) else None
        point_id, name, street, zip_code, city = cells[:5]
        return Place(
            name=name or (more.name if more else None),
            point_id=point_id,
            street=street or (more.street if more else None),
            zip_code=zip_code or (more.zip_code if more else None),
            city=city or (more.city if more else None),
            country=more.country if more else None,
        )
    return None


def _unpacked(data: Mapping[Any, Any]) -> Place | None:
    point_id = _first(data, _ID_NAMES)
    if point_id is None:
        return None
    # Some plugins nest the address.
    nested = next(
        (value for key, value in data.items() if key in {"address", "location"} and isinstance(value, dict)), {}
    )
    cells = {**nested, **{key: value for key, value in data.items() if not isinstance(value, dict)}}
    return Place(
        name=_first(cells, _NAME_NAMES),
        point_id=point_id,
        street=_first(cells, _STREET_NAMES),
        zip_code=_first(cells, _ZIP_NAMES),
        city=_first(cells, _CITY_NAMES),
        country=_first(cells, _COUNTRY_NAMES),
    )


def _first(data: Mapping[Any, Any], names: Iterable[str]) -> str | None:
    values = (data.get(name) for name in names)
    return next((text for value in values if isinstance(value, str | int) and (text := str(value).strip())), None)


def _joined(parts: Iterable[Any]) -> str | None:
    return ", ".join(text for part in parts if isinstance(part, str | int) and (text := str(part).strip())) or None
