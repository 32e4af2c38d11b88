"""Times to UTC, names and countries to Mirakl's."""

from __future__ import annotations

import pytest

from tests.transforms.columns import address
from transforms.addresses import alpha_3
from transforms.times import TimeError, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-03-01 09:30:00", "UTC", "2026-03-01T09:30:00Z"),
        ("2026-07-01 09:30:00", "Europe/Paris", "2026-07-01T07:30:00Z"),
        ("2026-10-25 02:30:00", "Europe/Paris", "2026-10-25T00:30:00Z"),
        ("2026-03-29 02:30:00", "Europe/Paris", "2026-03-29T01:30:00Z"),
        ("2026-03-01T09:30:00.123456+02:00", "UTC", "2026-03-01T07:30:00.123Z"),
        ("2026-03-01 09:30:00", "+05:30", "2026-03-01T04:00:00Z"),
        ("2026-07-01 09:30:00", "-03:00", "2026-07-01T12:30:00Z"),
        ("1970-01-01 00:00:00", "UTC", "1970-01-01T00:00:00Z"),
        ("2200-12-31 23:59:59", "UTC", "2200-12-31T23:59:59Z"),
    ],
)
def test_a_time_is_utc_with_z(text: str, zone: str, utc: str) -> None:
    moment = parse_time(text, zone)
    assert moment is not None
    assert format_time(moment) == utc


@pytest.mark.parametrize("text", [None, "", "0000-00-00 00:00:00"])
def test_a_zero_date_is_no_time(text: str | None) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-13-01 00:00:00",
        "0001-01-01 00:00:00",
        "1969-12-31 23:59:59",
        "2201-01-01 00:00:00",
        "9999-12-31 23:59:59",
    ],
)
def test_damage_is_not_a_time(text: str) -> None:
    with pytest.raises(TimeError):
        parse_time(text)


@pytest.mark.parametrize(
    ("cells", "first", "last"),
    [
        ({"first_name": "Zoë", "last_name": "Müller"}, "Zoë", "Müller"),
        ({"first_name": "Jean Marie Dupont"}, "Jean Marie", "Dupont"),
        ({"first_name": "Madonna"}, None, "Madonna"),
        ({"last_name": "Jean Dupont"}, None, "Jean Dupont"),
        ({"company": "ACME"}, None, "ACME"),
    ],
)
def test_a_name_that_is_whole_or_missing_still_gives_a_last_name(
    cells: dict[str, str], first: str | None, last: str
) -> None:
    made, _ = address(street="A 1", city="B", **cells)
    assert made is not None
    assert (made.get("first_name"), made["last_name"]) == (first, last)


@pytest.mark.parametrize(
    "cells",
    [{}, {"country": "FR"}, {"country": "FR", "zip_code": "75001", "last_name": " "}, {"last_name": "Who picks it up"}],
)
def test_an_address_without_a_place_is_left_out(cells: dict[str, str]) -> None:
    assert address(**cells) == (None, None)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"last_name": "X", "city": "B"}, "street"),
        ({"last_name": "X", "street": "A 1"}, "city"),
        ({"last_name": "X", "street_additional_info": "A 1"}, "city"),
        ({"street": "A 1", "city": "B"}, "last_name"),
        ({"last_name": "X", "street": "A 1", "city": "B", "country": "ZZ"}, "country_iso_code"),
    ],
)
def test_an_incomplete_address_names_the_field(cells: dict[str, str], field: str) -> None:
    _, broken = address(**cells)
    assert broken is not None
    assert broken[0] == field
    assert broken[1].startswith("is ")


@pytest.mark.parametrize(
    ("country", "city"),
    [("SG", "Singapore"), ("MC", "Monaco"), ("HK", "Hong Kong"), ("MO", "Macao"), ("GI", "Gibraltar")],
)
def test_the_address_of_a_city_state_needs_no_city(country: str, city: str) -> None:
    made, _ = address(last_name="X", street="1 Orchard Road", country=country)
    assert made is not None
    assert made["city"] == city


def test_every_part_of_an_address_arrives_and_blanks_do_not() -> None:
    cells = {
        "first_name": "A",
        "last_name": "B",
        "company": "C",
        "street": "D 1",
        "street_additional_info": "E",
        "zip_code": "F",
        "city": "G",
        "state": "H",
        "phone": "I",
        "additional_info": "J",
    }
    made, _ = address(country="FR", **{name: f" {text}\x00 " for name, text in cells.items()})
    assert made == {**cells, "country_iso_code": "FRA"}
    made, _ = address(last_name="B", street="D 1", city="G", phone=" ", state="\x00")
    assert made == {"last_name": "B", "street": "D 1", "city": "G"}


def test_the_second_line_stands_in_for_a_street_that_is_missing() -> None:
    made, _ = address(last_name="B", street_additional_info="D 1", city="G")
    assert made == {"last_name": "B", "street": "D 1", "city": "G"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("fr", "FRA"),
        ("USA", "USA"),
        ("XK", "XKX"),
        ("xkx", "XKX"),
        ("UK", "GBR"),
        ("EL", "GRC"),
        ("Germany", "DEU"),
        ("ZZ", None),
        ("", None),
    ],
)
def test_countries_become_alpha_3(code: str, expected: str | None) -> None:
    assert alpha_3(code) == expected
