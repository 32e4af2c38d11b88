"""The command that looks ahead: plan.

Belongs here: its options and what it prints. Does not belong here: finding anything out (`pipelines.plan`).
"""

from __future__ import annotations

import click

from pipelines.cli.options import Days, as_json, channel, days, load

_SHOWN = 200


@click.command()
@channel
@days
@as_json
def plan(name: str, days: Days, *, as_json: bool) -> None:
    """Say what a sync of CHANNEL would send, and why, without sending it.

    Reads the shop with the mapping as it is now; for orders that Mirakl holds, shows which fields would change.
    """
    from pipelines import plan as planning
    from pipelines import show
    from pipelines.environment import Environment
    from pipelines.shop import open_shop
    from pipelines.state import ledger_to_read
    from pipelines.storage import FrameStorage

    settings, [chosen] = load([name])
    wanted = days.of(chosen)
    frames = FrameStorage(Environment().frames_url)
    with open_shop(chosen) as shop, ledger_to_read(chosen) as ledger:
        found = planning.plan(chosen, wanted, shop, ledger, frames)
    told = {"channel": name, **found.summary(settings.mirakl)}
    if as_json:
        click.echo(show.json_text(told))
        return
    console = show.console()
    fates = [{"orders": told[fate], "fate": fate} for fate in planning.FATES]
    show.rows(console, f"What a sync of {name} would do", fates, numbers=["orders"])
    show.say(console, f"{told['requests']:,} requests, {told['seconds']:,.1f} s at the configured rate")
    if found.fields:
        title = f"Fields that change, in {found.compared:,} of the changed orders"
        changes = [{"orders": count, "change": path} for path, count in found.fields.most_common(_SHOWN)]
        show.rows(console, title, changes, numbers=["orders"])
    if found.rejects:
        show.rows(console, "Orders that cannot be sent", told["rejects"], numbers=["orders"])
