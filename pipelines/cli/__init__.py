"""The command line, `mirakl-orders`, and how it starts.

Loading Dagster takes a second, or several on a busy machine: Ctrl-C in that time is as good as later.
Nothing that loads slowly may be imported here.
"""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

# Python's default, 700 new objects between two collections, costs a tenth of loading half a million that all stay.
_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def main() -> NoReturn:
    """Load the commands and run the one that was asked for."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from pipelines.cli.commands import run
    except KeyboardInterrupt:
        sys.exit("stopped before anything was begun")
    run()
