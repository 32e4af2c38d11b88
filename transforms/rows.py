"""A platform's own rows, as its queries returned them: walking them, reading their numbers, ordering their times.

A row is a named tuple of the query's columns, which mypy cannot know (`Any`); that every name read is a column of the
SQL is held by tests/transforms/test_spelling_of_columns.py.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, namedtuple
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import Any

from transforms.database_values import as_text
from transforms.frames import Frame
from transforms.money import AmountError, parse_amount

Rows = Mapping[str, Frame]
_BEFORE_ALL = dt.datetime.min.replace(tzinfo=dt.UTC)


def rows_of(rows: Rows, query: str, key: str = "", only: Container[Any] | None = None) -> Iterator[Any]:
    """Yield the rows of a query as named tuples; none where the query was left out (its table is not there).

    With `only`: those whose cell of `key` is one of these.
    """
    frame = rows.get(query)
    if frame is not None:
        row_type = _row_type(tuple(frame.columns))
        cells = zip(*(frame[column] for column in frame.columns), strict=True)
        yield from map(row_type._make, cells if only is None else compress(cells, (k in only for k in frame[key])))


def rows_by(rows: Rows, query: str, key: str, only: Container[Any] | None = None) -> dict[Any, list[Any]]:
    """Group the rows of a query by one column, in its order; absent keys have no rows. `only`: see `rows_of`."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows_of(rows, query, key, only):
        groups[getattr(row, key)].append(row)
    return groups


def number(value: object) -> Decimal:
    """Read an amount; absent and broken ones are zero (what is sent as it is, `transforms.normalise` judges)."""
    if type(value) is Decimal:
        return value
    try:
        return parse_amount(as_text(value))
    except AmountError:
        return Decimal(0)


def when(stamp: object) -> dt.datetime:
    """Return a stamp to compare by, in UTC; what is none, as a zero date or `infinity`, is before all others."""
    if not isinstance(stamp, dt.datetime):
        return _BEFORE_ALL
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=dt.UTC)


@lru_cache(maxsize=256)
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)
