"""What `deploy/` ships is whole: its files parse and name what exists."""

from __future__ import annotations

import configparser
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pipelines.config.channels_file import FILE_VARIABLE as CHANNELS_FILE
from pipelines.config.environment import Environment

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
# Imported where they are used: the webserver's takes seconds, in each process of a test run.
PROGRAMS = {
    "dagster": "dagster._cli",
    "dagster-daemon": "dagster._daemon.cli",
    "dagster-webserver": "dagster_webserver.cli",
}
SERVICE_KEYS = {
    *("image", "build", "restart", "stop_grace_period", "environment", "env_file", "volumes", "depends_on"),
    *("healthcheck", "command", "ports"),
}
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


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose.yaml").read_text()
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def image_command() -> list[str]:
    text = (DEPLOY / "Dockerfile").read_text()
    command: list[str] = json.loads(text.rpartition("\nCMD ")[2])
    return command


def unit_commands() -> list[list[str]]:
    texts = [path.read_text() for path in sorted((DEPLOY / "systemd").iterdir())]
    commands = [re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)[0].split() for text in texts]
    return [[Path(command[0]).name, *command[1:]] for command in commands]


def understood(command: list[str]) -> str:
    """Parse a command line as its program does, and name what it would run; an unknown option raises."""
    program: click.Command = import_module(PROGRAMS[command[0]]).cli
    arguments = command[1:]
    names = [command[0]]
    while isinstance(program, click.Group):
        assert arguments[0] in program.commands, command
        program, names, arguments = program.commands[arguments[0]], [*names, arguments[0]], arguments[1:]
    program.make_context(names[-1], list(arguments))
    return " ".join(names)


@pytest.mark.slow
def test_every_command_line_is_one_that_its_program_understands() -> None:
    of_services = [service["command"] for service in compose()["services"].values() if "command" in service]
    commands = [image_command(), *of_services, *unit_commands()]
    assert {understood(command) for command in commands} == {
        "dagster code-server start",
        "dagster-webserver",
        "dagster-daemon run",
    }


def test_an_option_that_a_program_does_not_know_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        understood(["dagster-daemon", "run", "--nothing-like-it"])


def test_compose_names_only_services_volumes_and_keys_that_exist() -> None:
    settings = compose()
    services, volumes = settings["services"], settings["volumes"]
    assert {key for service in services.values() for key in service} <= SERVICE_KEYS
    assert {name for service in services.values() for name in service.get("depends_on", {})} <= set(services)
    sources = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert {source for source in sources if not source.startswith(".")} == set(volumes)


def test_compose_and_the_units_of_dagster_meet_at_the_same_code_server_and_databases() -> None:
    services = compose()["services"]
    [server] = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    address = server["grpc_server"]
    assert address["host"] in services
    command = image_command()
    assert command[command.index("-p") + 1] == str(address["port"])
    variables = services["code"]["environment"]
    assert variables["DAGSTER_POSTGRES_HOST"] in services
    assert variables["DAGSTER_POSTGRES_DB"] == services["database"]["environment"]["POSTGRES_DB"]
    database = variables["LEDGER_URL"].rpartition("/")[2]
    assert f"CREATE DATABASE {database};" in (DEPLOY / "postgresql-init.sql").read_text()


def test_compose_sets_exactly_the_variables_that_dagster_yaml_reads() -> None:
    variables = set(compose()["services"]["code"]["environment"])
    of_dagster = set(re.findall(r"env: (\w+)", (DEPLOY / "dagster.yaml").read_text()))
    assert of_dagster <= variables
    ours = {name.upper() for name in Environment.model_fields}
    assert variables - of_dagster - ours == {CHANNELS_FILE}
