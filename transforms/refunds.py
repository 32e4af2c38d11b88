"""Refund documents of an order, as adjustments of its lines: order by order, as each sees what earlier ones left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, TypeVar

import numpy as np
import orjson
import pyarrow as pa

from transforms.adjustments import AdjustedLine, Cancelation, LineAdjustment, RefundRow, adjust
from transforms.amounts import Amounts, TaxKey
from transforms.cells import Cells, OrderError
from transforms.charges import Charges, difference, to_minor
from transforms.chunk import Child, Chunk
from transforms.faults import Faults, Notices, Rank, Stage
from transforms.groups import Bools, Exact, Ints
from transforms.mapping import ChannelMapping
from transforms.money import round_to_total, spread
from transforms.money import to_minor as amount_to_minor
from transforms.parsing import Read, moment
from transforms.statuses import CANCELLED, DELIVERED, REASONS, SHIPPED, Statuses
from transforms.times import format_time

_PATH = "order_lines.adjustments"
_REASONS = tuple(REASONS)
_Measures = Mapping[str | None, Decimal | None]
_Row = TypeVar("_Row", bound=NamedTuple)


class AdjustmentCells(NamedTuple):
    """One row of the adjustments frame."""

    channel_adjustment_id: str | None
    refund_id: str | None
    channel_order_line_id: str | None
    created_at: str | None
    type: str | None
    reason: str | None
    default_reason: str | None
    charged: str | None
    quantity: str | None
    price: str | None
    shipping_price: str | None
    shipping_gross_amount: str | None
    gross_amount: str | None
    refund_total: str | None


class TaxCells(NamedTuple):
    """One row of the taxes frame that belongs to an adjustment."""

    channel_adjustment_id: str | None
    applies_to: str | None
    code: str | None
    rate: str | None
    amount: str | None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What adjustments make of each line: units, money in minor units, how many, and their JSON where there are any."""

    cancelled: Ints
    refunded: Ints
    returned: Ints
    money: Exact
    count: Ints
    json: pa.StringArray


def refunds(
    chunk: Chunk, charges: Charges, mapped: Statuses, mapping: ChannelMapping, faults: Faults, notices: Notices
) -> Adjusted:
    """Put the refund documents of each order on its lines; `mapped` are the lines' statuses by their words."""
    orders, size = chunk.orders, len(chunk.lines.quantity)
    on_lines, given_back = np.zeros(len(orders), dtype=object), np.zeros(len(orders), dtype=object)
    by_line: dict[int, list[LineAdjustment]] = {}
    for read, step, name in ((orders.total_paid, 1, "total_paid"), (orders.total_refunded, 2, "total_refunded")):
        faults.cells(read, None, lambda _, step=step: (Stage.REFUNDS, step), name)  # type: ignore[misc]
    histories = _Histories(chunk, charges, mapped, mapping)
    for order in histories.orders.tolist():
        if order in faults and not chunk.adjustments.groups.counts[order]:
            continue
        try:
            rows, made = histories.of(order)
        except OrderError as error:
            faults.add(order, error.rank or (Stage.REFUNDS,), error.code, error.field, error.reason)
            continue
        by_line |= made
        on_lines[order] = sum(one.amounts.total() for line in made.values() for one in line if one.charged)
        given_back[order] = sum(row.money() for row in rows if row.charged)
    shop = np.where(orders.total_refunded.present, to_minor(orders.total_refunded.values, orders.unit), given_back)
    for order in np.flatnonzero(on_lines != shop).tolist():
        text = difference(chunk, order, int(on_lines[order]), "refunded", int(shop[order]))
        notices.add(order, (Stage.REFUNDS,), "money_mismatch", _PATH, text)
    columns = np.zeros((4, size), dtype=np.int64)
    money = np.zeros(size, charges.price.dtype)
    json: list[str | None] = [None] * size
    for line, adjustments in by_line.items():
        columns[:, line] = (
            sum(one.quantity for one in adjustments if not one.charged),
            # Units that a refund document took off the order are money given back as well: closed means REFUNDED.
            sum(one.quantity for one in adjustments if one.charged),
            sum(one.returned for one in adjustments),
            len(adjustments),
        )
        money[line] = sum(one.amounts.total() for one in adjustments)
        cells = histories.cells(int(chunk.lines.groups.owners[line]))
        json[line] = orjson.dumps([_payload(cells, one) for one in adjustments], default=float).decode()
    given_up, refunded, returned, count = columns
    return Adjusted(given_up, refunded, returned, money, count, pa.array(json, pa.string()))


class _Histories:
    """What became of the orders that gave something back: worked order by order, on columns that are made once."""

    def __init__(self, chunk: Chunk, charges: Charges, mapped: Statuses, mapping: ChannelMapping) -> None:
        self._chunk, self._charges, self._mapped, self._mapping = chunk, charges, mapped, mapping
        given_up = [REASONS[reason] for reason in CANCELLED]
        self._by_word: Bools = mapped.closed() & np.isin(mapped.reason, given_up)
        # Lines that may have units that were cancelled without a document: counted ones, or by their status.
        self._cancelled: Bools = self._by_word | (chunk.lines.quantity_cancelled.values > 0)
        has_history = (chunk.adjustments.groups.counts > 0) | chunk.lines.groups.any(self._cancelled)
        self.orders: Ints = np.flatnonzero(has_history)
        if not len(self.orders):
            return
        self._line_ids: list[str] = chunk.lines.cells["channel_order_line_id"].to_pylist()
        self._currencies: list[str] = chunk.orders.currency.to_pylist()
        self._adjustments = _rows(chunk.adjustments, AdjustmentCells)
        self._taxes = _rows(chunk.refund_taxes, TaxCells)
        self._newest = chunk.orders.newest()
        self._paid_once_more = chunk.orders.paid_once_more()
        self._charged = chunk.lines.groups.sum(charges.total())
        total = to_minor(chunk.orders.total.values, chunk.orders.unit)
        self._total: Exact = np.where(chunk.orders.total.present, total, self._charged)
        self._paid = to_minor(chunk.orders.total_paid.values, chunk.orders.unit)
        self._refunded = to_minor(np.abs(chunk.orders.total_refunded.values), chunk.orders.unit)

    def cells(self, order: int) -> Cells:
        """Return what reads and writes the cells of an order."""
        return Cells(self._currencies[order], bool(self._chunk.orders.gross[order]), self._mapping)

    def of(self, order: int) -> tuple[list[RefundRow], dict[int, list[LineAdjustment]]]:
        """Work one order's documents; returns their rows, and the adjustments of its lines by their positions."""
        chunk, lines = self._chunk, self._chunk.lines
        span = lines.groups.rows(order)
        ids = self._line_ids[span]
        adjusted = {
            line_id: AdjustedLine(
                line_id=line_id,
                units=int(lines.quantity[line]),
                departures=_departures(chunk, order, line, self._mapped),
                remaining=self._charges.amounts(line),
                by_measure=line in lines.measures,
            )
            for line, line_id in enumerate(ids, span.start)
        }
        rows = refund_rows(
            self.cells(order),
            self._adjustments[chunk.adjustments.groups.rows(order)],
            self._taxes[chunk.refund_taxes.groups.rows(order)],
            {line_id: lines.measures.get(line) for line, line_id in enumerate(ids, span.start)},
        )
        if self._paid_once_more[order]:
            # The units were paid once more, and wait: only their money went back.
            rows = [row if row.type else replace(row, type="REFUND") for row in rows]
        cancelations = [
            made
            for line, line_id in enumerate(ids, span.start)
            if self._cancelled[line] and (made := self._cancelation(order, line, line_id, rows)) is not None
        ]
        by_id: dict[str, list[LineAdjustment]] = {}
        for adjustment in adjust(adjusted, rows, self._mapping.reasons, cancelations):
            by_id.setdefault(adjustment.line_id, []).append(adjustment)
        return rows, {line: by_id[line_id] for line, line_id in enumerate(ids, span.start) if line_id in by_id}

    def _cancelation(self, order: int, line: int, line_id: str, rows: list[RefundRow]) -> Cancelation | None:
        """Return the units that were cancelled without a document: counted ones, or all that a cancelled order has."""
        orders, lines = self._chunk.orders, self._chunk.lines
        by_word = bool(self._by_word[line])
        documented = sum(made.quantity for made in rows if made.line_id == line_id and not made.charged)
        counted = int(lines.quantity_cancelled.values[line]) - documented
        if not by_word and counted <= 0:
            return None
        rank = (Stage.CANCELATIONS, int(lines.groups.index[line]), 1)
        at = _time(lines.cancelled_at, line, f"{lines.path(line)}.cancelled_at", rank)
        if at is None:
            at = _time(orders.cancelled_at, order, "cancelled_at", rank)
        if at is None:
            # Nobody knows when: after all that is known to have been given back.
            at = max([moment(int(self._newest[order])), *(made.created_at for made in rows)])
        reason = _REASONS[self._mapped.reason[line]] or "CANCELED"
        return Cancelation(
            line_id=line_id,
            at=at,
            quantity=None if by_word else counted,
            owed=self._owed(order, at, rows),
            words=lines.cells["cancel_reason"][line].as_py() or orders.cells["cancel_reason"][order].as_py(),
            default_reason=CANCELLED.get(reason, "CUSTOMER_CANCELATION"),
        )

    def _owed(self, order: int, at: dt.datetime, rows: list[RefundRow]) -> int:
        """Return what the buyer had not paid of the order by then; what is given back later was still the buyer's."""
        charged = [row for row in rows if row.charged]
        documented = sum(row.money() for row in charged)
        later = sum(row.money() for row in charged if row.created_at > at)
        paid, given_back = int(self._paid[order]), max(int(self._refunded[order]), documented) - later
        if paid <= given_back:
            return int(self._charged[order])
        short = int(self._total[order]) - paid
        # What is charged and what is paid are rounded apart: by a cent a line at most.
        return short if short > self._chunk.lines.groups.counts[order] else 0


def _time(read: Read, row: int, path: str, rank: Rank) -> dt.datetime | None:
    if row in read.broken:
        raise OrderError(read.code, path, read.broken[row], rank)
    return moment(int(read.values[row])) if read.present[row] else None


def _rows(child: Child, row_type: type[_Row]) -> list[_Row]:
    cells = child.cells
    return [row_type(*row) for row in zip(*(cells[name].to_pylist() for name in row_type._fields), strict=True)]


def _departures(chunk: Chunk, order: int, line: int, mapped: Statuses) -> list[tuple[int, dt.datetime | None]]:
    lines, orders = chunk.lines, chunk.orders
    quantity, shipped = int(lines.quantity[line]), int(lines.quantity_shipped.values[line])
    whole_at = moment(int(orders.shipped_at.values[order])) if orders.shipped_at.present[order] else None
    own_at = moment(int(lines.shipped_at.values[line])) if lines.shipped_at.present[line] else whole_at
    sent = mapped.status[line] in {SHIPPED, DELIVERED}
    if not shipped:
        # A closed order may have left before.
        unknown = not lines.quantity_shipped.present[line]
        left = sent or lines.partly_shipped[line] or (unknown and own_at is not None)
        return [(quantity, own_at)] if left else []
    return [(shipped, own_at)]


def _payload(cells: Cells, adjustment: LineAdjustment) -> dict[str, object]:
    payload: dict[str, object] = {
        "channel_adjustment_id": adjustment.adjustment_id,
        "type": adjustment.type,
        "created_at": format_time(adjustment.created_at),
        "reason": adjustment.reason,
        "quantity": adjustment.quantity,
        "price": cells.money(adjustment.amounts.price),
        "shipping_price": cells.money(adjustment.amounts.shipping),
    }
    if taxes := cells.taxes({key: minor for key, minor in adjustment.amounts.taxes.items() if minor}):
        payload["taxes"] = taxes
    if taxes := cells.taxes({key: minor for key, minor in adjustment.amounts.shipping_taxes.items() if minor}):
        payload["shipping_taxes"] = taxes
    return payload


def _exclude_taxes(exact: list[Decimal], slots: Sequence[tuple[Hashable, str]]) -> None:
    """Take each tax out of the amount that includes it: its owner's, or the order's where the owner has none."""
    places: dict[tuple[Hashable, str], int] = {}
    for index, slot in enumerate(slots):
        places.setdefault(slot, index)
    for index, (owner, bucket) in enumerate(slots):
        taxed = {"taxes": "price", "shipping_taxes": "shipping"}.get(bucket)
        if taxed is not None:
            place = places.get((owner, taxed), places.get((None, taxed)))
            if place is not None:
                exact[place] -= exact[index]


def refund_rows(
    cells: Cells,
    adjustments: Sequence[AdjustmentCells],
    all_taxes: Sequence[TaxCells],
    measures: _Measures,
) -> list[RefundRow]:
    """Read the rows of the adjustments frame with their taxes: absolute minor units, each document rounded as a whole.

    What a document gave back beyond what its rows name becomes one more row, which names no line; what it kept back of
    them lowers them in proportion.
    """
    taxes: dict[str, list[TaxCells]] = {}
    for row in all_taxes:
        if row.channel_adjustment_id is not None:
            taxes.setdefault(row.channel_adjustment_id, []).append(row)
    documents: dict[str, list[AdjustmentCells]] = {}
    for refund in adjustments:
        documents.setdefault(refund.refund_id or refund.channel_adjustment_id or "", []).append(refund)
    return [
        made for refund_id, rows in documents.items() for made in _document(cells, refund_id, rows, taxes, measures)
    ]


def _document(
    cells: Cells, refund_id: str, rows: list[AdjustmentCells], taxes: dict[str, list[TaxCells]], measures: _Measures
) -> list[RefundRow]:
    path = "order_lines.adjustments"
    slots: list[tuple[RefundRow, str, TaxKey | None]] = []
    exact: list[Decimal] = []

    def take(made: RefundRow, bucket: str, key: TaxKey | None, text: str | None, field: str) -> None:
        slots.append((made, bucket, key))
        exact.append(abs(cells.amount(text, f"{path}.{field}")))

    document = []
    for row in rows:
        made = RefundRow(
            adjustment_id=row.channel_adjustment_id or "",
            refund_id=refund_id,
            line_id=row.channel_order_line_id,
            created_at=cells.required_time(row.created_at, f"{path}.created_at"),
            type=row.type,
            reason=row.reason,
            quantity=abs(cells.units(row.quantity, f"{path}.quantity", measures.get(row.channel_order_line_id))),
            amounts=Amounts(),
            default_reason=row.default_reason,
            charged=cells.flag(row.charged, f"{path}.charged") is not False,
        )
        document.append(made)
        take(made, "price", None, row.price, "price.amount")
        take(made, "shipping", None, row.shipping_price, "shipping_price.amount")
        take(made, "shipping_gross", None, row.shipping_gross_amount, "shipping_gross_amount")
        take(made, "gross", None, row.gross_amount, "gross_amount")
        for tax in taxes.get(made.adjustment_id, ()):
            bucket = "shipping_taxes" if tax.applies_to == "shipping" else "taxes"
            take(made, bucket, cells.tax_key(tax.code, tax.rate, f"{path}.taxes"), tax.amount, "taxes.amount")

    if cells.includes_tax:
        _exclude_taxes(exact, [(id(made), bucket) for made, bucket, _ in slots])
    stated = next((row.refund_total for row in rows if row.refund_total is not None), None)
    total = sum(exact, Decimal(0)) if stated is None else abs(cells.amount(stated, f"{path}.refund_total"))
    rounded, _ = round_to_total(exact, cells.digits, amount_to_minor(total, cells.digits))
    unnamed = amount_to_minor(total, cells.digits) - sum(rounded)
    if unnamed < 0:
        # Less went back than the rows name: what was kept lowers them all.
        rounded = spread(amount_to_minor(total, cells.digits), rounded)
    for (made, bucket, key), minor in zip(slots, rounded, strict=True):
        if bucket == "gross":
            made.gross += minor
        elif bucket == "shipping_gross":
            made.shipping_gross += minor
        else:
            made.amounts.add(bucket, key, minor)
    if any(made.amounts.price < 0 or made.amounts.shipping < 0 for made in document):
        raise OrderError("invalid_amount", f"{path}.taxes.amount", "is more than the amount that includes it")
    if unnamed > 0:
        _add_unnamed(document, refund_id, unnamed)
    return document


def _add_unnamed(document: list[RefundRow], refund_id: str, amount: int) -> None:
    """Add money that no row names, in minor units, to a row without line and money: one of these, else one more."""
    empty = next((made for made in document if made.line_id is None and not made.amounts.total()), None)
    if empty is None:
        empty = replace(document[0], adjustment_id=refund_id, line_id=None, quantity=0, amounts=Amounts())
        empty.gross = empty.shipping_gross = 0
        document.append(empty)
    empty.gross += amount
