"""What Dagster does anew for each connection and each home, done once per process of a test run.

Its SQLite storages make an engine for each connection, which compiles every statement again; they read all scripts of
their migrations whenever they are opened, and make the tables of a new home step by step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import consolidated_sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

from pipelines.runs import instance

_STORAGES = (consolidated_sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)
_TABLES = "history"


@contextmanager
def once_per_process(template: Path) -> Iterator[None]:
    """Keep engines and migration scripts, and copy the tables of a new home from `template`, which is made if needed."""
    with pytest.MonkeyPatch.context() as patch:
        for storage in _STORAGES:
            patch.setattr(storage, "create_engine", _kept_engine(storage.create_engine))
        patch.setattr(ScriptDirectory, "from_config", _kept_scripts(ScriptDirectory.from_config))
        patch.setattr(instance, "_opened", _opened_with_tables(template, instance._opened))
        yield


def _kept_engine(create_engine: Callable[..., sa.Engine]) -> Callable[..., sa.Engine]:
    """Return a function that gives the newest engine again if its address is asked for: it pools no connection."""
    newest: dict[str, sa.Engine] = {}

    def engine(url: str, **options: Any) -> sa.Engine:
        nonlocal newest
        found = newest.get(url)
        if found is None:
            found = create_engine(url, **options)
            newest = {url: found}
        return found

    return engine


def _kept_scripts(from_config: Callable[[Config], ScriptDirectory]) -> Callable[[Config], ScriptDirectory]:
    kept: dict[str | None, ScriptDirectory] = {}

    def scripts(config: Config) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in kept:
            kept[place] = from_config(config)
        return kept[place]

    return scripts


def _opened_with_tables(
    template: Path, opened: Callable[[Path], dg.DagsterInstance]
) -> Callable[[Path], dg.DagsterInstance]:
    def made() -> Path:
        if not template.is_dir():
            template.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(instance.HOME_VARIABLE, str(template))
                shutil.copy(instance.DAGSTER_YAML, template)
                opened(template).dispose()
        return template

    def is_new(home: Path) -> bool:
        ours, its = instance.DAGSTER_YAML, home / instance.DAGSTER_YAML.name
        return not (home / _TABLES).exists() and its.is_file() and its.read_bytes() == ours.read_bytes()

    def opened_with_tables(home: Path) -> dg.DagsterInstance:
        if is_new(home):
            shutil.copytree(made(), home, dirs_exist_ok=True)
        return opened(home)

    return opened_with_tables
