"""The commands of `mirakl-orders` as one program."""

from __future__ import annotations

import logging
import signal
import sys
from typing import NoReturn

import click

from pipelines.cli.check import check
from pipelines.cli.coverage import coverage
from pipelines.cli.failures import failures
from pipelines.cli.metrics import metrics
from pipelines.cli.new_channel import new_channel
from pipelines.cli.order import order
from pipelines.cli.plan import plan
from pipelines.cli.reconcile import reconcile
from pipelines.cli.running import replay, sync
from pipelines.cli.sandbox import sandbox
from pipelines.cli.status import channels, status
from pipelines.operations.interrupts import keep_interrupts


class _InOrder(click.Group):
    """Lists the commands in the order in which one comes to need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="channel-to-mirakl", prog_name="mirakl-orders")
def cli() -> None:
    """Carry orders of webshops into Mirakl Connect.

    Channels are described in channels.toml (CHANNELS_FILE names another file).
    """


for command in (
    check,
    coverage,
    plan,
    order,
    sync,
    status,
    failures,
    replay,
    reconcile,
    channels,
    metrics,
    new_channel,
    sandbox,
):
    cli.add_command(command)


def run() -> NoReturn:
    """Run the command line. A mistake of the user is one message without a traceback; SIGTERM ends as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell lets what it starts in the background ignore SIGINT.
    keep_interrupts(signal.SIGTERM)
    # Libraries log with a traceback what they pass on all the same: SQLAlchemy's pool, of a connection it closes.
    if logging.lastResort:
        logging.lastResort.addFilter(_is_no_interrupt)
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run the same command again to complete the work", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read the output has enough of it: `| head`.
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        # What raised it has loaded most of these already; a mistake on the command line never comes here.
        from transforms.errors import UserError

        if not isinstance(error, UserError):
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    sys.exit(0)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return error is None or isinstance(error, Exception)
