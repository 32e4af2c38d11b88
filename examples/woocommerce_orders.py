"""One order of the example shop: what was bought, and what happens to it in time.

Money is in cents with tax here; `woocommerce_rows` writes it as WooCommerce keeps it.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from examples.buyers import Buyer, Buyers
from examples.goods import CARRIERS, CENT, METHODS, PRODUCTS, RATE_OF, Method, Product, Rate, split

FIRST_ORDER_ID = 10_001
# WooCommerce takes the ids of orders and refunds from one sequence: an order leaves room for its two refunds.
_IDS_PER_ORDER = 3


@dataclass(slots=True)
class Line:
    """A product line or a fee: cents of the whole line, `before` and `after` a coupon.

    `quantity_text` and `total_text` stand in the database instead of the true values, where an order is damaged.
    """

    item_id: int
    title: str
    product: Product | None
    quantity: int
    before: int
    after: int
    rate: Rate | None
    quantity_text: str | None = None
    total_text: str | None = None


@dataclass(slots=True)
class Shipping:
    """What shipping cost, in millionths."""

    item_id: int
    method: Method
    net: int
    tax: int
    rate: Rate | None


@dataclass(slots=True)
class Refund:
    """A refund document of `cents`. `items` are (line, units, cents); `shipping` says that shipping came back as well.

    One without either gives money back and does not say for what.
    """

    refund_id: int
    made_at: dt.datetime
    reason: str
    cents: int
    items: list[tuple[Line, int, int]]
    shipping: bool = False


@dataclass(slots=True)
class Shipment:
    """A parcel: (line, units) of it, None for the whole order. `native` is WooCommerce's own, else a plugin's."""

    sent_at: dt.datetime
    carrier: str
    items: list[tuple[Line, int]] | None
    native: bool = False


@dataclass(slots=True)
class Order:
    """An order as it stands at `updated`, its newest change. Times are UTC; nothing happens after `now`."""

    order_id: int
    created: dt.datetime | None
    updated: dt.datetime
    now: dt.datetime
    chance: random.Random
    buyer: Buyer
    ship_to: Buyer
    customer_id: int
    lines: list[Line]
    shipping: Shipping | None
    coupon: int
    status: str = "wc-pending"
    currency: str = "EUR"
    created_via: str = "checkout"
    paid: dt.datetime | None = None
    completed: dt.datetime | None = None
    trashed_from: str | None = None
    refunds: list[Refund] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Return what the shop charged, in cents: WooCommerce rounds the sum, not its parts."""
        shipping = 0 if self.shipping is None else self.shipping.net + self.shipping.tax
        return sum(line.after for line in self.lines) + (shipping + CENT // 2) // CENT

    @property
    def refundable(self) -> int:
        """Return what has not been given back yet, in cents."""
        return self.total - sum(refund.cents for refund in self.refunds)

    @property
    def goods(self) -> list[Line]:
        """Return the lines that are products."""
        return [line for line in self.lines if line.product is not None]

    def later(self, low: float, high: float) -> bool:
        """Let between `low` and `high` hours pass before the next change; False where that would be in the future."""
        moment = self.updated + dt.timedelta(seconds=round(self.chance.uniform(low, high) * 3600) or 1)
        if moment > self.now:
            return False
        self.updated = moment
        return True

    def becomes(self, status: str, note: str = "") -> None:
        """Take a new status, with WooCommerce's note about it."""
        self.notes.append(note or f"Order status changed to {status.removeprefix('wc-')}.")
        self.status = status

    def pay(self) -> None:
        """Be paid now."""
        self.paid = self.updated
        self.becomes("wc-processing")

    def complete(self) -> None:
        """Be completed now."""
        self.completed = self.updated
        self.becomes("wc-completed")

    def ship(self, items: list[tuple[Line, int]] | None = None, *, native: bool = False) -> None:
        """Send a parcel now."""
        self.shipments.append(Shipment(self.updated, self.chance.choice(CARRIERS), items, native))

    def refund(self, reason: str, items: list[tuple[Line, int, int]], *, shipping: bool = False) -> None:
        """Give money back now, and say for what."""
        cents = sum(amount for _, _, amount in items)
        if shipping and self.shipping is not None:
            cents += (self.shipping.net + self.shipping.tax + CENT // 2) // CENT
        self._refund(reason, cents, items, shipping and self.shipping is not None)

    def refund_amount(self, reason: str, cents: int) -> None:
        """Give money back now without saying for what."""
        self._refund(reason, min(cents, self.refundable), [], False)

    def _refund(self, reason: str, cents: int, items: list[tuple[Line, int, int]], shipping: bool) -> None:
        refund_id = self.order_id + 1 + len(self.refunds)
        self.refunds.append(Refund(refund_id, self.updated, reason, cents, items, shipping))


class Orders:
    """Makes orders, each as the buyer has just placed it."""

    def __init__(self, chance: random.Random, now: dt.datetime) -> None:
        self._chance, self._now = chance, now
        self._buyers = Buyers(chance)
        self._item_ids = iter(range(50_001, 2**62))

    def place(self, ordinal: int, created: dt.datetime) -> Order:
        """Make the order number `ordinal` (0, 1, ...) of the shop."""
        chance = self._chance
        buyer = self._buyers.draw()
        gift = chance.random() < 0.1
        country = buyer.country
        taxed = country != "CH" and not buyer.vat_number.startswith(("DE", "BE", "IT", "ES", "PL"))
        coupon = chance.choice((10, 15)) if chance.random() < 0.1 else 0
        lines = list(self._goods(country, taxed, coupon))
        return Order(
            order_id=order_id(ordinal),
            created=created,
            updated=created,
            now=self._now,
            chance=chance,
            buyer=buyer,
            ship_to=self._buyers.draw(country) if gift else buyer,
            customer_id=0 if chance.random() < 0.4 else chance.randrange(2, 2000),
            shipping=self._shipping(lines, country, taxed),
            lines=lines + list(self._fees(lines, gift, country, taxed)),
            coupon=coupon,
        )

    def _goods(self, country: str, taxed: bool, coupon: int) -> Iterator[Line]:
        chance = self._chance
        for product in chance.sample(PRODUCTS, chance.choice((1, 1, 1, 2, 2, 3, 4))):
            quantity = chance.choice((1, 1, 1, 1, 2, 2, 3))
            before = _price(product.cents, taxed) * quantity
            after = before - round(before * coupon / 100)
            rate = RATE_OF[country, product.tax_class] if taxed else None
            yield Line(next(self._item_ids), product.title, product, quantity, before, after, rate)

    def _fees(self, lines: list[Line], gift: bool, country: str, taxed: bool) -> Iterator[Line]:
        if gift:
            cents, rate = _price(350, taxed), RATE_OF[country, ""] if taxed else None
            yield Line(next(self._item_ids), "Emballage cadeau", None, 1, cents, cents, rate)
        # A loyalty credit is a fee below zero; WooCommerce takes the tax off as well.
        elif lines[0].after >= 2000 and self._chance.random() < 0.03:
            yield Line(next(self._item_ids), "Avoir fidélité", None, 1, -500, -500, lines[0].rate)

    def _shipping(self, lines: list[Line], country: str, taxed: bool) -> Shipping | None:
        if all(line.product is not None and line.product.virtual for line in lines):
            return None
        dear = sum(line.after for line in lines) > 9000
        method = METHODS[3] if dear else self._chance.choice((METHODS[0], METHODS[0], *METHODS[1:3], METHODS[4]))
        rate = RATE_OF[country, ""] if taxed else None
        if method.with_tax or rate is None:
            net, tax = split(_price(method.cents, taxed) if method.with_tax else method.cents, rate)
        else:
            net, tax = method.cents * CENT, method.cents * CENT * rate.percent // 100_000
        return Shipping(next(self._item_ids), method, net, tax, rate)


def order_id(ordinal: int) -> int:
    """Return the id of the order number `ordinal`."""
    return FIRST_ORDER_ID + ordinal * _IDS_PER_ORDER


def _price(cents: int, taxed: bool) -> int:
    """Return what a buyer pays: whoever owes no VAT pays the price without the shop's own."""
    return cents if taxed else round(cents / 1.2)
