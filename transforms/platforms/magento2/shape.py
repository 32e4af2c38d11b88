"""Orders of Magento, put together: the columns of the order frames.

Composites are resolved in `items`, states in `states`, addresses in `places`; `money` has what was charged, `beside`
the orders that are worked one by one.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from transforms.database_values import as_text
from transforms.frames import Frame, OrderFrames, order_frames, table_of
from transforms.groups import Bools, Ints
from transforms.platforms.magento2.beside import beside
from transforms.platforms.magento2.items import products
from transforms.platforms.magento2.money import Taxes, charges, paid_otherwise
from transforms.platforms.magento2.options import choices
from transforms.platforms.magento2.places import addresses
from transforms.platforms.magento2.states import STATUSES as STATUSES
from transforms.platforms.magento2.states import History, hints, proved, states
from transforms.rows import Rows, rows_of
from transforms.rowsets import (
    ABSENT,
    Objects,
    Rowset,
    at,
    choose,
    earliest,
    filled,
    framed,
    is_absent,
    is_true,
    numbered,
    numbering,
    objects,
    one_of,
    or_else,
    rowset,
    stacked,
    sums,
    whole,
)
from transforms.visible_text import visible_options

_OWN_CARRIER = "custom"

Columns = dict[str, Objects]
_Attribute = tuple[int, object, str, str, object]
"""Number of the order, line id or None, id, type, value."""


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/magento2/*.sql` into order frames. Magento's times are UTC in any zone."""
    shop = _Shop(rows)
    frames: dict[str, Frame] = {
        "orders": stacked([framed(shop.order_columns()), shop.twins()]),
        "lines": stacked([framed(shop.line_columns()), table_of(shop.beside.lines), framed(shop.rounding_columns())]),
        "adjustments": table_of(shop.beside.adjustments),
        "taxes": stacked(
            [
                framed(shop.tax_columns(shop.charges.products.taxes, shop.products.groups.owners, shop.line_ids)),
                table_of(shop.beside.line_taxes),
                framed(shop.tax_columns(shop.charges.shipping.taxes, np.arange(len(shop.orders)), None)),
                table_of(shop.beside.rest),
                table_of(shop.beside.refund_taxes),
            ]
        ),
        "addresses": shop.addresses.frame(shop.increment_ids),
        "custom_attributes": shop.attributes(),
    }
    return order_frames({name: frame for name, frame in frames.items() if len(frame)}, read_at)


class _Shop:
    """The orders of one chunk."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.orders = rows, whole(rows, "orders")
        self.numbers = numbering(self.orders["order_id"])
        self.increment_ids = self.orders["increment_id"]
        items = self._of_orders("items")
        self.products = products(items)
        self.line_ids = self.products.cells("item_id")
        self.charges = charges(self.orders, self.products, self._of_orders("taxes"))
        behind: dict[str, set[str]] = defaultdict(set)
        for pair in rows_of(rows, "states"):
            behind[pair.state].add(pair.status)
        self.history = History(self._of_orders("status_history"), self._of_orders("status_changes"), behind)
        self.state = states(self.orders, self.history)
        self.has_left = items.groups.any(filled(items["qty_shipped"]) > 0)
        self.beside = beside(rows, self.orders, self.history, self.products, self.charges)
        self.addresses = addresses(rows, self.orders, self.numbers)
        self.otherwise = paid_otherwise(self.orders)

    def order_columns(self) -> Columns:
        """Write the orders."""
        orders = self.orders
        is_invoiced = self._of_orders("invoices").groups.counts > 0
        ran_out_of_time = ~is_invoiced & self.history.passed("pending_payment")
        hint = hints(orders, self.state, self.has_left, ran_out_of_time)
        unknown = np.flatnonzero(~one_of(hint, STATUSES))
        memos = self._of_orders("creditmemos")
        return {
            "channel_order_id": self.increment_ids,
            "created_at": orders["created_at"],
            "status": or_else(orders["status"], orders["state"]),
            "status_hint": hint,
            "status_proved": proved(unknown, orders, self.products, self.has_left),
            "internal_id": orders["order_id"],
            "currency": orders["order_currency_code"],
            "total": choose(is_absent(orders["grand_total"]), None, self._charged()),
            "total_paid": filled(orders["total_paid"]) + self.otherwise,
            "total_refunded": filled(orders["total_refunded"]) + sums(paid_otherwise(memos), memos.groups),
            "shipping_price": self.charges.shipping.net,
            "store": or_else(orders["store_code"], orders["store_id"]),
            # What imports orders from marketplaces pays them with a method of its own.
            "source": orders["payment_method"],
            "email": orders["customer_email"],
            "carrier": _carriers(self._of_orders("tracks").first()),
            "shipping_method": orders["shipping_description"],
            "shipping_method_code": orders["shipping_method"],
            **self.addresses.order_columns(),
        }

    def twins(self) -> Frame:
        """Write orders whose number another store has used as well again: held, as one would replace the other."""
        ids = dict(zip(self.increment_ids, self.orders["order_id"], strict=True))
        return table_of(
            [
                {"channel_order_id": twin.increment_id, "internal_id": ids.get(twin.increment_id)}
                for twin in rows_of(self.rows, "twins")
            ]
        )

    def line_columns(self) -> Columns:
        """Write the lines."""
        products, is_shipped = self.products, self.products.is_shipped()
        refunded = np.maximum(products.units(filled(products.cells("qty_refunded"))) - self.beside.reduced, 0)
        waiting = is_shipped & (products.left + refunded + products.cancelled < products.quantity)
        return {
            "channel_order_id": self.increment_ids[products.groups.owners],
            "channel_order_line_id": self.line_ids,
            "created_at": products.cells("created_at"),
            "updated_at": products.cells("updated_at"),
            "quantity": products.quantity,
            "price": self.charges.products.net,
            "product_id": products.product_ids(),
            "product_title": or_else(products.cells("name"), products.cells("sku")),
            "status": self._words_of_lines(waiting),
            "quantity_refunded": refunded,
            "quantity_shipped": choose(is_shipped, products.left, None),
            "partly_shipped": choose(waiting & products.has_begun & (products.left == 0), True, None),
            "is_virtual": choose(is_shipped, None, True),
            "shipped_at": self._shipped_at(),
        }

    def rounding_columns(self) -> Columns:
        """Write what discounts take beyond their items' prices as a discount of the order."""
        below = sums(self.charges.products.below, self.products.groups)
        orders = np.flatnonzero(
            below.astype(np.bool_) & ~is_absent(self.orders["grand_total"]) & is_true(self._charged())
        )
        ids = [f"rounding-{order_id}" for order_id in self.orders["order_id"][orders]]
        return {
            "channel_order_id": self.increment_ids[orders],
            "channel_order_line_id": objects(ids),
            "kind": objects(["discount"] * len(ids)),
            "quantity": objects([1] * len(ids)),
            "price": below[orders],
        }

    def tax_columns(self, taxes: Taxes, orders: Ints, line_ids: Objects | None) -> Columns:
        """Write the taxes of lines, or (without `line_ids`) of shipping; `orders` are whose these are."""
        owners = taxes.groups.owners
        size = len(owners)
        return {
            "channel_order_id": self.increment_ids[orders[owners]],
            "channel_order_line_id": objects([None] * size) if line_ids is None else line_ids[owners],
            "applies_to": objects(["shipping" if line_ids is None else "price"] * size),
            "code": taxes.code,
            "rate": taxes.rate,
            "amount": taxes.amount,
        }

    def attributes(self) -> Frame:
        """Write what buyers chose and wrote, what was ordered by weight, and where orders are fetched."""
        by_weight, ordered = np.flatnonzero(self.products.by_weight), self.products.cells("qty_ordered")
        rows: list[_Attribute] = [
            (order, None, name, "STRING", value)
            for order, place in self.addresses.fetched.items()
            for name, value in place.attributes.items()
        ]
        owners = self.products.groups.owners
        rows += [
            (owners[product], self.line_ids[product], "ordered-quantity", "NUMERIC", ordered[product])
            for product in by_weight
        ]
        rows += [
            (owners[product], self.line_ids[product], name, "STRING", value) for product, name, value in self._choices()
        ]
        rows += self._gifts()
        orders, *columns = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        names = ("channel_order_line_id", "id", "type", "value")
        named = {name: objects(column) for name, column in zip(names, columns, strict=True)}
        return framed({"channel_order_id": self.increment_ids[list(orders)], **named})

    def _choices(self) -> Iterator[tuple[int, str, str]]:
        """Yield (product, label, value) of what buyers chose."""
        products, options = self.products, self.products.options
        has_choices = options.hold_choices()
        name = or_else(products.items["name"], products.items["sku"])
        for product in np.flatnonzero(has_choices[products.row] | at(has_choices, products.container, False)).tolist():
            container = products.container[product]
            bundle = None if container == ABSENT else (name[container], options.of(int(container)))
            for label, value in visible_options(choices(options.of(int(products.row[product])), bundle)):
                yield product, label, value

    def _gifts(self) -> Iterator[_Attribute]:
        """Yield what buyers wrote for those who get the gift: with the order, or with one of its lines."""
        gifts = self._of_orders("gift_messages")
        if not len(gifts):
            return
        orders, ids = gifts.groups.owners, gifts["item_id"]
        product = np.where(is_absent(ids), ABSENT, self.products.of_cells(ids, orders))
        messages = zip(
            orders.tolist(),
            at(self.line_ids, product, None),
            gifts["message"],
            gifts["sender"],
            gifts["recipient"],
            strict=True,
        )
        for order, line_id, message, sender, recipient in messages:
            written = {"gift-message": message, "gift-message-from": sender, "gift-message-to": recipient}
            for name, value in visible_options(written.items()):
                yield order, line_id, name, "STRING", value

    def _words_of_lines(self, waiting: Bools) -> Objects:
        """Name the states of lines where they are not the order's."""
        products, orders = self.products, self.products.groups.owners
        state = self.state[orders]
        # A closed order counts as refunded.
        is_cancelled = (state == "closed") & (products.quantity > 0) & (products.cancelled >= products.quantity)
        # Magento completes orders of which a part of a bundle, or of a price, was refunded; other software completes
        # those of which no shipment is written, and then nobody knows better.
        is_open = (state == "complete") & waiting & (self.has_left[orders] | (self.beside.reduced > 0))
        return choose(is_cancelled, "state:canceled", choose(is_open, "state:complete+unshipped", None))

    def _shipped_at(self) -> Objects:
        """Return when the first units of each product were shipped."""
        shippers, items = self.products.shippers, self.products.items
        parcels = self._of_orders("shipments")
        item = numbered(parcels["order_item_id"], numbering(items["item_id"]))
        item = np.where(at(items.groups.owners, item, ABSENT) == parcels.groups.owners, item, ABSENT)
        own = item != ABSENT
        first = earliest(parcels["created_at"][own], item[own], len(items))[shippers.row]
        is_known = ~is_absent(first)
        return earliest(first[is_known], shippers.groups.owners[is_known], shippers.groups.size)

    def _charged(self) -> Objects:
        charged: Objects = filled(self.orders["grand_total"]) + self.otherwise
        return charged

    def _of_orders(self, query: str) -> Rowset:
        return rowset(self.rows, query, "order_id", self.numbers)


def _carriers(tracks: Rowset) -> Objects:
    """Name who carries each order's first parcel: by the carrier's code, or by what somebody wrote for an own one."""
    codes, titles = ([as_text(cell) for cell in tracks[column]] for column in ("carrier_code", "title"))
    named = zip(codes, titles, strict=True)
    return objects([title or code if code in {None, "", _OWN_CARRIER} else code for code, title in named])
