"""Words of others, made fit for a log: what is a word stays as it is."""

from __future__ import annotations

import pytest

from transforms.plain import one_line, plain


@pytest.mark.parametrize(
    "word",
    [
        "wc-processing",
        "En préparation",
        "待发货",
        "flatrate:3",
        "2",
        "10000001",
        "ups_0170555123",
        "2026-03-01",
        "v1.2.3",
    ],
)
def test_a_word_stays_as_it_is(word: str) -> None:
    assert plain(word) == word


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("to jane.doe@example.org please", "to <e-mail> please"),
        ("jane@büro.example", "<e-mail>"),
        ("call +49 170 555 1234", "call <phone>"),
        ("0170/5551234", "<phone>"),
        ("(030) 555 12-34", "<phone>"),
        ("555-123-4567", "<phone>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07word", "word"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("right\u202eleft\u200b", "right left"),
        ("\ud800", ""),
    ],
)
def test_what_reaches_a_person_or_commands_a_terminal_is_taken_out(word: str, shown: str) -> None:
    assert plain(word) == shown


def test_a_long_word_is_cut() -> None:
    assert plain("x" * 80) == "x" * 80
    assert plain("x" * 81) == "x" * 79 + "…"
    assert plain("y" * 10_000_000, 10) == "y" * 9 + "…"
    assert plain(" " * 1000, 10) == "…"


def test_an_id_or_a_sentence_keeps_its_numbers_and_loses_what_a_terminal_obeys() -> None:
    assert one_line("0170 5551234, 10.00 EUR") == "0170 5551234, 10.00 EUR"
    assert one_line("10\x1b[2J17\n") == "10 17 "
