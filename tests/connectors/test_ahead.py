"""Reading ahead: the next item is fetched meanwhile, and nothing goes on when nobody asks any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connectors.channels.ahead import ahead


def test_the_next_item_is_fetched_while_one_is_worked_on() -> None:
    fetched = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        fetched.set()
        yield 2

    for item in ahead(items()):
        if item == 1:
            assert fetched.wait(30)
    assert list(ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
    assert list(ahead(iter(()))) == []


def test_what_the_items_raise_is_raised_where_they_are_asked_for() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    asked = ahead(items())
    assert next(asked) == 1
    with pytest.raises(ValueError, match="the second"):
        next(asked)


def test_one_item_at_most_is_fetched_that_nobody_asks_for_and_no_thread_is_left() -> None:
    fetched: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            fetched.append(item)
            yield item

    before = threading.active_count()
    asked = ahead(items())
    next(asked)
    asked.close()  # type: ignore[attr-defined]
    assert fetched == [0, 1]
    assert threading.active_count() == before
