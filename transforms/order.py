"""Orders from their columns: the payloads of upsertOrders, and what an operator must know about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from transforms.addresses import addresses
from transforms.attributes import custom_attributes
from transforms.charges import SHIPPING_TAX, TAX, Charges, charge
from transforms.chunk import Chunk
from transforms.faults import Faults, Notices, Stage
from transforms.groups import Bools, Groups, Ints
from transforms.json_text import (
    Part,
    chosen,
    constant,
    escaped,
    field,
    joined,
    lists,
    money,
    quoted,
    text_field,
    times,
    times_of,
    without_first_comma,
)
from transforms.mapping import ChannelMapping
from transforms.parsing import codes, is_blank, looked_up, mask, or_blank, strip
from transforms.plain import plain
from transforms.records import EMAIL_PATTERN
from transforms.refunds import Adjusted, refunds
from transforms.statuses import (
    CLOSED,
    DELIVERED,
    REASONS,
    Quantities,
    Statuses,
    can_cancel,
    line_statuses,
    map_lines,
    map_orders,
    order_statuses,
)
from transforms.uris import as_uri, with_ascii_hosts

_DROPPED = "is not valid and was left out"


@dataclass(frozen=True, slots=True)
class Payloads:
    """The orders of a chunk as JSON; `unstamped` are the parts of it without modification stamps, for comparing."""

    json: pa.StringArray
    unstamped: tuple[Part, ...]
    updated_at: pa.StringArray
    order_lines: Ints
    adjustments: Ints


def build_orders(chunk: Chunk, mapping: ChannelMapping, faults: Faults, notices: Notices) -> Payloads:
    """Build the payloads of a chunk; those of orders with faults are not to be used."""
    orders, lines = chunk.orders, chunk.lines
    by_word = map_orders(orders.cells, mapping)
    line_by_word = map_lines(lines.cells, by_word, lines.groups.owners, mapping)
    _note_unmapped(chunk, by_word, line_by_word, notices)
    charges = charge(chunk, mapping, faults, notices)
    adjusted = refunds(chunk, charges, line_by_word, mapping, faults, notices)
    statuses = _line_statuses(chunk, charges, adjusted, by_word, line_by_word)
    rolled = order_statuses(by_word, statuses, lines.groups)
    destinations = _destinations(chunk, statuses, faults, notices)
    of_orders, of_lines = custom_attributes(chunk, by_word, line_by_word, destinations.assumed, mapping, faults)
    updated_at = orders.newest()
    created, stamps = times(orders.created_at.values), times(updated_at)
    head, stamp, rest = _lines(chunk, charges, adjusted, statuses, (created, stamps), of_lines, notices)
    begin = joined('{"channel_order_id":"', escaped(orders.ids), '","created_at":"', created)
    end = joined(
        '],"shipping_info":{',
        _shipping_info(chunk, destinations.shipping, notices),
        '},"fulfillment":',
        _fulfillment(chunk, mapping),
        field(',"status_reason":"', rolled.reason_words(), '"'),
        field(',"billing_info":{"address":', destinations.billing, "}"),
        _if(
            orders.has_incident.present,
            lambda: chosen(orders.has_incident.values > 0, ',"has_incident":true', ',"has_incident":false'),
        ),
        _text(',"sub_channel_code":', orders.cells["sub_channel_code"]),
        of_orders,
        "}",
    )
    stamped = lists(joined(head, '","updated_at":"', stamp, rest), lines.groups)
    status = '","status":"', rolled.words(), '","order_lines":['
    return Payloads(
        json=joined(begin, '","channel_updated_at":"', stamps, *status, stamped, end),
        unstamped=(begin, *status, lists(joined(head, rest), lines.groups), end),
        updated_at=stamps,
        order_lines=lines.groups.counts,
        adjustments=lines.groups.sum(adjusted.count),
    )


def _note_unmapped(chunk: Chunk, orders: Statuses, lines: Statuses, notices: Notices) -> None:
    for order in np.flatnonzero(~orders.known).tolist():
        word = chunk.orders.cells["status"][order].as_py()
        text = f"status {(word and plain(word))!r} is not mapped; add it under `statuses`"
        notices.add(order, (Stage.STATUS,), "unmapped_status", "status", text)
    own = mask(pc.not_equal(or_blank(chunk.lines.cells["status"]), ""))
    # An order's status that nobody mapped is noted once, for the order.
    for line in np.flatnonzero(own & ~lines.known).tolist():
        order, word = int(chunk.lines.groups.owners[line]), chunk.lines.cells["status"][line].as_py()
        rank = (Stage.LINES, int(chunk.lines.groups.index[line]))
        text = f"line status {(word and plain(word))!r} is not mapped"
        notices.add(order, rank, "unmapped_status", f"{chunk.lines.path(line)}.status", text)


def _line_statuses(chunk: Chunk, charges: Charges, adjusted: Adjusted, orders: Statuses, mapped: Statuses) -> Statuses:
    """Decide every line's status; what nobody ships is, while it is open, as far as the others are together."""
    lines, groups = chunk.lines, chunk.lines.groups
    counted = lines.quantity_refunded.present
    # Whoever had all the money back and paid once more waits for the goods: only units that came back are gone.
    refunded = np.where(counted & chunk.orders.paid_once_more()[groups.owners], 0, adjusted.refunded)
    shipped = lines.quantity_shipped
    # A shop that counts no unit of an order keeps no such count: its word decides.
    counts = groups.any(shipped.values != 0)[groups.owners]
    left_at = lines.shipped_at.present | chunk.orders.shipped_at.present[groups.owners]
    statuses = line_statuses(
        mapped,
        Quantities(
            ordered=lines.quantity,
            cancelled=adjusted.cancelled,
            refunded=np.maximum(refunded, lines.quantity_refunded.values),
            returned=np.where(lines.quantity_returned.present, lines.quantity_returned.values, adjusted.returned),
            shipped=replace(shipped, present=shipped.present & counts),
            left=~shipped.present & left_at,
            delivered=lines.quantity_delivered,
            partly_shipped=lines.partly_shipped,
        ),
    )
    is_shipped = lines.is_shipped()
    some_shipped = groups.any(is_shipped)[groups.owners]
    if is_shipped.all() or not some_shipped.any():
        return statuses
    rows = np.flatnonzero(is_shipped)
    together = order_statuses(orders, statuses.of(rows), groups.of(rows)).of(groups.owners)
    # A download arrives by itself, and outlives the parcel that came back; a fee of it does not.
    follows = lines.is_fee | (lines.is_virtual & ~together.closed() & (statuses.status != DELIVERED))
    # A fee that was kept when the goods were paid back is over with them, but was not refunded.
    is_kept = together.closed() & (together.reason == REASONS["REFUNDED"]) & (charges.total() > adjusted.money)
    together = together.decided((is_kept, CLOSED, REASONS["AUTOMATICALLY_CLOSED"]))
    return statuses.unless(some_shipped & ~is_shipped & ~statuses.closed() & follows, together)


def _lines(
    chunk: Chunk,
    charges: Charges,
    adjusted: Adjusted,
    statuses: Statuses,
    of_orders: tuple[pa.StringArray, pa.StringArray],
    attributes: pa.StringArray,
    notices: Notices,
) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """Write lines in three parts: up to the modification stamp, the stamp, and the rest.

    `of_orders`: when the orders were created and changed, which lines without times of their own have as well.
    """
    lines, owners = chunk.lines, chunk.lines.groups.owners
    digits, currency = chunk.orders.digits[owners], _currency(chunk, owners)
    product_id = strip(or_blank(lines.cells["product_id"]))
    title = strip(pc.replace_substring(or_blank(lines.cells["product_title"]), "\0", ""))
    taxes, shipping_taxes = (_taxes(chunk, charges, bucket) for bucket in (TAX, SHIPPING_TAX))
    created, updated = (
        times_of(read.values, read.present, of_order, owners)
        for read, of_order in zip((lines.created_at, lines.updated_at), of_orders, strict=True)
    )
    head = joined(
        '{"channel_order_line_id":"',
        escaped(strip(or_blank(lines.cells["channel_order_line_id"]))),
        '","created_at":"',
        created,
    )
    rest = joined(
        '","quantity":',
        pa.array(lines.quantity).cast(pa.string()),
        ',"price":',
        *money(charges.price, digits, currency),
        ',"total_shipping_price":',
        *money(charges.shipping, digits, currency),
        ',"product":{"id":"',
        escaped(product_id),
        '","title":"',
        escaped(pc.if_else(pc.equal(title, ""), product_id, title)),
        '"',
        text_field(',"thumbnail_url":', _urls(chunk, notices)),
        "},",
        _states(statuses, _can_cancel(chunk, statuses), _can_refund(chunk, charges, adjusted, statuses)),
        field(',"taxes":[', taxes, "]"),
        field(',"shipping_taxes":[', shipping_taxes, "]"),
        field(',"adjustments":', adjusted.json),
        attributes,
        "}",
    )
    return head, updated, rest


def _currency(chunk: Chunk, orders: Ints) -> Part:
    """Return the currency of these orders, one by one where the chunk has more than one."""
    return constant(chunk.orders.currency) or chunk.orders.currency.take(pa.array(orders))


def _states(statuses: Statuses, cancelable: Bools, refundable: Bools) -> pa.StringArray:
    """Write statuses and what can be done: there are few combinations, each is written once."""
    combined = ((statuses.status * len(REASONS) + statuses.reason) * 2 + cancelable) * 2 + refundable
    _, first, place = np.unique(combined, return_index=True, return_inverse=True)
    different = statuses.of(first)
    texts = joined(
        '"status":"',
        different.words(),
        '","can_cancel":',
        chosen(cancelable[first], "true", "false"),
        ',"can_refund":',
        chosen(refundable[first], "true", "false"),
        field(',"status_reason":"', different.reason_words(), '"'),
    )
    return texts.take(pa.array(place))


def _taxes(chunk: Chunk, charges: Charges, bucket: int) -> pa.StringArray:
    """Write the taxes of each line, null where it has none."""
    rows = np.flatnonzero(charges.taxes.bucket == bucket)
    lines = charges.taxes.lines[rows]
    groups = Groups(lines, len(charges.price))
    if not len(rows):
        return pa.nulls(groups.size, pa.string())
    orders = chunk.lines.groups.owners[lines]
    amount = money(charges.taxes.minor[rows], chunk.orders.digits[orders], _currency(chunk, orders))
    codes_ = quoted(pa.array([code for code, _ in charges.keys], pa.string()))
    # Exact: a rate is what a double prints back, or what its nearest double prints, as for every number on the wire.
    rates = pa.array(
        [None if rate is None else orjson.dumps(float(rate)).decode() for _, rate in charges.keys], pa.string()
    )
    tail = joined(',"code":', codes_, field(',"rate":', rates), "}")
    entries = joined('{"amount":', *amount, tail.take(pa.array(charges.taxes.key[rows])))
    return pc.if_else(pa.array(groups.counts > 0), lists(entries, groups), None)


def _can_cancel(chunk: Chunk, statuses: Statuses) -> Bools:
    lines = chunk.lines
    known, shipped = lines.can_cancel, lines.partly_shipped | (lines.quantity_shipped.values != 0)
    cancelable: Bools = np.where(known.present, (known.values > 0) & ~statuses.closed(), can_cancel(statuses, shipped))
    return cancelable


def _can_refund(chunk: Chunk, charges: Charges, adjusted: Adjusted, statuses: Statuses) -> Bools:
    lines, owners = chunk.lines, chunk.lines.groups.owners
    settled = statuses.closed() & np.isin(statuses.reason, [REASONS["REFUNDED"], REASONS["CANCELED"]])
    holds_money = charges.total() - adjusted.money > 0
    by_money = holds_money & chunk.orders.paid_beyond_refunds()[owners]
    refundable: Bools = ~settled & np.where(lines.can_refund.present, lines.can_refund.values > 0, by_money)
    return refundable


def _urls(chunk: Chunk, notices: Notices) -> pa.StringArray:
    """Return image addresses as URIs; what is none is left out and noted, as the parcel does not hang on it."""
    lines = chunk.lines
    cells = lines.cells["thumbnail_url"]
    if cells.null_count == len(cells):
        return cells
    place, words = codes(strip(or_blank(cells)))
    kept = [as_uri(word) if word else None for word in words]
    dropped = np.array([bool(word) and one is None for word, one in zip(words, kept, strict=True)])
    for row in np.flatnonzero(dropped[place]).tolist():
        rank = (Stage.LINE_PAYLOADS, int(lines.groups.index[row]))
        path = f"{lines.path(row)}.product.thumbnail_url"
        notices.add(int(lines.groups.owners[row]), rank, "dropped_field", path, _DROPPED)
    return looked_up(place, kept)


@dataclass(frozen=True, slots=True)
class _Destinations:
    """Addresses as JSON, null where there is none; `assumed`: goods go to the billing address for want of another."""

    shipping: pa.StringArray
    billing: pa.StringArray
    assumed: Bools


def _destinations(chunk: Chunk, statuses: Statuses, faults: Faults, notices: Notices) -> _Destinations:
    """Return where goods go: to the delivery address, else to the billing address; nowhere where buyers fetch them."""
    orders, lines = chunk.orders, chunk.lines
    billing = _billing(chunk, notices)
    shipping, broken = addresses(chunk.addresses, "shipping")
    fetched = orders.pickup.values > 0
    for order, (name, reason) in broken.items():
        if not fetched[order]:
            rank = (Stage.SHIPPING_INFO, 1)
            faults.add(order, rank, "invalid_address", f"shipping_info.address.{name}", reason)
    homeless = ~fetched & lines.groups.any(lines.is_shipped()) & mask(pc.is_null(shipping))
    assumed = homeless & mask(pc.is_valid(billing))
    still_to_leave = lines.groups.any(lines.is_shipped() & statuses.before_shipment())
    nowhere = homeless & ~assumed & still_to_leave & is_blank(orders.cells["pudo_id"])
    for order in np.flatnonzero(nowhere).tolist():
        text = "is missing, and so is the billing address"
        notices.add(order, (Stage.SHIPPING_INFO,), "no_address", "shipping_info.address", text)
    shipping = pc.if_else(pa.array(assumed), billing, pc.if_else(pa.array(fetched), None, shipping))
    return _Destinations(shipping, billing, assumed)


def _shipping_info(chunk: Chunk, address: pa.StringArray, notices: Notices) -> pa.StringArray:
    orders = chunk.orders
    email = with_ascii_hosts(_unless_blank(strip(or_blank(orders.cells["email"]))))
    is_email = pc.match_substring_regex(email, EMAIL_PATTERN)
    for order in np.flatnonzero(mask(pc.invert(is_email))).tolist():
        notices.add(order, (Stage.SHIPPING_INFO,), "dropped_field", "shipping_info.email", _DROPPED)
    fields = joined(
        field(',"address":', address),
        _text(',"carrier":', orders.cells["carrier"]),
        _text(',"method":', orders.cells["shipping_method"]),
        _text(',"pudo_id":', orders.cells["pudo_id"]),
        text_field(',"email":', pc.if_else(is_email, email, None)),
        _if(
            orders.shipping_deadline.present,
            lambda: joined(',"shipping_deadline":"', times(orders.shipping_deadline.values), '"'),
        ),
        _if(
            orders.delivery_earliest.present & orders.delivery_latest.present,
            lambda: joined(
                ',"delivery_date":{"earliest":"',
                times(orders.delivery_earliest.values),
                '","latest":"',
                times(orders.delivery_latest.values),
                '"}',
            ),
        ),
    )
    return without_first_comma(fields)


def _billing(chunk: Chunk, notices: Notices) -> pa.StringArray:
    """Return billing addresses; one that is incomplete is left out and noted, as Mirakl does not ask for it."""
    address, broken = addresses(chunk.addresses, "billing")
    for order, (name, reason) in broken.items():
        text = f"{name} {reason}; the address was left out"
        notices.add(order, (Stage.BILLING_INFO,), "dropped_field", "billing_info.address", text)
    if broken:
        sound = np.ones(len(chunk.orders), dtype=np.bool_)
        sound[list(broken)] = False
        address = pc.if_else(pa.array(sound), address, None)
    return address


def _fulfillment(chunk: Chunk, mapping: ChannelMapping) -> pa.StringArray:
    seller, predicate = '{"type":"FULFILLED_BY_SELLER"}', mapping.fulfilled_by_partner
    if predicate is None:
        return pa.array([seller] * len(chunk.orders), pa.string())
    code = pa.array([predicate.code], pa.string())
    [partner] = joined('{"type":"FULFILLED_BY_PARTNER"', field(',"code":', quoted(code)), "}").to_pylist()
    is_partner = pc.is_in(chunk.orders.cells[predicate.column], pa.array(sorted(predicate.values), pa.string()))
    return pc.if_else(is_partner, partner, seller)


def _text(before: str, cells: pa.StringArray) -> pa.StringArray:
    if cells.null_count == len(cells):
        return cells
    return text_field(before, _unless_blank(strip(or_blank(cells))))


def _unless_blank(cells: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(cells, ""), None, cells)


def _if(flags: Bools, text: Callable[[], pa.StringArray]) -> pa.StringArray:
    """Write an optional field where it is present; few channels have it at all."""
    return pc.if_else(pa.array(flags), text(), None) if flags.any() else pa.nulls(len(flags), pa.string())
