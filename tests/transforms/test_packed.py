"""Serialised PHP: what a text of the usual shape holds is what any exact reader finds in it, and damage is no value."""

from __future__ import annotations

from typing import Any

import phpserialize
import pytest

from transforms.packed import php
from transforms.platforms.woocommerce.serialised import tax_amounts

PARCEL = {0: {"tracking_provider": "Colissimo", "tracking_number": "6A00", "date_shipped": "1772209847"}}
USUAL = [
    PARCEL,
    {0: {"name": "Zoë"}},
    {0: {"name": 'a "b"'}},
    {0: {"name": "a", "units": 2}},
    {0: {}},
    {0: {"a": "1"}, 1: {"a": "2"}},
    {1: "6.5"},
]


@pytest.mark.parametrize("value", USUAL)
def test_what_was_serialised_is_read_again(value: Any) -> None:
    assert php(phpserialize.dumps(value).decode()) == value


@pytest.mark.parametrize("damage", ["6A0", "6A000", '6A"', "6Aé0"])
def test_a_text_of_another_length_than_declared_is_no_value(damage: str) -> None:
    assert php(phpserialize.dumps(PARCEL).decode().replace("6A00", damage)) is None


def test_taxes_are_read_by_rate() -> None:
    assert tax_amounts('a:2:{s:5:"total";a:1:{i:3;s:3:"6.5";}s:8:"subtotal";a:1:{i:3;s:3:"8.5";}}') == (("3", "6.5"),)
    assert tax_amounts('a:1:{s:5:"total";a:2:{i:1;s:1:"1";i:2;d:0.5;}}') == (("1", "1"), ("2", "0.5"))


@pytest.mark.parametrize("damage", ['s:2:"6.5"', 's:4:"6.5"', 's:3:"6.5'])
def test_taxes_of_which_a_length_is_wrong_are_not_read(damage: str) -> None:
    text = 'a:2:{s:5:"total";a:1:{i:3;s:3:"6.5";}s:8:"subtotal";a:1:{i:3;s:3:"6.5";}}'
    assert tax_amounts(text.replace('s:3:"6.5"', damage, 1)) is None
    assert tax_amounts(damage.join(text.rsplit('s:3:"6.5"', 1))) is None
