"""What becomes of the example shop's orders: one function a story, each a few steps of `Order`.

A story stops where its next step would lie in the future, so young orders are open and old ones are done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from examples.goods import METHODS
from examples.woocommerce_orders import Line, Order, order_id

Story = Callable[[Order], None]


def _paid(order: Order) -> bool:
    if not order.later(0.01, 0.2):
        return False
    order.pay()
    return True


def _completed(order: Order) -> bool:
    if not (_paid(order) and order.later(4, 90)):
        return False
    order.ship()
    order.complete()
    return True


def _whole(line: Line) -> tuple[Line, int, int]:
    return line, line.quantity, line.after


def _refund_everything(order: Order, reason: str) -> None:
    if any(line.after < 0 for line in order.lines):
        order.refund_amount(reason, order.refundable)
    else:
        order.refund(reason, [_whole(line) for line in order.lines], shipping=True)
    order.becomes("wc-refunded")


def refunded_twice(order: Order) -> None:
    """First something for the annoyance, in the end all that was left, neither time saying for what."""
    if _completed(order) and order.later(10, 60):
        order.refund_amount("Geste commercial", 500)
        if order.later(10, 60):
            order.refund_amount("", order.refundable)
            order.becomes("wc-refunded")


def returned(order: Order) -> None:
    """Everything came back, and each item of it is named."""
    if _completed(order) and order.later(30, 150):
        _refund_everything(order, "Retour sous 14 jours")


def unit_returned(order: Order) -> None:
    """One unit came back broken."""
    if _completed(order) and order.later(30, 150):
        line = order.goods[0]
        order.refund("Article cassé", [(line, 1, line.after // line.quantity)])


def goodwill(order: Order) -> None:
    """A few euros, not saying for what."""
    if _completed(order) and order.later(20, 100):
        order.refund_amount("Geste commercial", min(500, order.total // 3))


def price_lowered(order: Order) -> None:
    """Money for a line, but no unit of it."""
    if _completed(order) and order.later(20, 100):
        line = order.goods[0]
        order.refund("Endommagé, gardé par le client", [(line, 0, line.after // 4)])


def shipping_refunded(order: Order) -> None:
    """Late, so the shipping is given back."""
    if _completed(order) and order.later(20, 100) and order.shipping is not None and order.shipping.net:
        order.refund("Livraison en retard", [], shipping=True)


def refunded_by_status(order: Order) -> None:
    """Somebody set the status to refunded: WooCommerce then makes a refund of all, without items."""
    if _paid(order) and order.later(2, 40):
        order.refund_amount("Order fully refunded.", order.refundable)
        order.becomes("wc-refunded")


def cancelled_after_payment(order: Order) -> None:
    """The buyer changed their mind before anything had left."""
    if _paid(order) and order.later(1, 20):
        _refund_everything(order, "Annulation par le client")


def out_of_stock(order: Order) -> None:
    """The last line could not be had; the rest is shipped."""
    if _paid(order) and order.later(2, 20):
        line = order.goods[-1]
        order.refund("Rupture de stock", [_whole(line)])
        if len(order.goods) == 1:
            order.becomes("wc-refunded")
        elif order.later(4, 60):
            order.ship([(other, other.quantity) for other in order.goods[:-1]])
            order.complete()


def partly_fulfilled(order: Order) -> None:
    """A first parcel, in WooCommerce's own shipments."""
    if _paid(order) and order.later(4, 60):
        order.ship([(order.goods[0], 1)], native=True)


def fulfilled(order: Order) -> None:
    """All parcels, in WooCommerce's own shipments."""
    if _paid(order) and order.later(4, 60):
        order.ship([(line, line.quantity) for line in order.goods], native=True)
        order.complete()


def partly_shipped(order: Order) -> None:
    """A first parcel, in the tracking plugin."""
    if _paid(order) and order.later(4, 60):
        order.ship([(order.goods[0], 1)])
        order.becomes("wc-partial-shipped")


def shipped(order: Order) -> None:
    """Shipped, in a status of a plugin."""
    if _paid(order) and order.later(4, 60):
        order.ship()
        order.becomes("wc-shipped")


def delivered(order: Order) -> None:
    """Delivered, in a status of a plugin."""
    if _completed(order) and order.later(20, 70):
        order.becomes("wc-delivered")


def completed(order: Order) -> None:
    """The usual."""
    _completed(order)


def handed_over(order: Order) -> None:
    """Completed, and no trace of a parcel."""
    if _paid(order) and order.later(1, 48):
        order.complete()


def paid(order: Order) -> None:
    """Paid, and waiting."""
    _paid(order)


def on_hold(order: Order) -> None:
    """A bank transfer takes its days; some never come."""
    order.becomes("wc-on-hold")
    if order.chance.random() < 0.7 and order.later(20, 90):
        order.pay()
        if order.later(4, 48):
            order.ship()
            order.complete()


def transfer_awaited(order: Order) -> None:
    """A bank transfer that has not come."""
    order.becomes("wc-on-hold")


def unpaid(order: Order) -> None:
    """Left at the till: WooCommerce cancels after an hour, and says why only in a note."""
    if order.later(1, 1.05):
        order.becomes("wc-cancelled", "Unpaid order cancelled - time limit reached.")


def invoiced(order: Order) -> None:
    """Made by the shop itself, the link for paying sent by e-mail."""
    order.created_via = "admin"


def cancelled(order: Order) -> None:
    """Cancelled by the buyer instead of paying."""
    if order.later(0.02, 0.5):
        order.becomes("wc-cancelled", "Order cancelled by customer.")


def failed(order: Order) -> None:
    """The bank said no."""
    if order.later(0.01, 0.1):
        order.becomes("wc-failed")


def trashed(order: Order) -> None:
    """Thrown away by the shop."""
    if _paid(order) and order.later(1, 50):
        order.trashed_from = order.status
        order.becomes("trash")


def draft(order: Order) -> None:
    """A cart at the till, and no order."""
    order.status = "wc-checkout-draft"
    order.created_via = "store-api"


def preparing_gift(order: Order) -> None:
    """A status of this shop's own, which nobody has mapped."""
    if _paid(order) and order.later(1, 5):
        order.becomes("wc-preparing-gift")


def _comma(order: Order) -> None:
    order.goods[0].total_text = "12,50"


def _is_brought(order: Order) -> None:
    # Whoever fetches the goods needs no address.
    if order.shipping is not None and order.shipping.method.method_id == "local_pickup":
        order.shipping.method = METHODS[3]


def _unknown_country(order: Order) -> None:
    _is_brought(order)
    order.ship_to = dataclasses.replace(order.ship_to, country="ZZ")


def _no_street(order: Order) -> None:
    _is_brought(order)
    order.ship_to = dataclasses.replace(order.ship_to, address_1="", address_2="")


def _no_lines(order: Order) -> None:
    order.lines.clear()


def _unknown_currency(order: Order) -> None:
    order.currency = "EURO"


def _no_number_of_units(order: Order) -> None:
    order.goods[0].quantity_text = "two"


def _never_created(order: Order) -> None:
    order.created = None


# Story -> how often it happens, in parts of all. The slowest come first: see `_PLACED`.
STORIES: Mapping[Story, float] = {
    refunded_twice: 0.5,
    returned: 2,
    unit_returned: 4,
    goodwill: 2,
    price_lowered: 1,
    shipping_refunded: 1,
    delivered: 2,
    out_of_stock: 2,
    partly_fulfilled: 0.7,
    fulfilled: 1.5,
    partly_shipped: 1,
    shipped: 2,
    refunded_by_status: 1,
    cancelled_after_payment: 2,
    handed_over: 5,
    completed: 55,
    on_hold: 3,
    transfer_awaited: 0.5,
    unpaid: 4,
    invoiced: 0.5,
    cancelled: 1.5,
    failed: 2,
    trashed: 0.5,
    draft: 2,
    paid: 3.3,
}

# What is wrong with an order -> (ordinal, code and field of the reject it becomes).
DAMAGES: Mapping[Story, tuple[int, str, str]] = {
    _comma: (55, "invalid_amount", "order_lines[0].price.amount"),
    _unknown_country: (145, "invalid_address", "shipping_info.address.country_iso_code"),
    _no_street: (235, "invalid_address", "shipping_info.address.street"),
    _no_lines: (325, "no_lines", "order_lines"),
    _unknown_currency: (415, "unknown_currency", "currency"),
    _no_number_of_units: (475, "invalid_quantity", "order_lines[0].quantity"),
    _never_created: (535, "missing", "created_at"),
}
_REFUSED = (113, 337, 563)
_UNMAPPED = (275, 505)

REJECTED: Mapping[str, tuple[str, str]] = {
    str(order_id(ordinal)): (code, field) for ordinal, code, field in DAMAGES.values()
}
REFUSED_BY_MIRAKL = frozenset(str(order_id(ordinal)) for ordinal in _REFUSED)
UNMAPPED = frozenset(str(order_id(ordinal)) for ordinal in _UNMAPPED)

# Each story stands at least once among the older orders, whatever chance would have; the rest is chance.
_PLACED: Mapping[int, Story] = {
    **{10 + 12 * index: story for index, story in enumerate(STORIES)},
    **dict.fromkeys(_REFUSED, paid),
    **dict.fromkeys(_UNMAPPED, preparing_gift),
}
_DAMAGED: Mapping[int, Story] = {ordinal: damage for damage, (ordinal, _, _) in DAMAGES.items()}
_NAMES, _SHARES = list(STORIES), list(STORIES.values())


def tell(order: Order, ordinal: int) -> None:
    """Let happen to the order number `ordinal` what becomes of it."""
    damage = _DAMAGED.get(ordinal)
    story = _PLACED.get(ordinal) or (paid if damage else order.chance.choices(_NAMES, _SHARES)[0])
    story(order)
    if damage is not None:
        damage(order)
