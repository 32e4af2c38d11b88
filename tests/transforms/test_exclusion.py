"""Orders that a channel leaves out: neither records nor rejects, and counted by what names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.transforms.conftest import LINE, MAPPING, ORDER
from transforms.coverage import coverage
from transforms.frames import OrderFrames
from transforms.mapping import Exclusion
from transforms.normalise import normalise

Build = Callable[..., OrderFrames]
LEAVING_OUT = replace(
    MAPPING, exclude=(Exclusion("source", frozenset({"amazon", "ebay"})), Exclusion("store", frozenset({"9"})))
)


def shop(frames: Build) -> OrderFrames:
    """Five orders: of the shop itself, of two marketplaces, of store 9 (of an unknown currency), of a marketplace and 9."""
    cells = [
        {},
        {"source": "amazon", "status": "odd"},
        {"source": "ebay"},
        {"store": "9", "currency": "?"},
        {"source": "ebay", "store": "9"},
    ]
    orders = [{**ORDER, "channel_order_id": str(number), **own} for number, own in enumerate(cells)]
    lines = [
        {**LINE, "channel_order_id": str(number), "channel_order_line_id": str(number)} for number in range(len(cells))
    ]
    return frames(orders=orders, lines=lines)


def test_an_order_left_out_is_neither_a_record_nor_a_reject_and_is_named(frames: Build) -> None:
    found = normalise(shop(frames), LEAVING_OUT)
    assert [record.channel_order_id for record in found.records] == ["0"]
    assert found.rejects == []
    assert found.excluded == ["1", "2", "3", "4"]


def test_a_channel_that_leaves_nothing_out_has_every_order(frames: Build) -> None:
    found = normalise(shop(frames), MAPPING)
    assert (len(found.records), len(found.rejects), found.excluded) == (4, 1, [])


def test_a_chunk_may_be_left_out_whole(frames: Build) -> None:
    found = normalise(shop(frames), replace(MAPPING, exclude=(Exclusion("status", frozenset({"paid", "odd"})),)))
    assert (found.records, found.rejects, len(found.excluded)) == ([], [], 5)


def test_coverage_counts_excluded_orders_by_value_and_lists_no_status_of_them(frames: Build) -> None:
    words = coverage(shop(frames), LEAVING_OUT)
    assert {(word.kind, word.word, word.target): count for word, count in words.items() if word.fate == "excluded"} == {
        ("excluded by source", "amazon", "not sent"): 1,
        ("excluded by source", "ebay", "not sent"): 2,
        ("excluded by store", "9", "not sent"): 1,
    }
    assert [word for word in words if word.fate == "unmapped"] == []
