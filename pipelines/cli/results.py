"""What sync and replay print: a line a day, the orders that failed, the checks that are red."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.mirakl.report import OUTCOMES
from pipelines.cli import show
from pipelines.cli.causes import Causes
from pipelines.operations.verdicts import Check
from pipelines.runs.sync import DayResult, SyncResult
from transforms.outcomes import Outcome
from transforms.plural import counted, day_ranges

_SHOWN = ("orders_read", *OUTCOMES, "requests")
_SHOWN_WHEN_THERE = frozenset({Outcome.SUPERSEDED, Outcome.EXCLUDED, Outcome.UNDELIVERED})
_MOST_EMPTY_DAYS = 7
_DAY_WIDTH, _GAP = 10, 3
_RED = frozenset(outcome for outcome in Outcome if outcome.is_failure)


def sync_values(result: SyncResult) -> dict[str, Any]:
    """Return a range's result as plain values: the totals under the names of the counts, and every day."""
    return {
        "channel": result.channel,
        "exit_status": result.exit_status,
        **result.totals,
        "missing": result.missing,
        "failures_total": sum(day.failures_total for day in result.days),
        "red_checks": {
            red.check: {"why": red.message, "go_on": red.command, "numbers": red.numbers, "orders": red.orders}
            for red in result.red_checks
        },
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
    }


def show_sync(console: Console, result: SyncResult) -> None:
    """Print a range's result: a line a day, the orders that failed and why, what is red, the days that failed."""
    console.print(Text(f"Channel {result.channel}", style="bold"))
    _days(console, result)
    totals = result.totals
    # Orders without an answer all wait for the same thing, which the last lines say.
    failures = Causes(("outcome", "code", "field", "reason"))
    for day in result.days:
        for row in day.failures:
            if row["outcome"] != Outcome.UNDELIVERED:
                failures.add({**row, "day": day.day})
    if failures.orders:
        show.rows(console, "Orders that were rejected or refused", failures.rows(), numbers=["orders"])
    more = totals[Outcome.REJECTED] + totals[Outcome.REFUSED] - failures.orders + failures.not_shown
    if more > 0:
        show.line(console, f"and {more:,} more: mirakl-orders failures {result.channel}")
    for red in result.red_checks:
        show.line(console, (red.check, "yellow"), f": {red.description}")
        if red.orders and red.check != Check.ALL_ACCEPTED:
            orders = Causes(("code", "field", "reason"), red.orders)
            show.rows(console, f"{red.check}: the orders", orders.rows(), numbers=["orders"])
    for reason in dict.fromkeys(day.reason for day in result.days if day.reason):
        days = [day.day for day in result.days if day.reason == reason]
        show.line(console, ("failed", "red"), f" {day_ranges(days)}: {reason}")


def _days(console: Console, result: SyncResult) -> None:
    totals = result.totals
    shown = [name for name in _SHOWN if totals[name] or name not in _SHOWN_WHEN_THERE]
    quiet = [day for day in result.days if not day.failed and not any(day.counts.values())]
    # A line for each day without an order would push what matters off the screen.
    left_out = quiet if len(result.days) > _MOST_EMPTY_DAYS else []
    days = [day for day in result.days if day not in left_out]
    widths = [max(len(_head(name)), len(f"{totals[name]:,}")) for name in shown]
    if sum(widths) + _GAP * len(widths) + _DAY_WIDTH <= console.width:
        _table(console, shown, days, totals)
    else:
        # One line a day with what there is of it: a heading that is cut would say nothing.
        for day in days:
            counts = [f"{day.counts[name]:,} {_head(name)}" for name in shown if day.counts[name]]
            show.line(console, (day.day, "red" if day.failed else ""), f"  {', '.join(counts) or '-'}")
        counts = [f"{totals[name]:,} {_head(name)}" for name in shown if totals[name]]
        show.line(console, (f"all days    {', '.join(counts) or '-'}", "bold"))
    if left_out:
        show.line(console, (f"{counted(len(left_out), 'day')} without an order left out", "dim"))
    console.print()


def _table(console: Console, shown: Sequence[str], days: Sequence[DayResult], totals: Mapping[str, int]) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("day", no_wrap=True)
    for name in shown:
        table.add_column(_head(name), justify="right", no_wrap=True)
    for day in days:
        if day.failed and not any(day.counts.values()):
            table.add_row(day.day, *("-" for _ in shown), style="red")
        else:
            table.add_row(day.day, *_counts(shown, day.counts))
    table.add_section()
    table.add_row("all days", *_counts(shown, totals), style="bold")
    console.print(table)


def _head(name: str) -> str:
    return name.removeprefix("orders_")


def _counts(names: Iterable[str], counts: Mapping[str, int]) -> Iterable[Text]:
    return (Text(f"{counts[name]:,}", style="red" if counts[name] and name in _RED else "") for name in names)
