"""Values of a database as cells of text: exact, and the same from every driver.

A driver hands over whole columns of one type; those are written at once. What is left is written value by value.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeAlias, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from transforms.columns import Kind

Cell: TypeAlias = (
    str
    | int
    | float
    | Decimal
    | dt.date
    | dt.time
    | dt.timedelta
    | bytes
    | bytearray
    | memoryview
    | uuid.UUID
    | list[object]
    | dict[str, object]
    | None
)
"""A value of a database, as its driver gives it."""
_BITS = {b"\0": False, b"\1": True}
_UUID_PARTS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


def cells_of(kind: Kind, values: Iterable[object]) -> pa.StringArray:
    """Write database values as the cells of a column of this kind, see `as_text`.

    Bytes of an id are written as a UUID if there are 16 of them, else as hexadecimal.
    """
    if isinstance(values, pa.StringArray):
        return _without_nul(values)
    values = values if isinstance(values, list | tuple) else list(values)
    cells = _of_one_type(kind, values)
    if cells is not None:
        return cells
    try:
        cells = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError):
        cells = None  # several types, or what Arrow has none for
    if cells is not None and pa.types.is_string(cells.type):
        return _without_nul(cells)
    if cells is not None and (pa.types.is_integer(cells.type) or pa.types.is_null(cells.type)):
        return cells.cast(pa.string())
    if kind == "id":
        values = [_binary_id(value) if isinstance(value, bytes | bytearray | memoryview) else value for value in values]
    if kind == "flag":
        # A bit of MySQL's is a byte of 0 or 1, which as text would be neither.
        values = [_BITS.get(value, value) if isinstance(value, bytes) else value for value in values]
    return pa.array([value if value is None else as_text(value) for value in values], pa.string())


def _of_one_type(kind: Kind, values: Sequence[object]) -> pa.StringArray | None:
    """Write a column of decimals, numbers, UUIDs or times at once; None where it holds something else, or a mixture."""
    types = frozenset(map(type, values)) - {type(None)}
    if types == {Decimal}:
        return pa.array(_decimals(cast(Sequence[Decimal | None], values)), pa.string())
    # SQLite stores 10.0 as 10 where a column is NUMERIC.
    if types == {float} or types == {int, float}:
        return pa.array([_number(value) for value in cast(Sequence[float | None], values)], pa.string())
    if types == {uuid.UUID}:
        return _uuids([None if value is None else value.bytes for value in cast(Sequence[uuid.UUID | None], values)])
    if types == {bytes} and kind == "id":
        ids = cast(Sequence[bytes | None], values)
        return _uuids(ids) if {len(value) for value in ids if value is not None} == {16} else None
    if types == {dt.datetime}:
        return _times(cast(Sequence[dt.datetime | None], values))
    return None


def _times(moments: Sequence[dt.datetime | None]) -> pa.StringArray | None:
    zones = {moment.tzinfo for moment in moments if moment is not None}
    if all(zone is not None and zone.utcoffset(None) == dt.timedelta(0) for zone in zones):
        # Arrow would ask the zone of each of them.
        return _moments(pa.array([moment and moment.replace(tzinfo=None) for moment in moments]), "+00:00")
    if zones == {None} or None not in zones:
        return _moments(pa.array(moments), "" if None in zones else "+00:00")
    return None


def _decimals(values: Sequence[Decimal | None]) -> list[str | None]:
    texts = [None if value is None else str(value) for value in values]
    # `str` writes very large and very small ones with an exponent.
    return [as_text(value) if text and "E" in text else text for text, value in zip(texts, values, strict=True)]


def _moments(moments: pa.TimestampArray, offset: str) -> pa.StringArray:
    """Write times as `as_text` does, those with an offset in UTC."""
    wall = moments.cast(pa.timestamp("us"))
    try:
        text = wall.cast(pa.timestamp("s")).cast(pa.string())
    except pa.ArrowInvalid:  # some have fractions of a second
        text = wall.cast(pa.string())
        text = pc.if_else(pc.ends_with(text, ".000000"), pc.utf8_slice_codeunits(text, 0, -7), text)
    return pc.binary_join_element_wise(text, offset, "") if offset else text


def _without_nul(cells: pa.StringArray) -> pa.StringArray:
    text = cells.buffers()[2]
    has_nul = text is not None and b"\0" in text.to_pybytes()
    return pc.replace_substring(cells, "\0", "") if has_nul else cells


def text_cells(values: Iterable[object]) -> pa.StringArray:
    """Write database values as the cells of a column of texts."""
    return cells_of("text", values)


def id_cells(values: Iterable[object]) -> pa.StringArray:
    """Write database values as the cells of a column of ids."""
    return cells_of("id", values)


def _uuids(values: Sequence[bytes | None]) -> pa.StringArray:
    """Write UUIDs given as 16 bytes each, as `str` does."""
    given = [value for value in values if value is not None]
    digits = np.frombuffer(b"".join(given).hex().encode(), dtype=np.uint8).reshape(-1, 32)
    text = np.full((len(given), 36), ord("-"), dtype=np.uint8)
    for dashes, (begin, end) in enumerate(_UUID_PARTS):
        text[:, begin + dashes : end + dashes] = digits[:, begin:end]
    bounds = np.arange(0, 36 * len(given) + 1, 36, dtype=np.int32)
    cells = pa.StringArray.from_buffers(len(given), pa.py_buffer(bounds), pa.py_buffer(text))
    if len(given) == len(values):
        return cells
    present = np.array([value is not None for value in values])
    return cells.take(pa.array(np.cumsum(present) - 1, mask=~present))


def _binary_id(value: bytes | bytearray | memoryview) -> str:
    # Whether bytes happen to be UTF-8 differs from row to row; an id must be spelled one way in all of them.
    raw = bytes(value)
    return str(uuid.UUID(bytes=raw)) if len(raw) == 16 else raw.hex()


def as_text(value: object) -> str | None:
    """Write a database value as a cell: exact, without a locale, and the same from every driver.

    None and float NaN are None; decimals never use an exponent; naive times stay naive;
    bytes are UTF-8 text or, failing that, hexadecimal; JSON values are JSON. NUL, which broken imports leave behind and
    neither PostgreSQL nor consumers of JSON take, is dropped.
    """
    match value:
        case None:
            return None
        case str():
            return value.replace("\0", "")
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f") if value.is_finite() else str(value)
        case float():
            return _number(value)
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _bytes_text(bytes(value))
        case uuid.UUID():
            return str(value)
        case dict() | list():
            return orjson.dumps(value, default=str).decode()
        case _:
            return str(value)


def _number(value: float | None) -> str | None:
    if value is None or value != value:
        return None
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def _bytes_text(value: bytes) -> str:
    try:
        return value.decode().replace("\0", "")
    except UnicodeDecodeError:
        return value.hex()
