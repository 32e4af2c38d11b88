"""The registry of codes: every code that an order or a shop can end with is explained, and nothing else is."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest

from connectors.channels.errors import ShopCode
from connectors.mirakl.decisions import Decision
from connectors.mirakl.errors import UnansweredCode
from connectors.mirakl.report import COUNTS
from transforms.codes import DeliveryNotice, NormalisationNotice, RejectCode
from transforms.outcomes import UNACCEPTED, Outcome

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TABLES: dict[str, list[Any]] = {
    "Outcomes": [outcome.value for outcome in Outcome],
    "Rejects": [*get_args(RejectCode)],
    "Notices": [*get_args(NormalisationNotice), *get_args(DeliveryNotice)],
    "Without an answer": [*get_args(UnansweredCode)],
    "A shop that cannot be read": [*get_args(ShopCode)],
}


def explained(document: str, heading: str) -> list[str]:
    """Return the words in the first column of the tables below a heading."""
    section = (DOCS / document).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("heading", TABLES)
def test_the_codes_that_are_declared_are_explained_in_their_order(heading: str) -> None:
    assert explained("codes.md", heading) == TABLES[heading]


def test_every_code_that_is_declared_is_used() -> None:
    rooms = (ROOT / room for room in ("transforms", "connectors", "pipelines"))
    texts = "".join(path.read_text() for room in rooms for path in room.rglob("*.py") if "sandbox" not in path.parts)
    declared = chain.from_iterable(TABLES.values())
    assert [code for code in declared if texts.count(f'"{code}"') < 2 and code not in set(Outcome)] == []


def test_every_outcome_of_a_run_is_explained_to_operators() -> None:
    words = explained("operating.md", "Outcomes of an order")
    assert words == [outcome.value for outcome in Outcome if outcome is not Outcome.GONE]
    counts = (DOCS / "operating.md").read_text().partition("The same names count everywhere")[2].partition("\n\n")[0]
    assert [word for word in re.findall(r"`(\w+)`", counts) if word != "mirakl_delivery"] == list(COUNTS)


def test_every_decision_that_sends_nothing_is_an_outcome() -> None:
    assert {decision.value for decision in Decision} - {Decision.SEND} < set(Outcome)


def test_an_order_that_failed_waits_until_it_is_accepted() -> None:
    assert set(UNACCEPTED) == {outcome for outcome in Outcome if outcome.is_failure}
