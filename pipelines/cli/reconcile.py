"""The command that compares shop and ledger: reconcile."""

from __future__ import annotations

import sys
from typing import Any

import click

from pipelines.cli.options import Days, as_csv, as_json, channels, days, load, quiet
from transforms.plural import counted


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
    from pipelines.cli.causes import Causes
    from pipelines.cli.progress import shown
    from pipelines.operations import reconcile as reconciling
    from pipelines.operations.shop import open_shop
    from pipelines.operations.state import ledger_description, ledger_to_read

    results: list[dict[str, Any]] = []
    listed: list[dict[str, str]] = []
    _, chosen = load(names)
    for channel in chosen:
        wanted = days.of(channel)
        with ledger_to_read(channel) as ledger:
            with shown(channel.name, len(wanted), "comparing", quiet=quiet), open_shop(channel) as shop:
                found = reconciling.reconcile(channel, wanted, shop, ledger)
            address = ledger_description(ledger, channel)
        summary = {"channel": channel.name, "orders": found.orders, "matching": found.matching}
        results.append({**summary, "found": dict(found.found), "findings": found.findings})
        listed += [{"channel": channel.name, **one} for one in found.findings]
        if as_json or as_csv:
            continue
        click.echo(
            f"{channel.name}: {counted(found.orders, 'order')} in the shop, {found.matching:,} at Mirakl as they are"
        )
        click.echo(f"ledger: {address}")
        for finding, count in found.found.items():
            click.echo(f"{count:,} {finding}")
        if found.findings:
            causes = Causes(("finding", "why"), found.findings)
            show.rows(show.console(), "Differences", causes.rows(), numbers=["orders"])
            if (more := found.found.total() - len(found.findings) + causes.not_shown) > 0:
                click.echo(f"and {more:,} more; --csv and --json list the first {len(found.findings):,}")
    if as_json:
        click.echo(show.json_text(results[0] if len(results) == 1 else results))
    elif as_csv:
        show.csv_rows(listed)
    sys.exit(3 if any(one["found"] for one in results) else 0)
