"""Who buys in the example shop: made-up people and companies of several countries."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from faker import Faker

# Country -> (locale, share of the buyers in percent). Switzerland lies outside the Union: sold to without VAT.
COUNTRIES: Mapping[str, tuple[str, int]] = {
    "FR": ("fr_FR", 56),
    "DE": ("de_DE", 14),
    "BE": ("nl_BE", 9),
    "IT": ("it_IT", 8),
    "ES": ("es_ES", 7),
    "PL": ("pl_PL", 4),
    "CH": ("de_CH", 2),
}
_NAMES_PER_COUNTRY = 150
_COMPANIES_PER_COUNTRY = 20


@dataclass(frozen=True, slots=True)
class Buyer:
    """One buyer with one address; `company` is empty for a person, `vat_number` for whoever pays VAT."""

    first_name: str
    last_name: str
    company: str
    vat_number: str
    address_1: str
    address_2: str
    city: str
    postcode: str
    country: str
    phone: str
    email: str


class Buyers:
    """Draws buyers. Making a name up takes time, so each country has a pool, and buyers are combined from it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._countries = list(COUNTRIES)
        self._shares = [share for _, share in COUNTRIES.values()]
        self._pools = {country: _Pool(locale, chance) for country, (locale, _) in COUNTRIES.items()}

    def draw(self, country: str | None = None) -> Buyer:
        """Return another buyer, of this country or of any."""
        chance = self._chance
        if country is None:
            country = chance.choices(self._countries, self._shares)[0]
        pool = self._pools[country]
        first, last, city = chance.choice(pool.first_names), chance.choice(pool.last_names), chance.choice(pool.cities)
        company = chance.choice(pool.companies) if chance.random() < 0.12 else ""
        vat_number = f"{country}{chance.randrange(10**8, 10**9)}" if company and chance.random() < 0.3 else ""
        return Buyer(
            first,
            last,
            company,
            vat_number,
            chance.choice(pool.streets),
            chance.choice(("", "", "", "", "", "Bât. B", "3e étage", "c/o Müller")),
            city[0],
            city[1],
            country,
            chance.choice(pool.phones) if chance.random() < 0.8 else "",
            f"{_plain(first)}.{_plain(last)}{chance.randrange(100)}@example.com",
        )


class _Pool:
    def __init__(self, locale: str, chance: random.Random) -> None:
        fake = Faker(locale)
        fake.seed_instance(chance.randrange(2**32))
        numbers = range(_NAMES_PER_COUNTRY)
        self.first_names = [fake.first_name() for _ in numbers]
        self.last_names = [fake.last_name() for _ in numbers]
        self.streets = [fake.street_address().replace("\n", ", ") for _ in numbers]
        self.cities = [(fake.city(), fake.postcode()) for _ in numbers]
        self.phones = [fake.phone_number() for _ in numbers]
        self.companies = [fake.company() for _ in range(_COMPANIES_PER_COUNTRY)]


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalnum())
