"""Golden cases: the files `<platform>/*.toml`, read and held to the format that CONTRIBUTING.md describes."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.channels.reader import ShopSource

FOLDER = Path(__file__).parent
Case = dict[str, Any]
_OF_EVERY_CASE = frozenset({"name", "about", "only", "charged", "given_back", "expect"})


@dataclass(frozen=True)
class Place:
    """Where a shop may be made: the port of its database server (0 for SQLite), and a folder."""

    port: int
    folder: Path


@dataclass(frozen=True)
class Platform:
    """What the golden cases of a platform are to the runner.

    `facts` are the keys of a case that say what the shop holds. `shops` are those in which all cases are tried, and
    the version of each; a name begins with its database server. `make` fills one with cases and returns its channels.
    `days` are the days that are read. `order_id` is the id that a case's order has at Mirakl; `charged` and
    `given_back` is its money by its rows, None where they do not have it in one place.
    """

    name: str
    facts: frozenset[str]
    shops: Mapping[str, str]
    make: Callable[[str, Sequence[Case], Place], list[ShopSource]]
    days: Sequence[dt.date]
    order_id: Callable[[Case], str]
    charged: Callable[[Case], Decimal | None] = lambda case: None
    given_back: Callable[[Case], Decimal | None] = lambda case: None
    stores: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def plain(self) -> Mapping[str, Any]:
        """What an order of this platform is where a case says nothing else: `plain.toml`."""
        return load_plain(self.name)

    @cached_property
    def cases(self) -> Mapping[str, Case]:
        """All cases by their names."""
        found: dict[str, Case] = {}
        for path, case in _files(self.name):
            unknown = case.keys() - self.facts - _OF_EVERY_CASE
            assert not unknown, f"{path.name}: {case.get('name')!r} has unknown keys: {sorted(unknown)}"
            assert case["name"] not in found, f"{path.name}: two cases are named {case['name']!r}"
            found[case["name"]] = case
        return found

    def cases_of(self, shop: str) -> list[Case]:
        """Return the cases of a shop: those of its version, where they name some in `only`."""
        version = self.shops[shop]
        return [case for case in self.cases.values() if version in case.get("only", [version])]


def load_plain(platform: str) -> Mapping[str, Any]:
    """Read the plain order of a platform."""
    return tomllib.loads((FOLDER / platform / "plain.toml").read_text())


def _files(platform: str) -> Iterator[tuple[Path, Case]]:
    for path in sorted((FOLDER / platform).iterdir()):
        assert path.suffix == ".toml", f"{path} is no golden case: cases are TOML"
        if path.name != "plain.toml":
            for case in tomllib.loads(path.read_text())["case"]:
                yield path, {**case, "rows": _with_nulls(case["rows"])} if "rows" in case else case


def _with_nulls(value: Any) -> Any:
    """Read the text NULL as no value: TOML has none."""
    match value:
        case dict():
            return {name: _with_nulls(one) for name, one in value.items()}
        case list():
            return [_with_nulls(one) for one in value]
        case "NULL":
            return None
    return value
