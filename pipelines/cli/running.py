"""Commands that deliver: sync and replay. Both run through Dagster, as schedules and the UI do."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import click

from pipelines.cli.options import DAY, Days, as_json, channel, channels, days, load, quiet
from transforms.plural import counted

if TYPE_CHECKING:
    from pipelines.config.settings import Channel, Settings
    from pipelines.runs.replay import Selection
    from pipelines.runs.sync import SyncResult

ASKED_BEYOND = 100
_SHOWN = 200
# Of a sync, in their order.
_STAGES = ("reading", "normalising", "sending")
verbose = click.option("--verbose", is_flag=True, help="Show Dagster's log.")


@click.command(short_help="Deliver the orders that changed on some days.")
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
    from pipelines.cli import progress
    from pipelines.runs import sync as runs
    from pipelines.runs.instance import dagster_instance

    settings, chosen = _ready(names)
    wanted = {one.name: days.of(one) for one in chosen}
    results = []
    with dagster_instance() as instance:
        for one in chosen:
            with progress.shown(one.name, len(wanted[one.name]), *_STAGES, quiet=quiet or verbose):
                results.append(runs.sync(settings, one, wanted[one.name], instance, verbose=verbose, reread=reread))
    _print_and_exit(results, as_json=as_json)


@click.command(short_help="Send orders again as they are in the shop now.")
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
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N of them, the oldest failures first.")
@click.option("--dry-run", is_flag=True, help="Dry run: show what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help=f"Do not ask before more than {ASKED_BEYOND} orders are sent.")
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
    limit: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Read orders of CHANNEL again from the shop, whatever their day, and send them as they are now.

    Without options: every order that Mirakl has not accepted in its current state. On a terminal it asks before more
    than a hundred are sent. Exit status as for sync, and 3 when an order asked for by its id is not in the shop.
    """
    if (placed_from is None) != (placed_to is None):
        raise click.UsageError("--placed-from and --placed-to go together")
    if placed_from is not None and placed_to is not None and placed_from > placed_to:
        raise click.UsageError(f"--placed-from {_text(placed_from)} is after --placed-to {_text(placed_to)}")
    if read_in_future and (dry_run or limit):
        raise click.UsageError("--read-in-future takes all such orders and sends them: without --dry-run and --limit")
    from pipelines.cli import progress
    from pipelines.runs import sync as runs
    from pipelines.runs.instance import dagster_instance
    from pipelines.runs.replay import Selection

    settings, [chosen] = _ready([name])
    selection = Selection(
        order_ids=list(order_ids),
        placed_from=_text(placed_from),
        placed_to=_text(placed_to),
        outcome=outcome,
        code=code,
        since=_text(since),
        read_in_future=read_in_future,
        limit=limit,
    )
    if dry_run:
        _dry_run(chosen, selection, as_json=as_json)
    if not yes and sys.stdin.isatty():
        _ask(chosen, selection)
    with dagster_instance() as instance, progress.shown(name, 1, "replaying", quiet=quiet or verbose):
        result = runs.replay(settings, chosen, selection, instance, verbose=verbose)
    if result.missing and order_ids:
        click.echo(f"not in the shop: {', '.join(result.missing)}", err=True)
    _print_and_exit([result], as_json=as_json, at_least=3 if result.missing and order_ids else 0)


def _dry_run(channel: Channel, selection: Selection, *, as_json: bool) -> NoReturn:
    """Print what a replay would do, and end: 3 when some of the orders cannot be sent."""
    from pipelines.cli import show
    from pipelines.operations.shop import open_shop
    from pipelines.operations.state import ledger_to_read
    from pipelines.runs.dry_run import counted, dry_run

    with open_shop(channel) as shop, ledger_to_read(channel) as ledger:
        orders = list(dry_run(channel, selection, shop, ledger))
    outcomes = counted(orders)
    if as_json:
        click.echo(show.json_text({"channel": channel.name, "fates": dict(outcomes), "orders": orders}))
    elif orders:
        show.rows(show.console(), f"What a replay of {channel.name} would do", orders[:_SHOWN])
        if len(orders) > _SHOWN:
            click.echo(f"and {len(orders) - _SHOWN:,} more; --json lists them all")
        click.echo(", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common()))
    else:
        click.echo("no order to replay", err=True)
    sys.exit(3 if outcomes["rejected"] or outcomes["gone"] else 0)


def _ask(channel: Channel, selection: Selection) -> None:
    """Ask on the terminal before a replay sends many orders; end where the answer is no."""
    from pipelines.operations.state import ledger_to_read

    if selection.order_ids:
        orders = len(selection.order_ids)
    elif selection.placed_from is not None:
        if selection.limit is None:
            span = f"{selection.placed_from} to {selection.placed_to}"
            _confirm(f"send every order of {channel.name} placed from {span} again?")
            return
        orders = selection.limit
    else:
        with ledger_to_read(channel) as ledger:
            found = ledger.unaccepted(channel.name, selection.code, selection.since)
            orders = sum(selection.outcome in (None, row.outcome) for _, row in found)
    orders = min(orders, selection.limit or orders)
    if orders > ASKED_BEYOND:
        _confirm(f"send {counted(orders, 'order')} of {channel.name} again?")


def _confirm(question: str) -> None:
    if not click.confirm(question, err=True):
        click.echo("nothing was sent", err=True)
        sys.exit(1)


def _print_and_exit(results: list[SyncResult], *, as_json: bool, at_least: int = 0) -> None:
    from pipelines.cli import show
    from pipelines.cli.results import show_sync, sync_values

    if as_json:
        values = [sync_values(result) for result in results]
        click.echo(show.json_text(values[0] if len(values) == 1 else values))
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
    """Load channels; a wrong configuration is reported before anything runs."""
    from connectors.channels.reader import ShopReader
    from connectors.frames.storage import FrameStorage
    from connectors.ledger import Ledger
    from pipelines.config.environment import Environment

    settings, chosen = load(names)
    for one in chosen:
        ShopReader(one.source()).dispose()
    environment = Environment()
    for one in chosen:
        environment.mirakl(settings.mirakl, one.settings.credential)
    FrameStorage(environment.frames_url).probe()
    ledger = Ledger(environment.ledger_url)
    ledger.dispose()
    if ledger.was_made:
        click.echo(f"a new ledger was made: {ledger.address} (LEDGER_URL); every order is new to it", err=True)
    return settings, chosen


def _text(day: dt.datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()
