"""What a WooCommerce shop knows of one order's parcels: native fulfilments, or what a tracking plugin wrote as meta."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from transforms.database_values import as_text
from transforms.packed import entries, json, structure
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item, Meta
from transforms.platforms.woocommerce.serialised import moment
from transforms.platforms.woocommerce.states import PARTLY_SHIPPED
from transforms.rows import number

NOTED = "_wc_shipment_tracking_items"
# Meta of orders in which plugins write parcels.
TRACKING = frozenset(
    {NOTED, "shipment_status", "ts_shipment_status", "_aftership_tracking_items"}
    | {"ywot_tracking_code", "ywot_carrier_name", "ywot_carrier_id", "ywot_pick_up_date"}
)
# Plugins name the same things in their own ways; the first that is there counts, of products the most specific.
_ITEM = ("item_id", "line_item_id", "order_item_id", "id")
_PRODUCT = ("variation_id", "product", "product_id")
_QUANTITY = ("qty", "quantity")
CARRIER = ("custom_tracking_provider", "tracking_provider", "slug", "carrier")
LISTS = ("products_list", "line_items")
STATUS = ("shipment_status", "tracking_status", "status")


class Fulfillment(NamedTuple):
    """A native shipment."""

    order_id: Cell
    status: Cell
    is_fulfilled: Cell
    date_updated: Cell
    items: Cell
    date_fulfilled: Cell
    shipment_provider: Cell
    provider_name: Cell


class Parcel(NamedTuple):
    """One parcel. `contents` are units by order item id, empty where not known; `whole` means all there are."""

    carrier: str | None
    sent_at: dt.datetime | None
    delivered: bool
    contents: Mapping[str, Decimal] = MappingProxyType({})
    whole: bool = False


class Shipments:
    """What is known of the shipments of one order; `completed_at` is when its status said that all had been done."""

    def __init__(self, parcels: Sequence[Parcel], completed_at: dt.datetime | None) -> None:
        self._known = [parcel for parcel in parcels if parcel.whole or parcel.contents]
        self._whole = [parcel for parcel in self._known if parcel.whole]
        self._completed_at = completed_at
        self.carrier = next((parcel.carrier for parcel in parcels if parcel.carrier), None)
        self.at = _first([completed_at, *(parcel.sent_at for parcel in self._whole)])
        self.lists = any(parcel.contents for parcel in self._known)

    @property
    def is_whole(self) -> bool:
        """Return whether all of the order has left."""
        return bool(self._whole)

    @property
    def has_arrived(self) -> bool:
        """Return whether all of the order has arrived."""
        return self.is_whole and all(parcel.delivered for parcel in self._whole)

    def units(self, item: Item) -> str | Decimal | None:
        """Return the shipped units of a line; None where nothing is known."""
        if self._whole:
            return item.qty
        return _units(self._known, item) if self._known else None

    def delivered(self, item: Item) -> str | Decimal | None:
        """Return the delivered units of a line; None where nothing is known."""
        arrived = [parcel for parcel in self._known if parcel.delivered]
        units = _units(arrived, item)
        if self.has_arrived:
            return units + self._unlisted(item) if self.lists else item.qty
        return units if any(parcel.contents for parcel in arrived) else None

    def sent_at(self, item: Item) -> dt.datetime | None:
        """Return when the first unit of a line left, where that is known of this very line."""
        holding = [parcel for parcel in self._known if item.order_item_id in parcel.contents]
        if not holding:
            return None
        holding += self._whole if self._unlisted(item) else ()
        return _first([self._completed_at, *(parcel.sent_at for parcel in holding)])

    def _unlisted(self, item: Item) -> Decimal:
        """Count the units that no parcel lists: those that list nothing hold them."""
        return max(number(item.qty) - _units(self._known, item), Decimal(0))


def shipments_of(chunk: Chunk, order: int, native: Sequence[Fulfillment], zone: str, completed_at: Cell) -> Shipments:
    """Gather the parcels of one order; `zone` is the site's."""
    goods = _Goods(chunk, order)
    partly = chunk.orders.rows[order].status == PARTLY_SHIPPED
    parcels = [*_native(native, goods, zone)]
    if meta := chunk.tracking.get(order):
        parcels += _plugins(meta, goods, zone, partly)
    return Shipments(parcels, moment(completed_at, "UTC"))


def _native(fulfillments: Sequence[Fulfillment], goods: _Goods, zone: str) -> Iterator[Parcel]:
    for row in fulfillments:
        delivered = row.status == "delivered"
        if row.is_fulfilled == "1" or delivered:
            yield Parcel(
                carrier=_text(json(row.provider_name)) or _text(json(row.shipment_provider)),
                sent_at=moment(json(row.date_fulfilled), zone) or moment(row.date_updated, zone),
                delivered=delivered,
                contents=goods.contents(entries(row.items)),
            )


def _plugins(meta: Meta, goods: _Goods, zone: str, partly: bool) -> Iterator[Parcel]:
    packed = meta.get("shipment_status") or meta.get("ts_shipment_status")
    statuses = structure(packed) if packed else None
    tracked = entries(meta.get(NOTED))
    for index, tracking in enumerate(tracked):
        listed = entries(tracking.get("products_list"))
        delivered = _is_delivered(tracking) or _is_delivered(_of_parcel(statuses, index))
        yield _parcel(tracking, moment(tracking.get("date_shipped"), zone), delivered, listed, goods, partly)
    for tracking in entries(meta.get("_aftership_tracking_items")):
        metrics, more = tracking.get("metrics"), tracking.get("additional_fields")
        sent_at = moment(more.get("ship_date"), zone) if isinstance(more, dict) else None
        if sent_at is None and isinstance(metrics, dict):
            sent_at = moment(metrics.get("created_at"), "UTC")
        yield _parcel(tracking, sent_at, _is_delivered(tracking), entries(tracking.get("line_items")), goods, partly)
    if _text(meta.get("ywot_tracking_code")):
        carrier = {"carrier": _text(meta.get("ywot_carrier_name")) or _text(meta.get("ywot_carrier_id"))}
        yield _parcel(carrier, moment(meta.get("ywot_pick_up_date"), zone), False, [], goods, partly)
    if not tracked and _is_delivered(_of_parcel(statuses, 0)):
        yield Parcel(None, None, delivered=True, whole=not partly)


def _parcel(
    tracking: Mapping[Any, Any],
    sent_at: dt.datetime | None,
    delivered: bool,
    listed: list[dict[Any, Any]],
    goods: _Goods,
    partly: bool,
) -> Parcel:
    # A parcel that lists nothing holds the whole order, unless by its status the order was sent in part.
    carrier = _text(_pick(tracking, CARRIER))
    return Parcel(carrier, sent_at, delivered, goods.contents(listed), whole=not listed and not partly)


class _Goods:
    """The lines of an order, and how many units of each no parcel holds yet; every parcel is read once, in order."""

    def __init__(self, chunk: Chunk, order: int) -> None:
        self._chunk, self._order = chunk, order

    @cached_property
    def _items(self) -> dict[str, Item]:
        items = self._chunk.items_of(self._order)
        return {item.order_item_id: item for item in items if item.order_item_type == "line_item"}

    @cached_property
    def _waiting(self) -> dict[str, Decimal]:
        return {item_id: number(item.qty) for item_id, item in self._items.items()}

    def contents(self, listed: list[dict[Any, Any]]) -> dict[str, Decimal]:
        """Return the units of a parcel by order item id, from what it lists."""
        contents: dict[str, Decimal] = {}
        for entry in listed:
            for item_id, units in self._units(entry):
                contents[item_id] = contents.get(item_id, Decimal(0)) + units
                self._waiting[item_id] -= units
        return contents

    def _units(self, entry: Mapping[Any, Any]) -> Iterator[tuple[str, Decimal]]:
        item_id, quantity = _text(_pick(entry, _ITEM)), _pick(entry, _QUANTITY)
        if item_id is not None and item_id in self._items:
            yield item_id, number(self._items[item_id].qty if quantity is None else quantity)
            return
        # Only the product is named: its lines in their order, each up to what it has.
        named = self._of_product(entry)
        lines = [own for own in named if self._waiting[own] > 0] or named[-1:]
        left = None if quantity is None else number(quantity)
        for own in lines:
            if left is None:
                yield own, self._waiting[own]
                return
            units = left if own == lines[-1] else min(left, self._waiting[own])
            left -= units
            if units:
                yield own, units

    def _of_product(self, entry: Mapping[Any, Any]) -> list[str]:
        # The variation distinguishes its line from those of other variations of the product.
        for product_id in (_text(entry.get(name)) for name in _PRODUCT):
            lines = [own for own, item in self._items.items() if product_id in _products(item)]
            if lines:
                return lines
        return []


def _products(item: Item) -> set[str]:
    return {product for product in (item.product_id, item.variation_id) if product not in {None, "", "0"}}


def _of_parcel(statuses: Any, index: int) -> Any:
    # One status for all parcels, or a list in the order of the tracking items.
    if isinstance(statuses, dict) and not statuses.keys() & set(STATUS):
        return statuses.get(index, statuses.get(str(index)))
    if isinstance(statuses, list):
        return statuses[index] if index < len(statuses) else None
    return statuses


def _is_delivered(value: Any) -> bool:
    if value is None:
        return False
    statuses = [value[name] for name in STATUS if name in value] if isinstance(value, dict) else [value]
    return any(isinstance(status, str) and status.strip().casefold() == "delivered" for status in statuses)


def _pick(cells: Mapping[Any, Any], names: tuple[str, ...]) -> Any:
    return next((cells[name] for name in names if cells.get(name) not in (None, "")), None)


def _text(value: Any) -> str | None:
    text = None if isinstance(value, dict | list) else as_text(value)
    return text.strip() or None if text is not None else None


def _units(parcels: Sequence[Parcel], item: Item) -> Decimal:
    return sum((parcel.contents.get(item.order_item_id, Decimal(0)) for parcel in parcels), Decimal(0))


def _first(moments: Sequence[dt.datetime | None]) -> dt.datetime | None:
    return min((known for known in moments if known is not None), default=None)


NOTHING_SENT = Shipments((), None)
