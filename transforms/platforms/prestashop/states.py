"""Which part a shop's order states play, and how far an order is by all the states it was in.

A state's number differs from shop to shop. The platform's own are named in its configuration (PS_OS_...), those of the
usual payment modules under their own keys; all others are known by their flags. A state without any flag decides
nothing: modules leave them all off for `Partial refund` and `Authorized` alike. Then what the order went through before
holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from transforms.database_values import text_cells
from transforms.groups import Bools
from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import is_filled
from transforms.rows import Rows, rows_of

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
    # States that payment modules add. Authorised money is captured when the goods leave: they are to be shipped.
    "PS_CHECKOUT_STATE_PENDING": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_WAITING_PAYPAL_PAYMENT": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_WAITING_CREDIT_CARD_PAYMENT": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_WAITING_LOCAL_PAYMENT": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_PARTIALLY_PAID": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_PARTIAL_PAYMENT": "AWAITING_PAYMENT",
    "PS_CHECKOUT_STATE_AUTHORIZED": "AWAITING_SHIPMENT",
    "PS_CHECKOUT_STATE_WAITING_CAPTURE": "AWAITING_SHIPMENT",
    "PAYPAL_OS_WAITING": "AWAITING_PAYMENT",
    "STRIPE_PAYMENT_WAITING": "AWAITING_PAYMENT",
    "STRIPE_SEPA_WAITING": "AWAITING_PAYMENT",
    "STRIPE_OXXO_WAITING": "AWAITING_PAYMENT",
    "STRIPE_OS_SOFORT_WAITING": "AWAITING_PAYMENT",
    "STRIPE_CAPTURE_WAITING": "AWAITING_SHIPMENT",
    "PAYPLUG_ORDER_STATE_PENDING": "AWAITING_PAYMENT",
    "PAYPLUG_ORDER_STATE_ONEY_PG": "AWAITING_PAYMENT",
    "PAYPLUG_ORDER_STATE_AUTH": "AWAITING_SHIPMENT",
    "MOLLIE_STATUS_AWAITING": "AWAITING_PAYMENT",
    "MOLLIE_STATUS_OPEN": "AWAITING_PAYMENT",
    # All other states, by their flags: shipped, paid, `logable` (the shop counts it as a sale).
    "flag:shipped": "SHIPPED",
    "flag:paid": "AWAITING_SHIPMENT",
    "flag:logable": "AWAITING_SHIPMENT",
}
# Every PrestaShop has these states; a key of a module may name one of them as well, and then adds nothing.
_OWN = tuple(part for part in STATUSES if part.startswith("PS_OS_"))
_OF_MODULES = tuple(part for part in STATUSES if not part.startswith(("PS_OS_", "flag:")))
_KEYS = _OWN + _OF_MODULES
_NO_FLAG = "flag:none"

_HAS_LEFT = frozenset(part for part, status in STATUSES.items() if status in {"SHIPPED", "DELIVERED"})
_OUT_OF_STOCK = frozenset({"PS_OS_OUTOFSTOCK", "PS_OS_OUTOFSTOCK_PAID", "PS_OS_OUTOFSTOCK_UNPAID"})
_CLOSED = frozenset({"PS_OS_CANCELED", "PS_OS_REFUND"})
# Packing again what was marked as shipped takes that back; a state of the payment does not.
_TAKES_BACK = _OUT_OF_STOCK | {"PS_OS_PREPARATION"}
_OF_PAYMENT = frozenset(STATUSES) - _HAS_LEFT - _TAKES_BACK - _CLOSED
_UNPAID = frozenset(part for part, status in STATUSES.items() if status.startswith("AWAITING_PAYMENT"))
_PARTLY = ("partial", "partly", "partiel", "teilweise", "teil", "gedeeltelijk", "parcial", "parzial", "częściow")
_SENT = ("ship", "sent", "expédi", "envoy", "versandt", "verschickt", "verzonden", "envia", "spedit", "wysłan")


class States:
    """Which part each state plays in one shop.

    `values`: the shop's configuration; `all_values`: (key, value) of all shops, as modules may have made their states
    once a shop and kept the key of one of them; `states`: state rows by id.
    """

    def __init__(
        self, values: Mapping[str, str], all_values: Iterable[tuple[str, str]], states: Mapping[str, Any]
    ) -> None:
        self._states = states
        self._parts: dict[str, str | None] = {}
        of_modules = [(part, value) for part, value in all_values if part in _OF_MODULES]
        for part, value in [*((part, values.get(part)) for part in _KEYS), *of_modules]:
            if value is not None and value in states:
                self._parts.setdefault(value, part)

    def name(self, state_id: Any) -> str:
        """Name a state as the back office shows it, by its number where it has no name."""
        state = self._states.get(str(state_id))
        return ((state.name or "").strip() if state else "") or str(state_id)

    def part(self, state_id: Any) -> str | None:
        """Name the part a state plays: its key, else its strongest flag, else `flag:none`; None: hidden or unknown."""
        key = str(state_id)
        if key not in self._parts:
            self._parts[key] = _by_flags(self._states.get(key))
        return self._parts[key]

    def is_partly_shipped(self, state_id: Any) -> bool:
        """Return whether a state that has no flag calls the order shipped in part, by its name."""
        name = self.name(state_id).casefold()
        return any(word in name for word in _PARTLY) and any(word in name for word in _SENT)


def _by_flags(state: Any) -> str | None:
    if state is None:
        return None
    for flag in ("shipped", "paid", "logable"):
        if getattr(state, flag):
            return f"flag:{flag}"
    return None if state.hidden else _NO_FLAG


@dataclass(frozen=True, slots=True)
class OrderState:
    """How far an order is. `hint` and `proved` as in the orders frame.

    The rest names entries of its history, from 0 (None: there is none). `shipped`: when it left, if it did;
    `out_of_stock`: when it first lacked something; `cancelled`: since when it is in its state, or had been cancelled
    before that, for an order that is cancelled.
    """

    name: str
    hint: str | None
    proved: str | None
    shipped: int | None
    shipped_now: bool
    partly_shipped: bool
    out_of_stock: int | None
    cancelled: int | None


def order_state(states: States, current: Any, history: Sequence[Any], paid: bool, tracked: bool) -> OrderState:
    """Return how far an order is by its state and by those it was in before, oldest first.

    `paid`: its payments, its invoice or its slips prove that it was paid. `tracked`: it has a tracking number, which
    proves that it left where its state decides nothing.
    """
    hint = states.part(current)
    decided = left = None
    shipped = short = cancelled = entered = None
    for entry, state in enumerate(history):
        part = states.part(state)
        if part in _HAS_LEFT:
            left, shipped = part, entry if shipped is None else shipped
        elif part in _TAKES_BACK:
            left = shipped = None
        if part in _OUT_OF_STOCK:
            short = entry if short is None else short
        if part == "PS_OS_CANCELED":
            cancelled = entry if cancelled is None else cancelled
        elif part in STATUSES:
            cancelled = None
        if state == current:
            entered = entry
        if part in STATUSES and part != "PS_OS_ERROR":
            decided = left if left and part in _OF_PAYMENT else part
    if hint in STATUSES:
        hint = left if left and hint in _OF_PAYMENT else hint
        # A module marks only one order of a reference as paid when the payment for all of them has come.
        hint = "PS_OS_PAYMENT" if paid and hint in _UNPAID and hint in _OF_MODULES else hint
        proved = None
    else:
        proved = _proved(decided, paid, tracked)
    decisive = proved or hint
    return OrderState(
        name=states.name(current),
        hint=hint,
        proved=proved,
        shipped=shipped,
        shipped_now=decisive in _HAS_LEFT,
        partly_shipped=proved is not None and proved not in _HAS_LEFT and states.is_partly_shipped(current),
        out_of_stock=short,
        cancelled=entered if cancelled is None else cancelled,
    )


class Progress(NamedTuple):
    """How far an order is: when it left (None: not, or unknown) and whether it has; when it first lacked something."""

    shipped_at: str | None
    shipped_now: bool
    out_of_stock_at: str | None


class Settings:
    """What the shops of a chunk have configured: their states, and their own addresses."""

    def __init__(self, rows: Rows) -> None:
        self._states = {str(row.id_order_state): row for row in rows_of(rows, "states")}
        self._configuration = list(rows_of(rows, "configuration"))
        self._known: dict[tuple[Any, Any], tuple[States, Mapping[str, str]]] = {}

    def states(self, shop: tuple[Any, Any]) -> States:
        """Return the states of a shop, by its id and its group's."""
        return self._of(shop)[0]

    def address(self, shop: tuple[Any, Any]) -> str:
        """Write where a shop is by its configuration, in one line; empty where it is not configured."""
        values = self._of(shop)[1]
        street = (values.get("PS_SHOP_ADDR1"), values.get("PS_SHOP_ADDR2"))
        town = " ".join(filter(None, (values.get("PS_SHOP_CODE"), values.get("PS_SHOP_CITY"))))
        return ", ".join(part.strip() for part in (*street, town) if part and part.strip())

    def _of(self, shop: tuple[Any, Any]) -> tuple[States, Mapping[str, str]]:
        if shop not in self._known:
            everywhere, group, own = {}, {}, {}
            for row in self._configuration:
                if row.id_shop is None and row.id_shop_group is None:
                    everywhere[row.name] = row.value
                elif row.id_shop is None and row.id_shop_group == shop[1]:
                    group[row.name] = row.value
                elif row.id_shop == shop[0]:
                    own[row.name] = row.value
            values = {**everywhere, **group, **own}
            everything = [(row.name, row.value) for row in self._configuration]
            self._known[shop] = States(values, everything, self._states), values
        return self._known[shop]


@dataclass(frozen=True, slots=True)
class OrderStates:
    """How far the orders of a chunk are, and since when: times are the shop's own, None where there is none."""

    each: Sequence[OrderState]
    shipped_at: Sequence[str | None]
    out_of_stock_at: Sequence[str | None]
    cancelled_at: Sequence[str | None]

    def progress(self, order: int) -> Progress:
        """Return how far one order is."""
        return Progress(self.shipped_at[order], self.each[order].shipped_now, self.out_of_stock_at[order])


def order_states(settings: Settings, chunk: Chunk, paid: Bools) -> OrderStates:
    """Return how far each order is. Most orders of a chunk share a few histories: each is worked out once."""
    orders, history = chunk.orders, chunk.of_orders("history")
    shops = zip(orders["id_shop"], orders["id_shop_group"], strict=True)
    tracked = is_filled(text_cells(orders["tracking_number"])).tolist()
    states, bounds = history["id_order_state"].tolist(), history.groups.bounds.tolist()
    histories = [tuple(states[begin:end]) for begin, end in pairwise(bounds)]
    known: dict[tuple[Any, ...], OrderState] = {}
    found = []
    for key in zip(shops, orders["current_state"], histories, paid.tolist(), tracked, strict=True):
        if key not in known:
            known[key] = order_state(settings.states(key[0]), *key[1:])
        found.append(known[key])
    dates = text_cells(history["date_add"]).to_pylist()

    def times(entries: Iterable[int | None]) -> list[str | None]:
        return [None if entry is None else dates[begin + entry] for begin, entry in zip(bounds, entries, strict=False)]

    return OrderStates(
        each=found,
        shipped_at=times(state.shipped for state in found),
        out_of_stock_at=times(state.out_of_stock for state in found),
        cancelled_at=times(state.cancelled for state in found),
    )


def _proved(decided: str | None, paid: bool, tracked: bool) -> str | None:
    if decided in _HAS_LEFT or decided in _CLOSED:
        return decided
    if paid and (decided is None or decided in _UNPAID):
        decided = "PS_OS_PAYMENT"
    return "PS_OS_SHIPPING" if tracked and decided is not None and decided not in _UNPAID else decided
