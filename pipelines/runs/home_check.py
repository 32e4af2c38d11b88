"""Trying DAGSTER_HOME: whether runs can be recorded there, and whether one that is killed is started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.config.settings import SettingsError
from pipelines.operations.inspection import Finding
from pipelines.runs.instance import DAGSTER_YAML, HOME_VARIABLE, dagster_instance, outdated_storages


def check_dagster_home() -> Iterator[Finding]:
    """Open the Dagster instance that runs are recorded in, and return what is found about it."""
    try:
        with dagster_instance() as instance:
            home = Path(instance.root_directory)
            outdated = outdated_storages(instance)
    except SettingsError as error:
        yield Finding(HOME_VARIABLE, "error", str(error))
        return
    if outdated:
        message = (
            f"the tables of Dagster's {', '.join(outdated)} are of an older version than Dagster itself; "
            "stop what runs, then: dagster instance migrate"
        )
        yield Finding(HOME_VARIABLE, "error", message)
    elif (home / "dagster.yaml").is_file():
        yield Finding(HOME_VARIABLE, "ok", f"runs are recorded in {home}")
    else:
        message = (
            f"{home} holds no dagster.yaml, so that runs that are killed are not started again; copy {DAGSTER_YAML}"
        )
        yield Finding(HOME_VARIABLE, "warning", message)
