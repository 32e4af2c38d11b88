"""What is left of an option's label or value: what the buyer saw, without mark-up and prices."""

from __future__ import annotations

import pytest

from transforms.visible_text import LONGEST_TEXT, MOST_OPTIONS, visible_options, visible_text


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ("Blue (+ €5.00)", "Blue"),
        ("Blue +5,00 zł", "Blue"),
        ("Blue (5 EUR)", "Blue"),
        ("Engraving:", "Engraving"),
        ("A &amp; B", "A & B"),
        ("I &lt;3 Anna", "I <3 Anna"),
        ("I <3 Anna", "I <3 Anna"),
        ("<b>Gold</b><br/>leaf", "Gold leaf"),
        ('<a href="https://shop.example/f/9">anna.png</a> 800 x 600 px.', "anna.png 800 x 600 px."),
        ('<a href="https://shop.example/f/9"></a>', "https://shop.example/f/9"),
    ],
)
def test_mark_up_and_prices_are_no_part_of_what_the_buyer_saw(stored: str, seen: str) -> None:
    assert visible_text(stored) == seen


@pytest.mark.parametrize(
    "chosen", ["-2.50", "5 EUR", "+33 1 23", "Size 42 EU", "10 kg", "Lens (-2.50)", "3 PCS", "-10 %"]
)
def test_a_number_that_was_chosen_is_no_price(chosen: str) -> None:
    assert visible_text(chosen) == chosen


def test_options_are_bounded_and_a_label_that_comes_again_is_numbered() -> None:
    pairs = [("Text", "x" * 5_000), ("Text", "y"), ("", "z"), ("Empty", " "), *((f"Label {n}", n) for n in range(99))]
    options = list(visible_options(pairs))
    assert [label for label, _ in options[:3]] == ["Text", "Text 2", "Label 0"]
    assert (len(options), len(options[0][1])) == (MOST_OPTIONS, LONGEST_TEXT)
