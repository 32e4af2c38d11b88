"""Commands that look and send nothing: check, plan, coverage, failures, reconcile.

Belongs here: their options and what they print. Does not belong here: finding anything out.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain

import click
import orjson
from rich.markup import escape

from connectors.ledger import Ledger
from pipelines import inspection, show
from pipelines import plan as planning
from pipelines import reconcile as reconciling
from pipelines.cli.options import DAY, as_json, days
from pipelines.days import days_between
from pipelines.environment import Environment
from pipelines.resources import State
from pipelines.settings import SettingsError, load_settings
from pipelines.shop import open_shop
from pipelines.storage import FrameStorage
from transforms import coverage as covering

_MARKS = {"ok": "[green]ok[/green]", "warning": "[yellow]warning[/yellow]", "error": "[red]error[/red]"}
_SHOWN = 200


@click.command()
@click.argument("channel", required=False)
def check(channel: str | None) -> None:
    """Try the configuration: channels.toml, Mirakl's credentials, the ledger, the frames, and each CHANNEL's shop.

    Nothing is sent. Exit status 1 when something would keep orders from being delivered.
    """
    settings = load_settings()
    channels = [settings.channel(channel)] if channel else list(settings.channels.values())
    console = show.console()
    errors = 0
    for finding in inspection.check(settings, channels):
        errors += finding.verdict == "error"
        words = finding.words if finding.words.startswith(finding.subject) else f"{finding.subject}: {finding.words}"
        line = f"{_MARKS[finding.verdict]}  {escape(words)}"
        console.print(line, soft_wrap=True, highlight=False)
    sys.exit(1 if errors else 0)


@click.command()
@click.argument("channel")
@days
@as_json
def plan(channel: str, first: dt.datetime, last: dt.datetime, *, as_json: bool) -> None:
    """Say what a sync of CHANNEL would send, and why, without sending it.

    Reads the shop with the mapping as it is now; for orders that Mirakl holds, shows which fields would change.
    """
    settings = load_settings()
    chosen = settings.channel(channel)
    wanted = days_between(chosen, first.date(), last.date())
    frames = FrameStorage(Environment().frames_url)
    with open_shop(chosen) as shop, State().ledger(chosen) as ledger:
        found = planning.plan(chosen, wanted, shop, ledger, frames)
    told = {"channel": channel, **found.summary(settings.mirakl)}
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    console = show.console()
    fates = [{"orders": told[name], "fate": name} for name in planning.FATES]
    show.rows(console, f"What a sync of {channel} would do", fates)
    console.print(f"{told['requests']:,} requests, {told['seconds']:,.1f} s at the configured rate")
    if found.fields:
        title = f"Fields that change, in {found.compared:,} of the changed orders"
        changes = [{"orders": count, "change": path} for path, count in found.fields.most_common(_SHOWN)]
        show.rows(console, title, changes)
    if found.rejects:
        show.rows(console, "Orders that cannot be sent", told["rejects"])


@click.command()
@click.argument("channel")
@days
@as_json
def coverage(channel: str, first: dt.datetime, last: dt.datetime, *, as_json: bool) -> None:
    """List every word CHANNEL used on these days (statuses, reasons, methods, taxes, countries) and where it went.

    Exit status 3 when a word that needs a map has none.
    """
    chosen = load_settings().channel(channel)
    mapping = chosen.mapping()
    words: Counter[covering.Word] = Counter()
    with open_shop(chosen) as shop:
        for day in days_between(chosen, first.date(), last.date()):
            for frames in shop.changed(day):
                words += covering.coverage(frames, mapping)
    order = sorted(words.items(), key=lambda item: (item[0].kind, -item[1]))
    found = [{**word._asdict(), "count": count} for word, count in order]
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    elif found:
        show.rows(show.console(), f"Words of {channel}", found)
    sys.exit(3 if any(word.fate == "unmapped" for word in words) else 0)


@click.command()
@click.argument("channel", required=False)
@click.option("--code", help="Only this code.")
@click.option("--since", type=DAY, metavar="DAY", help="Only orders that failed on this day or later.")
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print the result as CSV.")
def failures(channel: str | None, code: str | None, since: dt.datetime | None, *, as_json: bool, as_csv: bool) -> None:
    """List the orders (of CHANNEL) that Mirakl has not accepted in their current state, the oldest first.

    `mirakl-orders replay` sends them again.
    """
    day = None if since is None else since.date().isoformat()
    with State().ledger() as ledger:
        elsewhere = list(_aim(ledger, channel))
        found = ({"channel": name, **_failure(row)} for name, row in ledger.unaccepted(channel, code, day))
        first = next(found, None)
        if first is None and channel and channel not in (settings := load_settings()).broken:
            settings.channel(channel)
        if as_json:
            listed_whole = [] if first is None else [first, *found]
            click.echo(orjson.dumps(listed_whole, option=orjson.OPT_INDENT_2))
            return
        if first is None:
            for words in elsewhere:
                click.echo(words, err=True)
            if not as_csv and not elsewhere:
                click.echo("every order is accepted" if code is day is None else "no such order", err=True)
            return
        if as_csv:
            writer = csv.DictWriter(sys.stdout, list(first), lineterminator="\n")
            writer.writeheader()
            writer.writerows(chain([first], found))
            return
        listed: list[dict[str, object]] = []
        more = 0
        for item in chain([first], found):
            if len(listed) < _SHOWN:
                listed.append({name: value for name, value in item.items() if name in _COLUMNS})
            else:
                more += 1
        show.rows(show.console(), "Orders not accepted by Mirakl in their current state", listed)
        if more:
            click.echo(f"and {more:,} more; --csv and --json list them all")


@click.command()
@click.argument("channel")
@days
@as_json
def reconcile(channel: str, first: dt.datetime, last: dt.datetime, *, as_json: bool) -> None:
    """Compare the orders of CHANNEL that changed on these days with what Mirakl accepted, both ways.

    Exit status 3 when an order was never accepted, differs, or is no longer in the shop.
    """
    chosen = load_settings().channel(channel)
    wanted = days_between(chosen, first.date(), last.date())
    with open_shop(chosen) as shop, State().ledger(chosen) as ledger:
        found = reconciling.reconcile(chosen, wanted, shop, ledger)
    if as_json:
        summary = {"channel": channel, "orders": found.orders, "matching": found.matching, "found": dict(found.found)}
        click.echo(orjson.dumps({**summary, "findings": found.findings}, option=orjson.OPT_INDENT_2))
    else:
        click.echo(f"{found.orders:,} orders in the shop, {found.matching:,} of them at Mirakl as they are")
        for finding, count in found.found.items():
            click.echo(f"{count:,} {finding}")
        if found.findings:
            show.rows(show.console(), "Differences", found.findings[:_SHOWN])
    sys.exit(3 if found.found else 0)


_COLUMNS = ("channel", "channel_order_id", "outcome", "code", "field", "reason", "day", "unaccepted_since")


def _failure(row: object) -> dict[str, object]:
    names = {"code": "error_code", "field": "error_field", "field_sent": "error_field_sent", "reason": "error_reason"}
    kept = (
        "channel_order_id",
        "outcome",
        "code",
        "field",
        "field_sent",
        "reason",
        "day",
        "attempts",
        "unaccepted_since",
    )
    return {name: getattr(row, names.get(name, name)) for name in kept}


def _aim(ledger: Ledger, channel: str | None) -> Iterator[str]:
    """Look at the destination configured now, of each channel that is; say where nothing was delivered to one yet."""
    try:
        configured = load_settings().channels
    except SettingsError:
        return  # what the ledger holds can be seen without a configuration: then of the destination used last
    environment = Environment()
    for chosen in configured.values() if channel is None else filter(None, [configured.get(channel)]):
        destination = environment.destination(chosen)
        if others := ledger.look_at(chosen.name, destination):
            there = " and ".join(map(str, others))
            yield f"{chosen.name}: nothing was delivered to {destination} yet; the ledger knows of {there}"
