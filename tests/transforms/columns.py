"""Rules over columns, asked about one line, order or address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from transforms import addresses, statuses
from transforms.chunk import Child
from transforms.frames import SCHEMAS
from transforms.groups import Groups, Ints
from transforms.parsing import Read
from transforms.statuses import Quantities, Statuses
from transforms.vocabulary import MappedStatus

ONE = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class Units:
    """Units of one line; those that are None nobody knows."""

    ordered: int
    cancelled: int = 0
    refunded: int = 0
    returned: int = 0
    shipped: int | None = None
    delivered: int | None = None
    partly_shipped: bool = False
    left: bool = False

    def column(self) -> Quantities:
        """Return them as columns of one row."""
        cells: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        columns: dict[str, Any] = {name: np.array([cell]) for name, cell in cells.items()}
        columns |= {
            name: Read(np.array([cells[name] or 0]), np.array([cells[name] is not None]), "invalid_quantity")
            for name in ("shipped", "delivered")
        }
        return Quantities(**columns)


def column(statuses: Sequence[MappedStatus]) -> Statuses:
    """Return statuses as a column."""
    return Statuses.looked_up(np.arange(len(statuses)), statuses)


def _one(made: Statuses) -> tuple[str, str | None]:
    [status], [reason] = made.words().to_pylist(), made.reason_words().to_pylist()
    return status, reason


def line_status(mapped: MappedStatus, units: Units) -> tuple[str, str | None]:
    """Decide about one line."""
    return _one(statuses.line_statuses(column([mapped]), units.column()))


def order_status(mapped: MappedStatus, lines: Sequence[MappedStatus]) -> tuple[str, str | None]:
    """Decide about one order."""
    owners: Ints = np.zeros(len(lines), dtype=np.int64)
    return _one(statuses.order_statuses(column([mapped]), column(lines), Groups(owners, 1)))


def can_cancel(status: MappedStatus, shipped: int | None) -> bool:
    """Decide about one line."""
    return bool(statuses.can_cancel(column([status]), np.array([bool(shipped)]))[0])


def address(**cells: str) -> tuple[dict[str, str] | None, tuple[str, str] | None]:
    """Write one address; returns it, and the field and reason of one that cannot be sent."""
    row = {"channel_order_id": "1", "address_type": "shipping", **cells}
    child = Child(pa.RecordBatch.from_pylist([row], SCHEMAS["addresses"]), Groups(ONE, 1))
    made, broken = addresses.addresses(child, "shipping")
    [text] = made.to_pylist()
    return None if text is None else json.loads(text), broken.get(0)
