"""Orders of Medusa, put together: the columns of the order frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from transforms.fetched import Cells
from transforms.frames import Frame, OrderFrames, Table, order_frames, table_of
from transforms.groups import Ints
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
    rowset,
    stacked,
    sums,
    whole,
    zeros,
)

# Medusa's own total has fewer decimals than what stands here.
_NEARLY_NOTHING = Decimal("0.0000005")

Columns = dict[str, Objects]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/medusa/*.sql` into order frames.

    `timezone` is not needed: all times of Medusa have an offset. An order whose money rests on a cell that is no number
    is passed on with that cell as its only price, which makes it a reject.
    """
    shop = _Shop(rows)
    frames: dict[str, Frame] = {
        "orders": framed(shop.order_columns()),
        "lines": stacked([framed(shop.line_columns()), shop.broken_lines()]),
        "adjustments": shop.sound(shop.given_back.adjustments),
        "taxes": stacked(
            [
                shop.taxes(shop.lines.prices, shop.lines.groups.owners, shop.lines.rows["item_id"]),
                shop.taxes(shop.methods.prices, shop.methods.rows.groups.owners, None),
                shop.sound(shop.given_back.taxes),
            ]
        ),
        "addresses": shop.address_rows(),
        "custom_attributes": shop.attributes(),
    }
    return order_frames({name: frame for name, frame in frames.items() if len(frame)}, read_at)


class _Shop:
    """The orders of one chunk; `broken` are those whose money cannot be told."""

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
        self.is_sound = np.ones(len(self.ids), dtype=np.bool_)
        self.is_sound[list(self.broken)] = False

    def order_columns(self) -> Columns:
        """Write the orders; of a broken one, what makes its reject."""
        orders, bringing = self.orders, self.methods.rows.where(self.methods.outbound).first()
        fetched = [self.addresses.fetched.get(order) for order in range(len(self.ids))]
        told = {
            "status": statuses(orders, self.hint),
            "status_hint": self.hint,
            "total": self.total,
            "total_paid": self.given_back.total_paid,
            "total_refunded": self.given_back.total_refunded,
            "cancelled_at": orders["canceled_at"],
            "pudo_id": objects([place and place.point_id for place in fetched]),
            "pickup": objects([(place and place.hides_home) or None for place in fetched]),
            "shipping_price": sums(self.methods.prices.net, self.methods.rows.groups),
            "carrier": carriers(self.fulfillments, bringing),
            "shipping_method": bringing["name"],
            "shipping_method_code": bringing["shipping_option_id"],
        }
        if self.broken:
            told = {name: choose(self.is_sound, column, None) for name, column in told.items()}
            told["status"] = choose(self.is_sound, told["status"], orders["status"])
        return {
            "channel_order_id": self.ids,
            "created_at": orders["created_at"],
            "currency": orders["currency_code"],
            "store": orders["sales_channel_id"],
            "source": orders["sales_channel_name"],
            "email": orders["email"],
            **told,
        }

    def line_columns(self) -> Columns:
        """Write the lines."""
        lines, rows, items = self.lines, self.lines.rows, self.lines.items
        removed = sums(lines.removals.units, lines.removals.groups)
        line_id, sku = rows["item_id"], or_else(items["variant_sku"], items["variant_id"])
        columns = {
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
        return self._of_sound(lines.groups.owners, columns)

    def broken_lines(self) -> Table:
        """Write the one line of each broken order."""
        return table_of(
            [
                {"channel_order_id": self.ids[order], "channel_order_line_id": self.ids[order], "quantity": "1"}
                | {"price": cell, "product_id": None, "product_title": None}
                for order, cell in self.broken.items()
            ]
        )

    def taxes(self, prices: Prices, orders: Ints, line_ids: Objects | None) -> Table:
        """Write the taxes of lines, or (without `line_ids`) of shipping; `orders` are whose these are."""
        taxes = prices.taxes
        owners = taxes.groups.owners
        size = len(owners)
        columns = {
            "channel_order_line_id": np.full(size, None) if line_ids is None else line_ids[owners],
            "applies_to": np.full(size, "shipping" if line_ids is None else "price", dtype=np.object_),
            "code": taxes.code,
            "rate": taxes.rate,
            "amount": prices.amounts,
        }
        return framed(self._of_sound(orders[owners], columns))

    def address_rows(self) -> Table:
        """Write the addresses; where an order is fetched, the place may be one of them."""
        addresses, fetched = self.addresses, self.addresses.fetched
        columns = dict(addresses.columns)
        if fetched:
            as_given = ~np.isin(addresses.groups.owners, list(fetched))
            columns = {name: column[as_given] for name, column in columns.items()}
            owners = addresses.groups.owners[as_given]
        else:
            owners = addresses.groups.owners
        places = [
            {**cells, "channel_order_id": self.ids[order]}
            for order, place in fetched.items()
            for cells in place.addresses
        ]
        return stacked([framed(self._of_sound(owners, columns)), self.sound(places)])

    def attributes(self) -> Table:
        """Write what the buyer chose of each line, the order's number, and where it is fetched."""
        chosen = choices(self.lines.items)
        line = np.array([line for line, _, _ in chosen], dtype=np.int64)
        of_lines = {
            "channel_order_line_id": self.lines.rows["item_id"][line],
            "id": objects([label for _, label, _ in chosen]),
            "value": objects([value for _, _, value in chosen]),
        }
        of_orders = {
            "id": np.full(len(self.ids), "order-number", dtype=np.object_),
            "value": or_else(self.orders["custom_display_id"], self.orders["display_id"]),
        }
        fetched = [
            {"channel_order_id": self.ids[order], "id": name, "value": value}
            for order, place in self.addresses.fetched.items()
            for name, value in place.attributes.items()
        ]
        told = stacked(
            [
                framed(self._of_sound(self.lines.groups.owners[line], of_lines)),
                framed(self._of_sound(np.arange(len(self.ids)), of_orders)),
                self.sound(fetched),
            ]
        )
        return Table({**{name: told[name] for name in told.columns}, "type": ["STRING"] * len(told)})

    def sound(self, rows: Sequence[Cells]) -> Table:
        """Write rows of cells, without those of broken orders."""
        broken = {self.ids[order] for order in self.broken}
        return table_of([row for row in rows if row["channel_order_id"] not in broken])

    def _of_sound(self, orders: Ints, columns: Columns) -> Columns:
        """Put each row's order before its columns, and leave out the rows of broken orders."""
        columns = {"channel_order_id": self.ids[orders], **columns}
        if not self.broken:
            return columns
        kept = self.is_sound[orders]
        return {name: column[kept] for name, column in columns.items()}

    def _total(self) -> Objects:
        """Return what Medusa charged by its own total: before credits, removals and (where it deducts them) returns."""
        lines, removals, owners = self.lines, self.lines.removals, self.lines.groups.owners
        told = self.orders["current_order_total"]
        total = self.broken.numbers(told, np.arange(len(told))) + self.given_back.credit
        removed, left = (
            sums(removals.prices.gross(), removals.groups),
            lines.quantity - sums(removals.units, removals.groups),
        )
        np.add.at(total, owners, removed)
        came = np.flatnonzero((lines.returned != 0) & (left != 0))
        value = (lines.prices.gross()[came] - removed[came]) * lines.returned[came] / left[came]
        returned = zeros(len(told))
        np.add.at(returned, owners[came], value)
        # Medusa took returned units off its total only in later versions, and the total does not say which it is.
        explained = np.abs(total - self.bill) <= _NEARLY_NOTHING
        return choose(is_absent(told), None, choose(explained, total, total + returned))
