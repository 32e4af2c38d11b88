"""Orders of Medusa, put together: the columns of the order frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from transforms.database_values import Cell
from transforms.frames import OrderFrames, Table, order_frames, table, table_of
from transforms.platforms.medusa.chosen import choices
from transforms.platforms.medusa.lines import lines
from transforms.platforms.medusa.places import addresses
from transforms.platforms.medusa.prices import Broken, Prices
from transforms.platforms.medusa.refunds import given_back
from transforms.platforms.medusa.shipping import carriers, methods, shipped_at
from transforms.platforms.medusa.states import STATUSES as STATUSES
from transforms.platforms.medusa.states import hints, statuses
from transforms.rows import Rows
from transforms.rowsets import (
    Objects,
    choose,
    framed,
    is_absent,
    is_true,
    numbering,
    objects,
    or_else,
    rows_where,
    rowset,
    stacked,
    sums,
    whole,
    zeros,
)

# Medusa's own total has fewer decimals than these amounts.
_NEARLY_NOTHING = Decimal("0.0000005")

Columns = dict[str, Objects]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/medusa/*.sql` into order frames.

    `timezone` is not needed: all times of Medusa have an offset. An order whose money rests on a cell that is no number
    is passed on with that cell as its only price, which makes it a reject.
    """
    shop = _Shop(rows)
    filled = {name: frame for name, frame in shop.frames().items() if len(frame)}
    return order_frames(shop.with_rejects(filled) if shop.broken else filled, read_at)


class _Shop:
    """The orders of one chunk; `broken` are those with an amount that cannot be read."""

    def __init__(self, rows: Rows) -> None:
        self.orders, self.broken = whole(rows, "orders"), Broken()
        self.ids = self.orders["order_id"]
        numbers = numbering(self.ids)
        self.lines = lines(rows, self.orders, numbers, self.broken)
        self.methods = methods(rows, self.orders, numbers, self.broken)
        self.fulfillments = rowset(rows, "fulfillments", "order_id", numbers)
        self.given_back = given_back(rows, self.orders, numbers, self.lines, self.methods, self.broken)
        self.bill = sums(self.lines.prices.gross(), self.lines.groups)
        np.add.at(self.bill, self.methods.rows.groups.owners, self.methods.prices.gross())
        owed = self.bill - self.given_back.credit_at_placement
        payments = rowset(rows, "payments", "order_id", numbers)
        self.hint = hints(self.orders, self.lines, payments, owed, self.broken)
        self.total = self._total()
        self.addresses = addresses(rows, numbers, self.methods.rows.where(self.methods.outbound))

    def frames(self) -> dict[str, Table]:
        """Write the frames."""
        lines, methods = self.lines, self.methods
        of_lines = _tax_columns(lines.prices, self.ids[lines.groups.owners], lines.rows["item_id"])
        of_shipping = _tax_columns(methods.prices, self.ids[methods.rows.groups.owners], None)
        return {
            "orders": framed(self._head_columns() | self._order_columns()),
            "lines": framed(self._line_columns()),
            "adjustments": table_of(self.given_back.adjustments),
            "taxes": stacked([framed(of_lines), framed(of_shipping), table_of(self.given_back.taxes)]),
            "addresses": self.addresses.frame(self.ids),
            "custom_attributes": self._attributes(),
        }

    def with_rejects(self, frames: Mapping[str, Table]) -> dict[str, Table]:
        """Keep of broken orders only their heads, and one line each with the broken cell as its price."""
        broken = {self.ids[order]: cell for order, cell in self.broken.items()}
        kept = {
            name: rows_where(frame, [order_id not in broken for order_id in frame["channel_order_id"]])
            for name, frame in frames.items()
        }
        heads = rows_where(framed(self._head_columns()), [order_id in broken for order_id in self.ids])
        line = {"quantity": "1", "product_id": None, "product_title": None}
        lines = [
            {"channel_order_id": order_id, "channel_order_line_id": order_id, "price": cell, **line}
            for order_id, cell in broken.items()
        ]
        rejects = {"orders": heads, "lines": table_of(lines)}
        return kept | {
            name: stacked([kept[name], table] if name in kept else [table]) for name, table in rejects.items()
        }

    def _head_columns(self) -> Columns:
        orders = self.orders
        return {
            "channel_order_id": self.ids,
            "created_at": orders["created_at"],
            "status": orders["status"],
            "currency": orders["currency_code"],
            "store": orders["sales_channel_id"],
            "source": orders["sales_channel_name"],
            "email": orders["email"],
        }

    def _order_columns(self) -> Columns:
        orders, bringing = self.orders, self.methods.rows.where(self.methods.outbound).first()
        return {
            "status": statuses(orders, self.hint),
            "status_hint": self.hint,
            "total": self.total,
            "total_paid": self.given_back.total_paid,
            "total_refunded": self.given_back.total_refunded,
            "cancelled_at": orders["canceled_at"],
            "shipping_price": sums(self.methods.prices.net, self.methods.rows.groups),
            "carrier": carriers(self.fulfillments, bringing),
            "shipping_method": bringing["name"],
            "shipping_method_code": bringing["shipping_option_id"],
            **self.addresses.order_columns(),
        }

    def _line_columns(self) -> Columns:
        lines, rows, items = self.lines, self.lines.rows, self.lines.items
        removed = sums(lines.removals.units, lines.removals.groups)
        line_id, sku = rows["item_id"], or_else(items["variant_sku"], items["variant_id"])
        return {
            "channel_order_id": self.ids[lines.groups.owners],
            "channel_order_line_id": line_id,
            "created_at": items["created_at"],
            "updated_at": rows["updated_at"],
            "quantity": lines.quantity,
            "price": lines.prices.net,
            "product_id": or_else(sku, or_else(items["product_id"], line_id)),
            "product_title": items["title"],
            "thumbnail_url": items["thumbnail"],
            "status": choose(lines.is_removed, "removed", None),
            "quantity_refunded": lines.returned + removed,
            "quantity_shipped": rows["shipped_quantity"],
            "quantity_delivered": rows["delivered_quantity"],
            "shipped_at": shipped_at(self.fulfillments, lines),
            "is_virtual": choose(is_true(items["requires_shipping"]), None, True),
        }

    def _attributes(self) -> Table:
        """Write what the buyer chose of each line, the order's number, and where it is fetched."""
        attributes: list[tuple[Cell, ...]] = []
        owners, line_ids = self.lines.groups.owners, self.lines.rows["item_id"]
        for line, label, value in choices(self.lines.items):
            attributes.append((self.ids[owners[line]], line_ids[line], label, value))
        numbers = or_else(self.orders["custom_display_id"], self.orders["display_id"])
        attributes += [
            (order_id, None, "order-number", number) for order_id, number in zip(self.ids, numbers, strict=True)
        ]
        for order, place in self.addresses.fetched.items():
            attributes += [(self.ids[order], None, name, value) for name, value in place.attributes.items()]
        named = table(("channel_order_id", "channel_order_line_id", "id", "value"), attributes)
        return Table({**{name: named[name] for name in named.columns}, "type": ["STRING"] * len(named)})

    def _total(self) -> Objects:
        """Return what Medusa charged by its own total: before credits, removals and (where it deducts them) returns."""
        lines, removals, owners = self.lines, self.lines.removals, self.lines.groups.owners
        current_total = self.orders["current_order_total"]
        total = self.broken.numbers(current_total, np.arange(len(current_total))) + self.given_back.credit
        removed = sums(removals.prices.gross(), removals.groups)
        left = lines.quantity - sums(removals.units, removals.groups)
        np.add.at(total, owners, removed)
        came = np.flatnonzero((lines.returned != 0) & (left != 0))
        value = (lines.prices.gross()[came] - removed[came]) * lines.returned[came] / left[came]
        returned = zeros(len(current_total))
        np.add.at(returned, owners[came], value)
        # Medusa took returned units off its total only in later versions, and nothing shows which version wrote it.
        explained = np.abs(total - self.bill) <= _NEARLY_NOTHING
        return choose(is_absent(current_total), None, choose(explained, total, total + returned))


def _tax_columns(prices: Prices, order_ids: Objects, line_ids: Objects | None) -> Columns:
    """Write the taxes of lines, or (without `line_ids`) of shipping; `order_ids` are of what is priced."""
    owners = prices.taxes.groups.owners
    size = len(owners)
    return {
        "channel_order_id": order_ids[owners],
        "channel_order_line_id": objects([None] * size) if line_ids is None else line_ids[owners],
        "applies_to": objects(["shipping" if line_ids is None else "price"] * size),
        "code": prices.taxes.code,
        "rate": prices.taxes.rate,
        "amount": prices.amounts,
    }
