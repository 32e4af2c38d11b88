"""What the command line prints can be read whole, at any width from 80 columns on and whatever an order holds."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from rich.console import Console

from pipelines.cli.show import ago, rows

FAILURE: dict[str, object] = {
    "channel_order_id": "10166",
    "outcome": "rejected",
    "code": "invalid_amount",
    "field": "order_lines[0].adjustments[0].shipping_price.amount",
    "reason": "is not a decimal number, and " * 8,
}


def printed(items: list[dict[str, object]], width: int) -> str:
    output = io.StringIO()
    rows(Console(file=output, width=width, markup=False, emoji=False, highlight=False), "Failures", items)
    return output.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_every_cell_can_be_read_whole_at_every_width(width: int) -> None:
    other: dict[str, object] = {
        **FAILURE,
        "channel_order_id": "00000000-0000-4000-8000-0000000000ff",
        "field": "status",
    }
    shown = printed([FAILURE, other], width)
    assert max(map(len, shown.splitlines())) <= width
    for word in (*FAILURE.values(), other["channel_order_id"]):
        assert all(part in shown for part in str(word).split()), word
    assert shown.count("decimal number, and") + shown.count("decimal\n") > 2


@pytest.mark.parametrize("width", [80, 140])
def test_an_id_of_hundreds_of_characters_is_printed_whole(width: int) -> None:
    shown = printed([{**FAILURE, "channel_order_id": "z" * 600}], width)
    assert "z" * 600 in shown.replace("\n", "").replace(" ", "")
    assert "rejected" in shown
    assert "…" not in shown


def test_a_word_longer_than_its_column_is_folded_and_not_cut() -> None:
    word = "CLOSED/PAYMENT_TIMED_OUT_AT_THE_PROVIDER"
    shown = printed([{"kind": "k" * 50, "word": "wc-cancelled", "target": word}], 80)
    assert "…" not in shown
    assert "".join(line[-20:].strip() for line in shown.splitlines()[3:]).endswith(word[-10:])


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    shown = printed([{"order": "1", "field": None, "reason": ""}, {"order": "2", "field": "", "reason": "x"}], 80)
    assert "reason" in shown
    assert "field" not in shown


def test_texts_are_neither_markup_nor_emoji() -> None:
    text = "CAST(:x AS type) and :x::type [red]that[/red]"
    assert text in printed([{"reason": text}], 100)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7_300, "2 h"), (200_000, "2 d"), (-5, "0 s")]
)
def test_an_instant_is_shown_as_its_age(seconds: int, words: str) -> None:
    now = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    instant = (now - dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert ago(instant, now) == words
    assert ago(None) == ""
