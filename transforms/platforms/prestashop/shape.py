"""Orders and lines of PrestaShop as order frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import text_cells
from transforms.frames import Frame, OrderFrames, Table, order_frames
from transforms.groups import Bools
from transforms.platforms.prestashop.beside import discounts, fees
from transforms.platforms.prestashop.chosen import attributes, product_ids
from transforms.platforms.prestashop.chunk import Chunk, read_chunk
from transforms.platforms.prestashop.columns import (
    Block,
    amounts,
    block_of,
    frame_of,
    is_filled,
    joined,
    micros,
    own_objects,
    repeated,
)
from transforms.platforms.prestashop.money import paid
from transforms.platforms.prestashop.one_by_one import Money, work_one_by_one
from transforms.platforms.prestashop.parcels import Parcels, parcels
from transforms.platforms.prestashop.places import Pickup, address_columns, pickups
from transforms.platforms.prestashop.shipping import shipping
from transforms.platforms.prestashop.states import OrderStates, Settings, order_states
from transforms.platforms.prestashop.vouchers import free_shipping
from transforms.platforms.prestashop.words import staff_words
from transforms.rows import Rows, number
from transforms.rowsets import Rowset, choose, is_true, or_else


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/prestashop/*.sql` into order frames; times stay the shop's wall time."""
    frames = _frames(read_chunk(rows)) if len(rows["orders"]) else {}
    return order_frames({name: frame for name, frame in frames.items() if len(frame)}, read_at)


def _frames(chunk: Chunk) -> dict[str, Frame]:
    settings, money = Settings(chunk.rows), _money(chunk)
    states = order_states(settings, chunk, _is_paid(chunk, money))
    work_one_by_one(chunk, states, money)
    left, places = parcels(chunk), pickups(chunk)
    beside = [*discounts(chunk, money.discount_net, money.discount_gross), *fees(chunk)]
    return {
        "orders": _orders(chunk, money, states, places, left),
        "lines": joined([_lines(chunk, money, states, left), *(lines for lines, _ in beside)]),
        "adjustments": joined(list(block_of(money.adjustments))),
        "taxes": joined([*_taxes(chunk, money), *(taxes for _, taxes in beside)]),
        "addresses": frame_of(address_columns(chunk.of_orders("addresses"), places)),
        "custom_attributes": joined([*_line_attributes(chunk), *_order_attributes(chunk, places, settings)]),
    }


def _is_paid(chunk: Chunk, money: Money) -> Bools:
    """Return which orders their payments, invoices or slips prove to be paid."""
    proved: Bools = (money.paid >= money.total) | is_true(chunk.orders["invoice_number"])
    return proved | (chunk.of_orders("slips").groups.counts > 0)


def _money(chunk: Chunk) -> Money:
    """Read what the orders cost, before vouchers for some products and slips are worked into it."""
    orders, lines = chunk.orders, chunk.lines
    total = micros(orders["total_paid_tax_incl"])
    payment, paid_back = paid(total, micros(orders["total_paid_real"]), chunk.of_orders("payments"))
    ship = shipping(chunk, free_shipping(chunk.of_orders("cart_rules")))
    return Money(
        net=micros(lines["total_price_tax_excl"]),
        gross=micros(lines["total_price_tax_incl"]),
        units=list(lines["product_quantity"]),
        refunded_units=[0] * len(lines),
        discount_net=micros(orders["total_discounts_tax_excl"]) - ship.discount_net,
        discount_gross=micros(orders["total_discounts_tax_incl"]) - ship.discount_gross,
        total=total,
        paid=payment,
        paid_back=paid_back,
        refunded=np.zeros(len(orders), np.int64),
        shipping=ship,
    )


def _orders(chunk: Chunk, money: Money, states: OrderStates, places: Mapping[int, Pickup], left: Parcels) -> Table:
    orders = chunk.orders
    own = [places.get(order) for order in range(len(orders))]
    # A carrier called 0 goes by the shop's name.
    carriers = choose(orders["carrier_name"] == "0", orders["shop_name"], orders["carrier_name"])
    return frame_of(
        {
            "channel_order_id": chunk.order_ids,
            "created_at": text_cells(orders["date_add"]),
            "status": [state.name for state in states.each],
            "status_hint": [state.hint for state in states.each],
            "status_proved": [state.proved for state in states.each],
            "currency": orders["currency"],
            "total": amounts(money.total),
            "total_paid": amounts(money.paid),
            "total_refunded": amounts(money.refunded),
            "shipping_price": amounts(money.shipping.price),
            "shipped_at": states.shipped_at,
            "cancelled_at": states.cancelled_at,
            "cancel_reason": _cancel_reasons(chunk, states),
            "store": orders["id_shop"],
            # Whoever imports orders of a marketplace makes them by a payment module of its own.
            "source": or_else(orders["module"], orders["payment"]),
            "email": orders["email"],
            "carrier": or_else(carriers, left.carriers),
            "shipping_method": carriers,
            "shipping_method_code": orders["carrier_reference"],
            "pudo_id": [place and place.point_id for place in own],
            "pickup": [int(place is not None and place.hides_home) for place in own],
        }
    )


def _cancel_reasons(chunk: Chunk, states: OrderStates) -> list[str | None]:
    """Return why orders are cancelled: by the staff's words, what they lack, or the name of their state."""
    reasons = [
        "out of stock" if short_at else None if state.hint == "PS_OS_CANCELED" else state.name
        for state, short_at in zip(states.each, states.out_of_stock_at, strict=True)
    ]
    messages = chunk.of_orders("messages")
    for order in np.flatnonzero(messages.groups.counts).tolist():
        if written := staff_words(own_objects(messages, order), states.cancelled_at[order], after_shipment=False):
            reasons[order] = " ".join(written)
    return reasons


def _lines(chunk: Chunk, money: Money, states: OrderStates, left: Parcels) -> Block:
    lines = chunk.lines
    partly = np.array([state.partly_shipped for state in states.each])[lines.groups.owners]
    return {
        **chunk.ids_of_lines(pa.array(np.arange(len(lines)))),
        "quantity": text_cells(money.units),
        "price": amounts(money.net),
        "product_id": text_cells(product_ids(lines)),
        "product_title": text_cells(lines["product_name"]),
        "quantity_refunded": text_cells(money.refunded_units),
        "quantity_shipped": left.shipped,
        "quantity_delivered": left.delivered,
        "shipped_at": left.shipped_at,
        "is_virtual": text_cells(lines["is_virtual"]),
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
    chosen = list(attributes(chunk))
    if chosen:
        lines, names, values = zip(*chosen, strict=True)
        kinds = repeated("STRING", len(chosen))
        ids = chunk.ids_of_lines(pa.array(lines))
        yield {**ids, "id": text_cells(names), "type": kinds, "value": text_cells(values)}
    measured = list(_measured(chunk.lines))
    if measured:
        lines, values = zip(*measured, strict=True)
        ids = chunk.ids_of_lines(pa.array(lines))
        name, kinds = repeated("ordered-quantity", len(lines)), repeated("NUMERIC", len(lines))
        yield {**ids, "id": name, "type": kinds, "value": text_cells(values)}


def _measured(lines: Rowset) -> Iterator[tuple[int, Any]]:
    """Yield what was ordered by length or weight of lines where a module counts it in pieces of so much each."""
    units, pieces = lines["product_quantity"], lines["quantity_fractional"]
    for line in np.flatnonzero(is_true(lines["quantity_fractional"])).tolist():
        each = number(pieces[line])
        if each > 0 and each != 1:
            yield line, number(units[line]) * each


def _order_attributes(chunk: Chunk, places: Mapping[int, Pickup], settings: Settings) -> Iterator[Block]:
    orders, addresses = chunk.orders, chunk.of_orders("addresses")
    yield _attribute(chunk.order_ids, "order-number", text_cells(orders["reference"]))
    yield _attribute(chunk.order_ids, "gift-message", text_cells(orders["gift_message"]))
    ids = chunk.order_ids.take(pa.array(list(places), pa.int64()))
    yield _attribute(ids, "pickup-location", text_cells([place.name for place in places.values()]))
    shops = [(orders["id_shop"][order], orders["id_shop_group"][order]) for order in places]
    of_shops = [
        settings.address(shop) if place.is_shop else None for shop, place in zip(shops, places.values(), strict=True)
    ]
    yield _attribute(ids, "pickup-address", text_cells(of_shops))
    billing = pc.equal(text_cells(addresses["address_type"]), "billing")
    ids = text_cells(addresses["order_id"]).filter(billing)
    for name, column in (("vat-number", "vat_number"), ("dni", "dni")):
        yield _attribute(ids, name, text_cells(addresses[column]).filter(billing))


def _attribute(order_ids: pa.StringArray, name: str, values: pa.StringArray) -> Block:
    """Write an attribute of the orders that have a value for it."""
    is_visible = pa.array(is_filled(values))
    ids = order_ids.filter(is_visible)
    size = len(ids)
    value = pc.utf8_trim_whitespace(values.filter(is_visible))
    return {"channel_order_id": ids, "id": repeated(name, size), "type": repeated("STRING", size), "value": value}
