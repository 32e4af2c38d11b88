"""The command that runs a stand-in for Mirakl: sandbox."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import click

from connectors.sandbox.settings import CREDENTIAL, POINTERS, SandboxSettings

_SHARE = click.FloatRange(0, 1)


@click.command(short_help="Run a stand-in for Mirakl Connect.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8585, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--latency", default=0.0, show_default=True, help="Seconds each answer takes.")
@click.option(
    "--server-errors", type=_SHARE, default=0.0, show_default=True, help="Share of requests answered with a 5xx."
)
@click.option("--html-errors", is_flag=True, help="Answer errors with HTML instead of JSON.")
@click.option(
    "--drop-before", type=_SHARE, default=0.0, show_default=True, help="Share of connections cut before processing."
)
@click.option(
    "--drop-after", type=_SHARE, default=0.0, show_default=True, help="Share of connections cut after processing."
)
@click.option("--throttle", type=_SHARE, default=0.0, show_default=True, help="Share of requests answered with a 429.")
@click.option("--no-retry-after", is_flag=True, help="Leave Retry-After out of 429s.")
@click.option("--requests-per-second", default=30, show_default=True, help="More than this in a second is a 429.")
@click.option("--token-seconds", default=3599.0, show_default=True, help="Life of a token.")
@click.option("--refuse-tokens", type=_SHARE, default=0.0, show_default=True, help="Share of valid tokens refused.")
@click.option("--pointers", type=click.Choice(POINTERS), default="exact", show_default=True, help="How a 400 points.")
@click.option("--poisoned", multiple=True, metavar="ORDER", help="Refuse this order whatever it holds. Repeatable.")
@click.option("--known-store", multiple=True, metavar="STORE", help="Know only these stores. Repeatable.")
@click.option("--max-request-bytes", default=20_000_000, show_default=True, help="More bytes are a 413.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything that happens at random.")
def sandbox(host: str, port: int, **knobs: Any) -> None:
    """Run a strict stand-in for Mirakl Connect over HTTP, with the faults of a real service at choice.

    It judges every order by the contract, takes a request whole or not at all, and ignores stale versions.
    GET /_sandbox/orders lists what it holds, GET /_sandbox/stats what it counted.
    """
    from connectors.sandbox.server import Sandbox

    settings = SandboxSettings(
        retry_after=not knobs.pop("no_retry_after"),
        poisoned=frozenset(knobs.pop("poisoned")),
        known_stores=frozenset(knobs.pop("known_store")),
        **knobs,
    )
    try:
        running = Sandbox(settings, host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
    click.echo(f"export MIRAKL_BASE_URL={running.base_url}")
    click.echo(f"export MIRAKL_TOKEN_URL={running.token_url}")
    click.echo(f"export MIRAKL_CLIENT_ID={CREDENTIAL} MIRAKL_CLIENT_SECRET={CREDENTIAL}")
    # Being stopped is how it is meant to end.
    with suppress(KeyboardInterrupt):
        running.serve()
