"""Options that several commands share.

Belongs here: those. Does not belong here: options of one command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


class _Day(click.DateTime):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a day; expected for example 2026-01-31", param, ctx)


DAY = _Day(["%Y-%m-%d"])


def days(command: Command) -> Command:
    """Add `--from DAY --to DAY`, both included, as `first` and `last`."""
    command = click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="Last day: 2026-01-31.")(
        command
    )
    return click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="First day: 2026-01-01.")(
        command
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
