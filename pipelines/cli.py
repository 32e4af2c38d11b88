"""The command line, `mirakl-orders`.

Belongs here: commands, their options, and how a mistake is said. Does not belong here: what commands do.
"""

from __future__ import annotations

import datetime as dt
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console

from connectors.mirakl.sandbox import CREDENTIAL, POINTERS, Sandbox, SandboxSettings
from pipelines import show
from pipelines import sync as runs
from pipelines.environment import Environment
from pipelines.instance import dagster_instance
from pipelines.resources import USER_ERRORS
from pipelines.settings import load_settings

DAY = click.DateTime(["%Y-%m-%d"])
Command = Callable[..., Any]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Carry orders of webshops into Mirakl Connect.

    Channels are described in channels.toml (CHANNELS_FILE names another file).
    """


def days(required: bool = True) -> Callable[[Command], Command]:
    """Add `--from DAY --to DAY`, both included."""

    def add(command: Command) -> Command:
        command = click.option(
            "--to", "last", type=DAY, required=required, metavar="DAY", help="Last day, for example 2026-01-31."
        )(command)
        return click.option(
            "--from", "first", type=DAY, required=required, metavar="DAY", help="First day, for example 2026-01-01."
        )(command)

    return add


@cli.command()
@click.argument("channel")
@days()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--verbose", is_flag=True, help="Show Dagster's log.")
def sync(channel: str, first: dt.datetime, last: dt.datetime, *, as_json: bool, verbose: bool) -> None:
    """Read, normalise and deliver the orders of CHANNEL that changed on these days.

    Exit status: 0 when every order is delivered or unchanged, 3 when some were rejected or refused, 1 when a day
    failed (orders without an answer) or the configuration is wrong. Running it again sends only what is missing.
    """
    settings = load_settings()
    chosen = settings.channel(channel)
    wanted = runs.days_between(chosen, first.date(), last.date())
    # What is wrong with the configuration is said before anything runs.
    chosen.source()
    Environment().mirakl(settings.mirakl)
    console = Console(stderr=True)
    with dagster_instance() as instance, console.status(f"{channel}: starting") as status:
        result = runs.sync(
            settings,
            chosen,
            wanted,
            instance,
            progress=lambda span: status.update(f"{channel}: {span}"),
            verbose=verbose,
        )
    if as_json:
        click.echo(show.sync_json(result))
    else:
        show.show_sync(Console(), result)
    sys.exit(result.exit_status)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8585, show_default=True, help="Port; 0 takes a free one.")
@click.option("--latency", default=0.0, show_default=True, help="Seconds each answer takes.")
@click.option("--server-errors", default=0.0, show_default=True, help="Share of requests answered with a 5xx.")
@click.option("--html-errors", is_flag=True, help="Answer errors with HTML instead of JSON.")
@click.option("--drop-before", default=0.0, show_default=True, help="Share of connections cut before processing.")
@click.option("--drop-after", default=0.0, show_default=True, help="Share of connections cut after processing.")
@click.option("--throttle", default=0.0, show_default=True, help="Share of requests answered with a 429.")
@click.option("--no-retry-after", is_flag=True, help="Leave Retry-After out of 429s.")
@click.option("--requests-per-second", default=30, show_default=True, help="More than this in a second is a 429.")
@click.option("--token-seconds", default=3599.0, show_default=True, help="Life of a token.")
@click.option("--refuse-tokens", default=0.0, show_default=True, help="Share of valid tokens refused.")
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
    running.serve()


def main() -> NoReturn:
    """Run the command line. What a user can cause is said in one message; SIGTERM ends as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run the same command again to complete the work", err=True)
        sys.exit(1)
    except USER_ERRORS as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    sys.exit(0)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
