"""Parsing a chunk of order frames, and noting what is wrong with it.

Faults that every order has judged are noted while reading; a cell that only some orders need is judged where it is
needed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.chunk import Child, Chunk, Discounts, Lines, Orders, Taxes, line_of, off_line
from transforms.columns import COLUMNS
from transforms.faults import Faults, Stage
from transforms.frames import OrderFrames
from transforms.groups import Bools, Groups, Ints
from transforms.mapping import ChannelMapping
from transforms.money import AmountError, minor_digits, parse_amount
from transforms.parsing import (
    Read,
    amounts,
    codes,
    flags,
    is_blank,
    looked_up,
    mask,
    measures,
    or_blank,
    parse_units,
    strip,
    times,
    units,
)

_ZERO = r"^\s*[+-]?0+(\.0*)?\s*$"


def read_chunk(frames: OrderFrames, mapping: ChannelMapping, faults: Faults) -> Chunk:
    """Parse a chunk, and note what is wrong with it."""
    ids = frames.orders["channel_order_id"]
    rows = {name: _child(frame, ids) for name, frame in frames.items() if name != "orders"}
    lines, taxes = rows["lines"], rows["taxes"]
    # Ids are sent without blanks around them: `7` and `7 ` would be one order to Mirakl.
    _require_once(strip(or_blank(ids)), faults)
    _require_own_lines(lines, faults)
    _require_words(frames.orders, rows, faults)
    lines = _some(lines, ~_left_behind(lines, rows["adjustments"]))
    is_discount = mask(pc.equal(lines.cells["kind"], "discount"))
    sold, off = _some(lines, ~is_discount), _some(lines, is_discount)
    of_adjustment = mask(pc.is_valid(taxes.cells["channel_adjustment_id"]))
    own_taxes = _some(taxes, ~of_adjustment)
    (total, paid, refunded, shipping, price, line_shipping, discount, gross, tax), scale = amounts(
        [
            *(frames.orders[name] for name in ("total", "total_paid", "total_refunded", "shipping_price")),
            sold.cells["price"],
            sold.cells["total_shipping_price"],
            off.cells["price"],
            off.cells["gross_amount"],
            own_taxes.cells["amount"],
        ]
    )
    orders = _orders(frames.orders, mapping, faults, (total, paid, refunded, shipping), scale)
    faults.cells(shipping, None, lambda _: (Stage.SHIPPING_PRICE,), "shipping_price")
    faults.cells(total, None, lambda _: (Stage.TOTAL,), "total")
    faults.cells(discount, off.groups.owners, lambda row: (Stage.DISCOUNTS, row), "order_lines.price.amount")
    faults.cells(gross, off.groups.owners, lambda row: (Stage.DISCOUNTS, row), "order_lines.gross_amount")
    for row in np.flatnonzero(gross.values > 0).tolist():
        reason = "is above zero; what a discount takes off is below"
        faults.add(int(off.groups.owners[row]), (Stage.DISCOUNTS, row), "invalid", "order_lines.gross_amount", reason)
    names = pa.record_batch({"channel_order_line_id": off.cells["discounted_line_id"]})
    discounted = off_line(line_of(Child(names, off.groups), sold))
    return Chunk(
        orders=orders,
        lines=_lines(sold, mapping, faults, price, line_shipping),
        discounts=Discounts(off.groups.owners, discount.values, gross.values, discounted),
        taxes=_taxes(own_taxes, sold, off, discounted, faults, tax),
        adjustments=rows["adjustments"],
        refund_taxes=_some(taxes, of_adjustment),
        addresses=rows["addresses"],
        custom_attributes=rows["custom_attributes"],
    )


def _child(frame: pa.RecordBatch, ids: pa.StringArray) -> Child:
    owners = pc.index_in(frame["channel_order_id"], ids).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if len(owners) and (owners[0] < 0 or (np.diff(owners) < 0).any()):
        order = np.argsort(owners, kind="stable")
        order = order[np.searchsorted(owners[order], 0) :]
        frame, owners = frame.take(pa.array(order)), owners[order]
    return Child(frame, Groups(owners, len(ids)))


def _some(child: Child, wanted: Bools) -> Child:
    return child if wanted.all() else Child(child.cells.filter(pa.array(wanted)), child.groups.of(wanted))


def _left_behind(lines: Child, adjustments: Child) -> Bools:
    """Return which lines an edit left without units and without money: there is nothing to send of them.

    Nothing says what they were, so one of which something was given back is not among them.
    """
    empty = mask(pc.match_substring_regex(lines.cells["quantity"], _ZERO))
    if not empty.any():
        return empty
    for name in ("price", "total_shipping_price", "gross_amount"):
        cells = lines.cells[name]
        empty &= mask(pc.equal(or_blank(cells), "")) | mask(pc.match_substring_regex(cells, _ZERO))
    given_back = pc.is_in(lines.cells["channel_order_line_id"], adjustments.cells["channel_order_line_id"])
    left_behind: Bools = empty & ~mask(pc.equal(lines.cells["kind"], "discount")) & ~mask(given_back)
    return left_behind & ~is_blank(lines.cells["price"])


def _require_once(ids: pa.StringArray, faults: Faults) -> None:
    place, words = codes(ids)
    counts = np.bincount(place, minlength=len(words))
    for order in np.flatnonzero(counts[place] > 1).tolist():
        words_ = "occurs more than once in what the shop returned"
        faults.add(order, (Stage.TWICE,), "duplicate_order", "channel_order_id", words_)


def _require_own_lines(lines: Child, faults: Faults) -> None:
    place, words = codes(lines.cells["channel_order_line_id"])
    owners = lines.groups.owners
    first, last = np.full(len(words), lines.groups.size), np.full(len(words), -1)
    np.minimum.at(first, place, owners)
    np.maximum.at(last, place, owners)
    for row in np.flatnonzero((first != last)[place]).tolist():
        index = int(lines.groups.index[row])
        faults.add(
            int(owners[row]),
            (Stage.OWN_LINES, index),
            "duplicate_line",
            f"order_lines[{index}].channel_order_line_id",
            "belongs to another order as well; line ids are unique on the channel",
        )


def _require_words(orders: pa.RecordBatch, children: dict[str, Child], faults: Faults) -> None:
    """Hold an order of which a row would be read as something else, or not at all."""
    number = 0
    for name, columns in COLUMNS.items():
        for column in columns:
            if not column.words:
                continue
            number += 1
            cells = orders[column.name] if name == "orders" else children[name].cells[column.name]
            known = pc.is_in(cells, pa.array(column.words))
            if not column.required:
                known = pc.or_(known, pc.equal(or_blank(cells), ""))
            for row in np.flatnonzero(~mask(known)).tolist():
                order = row if name == "orders" else int(children[name].groups.owners[row])
                reason = f"is not {' or '.join(column.words)}"
                faults.add(order, (Stage.WORDS, number, row), "invalid_word", f"{name}.{column.name}", reason)


def _orders(
    cells: pa.RecordBatch,
    mapping: ChannelMapping,
    faults: Faults,
    money: tuple[Read, Read, Read, Read],
    scale: int,
) -> Orders:
    def whole(stage: Stage, step: int = 0) -> Callable[[int], tuple[int, ...]]:
        return lambda _: (stage, step)

    zone = mapping.naive_timezone
    currency, digits = _currencies(cells["currency"], faults)
    total, paid, refunded, shipping = money
    unit = np.array([10 ** (scale - known) for known in range(scale + 1)], dtype=total.values.dtype)[digits]
    created_at, updated_at = times(cells["created_at"], zone), times(cells["updated_at"], zone)
    for read, stage, field in (
        (created_at, Stage.CREATED_AT, "created_at"),
        (updated_at, Stage.UPDATED_AT, "channel_updated_at"),
    ):
        for order in np.flatnonzero(~read.present).tolist():
            faults.add(order, (stage, 1), "missing", field, "is missing")
        faults.cells(read, None, whole(stage), field)
    shipped_at = times(cells["shipped_at"], zone)
    faults.cells(shipped_at, None, whole(Stage.SHIPPED_AT), "shipped_at")
    ids = strip(or_blank(cells["channel_order_id"]))
    for order in np.flatnonzero(mask(pc.equal(ids, ""))).tolist():
        faults.add(order, (Stage.ORDER_ID,), "missing", "channel_order_id", "is missing")
    deadline = times(cells["shipping_deadline"], zone)
    earliest, latest = times(cells["delivery_earliest"], zone), times(cells["delivery_latest"], zone)
    info = "shipping_info"
    faults.cells(deadline, None, whole(Stage.SHIPPING_INFO, 2), f"{info}.shipping_deadline")
    faults.cells(earliest, None, whole(Stage.SHIPPING_INFO, 3), f"{info}.delivery_date.earliest")
    faults.cells(latest, None, whole(Stage.SHIPPING_INFO, 4), f"{info}.delivery_date.latest")
    pickup, has_incident = flags(cells["pickup"]), flags(cells["has_incident"])
    faults.cells(pickup, None, whole(Stage.SHIPPING_INFO), f"{info}.pickup")
    faults.cells(has_incident, None, whole(Stage.HAS_INCIDENT), "has_incident")
    basis = or_blank(cells["amounts"])
    gross = mask(pc.if_else(pc.equal(basis, ""), mapping.amounts_include_tax, pc.equal(basis, "gross")))
    return Orders(
        cells=cells,
        ids=ids,
        currency=currency,
        digits=digits,
        unit=unit,
        gross=gross,
        created_at=created_at,
        updated_at=updated_at,
        shipped_at=shipped_at,
        shipping_deadline=deadline,
        delivery_earliest=earliest,
        delivery_latest=latest,
        total=total,
        total_paid=paid,
        total_refunded=refunded,
        shipping_price=shipping,
        has_incident=has_incident,
        pickup=pickup,
        cancelled_at=times(cells["cancelled_at"], zone),
    )


def _currencies(cells: pa.StringArray, faults: Faults) -> tuple[pa.StringArray, Ints]:
    """Return the currency of each order, and how many decimals it has."""
    place, words = codes(cells)
    names = [(word or "").strip().upper() for word in words]
    digits = [minor_digits(name) for name in names]
    for order in np.flatnonzero(np.array([known is None for known in digits])[place]).tolist():
        reason = "is missing or not an ISO 4217 code"
        faults.add(order, (Stage.CURRENCY,), "unknown_currency", "currency", reason)
    return looked_up(place, names), np.array([known or 0 for known in digits], dtype=np.int64)[place]


def _lines(sold: Child, mapping: ChannelMapping, faults: Faults, price: Read, shipping: Read) -> Lines:
    cells, groups, zone = sold.cells, sold.groups, mapping.naive_timezone

    def judged(read: Read, stage: Stage, step: int, field: str) -> Read:
        index = groups.index
        faults.cells(
            read,
            groups.owners,
            lambda row: (stage, int(index[row]), step),
            lambda row: f"order_lines[{index[row]}].{field}",
        )
        return read

    _require_prices(sold, price, faults)
    for order in np.flatnonzero(groups.counts == 0).tolist():
        faults.add(order, (Stage.NO_LINES,), "no_lines", "order_lines", "the order has no lines")
    judged(price, Stage.LINE_MONEY, 1, "price.amount")
    measured = measures(cells["quantity"])

    def counted(stage: Stage, step: int, name: str) -> Read:
        read = judged(units(cells[name]), stage, step, name)
        for row, measure in measured.items():
            if row not in read.broken:
                read.values[row] = parse_units(cells[name][row].as_py(), measure)
        return read

    partly = judged(flags(cells["partly_shipped"]), Stage.LINES, 3, "partly_shipped").values > 0
    for row, measure in measured.items():
        try:
            partly[row] |= 0 < parse_amount(cells["quantity_shipped"][row].as_py()) < measure
        except AmountError as error:
            index = int(groups.index[row])
            field = f"order_lines[{index}].quantity_shipped"
            faults.add(int(groups.owners[row]), (Stage.LINES, index, 4), "invalid_amount", field, str(error))
    quantity = counted(Stage.LINES, 1, "quantity").values
    _require_units(groups, quantity, faults)
    count, paid, payload = Stage.DEPARTURES, Stage.LINE_STATUSES, Stage.LINE_PAYLOADS
    return Lines(
        cells=cells,
        groups=groups,
        measures=measured,
        is_fee=mask(pc.equal(cells["kind"], "fee")),
        quantity=quantity,
        price=price.values,
        total_shipping_price=judged(shipping, Stage.LINE_MONEY, 2, "total_shipping_price.amount"),
        created_at=judged(times(cells["created_at"], zone), payload, 1, "created_at"),
        updated_at=judged(times(cells["updated_at"], zone), payload, 2, "updated_at"),
        shipped_at=judged(times(cells["shipped_at"], zone), Stage.LINES, 0, "shipped_at"),
        cancelled_at=times(cells["cancelled_at"], zone),
        is_virtual=judged(flags(cells["is_virtual"]), Stage.LINES, 2, "is_virtual").values > 0,
        partly_shipped=partly,
        can_cancel=judged(flags(cells["can_cancel"]), payload, 3, "can_cancel"),
        can_refund=judged(flags(cells["can_refund"]), payload, 4, "can_refund"),
        quantity_shipped=counted(count, 0, "quantity_shipped"),
        quantity_returned=counted(paid, 4, "quantity_returned"),
        quantity_cancelled=counted(Stage.CANCELATIONS, 0, "quantity_cancelled"),
        quantity_refunded=counted(paid, 6, "quantity_refunded"),
        quantity_delivered=counted(paid, 7, "quantity_delivered"),
    )


def _require_units(groups: Groups, quantity: Ints, faults: Faults) -> None:
    for row in np.flatnonzero(quantity < 1).tolist():
        index = int(groups.index[row])
        reason = "is below 1; a line has the units that were ordered, and `quantity_cancelled` those that are gone"
        field = f"order_lines[{index}].quantity"
        faults.add(int(groups.owners[row]), (Stage.LINES, index, 5), "invalid", field, reason)


def _require_prices(sold: Child, price: Read, faults: Faults) -> None:
    """Note lines without a price, or with one below zero."""
    groups = sold.groups
    for row in np.flatnonzero(is_blank(sold.cells["price"])).tolist():
        index = int(groups.index[row])
        field = f"order_lines[{index}].price.amount"
        faults.add(int(groups.owners[row]), (Stage.LINE_MONEY, index, 0), "missing", field, "is missing")
    for row in np.flatnonzero(price.values < 0).tolist():
        index = int(groups.index[row])
        reason = "is below zero; what takes money off is a line of the kind `discount`"
        field = f"order_lines[{index}].price.amount"
        faults.add(int(groups.owners[row]), (Stage.LINE_MONEY, index, 3), "invalid", field, reason)


def _taxes(rows: Child, sold: Child, off: Child, discounted: Ints, faults: Faults, amount: Read) -> Taxes:
    lines, discount = line_of(rows, sold), line_of(rows, off)
    if len(discounted):
        lines = np.where((lines < 0) & (discount >= 0), discounted[np.maximum(discount, 0)], lines)
    index = sold.groups.index
    faults.cells(
        amount,
        rows.groups.owners,
        lambda row: (Stage.TAXES, row, 1),
        lambda row: f"{_tax_path(int(lines[row]), index)}.amount",
    )
    is_shipping = mask(pc.equal(rows.cells["applies_to"], "shipping"))
    return Taxes(rows.cells, rows.groups.owners, lines, is_shipping, amount)


def _tax_path(line: int, index: Ints) -> str:
    return "order_lines.taxes" if line < 0 else f"order_lines[{index[line]}].taxes"
