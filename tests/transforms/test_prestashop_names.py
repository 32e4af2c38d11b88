"""What PrestaShop tells by names alone: options in the name of a line, carriers that bring nothing."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest

from transforms.platforms.prestashop.chosen import options
from transforms.platforms.prestashop.places import Pickup, pickup

Order = namedtuple("Order", ["shop_name", "carrier_name", "carrier_delay", "carrier_module"])
Address = namedtuple("Address", ["address_type", "alias", "company"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shirt (Size: S - Colour: White)", [("Size", "S"), ("Colour", "White")]),
        ("Shirt (Size: S- Colour: White)", [("Size", "S"), ("Colour", "White")]),
        ("Shirt - Size : M, Colour : Blue", [("Size", "M"), ("Colour", "Blue")]),
        ("T-shirt (long) (Size: XL - Fit: Slim-fit)", [("Size", "XL"), ("Fit", "Slim-fit")]),
        ("Lamp - warm white (Colour: White, warm - Cable: 1,5 m)", [("Colour", "White, warm"), ("Cable", "1,5 m")]),
        ("Time: a history", []),
        ("Shirt", []),
        (None, []),
    ],
)
def test_the_options_of_a_combination_are_read_from_the_name_of_its_line(
    name: str | None, expected: list[tuple[str, str]]
) -> None:
    assert options(name) == expected


def found(carrier: str, delay: str = "", alias: str = "Home", module: str = "") -> Pickup | None:
    rows: list[Any] = [Address("shipping", alias, "Tabac")]
    return pickup(Order("Boutique", carrier, delay, module), (), rows)


@pytest.mark.parametrize(
    "carrier",
    [
        "Click and collect",
        "Click & Collect Paris",
        "Retrait en magasin",
        "Retrait gratuit en boutique",
        "Store pick-up",
        "Pick up in-store",
        "Local pickup",
        "Abholung im Geschäft",
        "Selbstabholung",
        "Recogida en tienda",
        "Ritiro in negozio",
        "Afhalen in de winkel",
        "Odbiór osobisty",
    ],
)
def test_a_carrier_may_be_known_as_a_pickup_by_its_name(carrier: str) -> None:
    place = found(carrier)
    assert place is not None
    assert place.name == f"Boutique - {carrier}"
    assert place.hides_home


@pytest.mark.parametrize(
    "carrier", ["DHL", "Retrait en point relais", "UPS Pickup point", "Colissimo", "Collectors Post"]
)
def test_other_carriers_bring_the_goods_somewhere(carrier: str) -> None:
    assert found(carrier) is None


def test_an_address_that_a_module_named_after_its_relay_is_that_relay() -> None:
    assert found("Mondial Relay", alias="Point Relais 012345") == Pickup("012345", "Tabac", None, False)
    assert found("Relay", alias="Point relais") == Pickup(None, "Tabac", None, False)
