"""The Dagster instance that the command line runs on.

Belongs here: finding or making it. Does not belong here: running anything.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = Path("var/dagster")


def own_home() -> Path:
    """Return the folder of the instance used when DAGSTER_HOME is not set, with its dagster.yaml in place."""
    home = DEFAULT_HOME.absolute()
    home.mkdir(parents=True, exist_ok=True)
    target = home / "dagster.yaml"
    if not target.exists():
        shutil.copyfile(Path(__file__).parent / "dagster.yaml", target)
    return home


@contextmanager
def dagster_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance of DAGSTER_HOME, else our own under `var/`."""
    if not os.environ.get(HOME_VARIABLE):
        os.environ[HOME_VARIABLE] = str(own_home())
    with dg.DagsterInstance.get() as instance:
        yield instance
