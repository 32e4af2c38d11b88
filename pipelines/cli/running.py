"""Commands that deliver: sync and replay. Both run through Dagster, as schedules and the UI do.

Belongs here: their options and exit status. Does not belong here: layout (`pipelines.show`).
"""

from __future__ import annotations

import datetime as dt
import sys

import click
from rich.console import Console

from connectors.channels.reader import ShopReader
from connectors.ledger import Ledger
from pipelines import show
from pipelines import sync as runs
from pipelines.cli.options import DAY, as_json, days
from pipelines.days import days_between
from pipelines.environment import Environment
from pipelines.instance import dagster_instance
from pipelines.replay import Selection
from pipelines.settings import Channel, Settings, load_settings
from pipelines.storage import FrameStorage

verbose = click.option("--verbose", is_flag=True, help="Show Dagster's log.")


@click.command()
@click.argument("channel")
@days
@as_json
@verbose
def sync(channel: str, first: dt.datetime, last: dt.datetime, *, as_json: bool, verbose: bool) -> None:
    """Read, normalise and deliver the orders of CHANNEL that changed on these days.

    Exit status: 0 when every order is delivered or unchanged, 3 when some were rejected or refused, 1 when a day
    failed (orders without an answer) or the configuration is wrong. Running it again sends only what is missing.
    """
    settings, chosen = _ready(channel)
    wanted = days_between(chosen, first.date(), last.date())
    with dagster_instance() as instance, Console(stderr=True).status(f"{channel}: starting") as status:
        result = runs.sync(
            settings,
            chosen,
            wanted,
            instance,
            progress=lambda span: status.update(f"{channel}: {span}"),
            verbose=verbose,
        )
    if as_json:
        click.echo(show.sync_json(result))
    else:
        show.show_sync(show.console(), result)
    sys.exit(result.exit_status)


@click.command()
@click.argument("channel")
@click.option("--order", "order_ids", multiple=True, metavar="ID", help="This order, by its id. Repeatable.")
@click.option("--placed-from", type=DAY, metavar="DAY", help="Orders placed on this day or later.")
@click.option("--placed-to", type=DAY, metavar="DAY", help="Orders placed on this day or earlier.")
@click.option(
    "--outcome", type=click.Choice(["undelivered", "refused", "rejected"]), help="Only orders with this outcome."
)
@click.option("--code", help="Only orders that failed with this code.")
@click.option("--since", type=DAY, metavar="DAY", help="Only orders that failed on this day or later.")
@as_json
@verbose
def replay(
    channel: str,
    order_ids: tuple[str, ...],
    placed_from: dt.datetime | None,
    placed_to: dt.datetime | None,
    outcome: str | None,
    code: str | None,
    since: dt.datetime | None,
    *,
    as_json: bool,
    verbose: bool,
) -> None:
    """Read orders of CHANNEL again from the shop, whatever their day, and send them as they are now.

    Without options: every order that Mirakl has not accepted in its current state. Exit status as for sync.
    """
    if (placed_from is None) != (placed_to is None):
        raise click.UsageError("--placed-from and --placed-to go together")
    if placed_from is not None and placed_to is not None and placed_from > placed_to:
        raise click.UsageError(f"--placed-from {_text(placed_from)} is after --placed-to {_text(placed_to)}")
    settings, chosen = _ready(channel)
    selection = Selection(
        order_ids=list(order_ids),
        placed_from=_text(placed_from),
        placed_to=_text(placed_to),
        outcome=outcome,
        code=code,
        since=_text(since),
    )
    with dagster_instance() as instance, Console(stderr=True).status(f"{channel}: replaying"):
        result = runs.replay(settings, chosen, selection, instance, verbose=verbose)
    gone = len(set(order_ids)) - result.totals["orders_read"]
    if gone > 0 and result.exit_status != 1:
        click.echo(f"{gone:,} of the orders asked for are not in the shop", err=True)
    if as_json:
        click.echo(show.sync_json(result))
    else:
        show.show_sync(show.console(), result)
    sys.exit(result.exit_status)


def _ready(name: str) -> tuple[Settings, Channel]:
    """Load the channel; what is wrong with the configuration is said before anything runs."""
    settings = load_settings()
    channel = settings.channel(name)
    ShopReader(channel.source()).dispose()
    environment = Environment()
    environment.mirakl(settings.mirakl)
    Ledger(environment.ledger_url).dispose()
    FrameStorage(environment.frames_url).probe()
    return settings, channel


def _text(day: dt.datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()
