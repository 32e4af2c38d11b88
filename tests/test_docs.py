"""Documentation cannot rot: its commands exist, its configuration loads, its tables say what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from dagster import DagsterInstance

from pipelines.cli.commands import cli
from pipelines.config.blocks import ChannelSettings
from pipelines.config.settings import load_settings
from tests.doc_tables import with_tables

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"mirakl-orders [a-z][^`\n|]*?(?=`|\n|\||$| > )")


def commands() -> list[str]:
    return sorted({match.strip() for document in DOCUMENTS for match in COMMAND.findall(document.read_text())})


@pytest.mark.parametrize("line", commands())
def test_every_command_shown_is_understood(line: str) -> None:
    name, *words = shlex.split(line.replace("<", "").replace(">", ""), comments=True)[1:]
    command = cli.commands.get(name)
    assert command is not None, f"{name} is not a command"
    for option in (word for word in words if word.startswith("--")):
        assert any(option in parameter.opts for parameter in command.params), f"{name} has no {option}"
    if words and not {"..."} & set(words):
        command.make_context(name, list(words), resilient_parsing=False)


def test_every_command_is_documented_and_has_help() -> None:
    text = "".join(document.read_text() for document in DOCUMENTS)
    for name, command in cli.commands.items():
        assert f"mirakl-orders {name}" in text
        assert command.help
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_channels_shown_can_be_used(document: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", document.read_text(), re.DOTALL)
    for block in blocks:
        text = "\n".join(line.removeprefix("   ") for line in block.splitlines())
        if "[channels." in text and "platform =" in text and 'platform = "path' not in text and "my_shop" not in text:
            path = tmp_path / "channels.toml"
            path.write_text(text)
            assert load_settings(path).broken == {}


def test_the_readme_names_every_key_of_a_channel() -> None:
    text = (ROOT / "README.md").read_text()
    assert [key for key in ChannelSettings.model_fields if f"`{key}`" not in text] == []


def test_the_channels_file_of_the_repository_can_be_used() -> None:
    assert load_settings(ROOT / "channels.toml").broken == {}


def test_the_own_block_in_the_channels_file_can_be_used_when_uncommented(tmp_path: Path) -> None:
    text = (ROOT / "channels.toml").read_text()
    path = tmp_path / "channels.toml"
    path.write_text(re.sub(r"^# ?(?=\[|\w+ = |\")", "", text, flags=re.MULTILINE))
    settings = load_settings(path)
    assert settings.broken == {}
    assert set(settings.channels) == {"example", "boutique_fr"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_tables_agree_with_the_code(document: Path) -> None:
    text = document.read_text()
    assert text == with_tables(text), "run: python -m tests.doc_tables"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_and_picture_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_instance_for_one_machine_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text((ROOT / "pipelines" / "dagster.yaml").read_text())
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled


def test_the_instance_for_several_machines_can_be_opened(
    tmp_path: Path, postgresql_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text())
    settings["storage"]["postgres"]["postgres_db"]["port"] = postgresql_port
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    variables = {"HOST": "127.0.0.1", "USER": "postgres", "PASSWORD": "unused", "DB": "postgres"}
    for name, value in variables.items():
        monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_runs(limit=1) == []
