"""Where an order comes from, and what its buyer calls it."""

from __future__ import annotations

from transforms.platforms.woocommerce.chunk import Cell, Meta, Order

# The full number, with prefix, before the bare one.
_NUMBERS = (
    "_order_number_formatted",
    "_alg_wc_full_custom_order_number",
    "_ywson_custom_number_order_complete",
    "_order_number",
    "_alg_wc_custom_order_number",
    "_wcj_order_number",
    "_wc_order_number",
)
_NAMED = ("_marketplace", "_marketplace_name", "marketplace", "marketplace_name", "_lengow_marketplace_name")
_NUMBERED = {
    "_wpla_amazon_order_id": "amazon",
    "_amazon_order_id": "amazon",
    "_ebay_order_id": "ebay",
    "_mirakl_order_id": "mirakl",
    "_etsy_order_id": "etsy",
    "_codisto_orderid": "codisto",
}
# Marketplaces give their buyers addresses of their own.
_MAILS = {"@marketplace.amazon.": "amazon", "@members.ebay.": "ebay"}


def order_number(order: Order, meta: Meta) -> Cell:
    """Return the number that the buyer knows, None where it is the order's id."""
    number = next((text for key in _NUMBERS if (text := (meta.get(key) or "").strip())), None)
    return number if number != order.order_id else None


def source(order: Order, meta: Meta) -> Cell:
    """Return the marketplace that an order was imported from, else what created it (`checkout`, `rest-api`)."""
    if meta:
        for key in _NAMED:
            if name := (meta.get(key) or "").strip():
                return name
        for key, name in _NUMBERED.items():
            if meta.get(key):
                return name
    mail = order.billing_email or ""
    return next((name for part, name in _MAILS.items() if part in mail), None) or order.created_via or None
