"""The order frames: the canonical raw columns that every channel delivers.

A platform module (or a user's own SQL) yields these frames; everything after them is common to all shops.
Columns carry the contract's words, cells carry the *shop's own words as text*: a status as the shop spells it,
an amount as the shop stored it, broken values included. Nothing is judged here; `transforms.normalise` does that,
so that one bad cell costs one order and is named, never the whole chunk.

Belongs here: the columns, and how a database value becomes a cell. Does not belong here: any mapping or check.
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


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order frame: its name, what it means (with unit), an example, and whether it must exist."""

    name: str
    meaning: str
    example: str
    required: bool = False


_ORDER_ID = Column("channel_order_id", "order id, unique on the channel", "1042", required=True)

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "orders": (
        _ORDER_ID,
        Column("created_at", "when the buyer placed the order", "2026-03-01 09:30:00", required=True),
        Column(
            "updated_at",
            "newest change of the order or any of its rows",
            "2026-03-02 10:00:00",
            required=True,
        ),
        Column("status", "the shop's own status word", "wc-processing", required=True),
        Column("status_hint", "a word of the platform's that says more than `status` does", "wc-cancelled+unpaid"),
        Column("currency", "ISO 4217 code, any case", "EUR", required=True),
        Column("total", "what the shop charged: tax and shipping included", "59.90"),
        Column("total_paid", "what the buyer has paid so far, tax included", "59.90"),
        Column("total_refunded", "what the shop has given back so far, tax included", "0"),
        Column("shipping_price", "shipping of the whole order, tax excluded; spread over the lines", "4.90"),
        Column("shipped_at", "when the order was handed to a carrier, if known", "2026-03-02 08:00:00"),
        Column("store", "the shop's own key of the store, for `stores` in channels.toml", "2"),
        Column("sub_channel_code", "Mirakl's sub-channel code", "APP"),
        Column("has_incident", "1 when a dispute is open", "0"),
        Column("email", "recipient's e-mail", "buyer@example.com"),
        Column("carrier", "carrier's name as the shop knows it", "Colissimo"),
        Column("shipping_method", "service level as shown to the buyer", "Express"),
        Column("shipping_method_code", "service level as the shop's software names it", "flat_rate:3"),
        Column("pudo_id", "pick-up point id", "FR-75011"),
        Column("shipping_deadline", "latest moment to ship", "2026-03-03 16:00:00"),
        Column("delivery_earliest", "start of the promised delivery window", "2026-03-04 08:00:00"),
        Column("delivery_latest", "end of the promised delivery window", "2026-03-06 20:00:00"),
    ),
    "lines": (
        _ORDER_ID,
        Column("channel_order_line_id", "line id, unique on the channel", "5001", required=True),
        Column("kind", "`product` (default), `fee` (a line of its own if positive) or `discount`", "product"),
        Column("created_at", "creation of the line; the order's when absent", "2026-03-01 09:30:00"),
        Column("updated_at", "last change of the line; the order's when absent", "2026-03-02 10:00:00"),
        Column("quantity", "units ordered", "2", required=True),
        Column("price", "total of the line after discounts, tax excluded", "45.83", required=True),
        Column(
            "total_shipping_price",
            "shipping of this line, tax excluded, where the shop knows it per line",
            "0",
        ),
        Column("product_id", "product id on the channel (SKU where there is one)", "MUG-1", required=True),
        Column("product_title", "name shown to the buyer", "Mug", required=True),
        Column("thumbnail_url", "image address", "https://shop.example/mug.jpg"),
        Column("status", "the line's own status word, where the shop has one", "backordered"),
        Column("quantity_cancelled", "units cancelled without a refund document", "0"),
        Column("quantity_refunded", "units refunded, when the shop counts them; else from the adjustments", "0"),
        Column("quantity_shipped", "units handed to a carrier; absent means unknown", "2"),
        Column("quantity_delivered", "units delivered; absent means unknown", "0"),
        Column("shipped_at", "when the line was shipped; the order's when absent", "2026-03-02 08:00:00"),
    ),
    "adjustments": (
        _ORDER_ID,
        Column("channel_adjustment_id", "stable id, unique on the channel", "1050-5010", required=True),
        Column("refund_id", "the refund document this row belongs to", "1050", required=True),
        Column("channel_order_line_id", "the line; absent for what was refunded without naming a line", "5001"),
        Column("created_at", "when it happened", "2026-03-05 12:00:00", required=True),
        Column("type", "`REFUND` or `CANCELATION`; derived from the shipping state when absent", "REFUND"),
        Column("reason", "the shop's own words", "Article cassé"),
        Column("quantity", "units, either sign", "-1"),
        Column("price", "product money, tax excluded, either sign", "-22.92"),
        Column("shipping_price", "shipping money, tax excluded, either sign", "0"),
        Column("gross_amount", "money that names neither line nor tax, tax included; spread over the lines", "10"),
        Column(
            "refund_total",
            "what the whole document gave back, tax included; what its rows do not name is spread over the lines",
            "37.50",
        ),
    ),
    "taxes": (
        _ORDER_ID,
        Column("channel_order_line_id", "the line; absent for a tax on the order's shipping", "5001"),
        Column("channel_adjustment_id", "set when the tax belongs to an adjustment", "1050-5010"),
        Column("applies_to", "`price` or `shipping`", "price", required=True),
        Column("code", "the tax as the shop names it", "VAT", required=True),
        Column("rate", "in the unit of the source (percent unless the channel says otherwise)", "20.0000"),
        Column("amount", "the tax itself", "9.17", required=True),
    ),
    "addresses": (
        _ORDER_ID,
        Column("address_type", "`billing` or `shipping`", "shipping", required=True),
        Column("first_name", "first name", "Zoë"),
        Column("last_name", "last name; a whole name in one column may stand here or in first_name", "Müller"),
        Column("company", "company", "Müller GmbH"),
        Column("street", "street and number", "Hauptstraße 5"),
        Column("street_additional_info", "flat, floor, building", "2. OG"),
        Column("zip_code", "postal code", "10115"),
        Column("city", "city", "Berlin"),
        Column("state", "state or region", "BE"),
        Column("country", "ISO 3166-1 alpha-2 or alpha-3", "DE"),
        Column("phone", "phone number", "+49 30 1234"),
        Column("additional_info", "delivery notes", "ring twice"),
    ),
    "custom_attributes": (
        _ORDER_ID,
        Column("channel_order_line_id", "absent for an attribute of the order", "5001"),
        Column("id", "attribute id, 1 to 255 characters", "gift-wrap", required=True),
        Column(
            "type",
            "STRING, NUMERIC, BOOLEAN, DATE or LIST (value: a JSON array of strings)",
            "BOOLEAN",
            required=True,
        ),
        Column("value", "the value as text", "1", required=True),
    ),
}
FRAME_NAMES = tuple(COLUMNS)


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

    Absent frames and absent optional columns become empty; unknown columns are dropped.

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
            column.name: as_texts(frame[column.name].tolist()) if column.name in frame.columns else [None] * size
            for column in columns
        },
        dtype=object,
        columns=[column.name for column in columns],
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Build a frame of object cells from database rows, column by column; values stay as the driver gave them."""
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    data = {name: list(column) for name, column in zip(columns, cells, strict=True)}
    return pd.DataFrame(data, dtype=object, columns=list(columns))


def as_texts(values: Iterable[Any]) -> list[str | None]:
    """Convert one column's values to cells, see `as_text`."""
    return [value if type(value) is str or value is None else as_text(value) for value in values]


def as_text(value: Any) -> str | None:
    """Write a database value as a cell: exact, without a locale, and the same from every driver.

    None and float NaN (pandas' missing) are None; decimals never use an exponent; naive times stay naive;
    bytes are UTF-8 text or, failing that, hexadecimal; JSON values are JSON.
    """
    match value:
        case None:
            return None
        case str():
            return str(value)
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
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
