"""What `deploy/` ships is whole: its files parse and name what exists."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COPIED = re.compile(r"^COPY (?!--)(.+) \S+$", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_file_of_settings_can_be_read(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").iterdir()), ids=lambda path: path.name)
def test_a_unit_runs_a_program_of_dagsters_on_the_products_definitions(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # as configparser documents it
    unit.read(path)
    command = unit["Service"]["ExecStart"].split()
    assert Path(command[0]).name in {"dagster-webserver", "dagster-daemon"}
    assert command[-2:] == ["-m", "channel_to_mirakl"]
    assert unit["Service"]["UMask"] == "0077"


def test_the_image_copies_what_exists_and_installs_extras_that_exist() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [source for sources in COPIED.findall(text) for source in sources.split()]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    extras = re.search(r"'\.\[(.+)\]'", text)
    assert extras is not None
    project = (ROOT / "pyproject.toml").read_text()
    assert [extra for extra in extras[1].split(",") if f"\n{extra} = [" not in project] == []


def test_compose_mounts_what_exists() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    mounted = {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service["volumes"]
        if volume.startswith(".")
    }
    assert [source for source in mounted if not (DEPLOY / source).exists()] == []
