"""Options that several commands share.

Belongs here: those. Does not belong here: options of one command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

DAY = click.DateTime(["%Y-%m-%d"])
Command = Callable[..., Any]


def days(command: Command) -> Command:
    """Add `--from DAY --to DAY`, both included, as `first` and `last`."""
    command = click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="Last day: 2026-01-31.")(
        command
    )
    return click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="First day: 2026-01-01.")(
        command
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
