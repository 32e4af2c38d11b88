"""The columns of the order frames: what a channel can hold about an order, in the contract's terms.

`docs/custom-channel.md` lists them from here, and `mirakl-orders check` judges a custom channel's SQL by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from transforms.vocabulary import AdjustmentReason

Kind = Literal["id", "text", "time", "amount", "rate", "units", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order frame: its name, what it means (with unit), an example, and whether it must exist.

    `kind` is how its cells are read: `id` and `text` as they stand, `time` with or without offset, `amount` and `rate`
    as plain decimals (amounts in major units of the order's currency), `units` as numbers, `flag` as 0 or 1.
    `words` are the only ones that a cell may hold, if there are such.
    `absent` says what happens without it; the column, or a cell of it, may be missing where it is not required.
    """

    name: str
    meaning: str
    example: str
    required: bool = False
    kind: Kind = "text"
    absent: str = "left out"
    words: tuple[str, ...] = ()


_ORDER_ID = Column("channel_order_id", "order id, unique on the channel", "1042", required=True, kind="id")

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "orders": (
        _ORDER_ID,
        Column(
            "internal_id",
            "the order's `order_id` in `changes.sql`, where that is another id",
            "42",
            kind="id",
            absent="`channel_order_id`; where that is another id, every order of a day is read again each time",
        ),
        Column("created_at", "when the buyer placed the order", "2026-03-01 09:30:00", required=True, kind="time"),
        Column(
            "updated_at",
            "newest change of the order or any of its rows, where it is not that of `changes.sql`",
            "2026-03-02 10:00:00",
            kind="time",
            absent="the order's `changed_at` in `changes.sql`",
        ),
        Column("status", "the shop's own status", "wc-processing", required=True),
        Column(
            "status_hint",
            "a status of the platform that is more precise than `status`",
            "wc-cancelled+unpaid",
            absent="`status` alone decides",
        ),
        Column(
            "status_proved",
            "a status of the platform for what the rest of the order proves; it decides where `status` has no mapping, "
            "which is reported all the same",
            "flag:paid",
            absent="a `status` without a mapping is CHANNEL_SPECIFIC",
        ),
        Column("currency", "ISO 4217 code, any case, of all amounts of the order", "EUR", required=True),
        Column(
            "amounts",
            "`net` or `gross`: whether this order's prices and shipping include the listed taxes",
            "gross",
            absent="`amounts` of platform.toml",
            words=("net", "gross"),
        ),
        Column(
            "total",
            "what the order cost; tax, shipping, cancelled units, and what gift cards or store credit paid included",
            "59.90",
            kind="amount",
            absent="sums are not proved against the shop's",
        ),
        Column(
            "total_paid",
            "what the buyer has paid so far, tax included, by gift cards and store credit as well",
            "59.90",
            kind="amount",
            absent="nothing counts as paid: no line can be refunded",
        ),
        Column(
            "total_refunded",
            "what the shop has given back so far, tax included, to gift cards and store credit as well",
            "0",
            kind="amount",
            absent="refunds are not proved against the shop's sum",
        ),
        Column(
            "shipping_price",
            "shipping of the whole order, tax excluded; spread over the lines",
            "4.90",
            kind="amount",
            absent="0",
        ),
        Column(
            "shipped_at",
            "when the order was handed to a carrier as a whole, if known",
            "2026-03-02 08:00:00",
            kind="time",
            absent="refunds of shipped lines count as made after shipping",
        ),
        Column(
            "cancelled_at",
            "when the order, or units of it, were cancelled without a refund document",
            "2026-03-02 08:00:00",
            kind="time",
            absent="`updated_at`: the cancelation gets a new time with each change",
        ),
        Column(
            "cancel_reason",
            "the reason in the shop's own words",
            "Article épuisé",
            absent="CUSTOMER_CANCELATION",
        ),
        Column(
            "store",
            "the shop's own key of the store, for `stores` in channels.toml",
            "2",
            absent="the channel's `mirakl_store_id`",
        ),
        Column(
            "source",
            "where the order comes from: the marketplace it was imported from, else what made it",
            "amazon",
            absent="unknown",
        ),
        Column("sub_channel_code", "Mirakl's sub-channel code", "APP"),
        Column("has_incident", "1 when a dispute is open", "0", kind="flag"),
        Column("email", "recipient's e-mail", "buyer@example.com"),
        Column("carrier", "carrier's name as the shop knows it", "Colissimo"),
        Column("shipping_method", "service level as shown to the buyer", "Express"),
        Column("shipping_method_code", "service level as the shop's software names it", "flat_rate:3"),
        Column("pudo_id", "pick-up point id", "FR-75011"),
        Column(
            "pickup",
            "1 where the buyer fetches the goods: the buyer's address is not sent as where the parcel goes",
            "0",
            kind="flag",
            absent="0",
        ),
        Column("shipping_deadline", "latest moment to ship", "2026-03-03 16:00:00", kind="time"),
        Column(
            "delivery_earliest",
            "start of the promised delivery window",
            "2026-03-04 08:00:00",
            kind="time",
            absent="no delivery window",
        ),
        Column(
            "delivery_latest",
            "end of the promised delivery window",
            "2026-03-06 20:00:00",
            kind="time",
            absent="no delivery window",
        ),
    ),
    "lines": (
        _ORDER_ID,
        Column("channel_order_line_id", "line id, unique on the channel", "5001", required=True, kind="id"),
        Column(
            "kind",
            "`product` (default), `fee` (a line that nobody ships and that bears no part of the order's discounts, "
            "shipping and taxes) or `discount`",
            "product",
            absent="`product`",
            words=("product", "fee", "discount"),
        ),
        Column(
            "discounted_line_id",
            "of a discount: the line that it is taken off, with the taxes that name the discount",
            "5001",
            kind="id",
            absent="taken off all lines in proportion",
        ),
        Column(
            "created_at",
            "creation of the line; the order's when absent",
            "2026-03-01 09:30:00",
            kind="time",
            absent="the order's",
        ),
        Column(
            "updated_at",
            "last change of the line; the order's when absent",
            "2026-03-02 10:00:00",
            kind="time",
            absent="the order's",
        ),
        Column(
            "quantity",
            "units ordered; what is no whole number (1.5 metres) is one unit with the attribute `ordered-quantity`",
            "2",
            required=True,
            kind="units",
        ),
        Column("price", "total of the line after discounts, tax excluded", "45.83", required=True, kind="amount"),
        Column(
            "gross_amount",
            "of a discount, in place of `price` and taxes of its own: what it takes off, tax included, below zero; it "
            "lowers price and taxes of what it is taken off in proportion",
            "-5.00",
            kind="amount",
            absent="`price`, with the taxes that name the discount",
        ),
        Column(
            "total_shipping_price",
            "shipping of this line, tax excluded, where the shop knows it per line",
            "0",
            kind="amount",
            absent="its share of the order's `shipping_price`",
        ),
        Column("product_id", "product id on the channel (SKU where there is one)", "MUG-1", required=True),
        Column("product_title", "name shown to the buyer", "Mug", required=True),
        Column("thumbnail_url", "image address", "https://shop.example/mug.jpg"),
        Column("status", "the line's own status, where the shop has one", "backordered", absent="the order's"),
        Column(
            "quantity_cancelled",
            "units cancelled before they left; those that no adjustment gives up become a CANCELATION",
            "0",
            kind="units",
            absent="0; all that have not left where the order or line was cancelled",
        ),
        Column("cancelled_at", "when they were", "2026-03-02 08:00:00", kind="time", absent="the order's"),
        Column("cancel_reason", "the reason in the shop's own words", "Article épuisé", absent="the order's"),
        Column(
            "quantity_refunded",
            "units refunded, when the shop counts them; else from the adjustments",
            "0",
            kind="units",
            absent="from the adjustments",
        ),
        Column(
            "quantity_shipped",
            "units handed to a carrier, those that came back later included; absent means unknown",
            "2",
            kind="units",
            absent="unknown: the order's status decides",
        ),
        Column(
            "quantity_returned",
            "units that came back after they were shipped; `quantity_shipped` counts them as well",
            "1",
            kind="units",
            absent="from the adjustments",
        ),
        Column(
            "partly_shipped",
            "1 while something of the line has left and nobody knows how much: it is still to be shipped, and "
            "can not be cancelled any more",
            "0",
            kind="flag",
            absent="0",
        ),
        Column(
            "is_virtual",
            "1 where nobody ships this line (a download, the container of a bundle): it is as far as the lines that "
            "are shipped are together",
            "0",
            kind="flag",
            absent="0",
        ),
        Column(
            "can_cancel",
            "whether the line can be cancelled right now, where the shop knows better; never of a closed line",
            "1",
            kind="flag",
            absent="1 while it is open and nothing of it has left",
        ),
        Column(
            "can_refund",
            "whether money of the line can be given back right now, where the shop knows better; never of a line "
            "that is closed as refunded or cancelled",
            "1",
            kind="flag",
            absent="1 while it holds money that was paid and not given back",
        ),
        Column(
            "quantity_delivered",
            "units delivered; absent means unknown",
            "0",
            kind="units",
            absent="unknown: the order's status decides",
        ),
        Column(
            "shipped_at",
            "when the first units of the line were shipped; the order's when absent",
            "2026-03-02 08:00:00",
            kind="time",
            absent="the order's",
        ),
    ),
    "adjustments": (
        _ORDER_ID,
        Column("channel_adjustment_id", "stable id, unique on the channel", "1050-5010", required=True, kind="id"),
        Column("refund_id", "the refund document this row belongs to", "1050", required=True, kind="id"),
        Column(
            "channel_order_line_id",
            "the line; absent for what was refunded without naming a line",
            "5001",
            kind="id",
            absent="the money is spread over the lines",
        ),
        Column("created_at", "when it happened", "2026-03-05 12:00:00", required=True, kind="time"),
        Column(
            "type",
            "`REFUND` or `CANCELATION`; derived from the shipping state when absent",
            "REFUND",
            absent="CANCELATION for units that had not shipped, else REFUND",
            words=("REFUND", "CANCELATION"),
        ),
        Column(
            "reason",
            "the shop's own words",
            "Article cassé",
            absent="AGREEMENT for money without units, RETURN for a shipped line, else CHANNEL_SPECIFIC",
        ),
        Column(
            "default_reason",
            "Mirakl's reason, for words in which no keyword is found",
            "AGREEMENT",
            absent="AGREEMENT for money without units, RETURN for a shipped line, else CHANNEL_SPECIFIC",
            words=get_args(AdjustmentReason),
        ),
        Column(
            "charged",
            "0 for units cancelled before they were charged: no money went back",
            "1",
            kind="flag",
            absent="1",
        ),
        Column("quantity", "units, either sign", "-1", kind="units", absent="0: money alone"),
        Column("price", "product money, tax excluded, either sign", "-22.92", kind="amount", absent="0"),
        Column("shipping_price", "shipping money, tax excluded, either sign", "0", kind="amount", absent="0"),
        Column(
            "shipping_gross_amount",
            "shipping money that names no tax, tax included; split like the shipping of the line it names, else like "
            "that of all lines",
            "4.80",
            kind="amount",
            absent="0",
        ),
        Column(
            "gross_amount",
            "money that names no tax, tax included; split like the line it names, else spread over all lines",
            "10",
            kind="amount",
            absent="0",
        ),
        Column(
            "refund_total",
            "what the whole document gave back, tax included; what its rows do not name is spread over the lines",
            "37.50",
            kind="amount",
            absent="the sum of the document's rows",
        ),
    ),
    "taxes": (
        _ORDER_ID,
        Column(
            "channel_order_line_id",
            "the line; absent for a tax on the order's shipping",
            "5001",
            kind="id",
            absent="a tax of the order: spread over the lines",
        ),
        Column(
            "channel_adjustment_id",
            "set when the tax belongs to an adjustment",
            "1050-5010",
            kind="id",
            absent="a tax of the line or order itself",
        ),
        Column("applies_to", "`price` or `shipping`", "price", required=True, words=("price", "shipping")),
        Column("code", "the tax as the shop names it", "VAT", required=True),
        Column(
            "rate",
            "in the unit of the source (`tax_rate_unit` of platform.toml; percent by default)",
            "20.0000",
            kind="rate",
        ),
        Column("amount", "the tax itself", "9.17", required=True, kind="amount"),
    ),
    "addresses": (
        _ORDER_ID,
        Column("address_type", "`billing` or `shipping`", "shipping", required=True, words=("billing", "shipping")),
        Column("first_name", "first name", "Zoë", absent="left out"),
        Column(
            "last_name",
            "last name; a whole name may be given here, or in first_name, which is split at its last word",
            "Müller",
            absent="the last word of `first_name`, or the company; without any, the order is rejected",
        ),
        Column("company", "company", "Müller GmbH"),
        Column(
            "street",
            "street and number",
            "Hauptstraße 5",
            absent="`street_additional_info`; without both, the order is rejected (billing: left out)",
        ),
        Column("street_additional_info", "flat, floor, building", "2. OG"),
        Column("zip_code", "postal code", "10115"),
        Column("city", "city", "Berlin", absent="the order is rejected (billing: left out), except in city states"),
        Column("state", "state or region", "BE"),
        Column("country", "ISO 3166-1 alpha-2 or alpha-3", "DE"),
        Column("phone", "phone number", "+49 30 1234"),
        Column("additional_info", "delivery notes", "ring twice"),
    ),
    "custom_attributes": (
        _ORDER_ID,
        Column(
            "channel_order_line_id",
            "absent for an attribute of the order",
            "5001",
            kind="id",
            absent="an attribute of the order",
        ),
        Column("id", "attribute id, 1 to 255 characters", "gift-wrap", required=True),
        Column(
            "type", "STRING, NUMERIC, BOOLEAN, DATE or LIST (value: a JSON array of strings)", "BOOLEAN", required=True
        ),
        Column("value", "the value as text", "1", required=True),
    ),
}
