"""What the command line prints: tables for people, JSON for programs.

Belongs here: layout. Does not belong here: finding anything out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.checks import ALL_ACCEPTED, NOTHING_WAITS
from pipelines.sync import SyncResult

_SHOWN = ("orders_read", "delivered", "unchanged", "superseded", "rejected", "refused", "undelivered", "requests")
_SHOWN_WHEN_THERE = {"superseded", "undelivered"}
_LONG = {"field", "reason", "detail", "change", "why"}
_WIDTH = 140
_WIDEST = 40
_TOLD_ABOVE = {ALL_ACCEPTED, NOTHING_WAITS}
_RED = {"rejected", "refused", "undelivered"}


def console() -> Console:
    """Return where tables are printed: as wide as the terminal, or wide enough for all columns in a pipe or log."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=_WIDTH)


def sync_json(result: SyncResult) -> bytes:
    """Return a range's result as JSON: the totals under the names of the counts, and every day."""
    return orjson.dumps(
        {
            "channel": result.channel,
            "exit_status": result.exit_status,
            **result.totals,
            "failures_total": sum(day.failures_total for day in result.days),
            "red_checks": result.red_checks,
            "days": [
                {
                    "day": day.day,
                    "failed": day.failed,
                    "reason": day.reason,
                    **day.counts,
                    "failures_total": day.failures_total,
                    "failures": day.failures,
                }
                for day in result.days
            ],
        },
        option=orjson.OPT_INDENT_2,
    )


def show_sync(console: Console, result: SyncResult) -> None:
    """Print a range's result: a line a day, then the orders that failed and why."""
    totals = result.totals
    shown = [name for name in _SHOWN if totals[name] or name not in _SHOWN_WHEN_THERE]
    table = Table(title=f"Channel {result.channel}", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("day", no_wrap=True)
    for name in shown:
        table.add_column(name.replace("orders_", ""), justify="right")
    for day in result.days:
        if day.failed and not any(day.counts.values()):
            table.add_row(day.day, *("-" for _ in shown), style="red")
        else:
            table.add_row(day.day, *(_count(name, day.counts[name]) for name in shown))
    table.add_section()
    table.add_row("all days", *(_count(name, totals[name]) for name in shown), style="bold")
    console.print(table)
    # Orders without an answer all wait for the same thing, which the last lines say.
    failures = [row for day in result.days for row in day.failures if row["outcome"] != "undelivered"]
    if failures:
        rows(console, "Orders that were rejected or refused", failures)
    more = totals["rejected"] + totals["refused"] - len(failures)
    if more:
        console.print(f"and {more:,} more: mirakl-orders failures {result.channel}")
    for name, why in result.red_checks.items():
        if name not in _TOLD_ABOVE:
            console.print(f"[yellow]{name}[/yellow]: {escape(why)}", soft_wrap=True, highlight=False)
    for reason in dict.fromkeys(day.reason for day in result.days if day.reason):
        days = [day.day for day in result.days if day.reason == reason]
        span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)} days)"
        console.print(f"[red]failed[/red] {span}: {escape(reason)}", soft_wrap=True, highlight=False)


def rows(console: Console, title: str, items: Sequence[dict[str, Any]]) -> None:
    """Print rows of one shape as a table."""
    # A title of the table's own would be folded to the table's width.
    console.print(title, style="italic")
    table = Table(box=box.SIMPLE_HEAD)
    for name in items[0]:
        if name in _LONG:
            table.add_column(name.removeprefix("channel_"), overflow="fold")
        else:
            # An id of hundreds of characters must leave room for the reason; JSON has it whole.
            table.add_column(name.removeprefix("channel_"), overflow="ellipsis", no_wrap=True, max_width=_WIDEST)
    for item in items:
        table.add_row(*("" if value is None else escape(str(value)) for value in item.values()))
    console.print(table)


def _count(name: str, count: int) -> str:
    text = f"{count:,}"
    return f"[red]{text}[/red]" if count and name in _RED else text
