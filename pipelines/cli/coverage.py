"""The command that lists the values a shop uses and how each is mapped: coverage."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import click

from pipelines.cli.options import Days, as_csv, as_json, channels, days, load, quiet


@click.command(short_help="List the shop's values and how each is mapped.")
@channels
@days
@as_json
@as_csv
@quiet
def coverage(names: list[str], days: Days, *, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List the values CHANNEL used on these days (statuses, reasons, methods, taxes, countries) and their mapping.

    Exit status 3 when a value that needs a mapping has none.
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
        with shown(channel.name, len(wanted), "reading", quiet=quiet), open_shop(channel) as shop:
            for day in wanted:
                for frames in progress.tracked("reading", day, shop.changed(day), lambda one: len(one.orders)):
                    words += covering.coverage(frames, mapping)
        order = sorted(words.items(), key=lambda item: (item[0].fate != "unmapped", item[0].kind, -item[1]))
        several = {"channel": channel.name} if len(chosen) > 1 else {}
        found += [{**several, **word._asdict(), "count": count} for word, count in order]
    if as_json:
        click.echo(show.json_text(found))
    elif as_csv:
        show.csv_rows(found)
    elif found:
        show.rows(show.console(), f"Values of {', '.join(one.name for one in chosen)}", found, numbers=["count"])
    else:
        click.echo("no order changed on these days", err=True)
    sys.exit(3 if any(word["fate"] == "unmapped" for word in found) else 0)
