"""Orders and lines of PrestaShop as order frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.frames import Frame, OrderFrames, Table, order_frames, text_cells
from transforms.platforms.prestashop.beside import discounts, fees
from transforms.platforms.prestashop.chosen import attributes, product_ids
from transforms.platforms.prestashop.chunk import Chunk, read_chunk
from transforms.platforms.prestashop.columns import Block, Children, amounts, block_of, is_told, joined, repeated
from transforms.platforms.prestashop.money import paid
from transforms.platforms.prestashop.one_by_one import Money, work_one_by_one
from transforms.platforms.prestashop.parcels import Parcels, parcels
from transforms.platforms.prestashop.places import Pickup, address_block, pickups, shop_address
from transforms.platforms.prestashop.shipping import shipping
from transforms.platforms.prestashop.slips import Progress
from transforms.platforms.prestashop.states import Settings, Standing, standings
from transforms.platforms.prestashop.vouchers import free_shipping
from transforms.platforms.prestashop.words import staff_words
from transforms.rows import Rows, number


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/prestashop/*.sql` into order frames; times stay the shop's wall time."""
    frames = _frames(read_chunk(rows)) if len(rows["orders"]) else {}
    return order_frames({name: frame for name, frame in frames.items() if len(frame)}, read_at)


@dataclass(frozen=True, slots=True)
class _Way:
    """How far each order is, and since when."""

    standings: Sequence[Standing]
    shipped_at: Sequence[str | None]
    out_of_stock_at: Sequence[str | None]
    cancelled_at: Sequence[str | None]


def _frames(chunk: Chunk) -> dict[str, Frame]:
    vouchers, slips, settings = chunk.of_orders("cart_rules"), chunk.of_orders("slips"), Settings(chunk.rows)
    money = _money(chunk, vouchers)
    shops = list(zip(*map(chunk.orders.cells, ("id_shop", "id_shop_group")), strict=True))
    way = _way(chunk, settings, shops, money, slips)
    progress = [
        Progress(shipped_at, standing.shipped_now, out_of_stock_at)
        for standing, shipped_at, out_of_stock_at in zip(
            way.standings, way.shipped_at, way.out_of_stock_at, strict=True
        )
    ]
    work_one_by_one(chunk, vouchers, slips, progress, money)
    left = parcels(chunk.of_orders("shipments"), chunk.lines, chunk.lines_by_id)
    addresses = chunk.of_orders("addresses")
    places = pickups(chunk.orders, chunk.of_orders("pickup_points"), addresses)
    beside = [*discounts(chunk, money.discount_net, money.discount_gross), *fees(chunk)]
    shop_addresses = {order: shop_address(settings.values(shops[order])) for order in places}
    return {
        "orders": _orders(chunk, money, way, places, left),
        "lines": joined([_lines(chunk, money, way, left), *(lines for lines, _ in beside)]),
        "adjustments": joined(list(block_of(money.adjustments))),
        "taxes": joined([*_taxes(chunk, money), *(taxes for _, taxes in beside)]),
        "addresses": Table(address_block(addresses, places)),
        "custom_attributes": joined([*_line_attributes(chunk), *_attributes(chunk, addresses, places, shop_addresses)]),
    }


def _money(chunk: Chunk, vouchers: Children) -> Money:
    """Read what the orders cost, before vouchers for some products and slips are worked into it."""
    orders, lines = chunk.orders, chunk.lines
    total = orders.amounts("total_paid_tax_incl")
    payment, paid_back = paid(total, orders.amounts("total_paid_real"), chunk.of_orders("payments"))
    ship = shipping(chunk, free_shipping(vouchers))
    return Money(
        net=lines.amounts("total_price_tax_excl"),
        gross=lines.amounts("total_price_tax_incl"),
        units=list(lines.cells("product_quantity")),
        refunded_units=[0] * len(lines),
        discount_net=orders.amounts("total_discounts_tax_excl") - ship.discount_net,
        discount_gross=orders.amounts("total_discounts_tax_incl") - ship.discount_gross,
        total=total,
        paid=payment,
        paid_back=paid_back,
        refunded=np.zeros(len(orders), np.int64),
        shipping=ship,
    )


def _way(chunk: Chunk, settings: Settings, shops: Sequence[tuple[Any, Any]], money: Money, slips: Children) -> _Way:
    history = chunk.of_orders("history")
    is_paid = (money.paid >= money.total) | chunk.orders.told("invoice_number") | (slips.groups.counts > 0)
    found = standings(settings, shops, chunk.orders, history, is_paid)
    dates, first = history.text("date_add").to_pylist(), history.groups.bounds.tolist()

    def times(entries: Iterator[int | None]) -> list[str | None]:
        return [None if entry is None else dates[begin + entry] for begin, entry in zip(first, entries, strict=False)]

    return _Way(
        standings=found,
        shipped_at=times(standing.shipped for standing in found),
        out_of_stock_at=times(standing.out_of_stock for standing in found),
        cancelled_at=times(standing.cancelled for standing in found),
    )


def _orders(chunk: Chunk, money: Money, way: _Way, places: Mapping[int, Pickup], left: Parcels) -> Table:
    orders, found = chunk.orders, way.standings
    own = [places.get(order) for order in range(len(orders))]
    # A carrier called 0 goes by the shop's name.
    names = zip(orders.cells("carrier_name"), orders.cells("shop_name"), strict=True)
    carriers = [shop if carrier == "0" else carrier for carrier, shop in names]
    return Table(
        {
            "channel_order_id": chunk.order_ids,
            "created_at": orders.text("date_add"),
            "updated_at": _newest(chunk),
            "status": [standing.word for standing in found],
            "status_hint": [standing.hint for standing in found],
            "status_proved": [standing.proved for standing in found],
            "currency": orders.cells("currency"),
            "total": amounts(money.total),
            "total_paid": amounts(money.paid),
            "total_refunded": amounts(money.refunded),
            "shipping_price": amounts(money.shipping.price),
            "shipped_at": way.shipped_at,
            "cancelled_at": way.cancelled_at,
            "cancel_reason": _cancel_reasons(chunk, way),
            "store": orders.cells("id_shop"),
            # Whoever imports orders of a marketplace makes them by a payment module of its own.
            "source": [made or by for made, by in zip(*map(orders.cells, ("module", "payment")), strict=True)],
            "email": orders.cells("email"),
            "carrier": [carrier or parcel for carrier, parcel in zip(carriers, left.carriers, strict=True)],
            "shipping_method": carriers,
            "shipping_method_code": orders.cells("carrier_reference"),
            "pudo_id": [place and place.point_id for place in own],
            "pickup": [int(place is not None and place.hides_home) for place in own],
        }
    )


def _newest(chunk: Chunk) -> list[str]:
    """Take the newest stamp of each order and its rows, as `changes.sql` does; stamps of one shop compare as text."""
    columns = [chunk.orders.text(column).to_pylist() for column in ("date_add", "date_upd", "carrier_date_add")]
    newest = [max(stamp or "" for stamp in stamps) for stamps in zip(*columns, strict=True)]
    stamps = [("history", "date_add"), ("payments", "date_add")]
    stamps += [(query, "date_upd") for query in ("slips", "returns", "shipments")]
    for query, column in stamps:
        rows = chunk.of_orders(query)
        for order, stamp in zip(rows.owners.tolist(), rows.text(column).to_pylist(), strict=True):
            if stamp and stamp > newest[order]:
                newest[order] = stamp
    return newest


def _cancel_reasons(chunk: Chunk, way: _Way) -> list[str | None]:
    """Say why orders are cancelled, if they are: by the staff's words, what they lack, or the name of their state."""
    reasons = [
        "out of stock" if short_at else None if standing.hint == "PS_OS_CANCELED" else standing.word
        for standing, short_at in zip(way.standings, way.out_of_stock_at, strict=True)
    ]
    messages = chunk.of_orders("messages")
    for order in np.flatnonzero(messages.groups.counts).tolist():
        if written := staff_words(messages.of(order), way.cancelled_at[order], after_shipment=False):
            reasons[order] = " ".join(written)
    return reasons


def _lines(chunk: Chunk, money: Money, way: _Way, left: Parcels) -> Block:
    lines = chunk.lines
    partly = np.array([standing.partly_shipped for standing in way.standings])[lines.owners]
    return {
        **chunk.ids_of_lines(pa.array(np.arange(len(lines)))),
        "quantity": text_cells(money.units),
        "price": amounts(money.net),
        "product_id": text_cells(product_ids(lines)),
        "product_title": lines.text("product_name"),
        "quantity_refunded": text_cells(money.refunded_units),
        "quantity_shipped": text_cells(left.shipped),
        "quantity_delivered": text_cells(left.delivered),
        "shipped_at": text_cells(left.shipped_at),
        "is_virtual": lines.text("is_virtual"),
        "partly_shipped": pa.array(partly.astype(np.int8)).cast(pa.string()),
    }


def _taxes(chunk: Chunk, money: Money) -> Iterator[Block]:
    yield from block_of(money.adjustment_taxes)
    shares = chunk.shares
    divided = money.shipping.divided(shares)
    ids = {"channel_order_id": chunk.order_ids.take(pa.array(divided.owners))}
    yield shares.taxes.block(ids, "shipping", divided)
    divided = shares.of_lines(np.arange(len(chunk.lines)), money.gross - money.net)
    yield shares.taxes.block(chunk.ids_of_lines(pa.array(divided.owners)), "price", divided)


def _line_attributes(chunk: Chunk) -> Iterator[Block]:
    told = list(attributes(chunk))
    if told:
        lines, names, values = zip(*told, strict=True)
        kinds = repeated("STRING", len(told))
        ids = chunk.ids_of_lines(pa.array(lines))
        yield {**ids, "id": text_cells(names), "type": kinds, "value": text_cells(values)}
    measured = list(_measured(chunk.lines))
    if measured:
        lines, values = zip(*measured, strict=True)
        ids = chunk.ids_of_lines(pa.array(lines))
        name, kinds = repeated("ordered-quantity", len(lines)), repeated("NUMERIC", len(lines))
        yield {**ids, "id": name, "type": kinds, "value": text_cells(values)}


def _measured(lines: Children) -> Iterator[tuple[int, Any]]:
    """Yield what was ordered by length or weight of lines where a module counts it in pieces of so much each."""
    units, pieces = lines.cells("product_quantity"), lines.cells("quantity_fractional")
    for line in np.flatnonzero(lines.told("quantity_fractional")).tolist():
        each = number(pieces[line])
        if each > 0 and each != 1:
            yield line, number(units[line]) * each


def _attributes(
    chunk: Chunk, addresses: Children, places: Mapping[int, Pickup], shop_addresses: Mapping[int, str]
) -> Iterator[Block]:
    orders = chunk.orders
    yield _told(chunk.order_ids, "order-number", orders.text("reference"))
    gift = pc.if_else(pa.array(orders.told("gift")), orders.text("gift_message"), None)
    yield _told(chunk.order_ids, "gift-message", gift)
    ids = chunk.order_ids.take(pa.array(list(places), pa.int64()))
    yield _told(ids, "pickup-location", text_cells([place.name for place in places.values()]))
    own = [shop_addresses[order] if place.is_shop else None for order, place in places.items()]
    yield _told(ids, "pickup-address", text_cells(own))
    billing = pc.equal(addresses.text("address_type"), "billing")
    ids = addresses.text("order_id").filter(billing)
    for name, column in (("vat-number", "vat_number"), ("dni", "dni")):
        yield _told(ids, name, addresses.text(column).filter(billing))


def _told(order_ids: pa.StringArray, name: str, values: pa.StringArray) -> Block:
    """Write an attribute of the orders that have a value for it."""
    told = pa.array(is_told(values))
    ids = order_ids.filter(told)
    size = len(ids)
    value = pc.utf8_trim_whitespace(values.filter(told))
    return {"channel_order_id": ids, "id": repeated(name, size), "type": repeated("STRING", size), "value": value}
