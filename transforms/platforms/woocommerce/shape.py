"""Orders of WooCommerce as order frames: put together from the parts that the other modules make.

What nearly every order needs is worked in columns; what few orders have (refunds, bundles, suborders, pick-ups, credit,
packed meta) is worked order by order, for those that have it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text
from transforms.frames import Frame, OrderFrames, Table, order_frames, table_of
from transforms.platforms.woocommerce.adjustments import adjustments
from transforms.platforms.woocommerce.attributes import line_attributes, order_attributes
from transforms.platforms.woocommerce.bundles import bundles_of
from transforms.platforms.woocommerce.chunk import BEFORE_THE_BIN, Cell, Chunk, read_chunk
from transforms.platforms.woocommerce.credits import paid_otherwise
from transforms.platforms.woocommerce.lines import line_rows, line_units, select_lines
from transforms.platforms.woocommerce.notes import Cancelation, cancelations
from transforms.platforms.woocommerce.origins import source
from transforms.platforms.woocommerce.parcels import TRACKING
from transforms.platforms.woocommerce.places import Fetched, fetched
from transforms.platforms.woocommerce.products import Products
from transforms.platforms.woocommerce.refunds import Document, documents, units_by_item, units_given_up
from transforms.platforms.woocommerce.serialised import site_zone
from transforms.platforms.woocommerce.shipments import Sent, shipments
from transforms.platforms.woocommerce.shipping import Shipping, shipping
from transforms.platforms.woocommerce.states import STATUSES as STATUSES
from transforms.platforms.woocommerce.states import State, state
from transforms.platforms.woocommerce.suborders import divide, is_balance, vendor
from transforms.platforms.woocommerce.taxes import shop_rates, tax_rows, taxed
from transforms.rows import Rows


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/woocommerce/*.sql` into order frames.

    `timezone` is used for shop-local times where the site names no zone of its own.
    """
    whole = read_chunk(rows, TRACKING)
    divided = divide(whole, rows, documents(whole))
    refunds = divided.documents
    chunk, totals = paid_otherwise(divided.chunk, divided.totals)
    noted = cancelations(chunk, rows)
    states = _states(chunk, noted)
    products = Products(rows)
    bundles = bundles_of(chunk, products)
    sent = shipments(chunk, rows, site_zone(rows, timezone), bundles.keys())
    units = {order: units_by_item(of, chunk.items_of(order)) for order, of in refunds.items()}
    given_up = {order: units_given_up(refunds[order], units[order]) for order in bundles.keys() & refunds.keys()}
    balances = [is_balance(row, chunk.keys.get(order, ())) for order, row in enumerate(chunk.orders.rows)]
    left_out = {row for of_order in bundles.values() for row in of_order.left_out}
    line_items = select_lines(chunk, np.array(balances, dtype=np.bool_), left_out)
    lines = line_rows(
        chunk, line_items, [of.status for of in states], products, sent, line_units(chunk, sent, bundles, given_up)
    )
    made = adjustments(chunk, refunds, units, bundles, totals)
    of_shipping = shipping(chunk)
    where = fetched(chunk, rows, of_shipping.fetched)
    frames: dict[str, Frame] = {
        "orders": _orders(chunk, states, noted, sent, refunds, totals, of_shipping, where, divided.gone),
        "lines": lines,
        "taxes": tax_rows(chunk, shop_rates(rows), taxed(chunk, line_items, made.taxed)),
        "adjustments": table_of(made.rows),
        "custom_attributes": table_of(
            [*line_attributes(chunk, line_items, products, bundles), *order_attributes(chunk), *where.attributes]
        ),
    }
    if "addresses" in rows:
        frames["addresses"] = where.addresses or rows["addresses"]
    return order_frames({name: frame for name, frame in frames.items() if len(frame)}, read_at)


def _states(chunk: Chunk, noted: Mapping[int, Cancelation]) -> list[State]:
    orders = chunk.orders
    paid, left = (pc.is_valid(times).to_pylist() for times in (orders.paid_at, orders.completed_at))
    out_of_time = {order for order, cancelation in noted.items() if cancelation.out_of_time}
    before = {order: meta[BEFORE_THE_BIN] for order, meta in chunk.meta.items() if BEFORE_THE_BIN in meta}
    return [
        state(row.status, before.get(order), paid[order], left[order], order in out_of_time)
        for order, row in enumerate(orders.rows)
    ]


def _orders(
    chunk: Chunk,
    states: Sequence[State],
    noted: Mapping[int, Cancelation],
    sent: Sent,
    refunds: Mapping[int, Sequence[Document]],
    totals: Mapping[int, Decimal],
    shipped_by: Shipping,
    where: Fetched,
    gone: frozenset[int],
) -> Table:
    orders, nobody = chunk.orders, [None] * len(chunk.orders)
    total = _over([row.total_amount for row in orders.rows], totals)
    given_back = {order: sum((document.amount for document in of), Decimal(0)) for order, of in refunds.items()}
    cells: dict[str, pa.Array | list[Cell]] = {
        "channel_order_id": orders.ids,
        "created_at": orders.created_at,
        "status": [of.status for of in states],
        "status_hint": [of.hint for of in states],
        "status_proved": [of.proved for of in states],
        "cancelled_at": _over(nobody, {order: cancelation.at for order, cancelation in noted.items()}),
        "cancel_reason": _over(nobody, {order: cancelation.reason for order, cancelation in noted.items()}),
        "currency": orders.currency,
        "total": total,
        "total_paid": [total[order] if of.is_paid else "0" for order, of in enumerate(states)],
        "total_refunded": _over(["0"] * len(orders), given_back),
        "shipping_price": shipped_by.price,
        "shipped_at": sent.at,
        "store": _vendors(chunk),
        "source": [source(row, chunk.meta.get(order, {})) for order, row in enumerate(orders.rows)],
        "email": [row.billing_email for row in orders.rows],
        "carrier": sent.carrier,
        "shipping_method": shipped_by.method,
        "shipping_method_code": shipped_by.method_code,
        "pudo_id": _over(nobody, where.point_ids),
        "pickup": _over(nobody, dict.fromkeys(where.at_home, "1")),
    }
    if not gone:
        return Table(cells)
    kept = [order for order in range(len(orders)) if order not in gone]
    return Table({name: [column[order] for order in kept] for name, column in cells.items()})


def _over(cells: Sequence[Cell], own: Mapping[int, Cell | Decimal | dt.datetime]) -> list[Cell]:
    """Put cells of some orders in the place of those that all have."""
    filled = list(cells)
    for order, value in own.items():
        filled[order] = as_text(value)
    return filled


def _vendors(chunk: Chunk) -> list[Cell]:
    found: list[Cell] = [None] * len(chunk.orders)
    for order, meta in chunk.meta.items():
        found[order] = vendor(meta, ())
    for order, keys in chunk.keys.items():
        if "_vendor_id" in keys:
            items = chunk.meta_of(chunk.items_of(order))
            found[order] = vendor(chunk.meta.get(order, {}), items.values())
    return found
