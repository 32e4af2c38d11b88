"""Reading what a platform's queries yielded: rows as named tuples, by order, and the decoders of packed cells.

Belongs here: what platform modules share about rows. Does not belong here: what any column means.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, namedtuple
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
import pandas as pd
import phpserialize

from transforms.frames import as_text
from transforms.money import AmountError, parse_amount, spread

Rows = Mapping[str, pd.DataFrame]

_SCALE = 10_000


def each(rows: Rows, name: str) -> Iterator[Any]:
    """Yield the rows of one query as named tuples; none where the query was left out."""
    frame = rows.get(name)
    if frame is None:
        return iter(())
    row_type = namedtuple("Row", list(frame.columns))  # type: ignore[misc]  # the columns are known at run time only
    return map(row_type._make, zip(*(frame[column].tolist() for column in frame.columns), strict=True))


def grouped(rows: Rows, name: str, key: str) -> Mapping[Any, list[Any]]:
    """Return the rows of one query by the value of `key`; an absent value has no rows."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in each(rows, name):
        groups[getattr(row, key)].append(row)
    return groups


def when(stamp: Any) -> dt.datetime:
    """Return a stamp to compare by; what is none, as a zero date, is before all others."""
    return stamp if isinstance(stamp, dt.datetime) else dt.datetime.min


def unpacked(text: str | None) -> Any:
    """Read a cell that holds JSON or serialised PHP; None where it holds neither."""
    if not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        # Lengths count bytes, so text is unserialised as bytes.
        return phpserialize.loads(text.encode(), decode_strings=True)
    except (ValueError, TypeError, OverflowError, RecursionError, UnicodeError):
        return None


def split(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Divide an amount in proportion to `weights`, in steps of 0.0001; the parts add up to it exactly."""
    parts = spread(round(total * _SCALE), [round(weight * _SCALE) for weight in weights])
    return [Decimal(part) / _SCALE for part in parts]


def number(value: Any) -> Decimal:
    """Read a number out of packed data; what is none counts as nothing, as it decides no amount by itself."""
    try:
        return parse_amount(as_text(value))
    except AmountError:
        return Decimal(0)
