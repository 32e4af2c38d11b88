"""Order frames: complete, as text, and nothing in them that nobody reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.transforms.conftest import LINE, ORDER, READ_AT
from transforms import frames as module
from transforms.database_values import Cell
from transforms.frames import COLUMNS, FrameError, OrderFrames, order_frames, table_of, together

Build = Callable[..., OrderFrames]
NOON = dt.datetime(2026, 3, 1, 12)
TWO_HOURS = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        (["a", None, "b\0c"], ["a", None, "bc"]),
        ([1, None, 2**70], ["1", None, str(2**70)]),
        ([1, None, 20], ["1", None, "20"]),
        ([True, False], ["1", "0"]),
        ([Decimal("1.10"), Decimal("1E+2")], ["1.10", "100"]),
        ([Decimal("0E-10"), None, Decimal("1E-7"), Decimal("NaN")], ["0.0000000000", None, "0.0000001", "NaN"]),
        ([1.5, float("nan")], ["1.5", None]),
        ([dt.datetime(2026, 3, 1, 9, 30), None], ["2026-03-01 09:30:00", None]),
        ([dt.datetime(2026, 3, 1, 9, 30, 1, 5), NOON], ["2026-03-01 09:30:01.000005", "2026-03-01 12:00:00"]),
        ([NOON.replace(tzinfo=TWO_HOURS), None], ["2026-03-01 10:00:00+00:00", None]),
        ([NOON, NOON.replace(tzinfo=TWO_HOURS)], ["2026-03-01 12:00:00", "2026-03-01 12:00:00+02:00"]),
        ([dt.datetime(2026, 3, 1, 9, 30), dt.date(2026, 3, 1)], ["2026-03-01 09:30:00", "2026-03-01"]),
        ([b"Zo\xc3\xab", b"\xff"], ["Zoë", "ff"]),
        ([UUID(int=1), {"a": 1}, "x"], ["00000000-0000-0000-0000-000000000001", '{"a":1}', "x"]),
        ([None, None], [None, None]),
    ],
)
def test_a_cell_is_the_same_text_from_every_driver(values: list[Any], cells: list[str | None]) -> None:
    rows = [{**ORDER, "email": value} for value in values]
    assert order_frames({"orders": table_of(rows)}, READ_AT).orders["email"].tolist() == cells


def test_bytes_in_an_id_are_a_uuid_or_hexadecimal_and_a_bit_is_a_flag() -> None:
    lines: list[dict[str, Cell]] = [{**LINE, "channel_order_line_id": raw} for raw in (b"\x41" * 16, b"41")]
    made = order_frames({"orders": table_of([{**ORDER, "has_incident": b"\1"}]), "lines": table_of(lines)}, READ_AT)
    assert made.lines["channel_order_line_id"].tolist() == ["41414141-4141-4141-4141-414141414141", "3431"]
    assert made.orders["has_incident"].tolist() == ["1"]


def test_a_misspelt_column_of_a_platform_is_an_error_that_names_the_right_one() -> None:
    misspelt = {"lines": table_of([{**LINE, "quantity_shiped": "1"}])}
    with pytest.raises(FrameError, match=r"'lines' has no column 'quantity_shiped'; did you mean 'quantity_shipped'"):
        order_frames(misspelt, READ_AT)
    assert "quantity_shiped" not in order_frames(misspelt, READ_AT, drop_unknown=True).lines.schema.names


def test_a_required_column_that_is_missing_is_named() -> None:
    with pytest.raises(FrameError, match="'lines' lacks the required column 'quantity'"):
        order_frames({"lines": table_of([{"channel_order_id": "1", "channel_order_line_id": "11"}])}, READ_AT)


def test_small_chunks_are_joined_until_they_have_orders_or_rows_enough(
    frames: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ORDERS", 3)
    monkeypatch.setattr(module, "CHUNK_ROWS", 10)
    small, large = frames(orders=[ORDER], lines=[LINE]), frames(orders=[ORDER], lines=[LINE] * 9)
    joined = list(together([small, small, small, large, small]))
    assert [(len(chunk.orders), len(chunk.lines)) for chunk in joined] == [(3, 3), (1, 9), (1, 1)]


def test_every_frame_has_its_columns_whatever_was_given() -> None:
    made = order_frames({}, READ_AT)
    assert {name: frame.schema.names for name, frame in made.items()} == {
        name: [column.name for column in columns] for name, columns in COLUMNS.items()
    }
