"""Orders and lines of PrestaShop as order frames.

Belongs here: putting an order's frames together from the rows of `connectors/channels/prestashop/*.sql`. Does not
belong here: what states, vouchers, slips, parcels and places mean.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from transforms.frames import OrderFrames, as_text, order_frames, table_of
from transforms.platforms.prestashop.beside import discount, fees, taxes
from transforms.platforms.prestashop.chosen import chosen, product_id
from transforms.platforms.prestashop.items import Item, item
from transforms.platforms.prestashop.money import (
    UNNAMED,
    Shipping,
    TaxShare,
    names_by_rate,
    paid,
)
from transforms.platforms.prestashop.parcels import Parcels
from transforms.platforms.prestashop.places import Pickup, addresses, pickup, shop_address
from transforms.platforms.prestashop.refunds import Refunds, refunded_units
from transforms.platforms.prestashop.slips import SlipReader
from transforms.platforms.prestashop.states import Standing, States, standing
from transforms.platforms.prestashop.vouchers import free_shipping, take_off_products
from transforms.platforms.prestashop.words import staff_words
from transforms.rows import Rows, number, rows_by, rows_of

_OF_ORDERS = (
    "lines",
    "history",
    "payments",
    "cart_rules",
    "slips",
    "returns",
    "shipments",
    "addresses",
    "pickup_points",
    "messages",
    "payment_fees",
)

_CHOSEN = ("attributes", "customizations", "packs")
_NONE: Mapping[str, Sequence[Any]] = dict.fromkeys(_OF_ORDERS, ())

Cells = dict[str, Any]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/prestashop/*.sql` into order frames; times stay the shop's wall time."""
    shop = _Shop(rows)
    frames = {name: table_of(cells) for name, cells in shop.tables.items() if cells}
    return order_frames(frames, read_at)


class _Shop:
    def __init__(self, rows: Rows) -> None:
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.states = {str(row.id_order_state): row for row in rows_of(rows, "states")}
        self.taxes = {row.id_tax: (row.name or "TAX", as_text(row.rate)) for row in rows_of(rows, "taxes")}
        self._tax_names = names_by_rate(self.taxes.values())
        self._configuration = list(rows_of(rows, "configuration"))
        self._settings: dict[tuple[Any, Any], tuple[States, str]] = {}
        self._by_line = {name: rows_by(rows, name, "id_order_detail") for name in ("line_taxes", *_CHOSEN)}
        by_order = {name: rows_by(rows, name, "order_id") for name in _OF_ORDERS}
        self._by_order = {name: groups for name, groups in by_order.items() if groups}
        self._selections = rows_by(rows, "cart_rule_products", "order_id")
        self._slip_lines = rows_by(rows, "slip_lines", "id_order_slip")
        for order in rows_of(rows, "orders"):
            self._order(order)

    def _order(self, order: Any) -> None:
        of = {**_NONE, **{name: groups.get(order.order_id, ()) for name, groups in self._by_order.items()}}
        items = [item(line, self._line_shares(line)) for line in of["lines"]]
        shares = [of_line.shares for of_line in items]
        shipping = Shipping(order, free_shipping(of["cart_rules"]), shares, self._tax_names)
        # What is left of the discounts after shipping, gifts and vouchers for some products, is on the whole order.
        selections = self._selections.get(order.order_id, ())
        off = take_off_products(order, items, of["cart_rules"], selections, shipping)
        payment, paid_back = paid(order, of["payments"])
        total = number(order.total_paid_tax_incl)
        states, address = self._settings_of(order)
        stands = standing(
            states,
            order.current_state,
            of["history"],
            paid=bool(payment >= total or order.invoice_number or of["slips"]),
            tracked=bool((order.tracking_number or "").strip()),
        )
        refunds = self._refunds(order, of, items, off[1], shipping, stands) if of["slips"] else Refunds()
        # A shop that writes its slips down as negative payments too gave that money back once.
        payment += min(paid_back, refunds.total)
        if refunds.total and refunds.are_out_of(items, payment, total):
            total += refunds.put_back(items, shipping)
        self.tables["adjustments"] += refunds.adjustments
        self.tables["taxes"] += refunds.taxes
        self.tables["taxes"] += taxes(order.order_id, None, "shipping", shipping.tax, shipping.shares)
        parcels = Parcels(of["shipments"])
        for of_line in items:
            self._line(of_line, refunds, parcels, stands)
        for line, its_taxes in (*discount(order, *off, items), *fees(order, of["payment_fees"], shares)):
            self.tables["lines"].append(line)
            self.tables["taxes"] += its_taxes
        place = pickup(order, of["pickup_points"], of["addresses"])
        self.tables["addresses"] += addresses(order, of["addresses"], place)
        self._attributes(order, of["addresses"], place, address)
        # A carrier called 0 goes by the shop's name.
        carrier = order.shop_name if order.carrier_name == "0" else order.carrier_name
        self.tables["orders"].append(
            {
                "channel_order_id": order.order_id,
                "created_at": order.date_add,
                "updated_at": _newest(order, of),
                "status": stands.word,
                "status_hint": stands.hint,
                "status_proved": stands.proved,
                "currency": order.currency,
                "total": total,
                "total_paid": payment,
                "total_refunded": refunds.total,
                "shipping_price": shipping.price,
                "shipped_at": stands.shipped_at,
                "cancelled_at": stands.cancelled_at,
                "cancel_reason": _cancel_reason(stands, of["messages"]),
                "store": order.id_shop,
                # Whoever imports orders of a marketplace makes them by a payment module of its own.
                "source": order.module or order.payment,
                "email": order.email,
                "carrier": carrier or parcels.carrier,
                "shipping_method": carrier,
                "shipping_method_code": order.carrier_reference,
                "pudo_id": place.point_id if place is not None else None,
                "pickup": place is not None and place.hides_home,
            }
        )

    def _refunds(
        self,
        order: Any,
        of: Mapping[str, Sequence[Any]],
        items: Sequence[Item],
        off: Decimal,
        shipping: Shipping,
        stands: Standing,
    ) -> Refunds:
        whole = sum((of_line.gross for of_line in items), Decimal(0))
        return SlipReader(
            order=order,
            items={of_line.row.id_order_detail: of_line for of_line in items},
            paid_share=max(1 - off / whole, Decimal(0)) if off and whole else Decimal(1),
            shipping_shares=shipping.shares,
            returns=of["returns"],
            messages=of["messages"],
            standing=stands,
        ).read(of["slips"], self._slip_lines)

    def _settings_of(self, order: Any) -> tuple[States, str]:
        """Return the states of the order's shop, and where that shop is."""
        key = (order.id_shop, order.id_shop_group)
        if key not in self._settings:
            everywhere, group, own = {}, {}, {}
            for row in self._configuration:
                if row.id_shop is None and row.id_shop_group is None:
                    everywhere[row.name] = row.value
                elif row.id_shop is None and row.id_shop_group == order.id_shop_group:
                    group[row.name] = row.value
                elif row.id_shop == order.id_shop:
                    own[row.name] = row.value
            values = {**everywhere, **group, **own}
            everything = [(row.name, row.value) for row in self._configuration]
            self._settings[key] = States(values, everything, self.states), shop_address(values)
        return self._settings[key]

    def _line_shares(self, line: Any) -> list[TaxShare]:
        """Name the taxes of a line, each with its weight in the line's tax."""
        amounts: dict[Any, Decimal] = defaultdict(Decimal)
        for row in self._by_line["line_taxes"].get(line.id_order_detail, ()):
            amounts[row.id_tax] += number(row.total_amount)
        shares = [TaxShare(*self.taxes.get(id_tax, UNNAMED[:2]), amount) for id_tax, amount in amounts.items()]
        if shares and not any(share.weight for share in shares):
            shares = [share._replace(weight=number(share.rate)) for share in shares]
        if not shares and line.total_price_tax_incl != line.total_price_tax_excl:
            rate = as_text(line.tax_rate) if number(line.tax_rate) else None
            shares = [TaxShare(line.tax_name or UNNAMED.code, rate, Decimal(1))]
        return shares

    def _line(self, of_line: Item, refunds: Refunds, parcels: Parcels, stands: Standing) -> None:
        row = of_line.row
        line_id = row.id_order_detail
        cells = {
            "channel_order_id": row.order_id,
            "channel_order_line_id": line_id,
            "quantity": of_line.units,
            "price": of_line.net,
            "product_id": product_id(row),
            "product_title": row.product_name,
            "quantity_refunded": refunded_units(of_line, refunds),
            "quantity_shipped": parcels.shipped(line_id),
            "quantity_delivered": parcels.delivered(line_id),
            "shipped_at": parcels.shipped_at(line_id),
            "is_virtual": row.is_virtual,
            "partly_shipped": stands.partly_shipped,
        }
        self.tables["lines"].append(cells)
        tax = of_line.gross - of_line.net
        self.tables["taxes"] += taxes(row.order_id, line_id, "price", tax, of_line.shares)
        options, written, pack = (self._by_line[name].get(line_id, ()) for name in _CHOSEN)
        if row.product_attribute_id or written or pack:
            self.tables["custom_attributes"] += [
                _attribute(row.order_id, name, value, line_id=line_id)
                for name, value in chosen(row, options, written, pack)
            ]
        if of_line.measured is not None:
            self.tables["custom_attributes"].append(
                _attribute(row.order_id, "ordered-quantity", of_line.measured, line_id=line_id, kind="NUMERIC")
            )

    def _attributes(self, order: Any, rows: Sequence[Any], place: Pickup | None, shop_address: str) -> None:
        attributes = {
            "order-number": order.reference,
            "gift-message": order.gift_message if order.gift else None,
        }
        if place is not None:
            attributes |= {"pickup-location": place.name, "pickup-address": shop_address if place.is_shop else None}
        for row in rows:
            if row.address_type == "billing":
                attributes |= {"vat-number": row.vat_number, "dni": row.dni}
        self.tables["custom_attributes"] += [
            _attribute(order.order_id, name, value.strip())
            for name, value in attributes.items()
            if value and value.strip()
        ]


def _cancel_reason(stands: Standing, messages: Sequence[Any]) -> str | None:
    """Say why an order was cancelled, if it was: by the staff's words, what it lacked, or the name of its state."""
    if messages and (written := staff_words(messages, stands.cancelled_at, after_shipment=False)):
        return " ".join(written)
    if stands.out_of_stock_at:
        return "out of stock"
    return None if stands.hint == "PS_OS_CANCELED" else stands.word


def _newest(order: Any, of: Mapping[str, Sequence[Any]]) -> str:
    """Take the newest stamp of the order and its rows, as `changes.sql` does; stamps of one shop compare as text."""
    stamps = [order.date_add, order.date_upd, order.carrier_date_add]
    stamps += [row.date_add for name in ("history", "payments") for row in of[name]]
    stamps += [row.date_upd for name in ("slips", "returns", "shipments") for row in of[name]]
    try:
        return str(as_text(max(stamp for stamp in stamps if stamp is not None)))
    except TypeError:
        # A zero date comes as text.
        return max(as_text(stamp) or "" for stamp in stamps)


def _attribute(order_id: Any, name: str, value: Any, line_id: Any = None, kind: str = "STRING") -> Cells:
    return {
        "channel_order_id": order_id,
        "channel_order_line_id": line_id,
        "id": name,
        "type": kind,
        "value": value,
    }
