"""What has left by the shipments of PrestaShop 9.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.groups import Bools, Ints
from transforms.parsing import mask
from transforms.platforms.prestashop.columns import Children


@dataclass(frozen=True, slots=True)
class Parcels:
    """What the orders' shipments know: units of each line (None: unknown), when the first left, carriers by order."""

    shipped: Sequence[int | None]
    delivered: Sequence[int | None]
    shipped_at: Sequence[str | None]
    carriers: Sequence[str | None]


def parcels(shipments: Children, lines: Children, line_ids: Mapping[Any, int]) -> Parcels:
    """Read the shipments; those that were cancelled are none."""
    size = len(lines)
    if not len(shipments):
        nothing = [None] * size
        return Parcels(nothing, nothing, nothing, [None] * lines.groups.size)
    kept = ~_is_set(shipments.text("cancelled_at"))
    line = np.array([line_ids.get(cell, -1) for cell in shipments.cells("id_order_detail")], np.int64)
    own = kept & (line >= 0)
    own[own] = lines.owners[line[own]] == shipments.owners[own]
    quantity = np.array([cell or 0 for cell in shipments.cells("quantity")])
    told = shipments.groups.any(kept)[lines.owners]

    def units(left: Bools) -> list[int | None]:
        some = np.zeros(size, quantity.dtype)
        np.add.at(some, line[own & left], quantity[own & left])
        return [count if known else None for count, known in zip(some.tolist(), told.tolist(), strict=True)]

    left = _is_set(shipments.text("shipped_at"))
    return Parcels(
        shipped=units(left),
        delivered=units(_is_set(shipments.text("delivered_at"))),
        shipped_at=_first_times(shipments.text("shipped_at"), np.flatnonzero(own & left), line, size),
        carriers=_carriers(shipments, kept),
    )


def _first_times(times: pa.StringArray, rows: Ints, line: Ints, size: int) -> list[str | None]:
    first: list[str | None] = [None] * size
    for of_line, time in zip(line[rows].tolist(), times.take(pa.array(rows)).to_pylist(), strict=True):
        first[of_line] = min(first[of_line] or time, time)
    return first


def _carriers(shipments: Children, kept: Bools) -> list[str | None]:
    names = shipments.cells("carrier_name")
    rows = shipments.groups.first(kept & shipments.told("carrier_name"))
    return [names[row] if row >= 0 else None for row in rows.tolist()]


def _is_set(times: pa.StringArray) -> Bools:
    return ~mask(pc.or_(pc.equal(pc.fill_null(times, ""), ""), pc.starts_with(pc.fill_null(times, ""), "0000")))
