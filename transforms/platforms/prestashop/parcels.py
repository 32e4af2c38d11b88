"""What has left by the shipments of PrestaShop 9.1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from transforms.database_values import text_cells
from transforms.groups import Bools
from transforms.platforms.prestashop.chunk import Chunk
from transforms.rowsets import Objects, choose, is_true, numbered, objects, or_else, zeros

_NEVER = "9999"  # after every time, as text


@dataclass(frozen=True, slots=True)
class Parcels:
    """What the orders' shipments know: units of each line (null: unknown), when the first left, carriers by order."""

    shipped: pa.StringArray
    delivered: pa.StringArray
    shipped_at: pa.StringArray
    carriers: Objects


def parcels(chunk: Chunk) -> Parcels:
    """Read the shipments; those that were cancelled are none."""
    lines, shipments = chunk.lines, chunk.of_orders("shipments")
    size, owners = len(lines), shipments.groups.owners
    kept = ~_is_set(shipments["cancelled_at"])
    line = numbered(shipments["id_order_detail"], chunk.lines_by_id)
    own = kept & (line >= 0)
    own[own] = lines.groups.owners[line[own]] == owners[own]
    has_shipments = shipments.groups.any(kept)[lines.groups.owners]

    def units(left: Bools) -> pa.StringArray:
        some = zeros(size)
        np.add.at(some, line[own & left], or_else(shipments["quantity"], 0)[own & left])
        return text_cells(choose(has_shipments, some, None))

    left = _is_set(shipments["shipped_at"])
    first = objects([_NEVER] * size)
    np.minimum.at(first, line[own & left], shipments["shipped_at"][own & left])
    named = shipments.take(shipments.groups.first(kept & is_true(shipments["carrier_name"])))
    return Parcels(
        shipped=units(left),
        delivered=units(_is_set(shipments["delivered_at"])),
        shipped_at=text_cells(choose(first == _NEVER, None, first)),
        carriers=named["carrier_name"],
    )


def _is_set(times: Objects) -> Bools:
    return np.fromiter((bool(time) and not time.startswith("0000") for time in times), np.bool_, len(times))
