"""The size of requests: full by count or bytes, smaller while most are halved, and never above what was refused."""

from __future__ import annotations

import pytest

from connectors.mirakl.request_size import RequestSize

MEGABYTE = 1_000_000


def orders(size: RequestSize) -> int:
    """How many small orders a request takes."""
    full = size.fit([10] * 1000)
    assert full is not None
    return full


def record(size: RequestSize, *, refused: int, clean: int = 0, halving: bool = True) -> None:
    for taken in [False] * refused + [True] * clean:
        size.record_answer(clean=taken, halving=halving)


@pytest.mark.parametrize(
    ("sizes", "fits"),
    [
        ([], None),
        ([100] * 2, None),
        ([100] * 3, None),
        ([100] * 4, 3),
        ([100, 100, 101], 2),
        ([1] * 4, None),
        ([1] * 5, 5),
        ([1] * 6, 5),
        ([304], 1),
        ([304, 1], 1),
        ([1, 304], 1),
    ],
)
def test_a_request_is_full_by_count_or_by_bytes_and_one_order_always_goes(sizes: list[int], fits: int | None) -> None:
    # 2,000 bytes are kept for what stands around the orders, and one for the comma of each.
    assert RequestSize(5, 2000 + 3 * 101).fit(sizes) == fits


def test_requests_too_large_are_halved_but_not_below_what_was_taken() -> None:
    size = RequestSize(1000, MEGABYTE)
    size.record_too_large(22_000)
    assert size.fit([899] * 1000) == 10
    size.record_too_large(40_000)
    assert size.fit([899] * 1000) == 10
    size.record_accepted(8_300)
    size.record_accepted(300)
    size.record_too_large(11_000)
    assert size.fit([899] * 1000) == 7
    size.record_too_large(200)
    assert size.fit([899] * 1000) == 7


def test_a_request_too_large_however_small_leaves_room_for_single_orders() -> None:
    size = RequestSize(100, MEGABYTE)
    size.record_too_large(50)
    assert size.fit([1, 1]) == 1


def test_a_number_of_orders_that_was_refused_is_never_tried_again() -> None:
    size = RequestSize(100, MEGABYTE)
    size.record_too_many(100)
    assert orders(size) == 50
    size.record_too_many(90)
    assert orders(size) == 45
    record(size, refused=0, clean=50)
    assert orders(size) == 45
    for _ in range(5):
        size.record_too_many(orders(size))
    assert orders(size) == 10


def test_requests_are_halved_while_most_of_them_had_to_be_and_grow_again_when_few_do() -> None:
    size = RequestSize(100, MEGABYTE)
    record(size, refused=7)
    assert orders(size) == 100
    record(size, refused=1)
    assert orders(size) == 50
    record(size, refused=7, clean=1)
    assert orders(size) == 25
    record(size, refused=16)
    assert orders(size) == 10
    record(size, refused=3, clean=5)
    assert orders(size) == 10
    record(size, refused=2, clean=6)
    assert orders(size) == 20
    record(size, refused=0, clean=24)
    assert orders(size) == 100


def test_six_halved_of_eight_are_not_most() -> None:
    size = RequestSize(100, MEGABYTE)
    record(size, refused=6, clean=2)
    assert orders(size) == 100


def test_requests_whose_bad_orders_are_named_keep_their_size() -> None:
    size = RequestSize(100, MEGABYTE)
    record(size, refused=50, halving=False)
    assert orders(size) == 100
