"""What `mirakl-orders` starts: the command line, once it is loaded.

Loading Dagster takes a second, or several on a busy machine: Ctrl-C in that time is as good as later.

Belongs here: that. Does not belong here: commands (`cli`).
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Load the command line and run it."""
    try:
        from pipelines.cli import main as run
    except KeyboardInterrupt:
        sys.exit("stopped before anything was begun")
    run()
