"""Meta of items: amounts as columns, and all else row by row, for those few items that have more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from transforms.database_values import as_text

Cell = str | None
# The columns of items that are meta, by the key of WooCommerce.
COLUMNS: Mapping[str, str] = {
    "_product_id": "product_id",
    "_variation_id": "variation_id",
    "_qty": "qty",
    "_line_total": "line_total",
    "_line_tax": "line_tax",
    "_line_tax_data": "line_tax_data",
    "_refunded_item_id": "refunded_item_id",
    "method_id": "method_id",
    "instance_id": "instance_id",
    "cost": "cost",
    "total_tax": "total_tax",
    "taxes": "taxes",
    "rate_id": "rate_id",
    "label": "label",
    "rate_percent": "rate_percent",
}
# What amounts are of an item whose meta cannot be read: no number, so that its order is rejected for it.
UNREADABLE = "unreadable"
_ID = itemgetter(0)


class ItemMeta(NamedTuple):
    """A meta row of an item; `term_name` is the name of an attribute's value."""

    meta_key: Cell
    meta_value: Cell
    term_name: Cell


@dataclass(frozen=True, slots=True)
class MetaOfItems:
    """The meta of items: `columns` by the names of `COLUMNS`, one cell an item; `more` by the rows of the items."""

    columns: Mapping[str, list[Cell]]
    more: Mapping[int, Sequence[ItemMeta]]


def read_item_meta(cells: Sequence[Any], types: Sequence[Any]) -> MetaOfItems:
    """Read the column `meta` of the items, see `items.sql`; `types` are those of the items.

    Of two rows of one key the first by id counts, as for WooCommerce itself. Meta of a line that the shop shows to the
    buyer, whose key does not begin with `_`, is in `more` even where it is a column.
    """
    columns: dict[str, list[Cell]] = {name: [None] * len(cells) for name in COLUMNS.values()}
    by_key = {key: columns[name] for key, name in COLUMNS.items()}
    more: dict[int, list[ItemMeta]] = {}
    for row, (entries, kind) in enumerate(zip(_entries(cells), types, strict=True)):
        if entries is None:
            for name in ("line_total", "cost"):
                columns[name][row] = UNREADABLE
            continue
        entries.sort(key=_ID, reverse=True)
        for entry in entries:
            key = entry[1]
            column = by_key.get(key)
            if column is not None:
                column[row] = entry[2]
            if column is None or (kind == "line_item" and key[0] != "_"):
                term_name = entry[3] if len(entry) > 3 else None
                more.setdefault(row, []).append(ItemMeta(as_text(key), _text(entry[2]), as_text(term_name)))
    for rows in more.values():
        rows.reverse()
    return MetaOfItems(columns, more)


def _entries(cells: Sequence[Any]) -> list[list[list[Any]] | None]:
    """Return the meta rows of each item; None where its cell was cut off."""
    texts = [f"[{cell}]" if cell else "[]" for cell in cells]
    try:
        read: list[list[list[Any]] | None] = orjson.loads(f"[{','.join(texts)}]")
    except orjson.JSONDecodeError:
        return list(map(_read, texts))
    return read


def _read(text: str) -> list[list[Any]] | None:
    try:
        read: list[list[Any]] = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return read


def _text(value: Any) -> Cell:
    # What serialised PHP holds counts its bytes: text stays as it is, NUL included.
    return value if value is None or type(value) is str else as_text(value)
