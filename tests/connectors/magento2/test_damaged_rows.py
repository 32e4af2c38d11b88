"""Damaged rows of Magento 2: an order that cannot be read costs no other order."""

from __future__ import annotations

from decimal import Decimal
from itertools import zip_longest
from typing import Any

import pytest

from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.magento2.conftest import MAPPING
from tests.golden.platforms.magento2 import PLATFORM
from transforms.frames import Table
from transforms.normalise import normalise


@pytest.mark.parametrize("cell", [None, "0000-00-00 00:00:00", ""], ids=["nothing", "a zero date", "an empty text"])
def test_no_column_without_its_value_takes_the_other_orders_down(cell: str | None, golden_shop: ShopSource) -> None:
    """Damaged rows end as records or rejects; a column of times may hold zero dates, one of texts nothing at all."""
    reader = ShopReader(golden_shop)
    with reader.snapshot() as snapshot:
        rows = snapshot.rows(snapshot.find([PLATFORM.order_id(case) for case in PLATFORM.cases.values()]))
        read_at = snapshot.read_at
    reader.dispose()
    # One column of the orders at a time, as it may reject them all; of the other queries one each, together.
    single = [{"orders": column} for column in _breakable(rows["orders"], cell)]
    others = {query: _breakable(frame, cell) for query, frame in rows.items() if query != "orders"}
    together = zip_longest(*others.values())
    for damage in [*single, *(dict(zip(others, columns, strict=True)) for columns in together)]:
        broken = {**rows, **{query: _with(rows[query], column, cell) for query, column in damage.items() if column}}
        result = normalise(reader.frames(broken, read_at), MAPPING)
        assert len(result.records) + len(result.rejects) == len(PLATFORM.cases), damage


def _breakable(frame: Table, cell: str | None) -> list[str]:
    return [
        column
        for column in frame.columns
        if column not in {"order_id", "creditmemo_id"}
        and (cell is None or (column.endswith("_at") == cell.startswith("0") and not _is_number(frame[column])))
    ]


def _with(frame: Table, column: str, cell: str | None) -> Table:
    return Table({**{name: frame[name] for name in frame.columns}, column: [cell] * len(frame)})


def _is_number(cells: Any) -> bool:
    return any(isinstance(cell, int | Decimal) for cell in cells)
