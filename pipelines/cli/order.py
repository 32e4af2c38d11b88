"""The command that looks at one order: order."""

from __future__ import annotations

import sys
from typing import Any

import click

from pipelines.cli.options import as_json, channel, load


@click.command(short_help="Show one order: shop, record, Mirakl, history.")
@channel
@click.argument("order_id", metavar="ID")
@click.option("--personal", is_flag=True, help="Show names, addresses and texts; without it they are ***.")
@as_json
def order(name: str, order_id: str, *, personal: bool, as_json: bool) -> None:
    """Show one order of CHANNEL by its id on the channel; nothing is sent.

    The order in the shop, the record as it would be sent, its notices, what Mirakl holds, what was tried so far, and
    what the next sync would do. Exit status 3 when the order cannot be sent or is not accepted, 1 when neither shop nor
    ledger has it.
    """
    from connectors.frames.storage import FrameStorage
    from pipelines.cli import show
    from pipelines.config.environment import Environment
    from pipelines.operations.order import look
    from pipelines.operations.shop import open_shop
    from pipelines.operations.state import ledger_description, ledger_to_read

    _, [chosen] = load([name])
    storage = FrameStorage(Environment().frames_url)
    with open_shop(chosen) as shop, ledger_to_read(chosen) as ledger:
        found = look(chosen, order_id, shop, ledger, storage)
        address = ledger_description(ledger, chosen)
    if not found.is_known:
        raise click.ClickException(f"neither the shop of {name!r} nor the ledger has an order {order_id!r}")
    values = found.values(personal=personal)
    if as_json:
        click.echo(show.json_text(values))
    else:
        _print(values, address)
    sys.exit(3 if found.reject or (found.row and found.row.unaccepted_since) else 0)


def _print(values: dict[str, Any], ledger: str) -> None:
    from pipelines.cli import show
    from pipelines.operations import payloads

    console = show.console()
    title = f"Order {values['channel_order_id']} of {values['channel']}"
    show.line(console, (title, "bold"))
    console.print()
    if values["shop"]:
        show.pairs(console, "In the shop now", values["shop"])
    else:
        show.paragraph(console, "In the shop now", "the shop does not have it")
    if values["lines"]:
        show.rows(console, "Its lines, as the shop has them", _one_shape(values["lines"]))
    if values["reject"]:
        show.pairs(console, "Cannot be sent", values["reject"])
    if values["record"]:
        record = dict(payloads.lines(values["record"]))
        show.pairs(console, f"As it would be sent, to store {values['store']}", record)
    if values["notices"]:
        show.rows(console, "Notices", values["notices"])
    if values["mirakl"]:
        held = {key: value for key, value in values["mirakl"].items() if value is not None}
        show.pairs(console, "At Mirakl, by the ledger", {**held, "hash_now": values["payload_hash"], "ledger": ledger})
    else:
        show.paragraph(console, "At Mirakl, by the ledger", f"never sent\nledger: {ledger}")
    if values["history"]:
        show.rows(console, "Attempts, the newest last", values["history"])
    if values["changes"]:
        show.rows(console, "What differs from what Mirakl holds", [{"change": change} for change in values["changes"]])
    show.paragraph(console, "What happens next", values["next"])


def _one_shape(items: list[dict[str, str]]) -> list[dict[str, str | None]]:
    names = dict.fromkeys(name for item in items for name in item)
    return [{name: item.get(name) for name in names} for item in items]
