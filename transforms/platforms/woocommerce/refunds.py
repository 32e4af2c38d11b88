"""How much a refund document of WooCommerce gave back, in all and of each of its items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from transforms.money import AmountError, parse_amount
from transforms.platforms.woocommerce.chunk import Cell, Chunk, Item, Refund
from transforms.rows import number

WHOLE = Decimal(1)
REFUNDABLE = frozenset({"line_item", "fee", "shipping"})
# A price reduction is clearly below the price, a unit that came back is near it, whatever was kept back of it.
_MONEY_ALONE = Decimal("0.75")
# Lines keep fractions of a cent that the refund form rounds.
_ROUNDING = Decimal("0.01")
MONEY_REASON = "AGREEMENT"
# The quantity of a refund item, and its reason where its text gives none.
Units = tuple[Cell, Cell]


@dataclass(frozen=True, slots=True)
class Document:
    """A refund document: its row, its items, and what it gave back in all, tax included."""

    row: Refund
    items: Sequence[Item]
    amount: Decimal


def documents(chunk: Chunk) -> dict[int, list[Document]]:
    """Return the refunds of the orders that have any, by the order's row, the oldest first."""
    numbers = chunk.orders.numbers
    return {numbers[order_id]: documents_of(chunk, order_id) for order_id in chunk.refunds if order_id in numbers}


def documents_of(chunk: Chunk, order_id: Cell) -> list[Document]:
    """Return the refunds of an order, of the chunk or not."""
    found = []
    for row in chunk.refunds.get(order_id or "", ()):
        items = [item for item in chunk.refunded.get(row.refund_id, ()) if item.order_item_type in REFUNDABLE]
        found.append(Document(row, items, refunded(row)))
    return found


def refunded(refund: Refund) -> Decimal:
    """Return what a refund document gave back; its column has it too, with the other sign."""
    for value in (refund.refund_amount, refund.total_amount):
        try:
            if amount := parse_amount(value):
                return abs(amount)
        except AmountError:
            continue
    return Decimal(0)


def given_back(items: Sequence[Item]) -> tuple[Sequence[Item], Decimal]:
    """Return the items that give money back, and the share of it that was given.

    Refund items are negative. A positive one among them takes: a restocking fee, or the discount of a line that comes
    back with it. What it takes lowers the others in proportion.
    """
    try:
        amounts = [sum((parse_amount(cell) for cell in _amounts(item)), Decimal(0)) for item in items]
    except AmountError:
        return items, WHOLE
    given = -sum(amount for amount in amounts if amount < 0)
    kept = sum(amount for amount in amounts if amount > 0)
    if not 0 < kept < given:
        return items, WHOLE
    return [item for item, amount in zip(items, amounts, strict=True) if amount <= 0], WHOLE - Decimal(kept) / given


def units_by_item(documents: Sequence[Document], items: Sequence[Item]) -> dict[str, Units]:
    """Return the units that each item of an order's refunds gives back, by the item's id; the oldest document first.

    The last money of a line takes its last units, where units were typed in with any of its money: a line of which
    nothing is left to pay is not shipped. `items` are the order's.
    """
    lines = {item.order_item_id: item for item in items}
    found: dict[str, Units] = {}
    given_up: dict[str, Decimal] = defaultdict(Decimal)
    money: dict[str, Decimal] = defaultdict(Decimal)
    typed: set[str] = set()
    for document in documents:
        items_of_document = given_back(document.items)[0]
        for item in items_of_document:
            line_id = item.refunded_item_id or ""
            line = lines.get(line_id)
            quantity, reason = _units(item, line)
            if line is not None and item.order_item_type == "line_item":
                given, cost, left = _gross(item), _gross(line), number(line.qty) - given_up[line_id]
                money[line_id] += abs(given)
                if number(item.qty):
                    typed.add(line_id)
                is_last = given != 0 and 0 < cost <= money[line_id] + _ROUNDING
                if is_last and line_id in typed and left > abs(number(quantity)):
                    quantity, reason = format(left, "f"), None
            given_up[line_id] += abs(number(quantity))
            found[item.order_item_id] = quantity, reason
        # Shipping or a fee given back without any unit is money as well: nothing came back.
        if not any(number(found[item.order_item_id][0]) for item in items_of_document):
            found.update((item.order_item_id, ("0", MONEY_REASON)) for item in items_of_document)
    return found


def _units(item: Item, line: Item | None) -> Units:
    """Return the units that an item gives back by itself.

    Where it gives back clearly less than its units cost, it is money: a unit typed in beside a price reduction did not
    come back, and the line is shipped, or still to be shipped.
    """
    if item.order_item_type != "line_item":
        return "0", None
    quantity = item.qty
    if line is None or not number(line.qty):
        return quantity, None
    if not number(quantity):
        return quantity, MONEY_REASON
    cost = number(line.line_total) * abs(number(quantity)) / number(line.qty)
    if 0 < abs(number(item.line_total)) < cost * _MONEY_ALONE:
        return "0", MONEY_REASON
    return quantity, None


def is_money_alone(document: Document, before: Decimal, total: Decimal) -> bool:
    """Return whether a document that names no items left something to give back of what the order cost.

    `before` is what earlier documents gave back: the last of the money is not a reduction of the price.
    """
    return 0 < document.amount < total * _MONEY_ALONE and before + document.amount < total


def of_items(document: Document, items: Sequence[Item]) -> Document:
    """Keep of a split order's refund what concerns the items that are left of it."""
    left = {item.order_item_id for item in items}
    kept = [item for item in document.items if item.refunded_item_id in left]
    cells = [cell for item in kept for cell in (item.line_total, item.line_tax, item.cost, item.total_tax)]
    return Document(document.row, kept, abs(sum((number(cell) for cell in cells), Decimal(0))))


def units_given_up(documents: Sequence[Document], given: Mapping[str, Units]) -> dict[str, Decimal]:
    """Count the units that were given back, by the item of the order; `given` is what `units_by_item` found."""
    given_up: dict[str, Decimal] = defaultdict(Decimal)
    for document in documents:
        for item in given_back(document.items)[0]:
            given_up[item.refunded_item_id or ""] += abs(number(given[item.order_item_id][0]))
    return given_up


def _gross(row: Item) -> Decimal:
    return number(row.line_total) + number(row.line_tax)


def _amounts(item: Item) -> tuple[Cell, Cell]:
    return (item.cost, item.total_tax) if item.order_item_type == "shipping" else (item.line_total, item.line_tax)


def part(amount: Cell, share: Decimal) -> Cell:
    """Return that share of an amount; one that is none is passed on as it is, so that the order is rejected for it."""
    if share == WHOLE:
        return amount
    try:
        return format(parse_amount(amount) * share, "f")
    except AmountError:
        return amount
