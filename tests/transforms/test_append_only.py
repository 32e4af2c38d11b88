"""An adjustment that was sent once is sent the same for ever, whatever happens to its order later."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transforms.conftest import MAPPING, ORDER, READ_AT, TAX
from transforms.frames import order_frames, table_of
from transforms.normalise import normalise

UNITS = st.integers(1, 3)
LINE_NUMBERS = st.integers(0, 2)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("ship"), LINE_NUMBERS, UNITS),
        st.tuples(st.just("cancel"), LINE_NUMBERS, UNITS),
        st.tuples(st.just("return"), LINE_NUMBERS, UNITS),
        st.tuples(st.just("money"), LINE_NUMBERS, st.integers(1, 900)),
        st.tuples(st.just("give"), LINE_NUMBERS, st.integers(1, 2500)),
        st.tuples(st.just("shipping"), LINE_NUMBERS, st.integers(1, 300)),
        st.tuples(st.just("complete"), LINE_NUMBERS, st.just(0)),
        st.tuples(st.just("void"), LINE_NUMBERS, st.just(0)),
    ),
    max_size=8,
)


class Shop:
    """An order to which things happen; it ships what is still to be shipped, and takes back what it had shipped."""

    def __init__(
        self, quantities: Sequence[int], cents: Sequence[int], paid: str = "24.00", sums: bool = False
    ) -> None:
        self.sums = sums
        self.quantities, self.cents, self.paid = quantities, cents, paid
        self.cancelled_at: str | None = None
        self.waiting, self.shipped = list(quantities), [0] * len(quantities)
        self.buyer = [0] * len(quantities)
        self.shipped_at: list[str | None] = [None] * len(quantities)
        self.completed_at: str | None = None
        self.adjustments: list[dict[str, Any]] = []

    def happens(self, number: int, what: str, index: int, amount: int) -> None:
        at = (dt.datetime(2026, 3, 3) + dt.timedelta(hours=number)).isoformat()
        index %= len(self.quantities)
        refund = {"refund_id": str(number), "created_at": at}
        row = {**refund, "channel_adjustment_id": f"{number}-{index}", "channel_order_line_id": str(index)}
        units = min(amount, self.waiting[index])
        back = min(amount, self.buyer[index])
        price = f"{self.cents[index] * amount / 400:.2f}"
        if self.cancelled_at is not None and what in {"ship", "cancel", "complete"}:
            return
        if what == "void":
            self.cancelled_at = self.cancelled_at or at
        elif what == "ship" and units:
            self.waiting[index] -= units
            self.shipped[index] += units
            self.buyer[index] += units
            self.shipped_at[index] = self.shipped_at[index] or at
        elif what == "cancel" and units:
            self.waiting[index] -= units
            self.adjustments.append({**row, "quantity": units, "price": price})
        elif what == "return" and back:
            self.buyer[index] -= back
            self.adjustments.append({**row, "quantity": back, "price": price, "reason": "Returned"})
        elif what == "money":
            self.adjustments.append({**row, "quantity": 0, "price": f"{amount / 100}", "refund_total": amount / 50})
        elif what == "give":
            self.adjustments.append({**refund, "channel_adjustment_id": str(number), "gross_amount": amount / 100})
        elif what == "shipping":
            self.adjustments.append({**refund, "channel_adjustment_id": str(number), "shipping_price": amount / 100})
        elif what == "complete" and self.completed_at is None:
            self.completed_at = at
            # Its parcels need not name all that left.
            self.buyer = [had + left for had, left in zip(self.buyer, self.waiting, strict=True)]
            self.waiting = [0] * len(self.quantities)

    def documents(self) -> Mapping[str, Decimal]:
        """Return what each refund document gave back."""
        documents: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.adjustments:
            amounts = (row.get("refund_total") or row.get(name) for name in ("price", "gross_amount", "shipping_price"))
            documents[row["refund_id"]] += sum((Decimal(str(amount)) for amount in {*amounts} if amount), Decimal(0))
        return documents

    def tables(self, order_id: str = "1") -> dict[str, list[dict[str, Any]]]:
        """Return what the shop's tables hold of it now, as an order of this id."""
        lines = [
            {
                "channel_order_line_id": str(index),
                "quantity": quantity,
                "price": self.cents[index] / 100,
                "product_id": "MUG",
                "product_title": "Mug",
                "quantity_shipped": self.shipped[index] or None,
                "shipped_at": self.shipped_at[index],
            }
            for index, quantity in enumerate(self.quantities)
        ]
        taxes = [
            {**TAX, "channel_order_line_id": str(index), "amount": cents / 500}
            for index, cents in enumerate(self.cents)
        ]
        order = {**ORDER, "shipping_price": "4.90", "shipped_at": self.completed_at}
        order |= {"total_paid": self.paid, "cancelled_at": self.cancelled_at}
        if self.sums:
            total = Decimal(sum(self.cents)) * 6 / 500 + Decimal("4.90")
            order["total_paid"] = str(total) if self.paid == "all" else self.paid
            order["total_refunded"] = str(min(total, sum(self.documents().values(), Decimal(0))))
        order["status"] = "void" if self.cancelled_at else "paid" if self.completed_at is None else "sent"
        # A database gives its rows in any order.
        tables: dict[str, list[dict[str, Any]]] = {"orders": [order], "lines": lines, "taxes": taxes}
        tables["adjustments"] = self.adjustments[::-1]
        return {name: [self._of(order_id, row) for row in rows] for name, rows in tables.items()}

    def _of(self, order_id: str, row: dict[str, Any]) -> dict[str, Any]:
        # A line belongs to one order, or is refused.
        line = row.get("channel_order_line_id")
        named = {} if line is None else {"channel_order_line_id": f"{line_prefix(order_id)}{line}"}
        return {**row, **named, "channel_order_id": order_id}


def line_prefix(order_id: str) -> str:
    return f"of {order_id}: "


def lines_of(*orders: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return the lines that would be sent, by order id. Orders are normalised together: that costs as one does."""
    tables = {name: [row for order in orders for row in order[name]] for name in orders[0]}
    result = normalise(order_frames({name: table_of(rows) for name, rows in tables.items() if rows}, READ_AT), MAPPING)
    assert result.rejects == []
    assert len(result.records) == len(orders)
    payloads = {record.channel_order_id: record.payload.decode() for record in result.records}
    return {
        order_id: json.loads(payload.replace(line_prefix(order_id), ""), parse_float=Decimal)["order_lines"]
        for order_id, payload in payloads.items()
    }


def cost(priced: Mapping[str, Any], shipping: str) -> dict[str, Decimal]:
    """What a line or adjustment is worth, part by part."""
    taxes = {name: sum(tax["amount"]["amount"] for tax in priced.get(name, ())) for name in ("taxes", "shipping_taxes")}
    parts = {"price": priced["price"]["amount"], "shipping": priced[shipping]["amount"], **taxes}
    return {name: Decimal(str(amount)) for name, amount in parts.items()}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.integers(0, 5000), min_size=3, max_size=3),
    EVENTS,
    st.sampled_from([("24.00", False), ("0", False), ("0", True), ("all", True)]),
)
@example([2], [2000], [("void", 0, 0), ("give", 0, 2890)], ("all", True))
def test_an_adjustment_never_changes_while_its_order_only_grows(
    quantities: list[int], cents: list[int], events: list[tuple[str, int, int]], paid: tuple[str, bool]
) -> None:
    shop = Shop(quantities, cents[: len(quantities)], *paid)
    states = [shop.tables("-1")]
    for number, event in enumerate(events):
        shop.happens(number, *event)
        states.append(shop.tables(str(number)))
    lines = lines_of(*states)
    before: list[tuple[str, Mapping[str, Any]]] = []
    for number in range(len(events)):
        now = [
            (line["channel_order_line_id"], adjustment)
            for line in lines[str(number)]
            for adjustment in line.get("adjustments", ())
        ]
        assert [adjustment for adjustment in before if adjustment not in now] == []
        before = now


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.integers(0, 900), min_size=3, max_size=3),
    EVENTS,
)
@example([1, 1], [723, 869, 0], [("void", 0, 0)])
def test_refunds_never_exceed_a_lines_money_or_units_and_add_up_to_the_cent(
    quantities: list[int], cents: list[int], events: list[tuple[str, int, int]]
) -> None:
    shop = Shop(quantities, cents[: len(quantities)], "all", sums=True)
    for number, event in enumerate(events):
        shop.happens(number, *event)
    charged, refunded = Decimal(0), Decimal(0)
    for line in lines_of(shop.tables())["1"]:
        left = cost(line, "total_shipping_price")
        charged += sum(left.values(), Decimal(0))
        for adjustment in line.get("adjustments", ()):
            given_back = cost(adjustment, "shipping_price")
            refunded += sum(given_back.values(), Decimal(0))
            left = {name: amount - given_back[name] for name, amount in left.items()}
        assert min(left.values()) >= 0
        assert sum(adjustment["quantity"] for adjustment in line.get("adjustments", ())) <= line["quantity"]
    assert refunded == min(charged, sum(shop.documents().values(), Decimal(0)))
