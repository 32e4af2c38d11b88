"""PrestaShop rows to order frames.

What is peculiar here: a status is a number that differs from shop to shop, so its part is looked up in the shop's
configuration and, for states of the merchant's own, in their flags; money is stored with and without tax, and the tax
of a line is their difference, split over the taxes that apply; vouchers stand beside the lines, free shipping
included; every time is wall time of the shop's zone.

Belongs here: PrestaShop's own words and shapes. Does not belong here: credit slips (`prestashop_slips`), parcels
(`prestashop_parcels`), and anything a second platform needs.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from transforms.frames import OrderFrames, as_text, order_frames, table_of
from transforms.platforms.prestashop_money import (
    UNNAMED,
    Shipping,
    TaxShare,
    names_by_rate,
    paid,
    shares_like,
    split_tax,
)
from transforms.platforms.prestashop_parcels import Parcels
from transforms.platforms.prestashop_slips import SlipReader
from transforms.rows import Rows, number, rows_by, rows_of

STATUSES: Mapping[str, str] = {
    "PS_OS_CHEQUE": "AWAITING_PAYMENT",
    "PS_OS_BANKWIRE": "AWAITING_PAYMENT",
    "PS_OS_PAYPAL": "AWAITING_PAYMENT",
    "PS_OS_OUTOFSTOCK_UNPAID": "AWAITING_PAYMENT",
    "PS_OS_COD_VALIDATION": "AWAITING_ACCEPTANCE",
    "PS_OS_PAYMENT": "AWAITING_SHIPMENT",
    "PS_OS_WS_PAYMENT": "AWAITING_SHIPMENT",
    "PS_OS_PREPARATION": "AWAITING_SHIPMENT",
    "PS_OS_OUTOFSTOCK_PAID": "AWAITING_SHIPMENT",
    "PS_OS_OUTOFSTOCK": "AWAITING_SHIPMENT",
    "PS_OS_SHIPPING": "SHIPPED",
    "PS_OS_DELIVERED": "DELIVERED",
    "PS_OS_CANCELED": "CLOSED/CANCELED",
    "PS_OS_REFUND": "CLOSED/REFUNDED",
    "PS_OS_ERROR": "CLOSED/REFUSED_PAYMENT",
    # States of the merchant's own, by their flags: shipped, paid, `logable` (the shop counts it as a sale), none.
    "flag:shipped": "SHIPPED",
    "flag:paid": "AWAITING_SHIPMENT",
    "flag:logable": "AWAITING_SHIPMENT",
    "flag:none": "AWAITING_PAYMENT",
}
_OUT_OF_STOCK = frozenset({"PS_OS_OUTOFSTOCK", "PS_OS_OUTOFSTOCK_PAID", "PS_OS_OUTOFSTOCK_UNPAID"})
_HAS_LEFT = frozenset({"PS_OS_SHIPPING", "PS_OS_DELIVERED", "flag:shipped"})

Cells = dict[str, Any]


def shape(rows: Rows, read_at: dt.datetime, timezone: str) -> OrderFrames:
    """Shape the rows of `connectors/channels/prestashop/*.sql` into order frames; times stay the shop's wall time."""
    shop = _Shop(rows)
    frames = {name: table_of(cells) for name, cells in shop.tables.items() if cells}
    return order_frames(frames, read_at)


class _States:
    """Which part each state plays in one shop."""

    def __init__(self, values: Mapping[str, str], states: Mapping[str, Any]) -> None:
        self._states = states
        self._parts: dict[str, str] = {}
        for part in STATUSES:
            if values.get(part) in states:
                self._parts.setdefault(values[part], part)

    def part(self, state_id: Any) -> str | None:
        """Name the part a state plays: its PS_OS_ key, else its strongest flag; None: hidden, flagless or unknown."""
        key = str(state_id)
        if key in self._parts:
            return self._parts[key]
        state = self._states.get(key)
        if state is None:
            return None
        for flag in ("shipped", "paid", "logable"):
            if getattr(state, flag):
                return f"flag:{flag}"
        return None if state.hidden else "flag:none"


class _Shop:
    def __init__(self, rows: Rows) -> None:
        self.tables: dict[str, list[Cells]] = defaultdict(list)
        self.states = {str(row.id_order_state): row for row in rows_of(rows, "states")}
        self.taxes = {row.id_tax: (row.name or "TAX", as_text(row.rate)) for row in rows_of(rows, "taxes")}
        self._tax_names = names_by_rate(self.taxes.values())
        self._configuration = list(rows_of(rows, "configuration"))
        self._states_by_shop: dict[tuple[Any, Any], _States] = {}
        self._line_taxes = rows_by(rows, "line_taxes", "id_order_detail")
        self._customizations = rows_by(rows, "customizations", "id_order_detail")
        by_order = ("lines", "history", "payments", "cart_rules", "slips", "returns", "shipments", "addresses")
        self._by_order = {name: rows_by(rows, name, "order_id") for name in by_order}
        self._slip_lines = rows_by(rows, "slip_lines", "id_order_slip")
        for order in rows_of(rows, "orders"):
            self._order(order)

    def _order(self, order: Any) -> None:
        of = {name: groups.get(order.order_id, []) for name, groups in self._by_order.items()}
        states = self._states_of(order)
        parcels = Parcels(of["shipments"])
        shares = {line.id_order_detail: self._line_shares(line) for line in of["lines"]}
        shipping = Shipping(order, of["cart_rules"], list(shares.values()), self._tax_names)
        left = [entry for entry in of["history"] if states.part(entry.id_order_state) in _HAS_LEFT]
        short = [entry for entry in of["history"] if states.part(entry.id_order_state) in _OUT_OF_STOCK]
        refunds = SlipReader(
            order=order,
            lines={line.id_order_detail: line for line in of["lines"]},
            line_shares=shares,
            shipping_shares=shipping.shares,
            returns=of["returns"],
            shipped_at=as_text(left[0].date_add) if left else None,
            shipped_now=states.part(order.current_state) in _HAS_LEFT,
            out_of_stock_at=as_text(short[0].date_add) if short else None,
        ).read(of["slips"], self._slip_lines)
        self.tables["adjustments"] += refunds.adjustments
        self.tables["taxes"] += refunds.taxes
        self._taxes(order, None, "shipping", shipping.tax, shipping.shares)
        for line in of["lines"]:
            self._line(line, shares[line.id_order_detail], parcels)
        self._discount(order, shipping, shares)
        self._wrapping(order, list(shares.values()))
        self._places(order, of["addresses"])
        state = self.states.get(str(order.current_state))
        self.tables["orders"].append(
            {
                "channel_order_id": order.order_id,
                "created_at": order.date_add,
                "updated_at": _newest(order, of),
                "status": ((state.name or "").strip() if state else "") or str(order.current_state),
                "status_hint": states.part(order.current_state),
                "currency": order.currency,
                "total": order.total_paid_tax_incl,
                "total_paid": paid(order, of["payments"]),
                "total_refunded": refunds.total,
                "shipping_price": shipping.price,
                "shipped_at": left[0].date_add if left else None,
                "store": order.id_shop,
                "email": order.email,
                # A carrier called 0 goes by the shop's name.
                "carrier": order.shop_name if order.carrier_name == "0" else order.carrier_name or parcels.carrier,
                "shipping_method": order.shop_name if order.carrier_name == "0" else order.carrier_name,
                "shipping_method_code": order.carrier_reference,
            }
        )

    def _states_of(self, order: Any) -> _States:
        key = (order.id_shop, order.id_shop_group)
        if key not in self._states_by_shop:
            everywhere, group, own = {}, {}, {}
            for row in self._configuration:
                if row.id_shop is None and row.id_shop_group is None:
                    everywhere[row.name] = row.value
                elif row.id_shop is None and row.id_shop_group == order.id_shop_group:
                    group[row.name] = row.value
                elif row.id_shop == order.id_shop:
                    own[row.name] = row.value
            self._states_by_shop[key] = _States({**everywhere, **group, **own}, self.states)
        return self._states_by_shop[key]

    def _line_shares(self, line: Any) -> list[TaxShare]:
        """Name the taxes of a line, each with its weight in the line's tax."""
        amounts: dict[Any, Decimal] = defaultdict(Decimal)
        for row in self._line_taxes.get(line.id_order_detail, ()):
            amounts[row.id_tax] += number(row.total_amount)
        shares = [TaxShare(*self.taxes.get(id_tax, UNNAMED[:2]), amount) for id_tax, amount in amounts.items()]
        if shares and not any(share.weight for share in shares):
            shares = [share._replace(weight=number(share.rate)) for share in shares]
        if not shares and line.total_price_tax_incl != line.total_price_tax_excl:
            rate = as_text(line.tax_rate) if number(line.tax_rate) else None
            shares = [TaxShare(line.tax_name or UNNAMED.code, rate, Decimal(1))]
        return shares

    def _taxes(self, order: Any, line_id: Any, applies_to: str, tax: Decimal, shares: Sequence[TaxShare]) -> None:
        self.tables["taxes"] += [
            {
                "channel_order_id": order.order_id,
                "channel_order_line_id": line_id,
                "applies_to": applies_to,
                "code": share.code,
                "rate": share.rate,
                "amount": amount,
            }
            for share, amount in split_tax(tax, shares)
        ]

    def _line(self, line: Any, shares: Sequence[TaxShare], parcels: Parcels) -> None:
        line_id = line.id_order_detail
        variant = f"-{line.product_attribute_id}" if line.product_attribute_id else ""
        self.tables["lines"].append(
            {
                "channel_order_id": line.order_id,
                "channel_order_line_id": line_id,
                "quantity": line.product_quantity,
                "price": line.total_price_tax_excl,
                "product_id": line.product_reference or f"{line.product_id}{variant}",
                "product_title": line.product_name,
                "quantity_refunded": line.product_quantity_refunded + line.product_quantity_return,
                "quantity_shipped": parcels.shipped(line_id),
                "quantity_delivered": parcels.delivered(line_id),
                "shipped_at": parcels.shipped_at(line_id),
            }
        )
        tax = number(line.total_price_tax_incl) - number(line.total_price_tax_excl)
        self._taxes(line, line_id, "price", tax, shares)
        self.tables["custom_attributes"] += [
            _attribute(line.order_id, f"customization-{row.field}", row.value, line_id=line_id)
            for row in self._customizations.get(line_id, ())
        ]

    def _discount(self, order: Any, shipping: Shipping, shares: Mapping[Any, list[TaxShare]]) -> None:
        net = number(order.total_discounts_tax_excl) - shipping.discount_excl
        gross = number(order.total_discounts_tax_incl) - shipping.discount_incl
        everything = [share for line in shares.values() for share in line]
        if not any(share.weight for share in everything):
            net, everything = gross, []
        if gross or net:
            self.tables["lines"].append(
                {
                    "channel_order_id": order.order_id,
                    "channel_order_line_id": f"discount-{order.order_id}",
                    "kind": "discount",
                    "quantity": 1,
                    "price": -net,
                    "product_id": "discount",
                    "product_title": "Discount",
                }
            )
            # PrestaShop takes a voucher off all products alike, so its tax goes as the products' taxes do.
            self._taxes(order, None, "price", net - gross, everything)

    def _wrapping(self, order: Any, shares: Sequence[Sequence[TaxShare]]) -> None:
        price = number(order.total_wrapping_tax_excl)
        tax = number(order.total_wrapping_tax_incl) - price
        if price or tax:
            line_id = f"wrapping-{order.order_id}"
            self.tables["lines"].append(
                {
                    "channel_order_id": order.order_id,
                    "channel_order_line_id": line_id,
                    "kind": "fee",
                    "quantity": 1,
                    "price": price,
                    "product_id": "gift-wrapping",
                    "product_title": "Gift wrapping",
                }
            )
            self._taxes(order, line_id, "price", tax, shares_like(shares, price, tax, Decimal(0), {}))

    def _places(self, order: Any, addresses: Sequence[Any]) -> None:
        attributes = {
            "order-reference": order.reference,
            "gift-message": order.gift_message if order.gift else None,
        }
        for row in addresses:
            if row.address_type == "billing":
                attributes |= {"vat-number": row.vat_number, "dni": row.dni}
            self.tables["addresses"].append(
                {
                    "channel_order_id": order.order_id,
                    "address_type": row.address_type,
                    "first_name": row.firstname,
                    "last_name": row.lastname,
                    "company": row.company,
                    "street": row.address1,
                    "street_additional_info": row.address2,
                    "zip_code": row.postcode,
                    "city": row.city,
                    "state": row.state,
                    "country": row.country,
                    "phone": row.phone,
                    "additional_info": row.other,
                }
            )
        self.tables["custom_attributes"] += [
            _attribute(order.order_id, name, value) for name, value in attributes.items() if value and value.strip()
        ]


def _newest(order: Any, of: Mapping[str, Sequence[Any]]) -> str:
    """Take the newest stamp of the order and its rows, as `changes.sql` does; stamps of one shop compare as text."""
    stamps = [order.date_add, order.date_upd, order.carrier_date_add]
    stamps += [row.date_add for name in ("history", "payments") for row in of[name]]
    stamps += [row.date_upd for name in ("slips", "returns", "shipments") for row in of[name]]
    return max(as_text(stamp) or "" for stamp in stamps)


def _attribute(order_id: Any, name: str, value: Any, line_id: Any = None) -> Cells:
    return {
        "channel_order_id": order_id,
        "channel_order_line_id": line_id,
        "id": name,
        "type": "STRING",
        "value": value,
    }
