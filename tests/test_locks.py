"""The locks are of this pyproject.toml: every direct dependency is in them, in a version it allows, with its hashes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OF_LOCK = {
    "requirements.lock": ("postgresql", "s3", "celery", "kubernetes", "metrics"),
    "requirements-dev.lock": tuple(EXTRAS),
}


def locked(name: str) -> Iterator[tuple[Requirement, int]]:
    """Yield what a lock pins, with the number of its hashes."""
    for entry in re.split(r"\n(?=\S)", (ROOT / "deploy" / name).read_text().strip()):
        pinned, *hashes = entry.split(" \\\n")
        yield Requirement(pinned), sum("--hash=sha256:" in line for line in hashes)


@pytest.mark.parametrize("name", OF_LOCK)
def test_a_lock_allows_one_version_of_each_with_its_hashes(name: str) -> None:
    found = list(locked(name))
    assert len(found) > 80
    assert [
        str(requirement) for requirement, hashes in found if not re.search("==", str(requirement)) or not hashes
    ] == []


@pytest.mark.parametrize("name", OF_LOCK)
def test_a_lock_has_every_dependency_in_a_version_that_the_project_allows(name: str) -> None:
    pinned = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement, _ in locked(name)
    }
    wanted = [Requirement(text) for extra in OF_LOCK[name] for text in (*PROJECT["dependencies"], *EXTRAS[extra])]
    assert [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ] == []


def test_the_project_has_no_upper_bounds() -> None:
    every = [*PROJECT["dependencies"], *(text for texts in EXTRAS.values() for text in texts)]
    assert [text for text in every if "<" in text or "==" in text] == []
