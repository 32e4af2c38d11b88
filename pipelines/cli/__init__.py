"""The command line, `mirakl-orders`, and how it starts.

Loading Dagster takes a second, or several on a busy machine: Ctrl-C in that time is as good as later.

Belongs here: loading the commands. Does not belong here: the commands, nor anything that loads slowly.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Load the commands and run the one that was asked for."""
    try:
        from pipelines.cli.commands import run
    except KeyboardInterrupt:
        sys.exit("stopped before anything was begun")
    run()
