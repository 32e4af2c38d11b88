"""The command that tries the configuration: check."""

from __future__ import annotations

import sys

import click

from pipelines.cli.options import any_channels, as_json


@click.command(short_help="Try the configuration; no order is sent.")
@any_channels
@as_json
def check(names: tuple[str, ...], *, as_json: bool) -> None:
    """Try the configuration: channels.toml, Mirakl's credentials, the ledger, the frames, and each CHANNEL's shop.

    Prints one line for each part: ok, warning, error, orders or not tried. No order is sent: Mirakl gets requests that
    hold none, which it refuses. Exit status 1 when something is an error; `orders`, which cannot be sent, are none.
    """
    from pipelines.cli import show
    from pipelines.config.settings import load_settings
    from pipelines.operations import inspection
    from pipelines.runs.home_check import check_dagster_home

    settings = load_settings()
    chosen = [settings.channel(name) for name in names] if names else list(settings.channels.values())
    findings = inspection.check(settings, chosen, check_dagster_home)
    if as_json:
        found = [{"subject": one.subject, "verdict": one.verdict, "words": one.message} for one in findings]
        click.echo(show.json_text(found))
        sys.exit(1 if any(one["verdict"] == "error" for one in found) else 0)
    console = show.console()
    errors = 0
    for finding in findings:
        errors += finding.verdict == "error"
        message = (
            finding.message if finding.message.startswith(finding.subject) else f"{finding.subject}: {finding.message}"
        )
        show.line(console, (f"{finding.verdict:<9}", show.STYLES[finding.verdict]), "  ", message)
    sys.exit(1 if errors else 0)
