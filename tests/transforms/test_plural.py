from __future__ import annotations

import pytest

from transforms.plural import counted, day_ranges


@pytest.mark.parametrize(
    ("count", "words", "text"),
    [
        (0, ("order",), "0 orders"),
        (1, ("order",), "1 order"),
        (1_200, ("order",), "1,200 orders"),
        (1, ("order is", "orders are"), "1 order is"),
        (2, ("order is", "orders are"), "2 orders are"),
    ],
)
def test_a_number_agrees_with_what_it_counts(count: int, words: tuple[str, ...], text: str) -> None:
    assert counted(count, *words) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([], ""),
        (["2026-03-01"], "2026-03-01"),
        (["2026-03-01", "2026-02-28"], "2026-02-28 to 2026-03-01"),
        (["2026-03-01", "2026-03-02", "2026-03-04"], "2026-03-01 to 2026-03-02, 2026-03-04"),
    ],
)
def test_days_that_follow_each_other_are_a_range(days: list[str], text: str) -> None:
    assert day_ranges(days) == text
