"""Commands that look and send nothing: check, coverage, failures, reconcile.

Belongs here: their options and what they print. Does not belong here: finding anything out.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.options import DAY, Days, any_channels, as_csv, as_json, channels, days, known_names, load, quiet

if TYPE_CHECKING:
    from connectors.ledger import Ledger, LedgerEntry

_SHOWN = 200
# Up to so many orders of one cause are listed one by one; of more, so many are named.
_ALONE, _NAMED = 5, 10


@click.command(short_help="Try the configuration; no order is sent.")
@any_channels
@as_json
def check(names: tuple[str, ...], *, as_json: bool) -> None:
    """Try the configuration: channels.toml, Mirakl's credentials, the ledger, the frames, and each CHANNEL's shop.

    Each part is said to be ok, wrong, or not tried. No order is sent: Mirakl is asked with a request that holds none,
    which it refuses. Exit status 1 when something is an error; orders that cannot be sent (`orders`) are none.
    """
    from pipelines.cli import show
    from pipelines.config.settings import load_settings
    from pipelines.operations import inspection
    from pipelines.runs.home_check import check_dagster_home

    settings = load_settings()
    chosen = [settings.channel(name) for name in names] if names else list(settings.channels.values())
    findings = inspection.check(settings, chosen, check_dagster_home)
    if as_json:
        found = [{"subject": one.subject, "verdict": one.verdict, "words": one.words} for one in findings]
        click.echo(show.json_text(found))
        sys.exit(1 if any(one["verdict"] == "error" for one in found) else 0)
    console = show.console()
    errors = 0
    for finding in findings:
        errors += finding.verdict == "error"
        words = finding.words if finding.words.startswith(finding.subject) else f"{finding.subject}: {finding.words}"
        show.say(console, (f"{finding.verdict:<9}", show.STYLES[finding.verdict]), "  ", words)
    sys.exit(1 if errors else 0)


@click.command(short_help="List the shop's words and where each goes.")
@channels
@days
@as_json
@as_csv
@quiet
def coverage(names: list[str], days: Days, *, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List every word CHANNEL used on these days (statuses, reasons, methods, taxes, countries) and where it went.

    Exit status 3 when a word that needs a map has none.
    """
    from pipelines.cli import show
    from pipelines.cli.progress import shown
    from pipelines.operations import progress
    from pipelines.operations.shop import open_shop
    from transforms import coverage as covering

    found: list[dict[str, Any]] = []
    _, chosen = load(names)
    for channel in chosen:
        mapping = channel.mapping()
        words: Counter[covering.Word] = Counter()
        wanted = days.of(channel)
        with shown(channel.name, len(wanted), quiet=quiet), open_shop(channel) as shop:
            for day in wanted:
                for frames in progress.through("reading", day, shop.changed(day), lambda one: len(one.orders)):
                    words += covering.coverage(frames, mapping)
        order = sorted(words.items(), key=lambda item: (item[0].fate != "unmapped", item[0].kind, -item[1]))
        several = {"channel": channel.name} if len(chosen) > 1 else {}
        found += [{**several, **word._asdict(), "count": count} for word, count in order]
    if as_json:
        click.echo(show.json_text(found))
    elif as_csv:
        _write_csv(found)
    elif found:
        show.rows(show.console(), f"Words of {', '.join(one.name for one in chosen)}", found, numbers=["count"])
    else:
        click.echo("no order changed on these days", err=True)
    sys.exit(3 if any(word["fate"] == "unmapped" for word in found) else 0)


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
            for words in elsewhere:
                click.echo(words, err=True)
            if not as_csv and not elsewhere:
                words = "every order is accepted" if code is day is None else "no such order"
                if ledger.is_empty():
                    words = "nothing was delivered with this ledger yet"
                click.echo(f"{words} (ledger: {ledger.address})", err=True)
            return
        if as_csv:
            _write_csv(chain([first], found))
            return
        _show_failures(chain([first], found), with_channel=len(names) != 1)
        click.echo(f"ledger: {ledger.address}", err=True)


def _show_failures(failures: Iterable[dict[str, Any]], *, with_channel: bool) -> None:
    """Print failures: those of one cause together where they are many, the others one by one."""
    from pipelines.cli import show

    causes: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    orders: Counter[tuple[Any, ...]] = Counter()
    for item in failures:
        cause = tuple(item[name] for name in ("channel", "outcome", "code", "field", "reason"))
        orders[cause] += 1
        if len(causes[cause]) < _NAMED:
            causes[cause].append(item)
    console = show.console()
    alone = [item for cause, items in causes.items() if orders[cause] <= _ALONE for item in items]
    many = [cause for cause in causes if orders[cause] > _ALONE]
    if many:
        rows = [_cause(causes[cause], orders[cause], with_channel=with_channel) for cause in many[:_SHOWN]]
        show.rows(console, "Not accepted by Mirakl in their current state, by cause", rows, numbers=["orders"])
    if alone:
        rows = [_shown_failure(item, with_channel=with_channel) for item in alone[:_SHOWN]]
        show.rows(console, "Not accepted by Mirakl in their current state", rows)
    left = len(alone[_SHOWN:]) + sum(orders[cause] for cause in many[_SHOWN:])
    if left or many:
        click.echo(f"{orders.total():,} orders in all; --csv and --json list each of them")


def _cause(items: list[dict[str, Any]], orders: int, *, with_channel: bool) -> dict[str, object]:
    from pipelines.cli.show import ago

    first = items[0]
    ids = ", ".join(str(item["channel_order_id"]) for item in items)
    more = f" and {orders - len(items):,} more" if orders > len(items) else ""
    start = {"channel": first["channel"]} if with_channel else {}
    cause = {name: first[name] for name in ("outcome", "code", "field", "reason")}
    return {**start, "orders": orders, "for": ago(first["unaccepted_since"]), **cause, "ids": ids + more}


@click.command(short_help="Compare the shop with what Mirakl accepted.")
@channels
@days
@as_json
@as_csv
@quiet
def reconcile(names: list[str], days: Days, *, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """Compare the orders of CHANNEL that changed on these days with what Mirakl accepted, both ways.

    Exit status 3 when an order was never accepted, differs, or is no longer in the shop.
    """
    from pipelines.cli import show
    from pipelines.cli.progress import shown
    from pipelines.operations import reconcile as reconciling
    from pipelines.operations.shop import open_shop
    from pipelines.operations.state import ledger_to_read, told_of

    told: list[dict[str, Any]] = []
    listed: list[dict[str, str]] = []
    _, chosen = load(names)
    for channel in chosen:
        wanted = days.of(channel)
        with ledger_to_read(channel) as ledger:
            with shown(channel.name, len(wanted), quiet=quiet), open_shop(channel) as shop:
                found = reconciling.reconcile(channel, wanted, shop, ledger)
            address = told_of(ledger, channel)
        summary = {"channel": channel.name, "orders": found.orders, "matching": found.matching}
        told.append({**summary, "found": dict(found.found), "findings": found.findings})
        listed += [{"channel": channel.name, **one} for one in found.findings]
        if as_json or as_csv:
            continue
        click.echo(f"{channel.name}: {found.orders:,} orders in the shop, {found.matching:,} at Mirakl as they are")
        click.echo(f"ledger: {address}")
        for finding, count in found.found.items():
            click.echo(f"{count:,} {finding}")
        if found.findings:
            show.rows(show.console(), "Differences", found.findings[:_SHOWN])
            if (more := found.found.total() - _SHOWN) > 0:
                click.echo(f"and {more:,} more; --csv and --json list the first {len(found.findings):,}")
    if as_json:
        click.echo(show.json_text(told[0] if len(told) == 1 else told))
    elif as_csv:
        _write_csv(listed)
    sys.exit(3 if any(one["found"] for one in told) else 0)


def _aim(ledger: Ledger, names: tuple[str, ...]) -> Iterator[str]:
    """Look at the destination configured now, of each channel that is; say where nothing was delivered to one yet."""
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


def _shown_failure(item: dict[str, Any], *, with_channel: bool) -> dict[str, object]:
    from pipelines.cli.show import ago

    shown = ("channel_order_id", "outcome", "code", "day")
    start = {"channel": item["channel"]} if with_channel else {}
    middle = {name: item[name] for name in shown}
    return {**start, **middle, "for": ago(item["unaccepted_since"]), "field": item["field"], "reason": item["reason"]}


def _write_csv(items: Iterable[dict[str, Any]]) -> None:
    rows: Iterator[dict[str, Any]] = iter(items)
    first = next(rows, None)
    if first is not None:
        writer = csv.DictWriter(sys.stdout, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerows(chain([first], rows))
