"""What of item meta the buyer saw: labels and texts, without prices, bounded; and where an order comes from."""

from __future__ import annotations

import pytest

from transforms.platforms.woocommerce.chunk import Order
from transforms.platforms.woocommerce.item_meta import ItemMeta
from transforms.platforms.woocommerce.options import chosen
from transforms.platforms.woocommerce.origins import source
from transforms.visible_text import LONGEST_TEXT, MOST_OPTIONS


def row(key: str, value: str | None, term: str | None = None) -> ItemMeta:
    return ItemMeta(key, value, term)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Engraving (+10,00 €)", "Engraving"),
        ("Engraving (€ 10.00)", "Engraving"),
        ("Engraving (+1.200,00&nbsp;zł)", "Engraving"),
        ("Engraving (10,00 CHF)", "Engraving"),
        ('Engraving (<span class="amount">&euro;10</span>)', "Engraving"),
        ("Lens (+2)", "Lens (+2)"),
        ("Engraving:", "Engraving"),
        ("Ring size (54)", "Ring size (54)"),
        ("Length (in cm)", "Length (in cm)"),
        ("Pack (6 pcs)", "Pack (6 pcs)"),
        ("Born (1984-02-03)", "Born (1984-02-03)"),
    ],
)
def test_a_label_is_sent_without_its_price(label: str, expected: str) -> None:
    assert chosen([row(label, "For Anna")], {}) == {expected: ["For Anna"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Blue (+$2.00)", ["Blue"]), ("Blue + 2,00 €", ["Blue"]), ("+2,00 €", ["+2,00 €"]), ("", []), ("A+ 2", ["A+ 2"])],
)
def test_a_text_is_sent_without_its_price(text: str, expected: list[str]) -> None:
    assert chosen([row("Colour", text)], {}).get("Colour", []) == expected


def test_options_of_a_line_are_bounded_in_number_and_length() -> None:
    found = chosen([row(f"Option {number}x", "y" * 5_000) for number in range(200)], {})
    assert len(found) == MOST_OPTIONS
    assert {len(text) for texts in found.values() for text in texts} == {LONGEST_TEXT}


def test_structures_and_what_begins_with_an_underscore_are_not_sent() -> None:
    rows = [row("_secret", "x"), row("data", 'a:1:{s:1:"a";s:1:"b";}'), row("json", '{"a": "b"}'), row("none", None)]
    assert chosen(rows, {}) == {}


def test_a_damaged_packed_meta_is_ignored() -> None:
    assert chosen([row("_tmcartepo_data", 'a:1:{i:0;a:2:{s:4:"na'), row("Size", "L")], {}) == {"Size": ["L"]}


@pytest.mark.parametrize(
    ("meta", "email", "created_via", "expected"),
    [
        ({"_marketplace": "Amazon FR"}, "a@example.com", "checkout", "Amazon FR"),
        ({"_wpla_amazon_order_id": "302-1"}, "a@example.com", "", "amazon"),
        ({"_mirakl_order_id": "M-1"}, "a@example.com", "rest-api", "mirakl"),
        ({}, "abc@marketplace.amazon.de", "rest-api", "amazon"),
        ({}, "a@example.com", "rest-api", "rest-api"),
        ({}, None, None, None),
    ],
)
def test_an_order_comes_from_a_marketplace_or_from_what_made_it(
    meta: dict[str, str], email: str | None, created_via: str | None, expected: str | None
) -> None:
    assert source(Order("1", "wc-processing", "10", email, "0", created_via), meta) == expected
