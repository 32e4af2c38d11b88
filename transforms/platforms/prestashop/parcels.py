"""What has left by the shipments of PrestaShop 9.1.

Belongs here: their units and times, line by line. Does not belong here: what an order's states say of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transforms.frames import as_text


class Parcels:
    """What an order's shipments know of each line; nothing where an order has none."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = [row for row in rows if not _is_set(row.cancelled_at)]
        self.carrier = next((row.carrier_name for row in self._rows if row.carrier_name), None)

    def shipped(self, line_id: Any) -> int | None:
        """Count the units of a line that were handed to a carrier; None: unknown."""
        return self._units([row for row in self._rows if _is_set(row.shipped_at)], line_id)

    def delivered(self, line_id: Any) -> int | None:
        """Count the units of a line that arrived; None: unknown."""
        return self._units([row for row in self._rows if _is_set(row.delivered_at)], line_id)

    def shipped_at(self, line_id: Any) -> str | None:
        """Say when the first of a line's units left."""
        rows = [row for row in self._rows if row.id_order_detail == line_id and _is_set(row.shipped_at)]
        return min((str(as_text(row.shipped_at)) for row in rows), default=None)

    def _units(self, rows: Sequence[Any], line_id: Any) -> int | None:
        if not self._rows:
            return None
        return sum(row.quantity or 0 for row in rows if row.id_order_detail == line_id)


def _is_set(time: Any) -> bool:
    return bool(time) and not (as_text(time) or "").startswith("0000")
