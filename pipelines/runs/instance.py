"""The Dagster instance that the command line runs on.

A run of the shell lives in the shell's process. When that was killed, Dagster still counts the run as started, and no
daemon need be there to notice: a later command does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from connectors.ledger.file_lock import exclusive_lock
from pipelines.config.settings import SettingsError
from pipelines.runs.heartbeat import end_silent_runs_of_this_host

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = Path("var/dagster")
DAGSTER_YAML = Path(__file__).parents[1] / "dagster.yaml"
_LOCK = ".opening"
# What Dagster's storages raise where nothing is wrong with the program.
STORAGE_ERRORS = (sa.exc.DBAPIError, OSError)


def named_home() -> Path:
    """Return the folder that DAGSTER_HOME names, else our own under `var/`, whether it is there or not."""
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME.absolute())


def prepared_home() -> Path:
    """Return the folder that DAGSTER_HOME names, else our own under `var/`; an empty one gets the dagster.yaml.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    home = named_home()
    if not os.environ.get(HOME_VARIABLE):
        home.mkdir(parents=True, exist_ok=True)
    if home.is_dir():
        with exclusive_lock(home / _LOCK):
            if {path.name for path in home.iterdir()} == {_LOCK}:
                shutil.copyfile(DAGSTER_YAML, home / DAGSTER_YAML.name)
    return home


@contextmanager
def dagster_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance of DAGSTER_HOME, else our own under `var/`.

    Raises:
        SettingsError: DAGSTER_HOME names no folder that exists, its dagster.yaml is wrong, or its storage of no use.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named and not Path(named).is_absolute():
        raise SettingsError(f"{HOME_VARIABLE}: {named} must be an absolute path, for example {Path(named).absolute()}")
    if named and not Path(named).is_dir():
        raise SettingsError(
            f"{HOME_VARIABLE}: there is no folder {named}; make it, see that its disk is mounted, or name another"
        )
    try:
        home = prepared_home()
        os.environ[HOME_VARIABLE] = str(home)
        opened = _opened(home)
    except STORAGE_ERRORS as error:
        raise unusable(error) from None
    except Exception as error:
        # A wrong dagster.yaml can end in anything.
        raise SettingsError(f"{HOME_VARIABLE}: {' '.join(str(error).split())}") from None
    with opened as instance:
        end_silent_runs_of_this_host(instance)
        yield instance


def unusable(error: Exception) -> SettingsError:
    """Return what to raise for an error of Dagster's storage: a full disk, a folder without rights, a database away."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    return SettingsError(
        f"{HOME_VARIABLE}: Dagster cannot keep its records ({reason}); "
        "see that its storage is there, writable and has room"
    )


def outdated_storages(instance: dg.DagsterInstance) -> list[str]:
    """Return which of the three storages have tables of an older version of Dagster than the one that is installed."""
    storages = {
        "runs": instance.run_storage.alembic_version(),
        "events": instance.event_log_storage.alembic_version(),
        "schedules": instance.schedule_storage.alembic_version() if instance.schedule_storage else None,
    }
    return [name for name, version in storages.items() if version and version[0] != version[1]]


@contextmanager
def existing_instance() -> Iterator[dg.DagsterInstance | None]:
    """Open the instance to look at it: None where nothing ever ran, and nothing is made.

    Raises:
        SettingsError: as `dagster_instance`.
    """
    home = named_home()
    if not (home / DAGSTER_YAML.name).is_file():
        yield None
        return
    with dagster_instance() as instance:
        yield instance


@contextmanager
def viewed_instance() -> Iterator[dg.DagsterInstance | None]:
    """Open the instance to read it and nothing else: killed runs are not ended. None where nothing ever ran.

    Raises:
        SettingsError: it cannot be opened.
    """
    home = named_home()
    if not (home / DAGSTER_YAML.name).is_file():
        yield None
        return
    try:
        opened = dg.DagsterInstance.from_config(str(home))
    except STORAGE_ERRORS as error:
        raise unusable(error) from None
    except Exception as error:
        # A wrong dagster.yaml can end in anything.
        raise SettingsError(f"{HOME_VARIABLE}: {' '.join(str(error).split())}") from None
    with opened as instance:
        yield instance


def _opened(home: Path) -> dg.DagsterInstance:
    """Open the instance of a home that two commands may find empty at once: Dagster makes its tables unguarded."""
    with exclusive_lock(home / _LOCK):
        instance = dg.DagsterInstance.get()
        # What a storage has not made when it is opened, it makes when it is first asked.
        instance.get_runs_count()
        instance.all_asset_keys()
        return instance
