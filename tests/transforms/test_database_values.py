"""Values of a database as cells: a column is written at once, and reads as its values do one by one."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.database_values import as_text, id_cells, text_cells

TIMES = st.datetimes(min_value=dt.datetime(1970, 1, 1), max_value=dt.datetime(2200, 1, 1))
UTC = st.sampled_from([dt.UTC, ZoneInfo("UTC")])
COLUMN = st.one_of(
    [
        st.lists(st.none() | values, max_size=6)
        for values in (
            st.decimals(allow_nan=False, allow_infinity=False),
            st.floats(allow_nan=True),
            st.integers() | st.floats(),
            st.booleans(),
            st.uuids(),
            st.text(),
            TIMES,
        )
    ]
)


@given(COLUMN)
def test_a_column_is_written_as_its_values_are_one_by_one(values: list[object]) -> None:
    assert text_cells(values).to_pylist() == [as_text(value) for value in values]


@given(st.lists(st.none() | st.datetimes(timezones=UTC, min_value=dt.datetime(1970, 1, 1)), max_size=6))
def test_a_column_of_times_in_utc_is_written_with_its_offset(values: list[dt.datetime | None]) -> None:
    assert text_cells(values).to_pylist() == [as_text(value) for value in values]


def test_times_with_other_offsets_are_written_in_utc() -> None:
    values = [dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Paris")), dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)]
    assert text_cells(values).to_pylist() == ["2026-07-01 10:00:00+00:00", "2026-07-01 12:00:00+00:00"]


@given(st.lists(st.none() | st.uuids(), max_size=6))
def test_an_id_of_16_bytes_is_written_as_the_uuid_that_it_is(values: list[uuid.UUID | None]) -> None:
    raw = [None if value is None else value.bytes for value in values]
    assert id_cells(raw).to_pylist() == [None if value is None else str(value) for value in values]


@pytest.mark.parametrize("other", [b"7", b"seventeen bytes!!"])
def test_an_id_of_other_bytes_is_hexadecimal(other: bytes) -> None:
    value = uuid.UUID(int=7)
    assert id_cells([value.bytes, other]).to_pylist() == [str(value), other.hex()]
