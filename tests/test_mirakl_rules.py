"""The rules of Mirakl's API that code and SQL cite are written down in the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from transforms.records import REQUEST
from transforms.vocabulary import Status, StatusReason

ROOT = Path(__file__).parents[1]
RULES = (ROOT / "docs" / "mirakl-api.md").read_text()
ROOMS = ("transforms", "connectors", "pipelines", "tests", "docs")


def cited() -> set[str]:
    texts = [
        path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in {".py", ".sql", ".md"}
    ]
    return {rule for text in texts for rule in re.findall(r"contract (\d[AB]?(?:\.\d+)?)\b", text)}


def written() -> set[str]:
    headings = set(re.findall(r"^#+ (\d[AB]?(?:\.\d+)?)[. ]", RULES, re.MULTILINE))
    rules = {f"4A.{number}" for number in re.findall(r"^(\d+)\. ", RULES.partition("### 4A")[2], re.MULTILINE)}
    return headings | rules | set(re.findall(r"^\| (8\.\d+) \|", RULES, re.MULTILINE))


def test_every_rule_that_is_cited_is_written_down() -> None:
    assert cited() - written() == set()


def test_every_status_and_reason_of_the_models_is_written_down() -> None:
    assert [word for word in (*get_args(Status), *get_args(StatusReason)) if f"`{word}`" not in RULES] == []


def test_every_field_of_the_models_is_written_down() -> None:
    fields = RULES.partition("## 2. The fields")[2].partition("## 3.")[0]
    names = {name for model in REQUEST.json_schema()["$defs"].values() for name in model["properties"]}
    written_down = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", fields))))
    assert names - written_down == set()
