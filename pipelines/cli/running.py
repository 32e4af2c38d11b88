"""Commands that deliver: sync and replay. Both run through Dagster, as schedules and the UI do.

Belongs here: their options and exit status. Does not belong here: what they print (`results`).
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from pipelines.cli.options import DAY, Days, as_json, channel, channels, days, load, quiet

if TYPE_CHECKING:
    from pipelines.settings import Channel, Settings
    from pipelines.sync import SyncResult

verbose = click.option("--verbose", is_flag=True, help="Show Dagster's log.")


@click.command()
@channels
@days
@click.option("--reread", is_flag=True, help="Read every order again, also those unchanged since they were stored.")
@as_json
@quiet
@verbose
def sync(names: list[str], days: Days, *, reread: bool, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Read, normalise and deliver the orders of CHANNEL that changed on these days.

    Exit status: 0 when every order is delivered or unchanged, 3 when some were rejected or refused, 1 when a day
    failed (orders without an answer) or the configuration is wrong. Running it again sends only what is missing.
    """
    from pipelines import sync as runs
    from pipelines.cli import progress
    from pipelines.instance import dagster_instance

    settings, chosen = _ready(names)
    wanted = {one.name: days.of(one) for one in chosen}
    results = []
    with dagster_instance() as instance:
        for one in chosen:
            with progress.shown(one.name, len(wanted[one.name]), quiet=quiet or verbose):
                results.append(runs.sync(settings, one, wanted[one.name], instance, verbose=verbose, reread=reread))
    _tell(results, as_json=as_json)


@click.command()
@channel
@click.option("--order", "order_ids", multiple=True, metavar="ID", help="This order, by its id. Repeatable.")
@click.option("--placed-from", type=DAY, metavar="DAY", help="Orders placed on this day or later.")
@click.option("--placed-to", type=DAY, metavar="DAY", help="Orders placed on this day or earlier.")
@click.option(
    "--outcome", type=click.Choice(["undelivered", "refused", "rejected"]), help="Only orders with this outcome."
)
@click.option("--code", help="Only orders that failed with this code.")
@click.option("--since", type=DAY, metavar="DAY", help="Only orders that failed on this day or later.")
@click.option("--read-in-future", is_flag=True, help="Orders that were read in the future, when a clock was wrong.")
@as_json
@quiet
@verbose
def replay(
    name: str,
    order_ids: tuple[str, ...],
    placed_from: dt.datetime | None,
    placed_to: dt.datetime | None,
    outcome: str | None,
    code: str | None,
    since: dt.datetime | None,
    *,
    read_in_future: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Read orders of CHANNEL again from the shop, whatever their day, and send them as they are now.

    Without options: every order that Mirakl has not accepted in its current state. Exit status as for sync, and 3 when
    an order asked for by its id is not in the shop.
    """
    if (placed_from is None) != (placed_to is None):
        raise click.UsageError("--placed-from and --placed-to go together")
    if placed_from is not None and placed_to is not None and placed_from > placed_to:
        raise click.UsageError(f"--placed-from {_text(placed_from)} is after --placed-to {_text(placed_to)}")
    from pipelines import sync as runs
    from pipelines.cli import progress
    from pipelines.instance import dagster_instance
    from pipelines.replay import Selection

    settings, [chosen] = _ready([name])
    selection = Selection(
        order_ids=list(order_ids),
        placed_from=_text(placed_from),
        placed_to=_text(placed_to),
        outcome=outcome,
        code=code,
        since=_text(since),
        read_in_future=read_in_future,
    )
    with dagster_instance() as instance, progress.shown(name, 1, quiet=quiet or verbose):
        result = runs.replay(settings, chosen, selection, instance, verbose=verbose)
    gone = len(set(order_ids)) - result.totals["orders_read"] if result.exit_status != 1 else 0
    if gone > 0:
        click.echo(f"{gone:,} of the orders asked for are not in the shop", err=True)
    _tell([result], as_json=as_json, at_least=3 if gone > 0 else 0)


def _tell(results: list[SyncResult], *, as_json: bool, at_least: int = 0) -> None:
    from pipelines import show
    from pipelines.cli.results import show_sync, sync_values

    if as_json:
        told = [sync_values(result) for result in results]
        click.echo(show.json_text(told[0] if len(told) == 1 else told))
    else:
        console = show.console()
        for result in results:
            show_sync(console, result)
    sys.exit(worst([at_least, *(result.exit_status for result in results)]))


def worst(statuses: Iterable[int]) -> int:
    """Return the exit status of several parts: 1 before 3 before 0."""
    found = set(statuses)
    return next((status for status in (1, 3) if status in found), 0)


def _ready(names: list[str]) -> tuple[Settings, list[Channel]]:
    """Load channels; what is wrong with the configuration is said before anything runs."""
    from connectors.channels.reader import ShopReader
    from connectors.ledger import Ledger
    from pipelines.environment import Environment
    from pipelines.storage import FrameStorage

    settings, chosen = load(names)
    for one in chosen:
        ShopReader(one.source()).dispose()
    environment = Environment()
    environment.mirakl(settings.mirakl)
    Ledger(environment.ledger_url).dispose()
    FrameStorage(environment.frames_url).probe()
    return settings, chosen


def _text(day: dt.datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()
