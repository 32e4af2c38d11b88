"""Orders by what is wrong with them: one row a cause, with how many orders have it and the first of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

IDS_SHOWN = 10
_MOST_CAUSES = 200


@dataclass(slots=True)
class _Orders:
    """The orders of one cause: how many, the first ids, and between which days; `since` is the oldest instant."""

    count: int = 0
    ids: list[str] = field(default_factory=list)
    first_day: str = ""
    last_day: str = ""
    since: str = ""


class Causes:
    """Orders grouped by the columns that make up a cause. Memory does not grow with the orders."""

    def __init__(
        self,
        columns: Sequence[str],
        orders: Iterable[Mapping[str, Any]] = (),
        *,
        most_ids: int = IDS_SHOWN,
        with_days: bool = False,
    ) -> None:
        self._columns, self._most_ids, self._with_days = tuple(columns), most_ids, with_days
        self._found: dict[tuple[Any, ...], _Orders] = {}
        self.orders = 0
        self.not_shown = 0
        for order in orders:
            self.add(order)

    def add(self, order: Mapping[str, Any]) -> None:
        """Count an order with its `channel_order_id`, the columns of the cause, and a `day` where it has one."""
        self.orders += 1
        cause = tuple(order[name] for name in self._columns)
        if cause not in self._found and len(self._found) == _MOST_CAUSES:
            self.not_shown += 1
            return
        found = self._found.setdefault(cause, _Orders())
        found.count += 1
        if len(found.ids) < self._most_ids:
            found.ids.append(str(order["channel_order_id"]))
        if day := order.get("day"):
            found.first_day = min(found.first_day or day, day)
            found.last_day = max(found.last_day, day)
        if since := order.get("unaccepted_since"):
            found.since = min(found.since or since, since)

    @property
    def not_named(self) -> int:
        """How many orders no row names by their id."""
        return self.orders - sum(len(found.ids) for found in self._found.values())

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a cause, in the order in which they were met."""
        from pipelines.cli.show import ago

        rows = []
        for cause, found in self._found.items():
            more = f" and {found.count - len(found.ids):,} more" if found.count > len(found.ids) else ""
            span = found.first_day if found.first_day == found.last_day else f"{found.first_day} to {found.last_day}"
            days = {"days": span} if self._with_days else {}
            of_cause = dict(zip(self._columns, cause, strict=True))
            ids = ", ".join(found.ids) + more
            rows.append({"orders": found.count, "for": ago(found.since), **of_cause, **days, "ids": ids})
        return rows
