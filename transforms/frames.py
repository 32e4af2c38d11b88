"""The order frames: the canonical raw columns that every channel delivers.

A platform module (or a user's own SQL) yields these frames; everything after them is common to all shops.
Columns carry the contract's words, cells carry the *shop's own words as text*: a status as the shop spells it,
an amount as the shop stored it, broken values included. Nothing is judged here; `transforms.normalise` does that,
so that one bad cell costs one order and is named, never the whole chunk.

Belongs here: the frames, and how a database value becomes a cell. Does not belong here: the columns
(`transforms.columns`), any mapping or check.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import orjson
import pandas as pd

from transforms.columns import COLUMNS as COLUMNS
from transforms.columns import Column

FRAME_NAMES = tuple(COLUMNS)
_BITS = {b"\0": False, b"\1": True}


class FrameError(ValueError):
    """A frame is not what `COLUMNS` asks for. The message names the frame and the column."""


@dataclass(frozen=True, slots=True)
class OrderFrames:
    """Whole orders of one chunk, as six frames of text cells (`str` or `None`), read at one instant.

    `read_at` is the instant of the snapshot by the shop database's own clock, in UTC: the order of truth.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame
    adjustments: pd.DataFrame
    taxes: pd.DataFrame
    addresses: pd.DataFrame
    custom_attributes: pd.DataFrame
    read_at: dt.datetime

    def items(self) -> Iterable[tuple[str, pd.DataFrame]]:
        """Yield (frame name, frame), in the order of `COLUMNS`."""
        for field in fields(self):
            if field.name in COLUMNS:
                yield field.name, getattr(self, field.name)


def order_frames(frames: Mapping[str, pd.DataFrame], read_at: dt.datetime) -> OrderFrames:
    """Complete `frames` to canonical order frames: all columns, in order, every cell text or None.

    Absent frames and absent optional columns become empty; unknown columns are dropped. Bytes in an id column are
    written as a UUID if there are 16 of them, else as hexadecimal.

    Raises:
        FrameError: a required column is missing.
    """
    return OrderFrames(**{name: _canonical(name, frames.get(name)) for name in FRAME_NAMES}, read_at=read_at)


def _canonical(name: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    columns = COLUMNS[name]
    if frame is None:
        return pd.DataFrame({column.name: [] for column in columns}, dtype=object)
    for column in columns:
        if column.required and column.name not in frame.columns:
            raise FrameError(f"frame {name!r} lacks the required column {column.name!r}: {column.meaning}")
    size = len(frame)
    return pd.DataFrame(
        {
            column.name: _cells(column, frame[column.name].tolist()) if column.name in frame.columns else [None] * size
            for column in columns
        },
        dtype=object,
        columns=[column.name for column in columns],
    )


def _cells(column: Column, values: list[Any]) -> list[str | None]:
    if column.kind == "id":
        values = [_binary_id(value) if isinstance(value, bytes | bytearray | memoryview) else value for value in values]
    if column.kind == "flag":
        # A bit of MySQL's is a byte of 0 or 1, which as text would be neither.
        values = [_BITS.get(value, value) if isinstance(value, bytes) else value for value in values]
    return as_texts(values)


def _binary_id(value: bytes | bytearray | memoryview) -> str:
    # Whether bytes happen to be UTF-8 differs from row to row; an id must be spelled one way in all of them.
    raw = bytes(value)
    return str(uuid.UUID(bytes=raw)) if len(raw) == 16 else raw.hex()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Build a frame of object cells from database rows, column by column; values stay as the driver gave them."""
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    data = {name: list(column) for name, column in zip(columns, cells, strict=True)}
    return pd.DataFrame(data, dtype=object, columns=list(columns))


def as_texts(values: Iterable[Any]) -> list[str | None]:
    """Convert one column's values to cells, see `as_text`."""
    return [
        value if value is None or (type(value) is str and "\0" not in value) else as_text(value) for value in values
    ]


def as_text(value: Any) -> str | None:
    """Write a database value as a cell: exact, without a locale, and the same from every driver.

    None and float NaN (pandas' missing) are None; decimals never use an exponent; naive times stay naive;
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
            return None if value != value else _plain_float(value)
        case dt.datetime():
            return None if value is pd.NaT else value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _bytes_text(bytes(value))
        case uuid.UUID():
            return str(value)
        case dict() | list():
            return orjson.dumps(value, default=str).decode()
        case _:
            return None if value is pd.NA else str(value)


def _plain_float(value: float) -> str:
    return format(Decimal(repr(value)), "f") if value not in (float("inf"), float("-inf")) else str(value)


def _bytes_text(value: bytes) -> str:
    try:
        return value.decode().replace("\0", "")
    except UnicodeDecodeError:
        return value.hex()
