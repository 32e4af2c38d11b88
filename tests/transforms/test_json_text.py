"""JSON by columns is what a JSON library writes."""

from __future__ import annotations

import orjson
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.json_text import escaped, joined

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


@given(TEXTS, st.integers(0, 3))
@example(['a"', None, "\\", "", "\x1f", "é"], 1)
def test_a_text_is_escaped_as_json_has_it_whatever_part_of_a_column_it_is(texts: list[str | None], begin: int) -> None:
    cells = pa.array(texts, pa.string()).slice(begin)
    expected = [None if text is None else orjson.dumps(text).decode()[1:-1] for text in texts[begin:]]
    assert escaped(cells).to_pylist() == expected


@given(TEXTS)
def test_what_is_absent_is_nothing_in_what_is_joined(texts: list[str | None]) -> None:
    cells, absent = pa.array(texts, pa.string()), pa.nulls(len(texts), pa.string())
    assert joined("<", absent, ">", cells, "/", absent).to_pylist() == [f"<>{text or ''}/" for text in texts]


def test_rows_of_which_all_parts_are_absent_are_their_constants() -> None:
    absent = pa.nulls(2, pa.string())
    assert joined("a", absent, "b", absent).to_pylist() == ["ab", "ab"]
