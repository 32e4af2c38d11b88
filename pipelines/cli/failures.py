"""The command that lists the orders which are not accepted: failures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.options import DAY, any_channels, as_csv, as_json, known_names
from transforms.plural import counted

if TYPE_CHECKING:
    from connectors.ledger import Ledger, LedgerEntry


@click.command(short_help="List the orders that are not accepted.")
@any_channels
@click.option("--code", help="Only this code.")
@click.option("--since", type=DAY, metavar="DAY", help="Only orders that failed on this day or later.")
@as_json
@as_csv
def failures(
    names: tuple[str, ...], code: str | None, since: dt.datetime | None, *, as_json: bool, as_csv: bool
) -> None:
    """List the orders (of CHANNEL) that Mirakl has not accepted in their current state, the oldest first.

    `mirakl-orders replay` sends them again. Exit status 1 where there is no ledger: nothing is known then.
    """
    from pipelines.cli import show
    from pipelines.operations.state import ledger_to_read

    day = None if since is None else since.date().isoformat()
    with ledger_to_read() as ledger:
        if ledger.is_missing:
            known_names(names)
            raise click.ClickException(
                f"there is no ledger at {ledger.address}, so nothing was delivered with it; "
                "LEDGER_URL names another, relative paths begin in the folder of the call"
            )
        elsewhere = list(_aim(ledger, names))
        found = (
            {"channel": name, **_failure(row)}
            for asked in names or [None]
            for name, row in ledger.unaccepted(asked, code, day)
        )
        first = next(found, None)
        if first is None and names:
            known_names(names)
        if as_json:
            click.echo(show.json_text([] if first is None else [first, *found]))
            return
        if first is None:
            for message in elsewhere:
                click.echo(message, err=True)
            if not as_csv and not elsewhere:
                message = "every order is accepted" if code is day is None else "no such order"
                if ledger.is_empty():
                    message = "nothing was delivered with this ledger yet"
                click.echo(f"{message} (ledger: {ledger.address})", err=True)
            return
        if as_csv:
            show.csv_rows(chain([first], found))
            return
        show_failures(chain([first], found), with_channel=len(names) != 1)
        click.echo(f"ledger: {ledger.address}", err=True)


def show_failures(failures: Iterable[dict[str, Any]], *, with_channel: bool) -> None:
    """Print failures: a row for each cause."""
    from pipelines.cli import show
    from pipelines.cli.causes import Causes

    columns = ("outcome", "code", "field", "reason")
    causes = Causes(("channel", *columns) if with_channel else columns, failures, with_days=True)
    show.rows(show.console(), "Not accepted by Mirakl in their current state", causes.rows(), numbers=["orders"])
    click.echo(f"{counted(causes.orders, 'order')} in all; --csv and --json list each of them")


def _aim(ledger: Ledger, names: tuple[str, ...]) -> Iterator[str]:
    """Look at the destination configured now of each channel; describe where nothing was delivered to one yet."""
    from pipelines.config.environment import Environment
    from pipelines.config.settings import SettingsError, load_settings

    try:
        configured = load_settings().channels
    except SettingsError:
        return  # what the ledger holds can be seen without a configuration: then of the destination used last
    environment = Environment()
    for name in names or configured:
        if name in configured:
            destination = environment.destination(configured[name])
            if others := ledger.look_at(name, destination):
                there = " and ".join(map(str, others))
                yield f"{name}: nothing was delivered to {destination} yet; the ledger knows of {there}"


def _failure(row: LedgerEntry) -> dict[str, object]:
    return {
        "channel_order_id": row.channel_order_id,
        "outcome": row.outcome,
        "code": row.error_code,
        "field": row.error_field,
        "field_sent": row.error_field_sent,
        "reason": row.error_reason,
        "day": row.day,
        "attempts": row.attempts,
        "unaccepted_since": row.unaccepted_since,
    }
