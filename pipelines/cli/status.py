"""Commands that report on channels: status, channels."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.options import any_channels, as_json
from transforms.plural import counted, day_ranges

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.runs.status import ChannelStatus, Ticking


@click.command(short_help="Show the state of every channel.")
@any_channels
@as_json
def status(names: tuple[str, ...], *, as_json: bool) -> None:
    """Show the state of each CHANNEL (or all): last delivery, open failures, red checks, schedules and sensors.

    The shops are not asked. Exit status 3 when something is red or open, 1 when a block of channels.toml is broken.
    """
    from pipelines.cli import show
    from pipelines.config.settings import load_settings
    from pipelines.operations.state import ledger_description, ledger_to_read
    from pipelines.runs.instance import existing_instance, named_home
    from pipelines.runs.status import not_configured, silent_daemon, statuses
    from pipelines.stand_ins import stand_ins

    settings = load_settings()
    replaced = {one.name: one for one in stand_ins(settings)}
    wanted = names or [*settings.channels, *replaced]
    channels = [replaced.get(name) or settings.channel(name) for name in wanted]
    usable = [channel for channel in channels if channel.fault is None]
    with existing_instance() as instance, ledger_to_read(*usable) as ledger:
        found = statuses(settings, channels, ledger, instance)
        silent = silent_daemon(found, instance)
        elsewhere = {} if names else not_configured(settings, ledger)
        if as_json:
            values = [one.values() for one in found]
            state = {"ledger": ledger.address, "daemon_missing": silent, "not_configured": elsewhere}
            click.echo(show.json_text({**state, "channels": values}))
        else:
            for channel, one in zip(channels, found, strict=True):
                _print(one, ledger_description(ledger, channel), no_runs_in=None if instance else named_home())
            for name, orders in elsewhere.items():
                click.echo(
                    f"{counted(orders, 'order is', 'orders are')} not accepted of channel {name!r}, which "
                    "channels.toml does not have: was it renamed or removed? See docs/operating.md, When a channel "
                    "changes"
                )
            if silent:
                click.echo(
                    "Schedules or sensors are on, but no Dagster daemon runs: nothing ticks. See docs/deployment.md"
                )
    broken = any(one.fault for one in found)
    sys.exit(1 if broken else 3 if silent or elsewhere or any(one.needs_attention for one in found) else 0)


@click.command(short_help="List the channels of channels.toml.")
@as_json
def channels(*, as_json: bool) -> None:
    """List the channels of channels.toml. Exit status 1 when a block is broken."""
    from pipelines.cli import show
    from pipelines.config.settings import load_settings

    settings = load_settings()
    rows: list[dict[str, Any]] = [
        {
            "channel": name,
            "platform": channel.settings.platform,
            "mirakl_channel_id": channel.settings.mirakl_channel_id,
            "mirakl_store_id": channel.settings.mirakl_store_id or ", ".join(channel.settings.stores.values()),
            "timezone": channel.settings.timezone,
            "start_date": channel.settings.start_date.isoformat(),
            "reason": None,
        }
        for name, channel in settings.channels.items()
    ]
    rows += [
        {**dict.fromkeys(rows[0] if rows else ()), "channel": name, "reason": why}
        for name, why in settings.broken.items()
    ]
    if as_json:
        click.echo(show.json_text(rows))
    elif rows:
        show.rows(show.console(), f"Channels of {settings.path}", rows)
    else:
        click.echo(f"{settings.path}: no channel is described; add a block [channels.my_shop]", err=True)
    sys.exit(1 if settings.broken else 0)


def _print(status: ChannelStatus, ledger: str, *, no_runs_in: Path | None) -> None:
    from pipelines.cli import show

    console = show.console()
    values: dict[str, Any] = {"broken": status.fault}
    since = f"{show.ago(status.last_success)} ago" if status.last_success else "never"
    if no_runs_in and not status.is_new:
        since = f"unknown: {no_runs_in} (DAGSTER_HOME) holds no records of Dagster"
    values["last delivery"] = f"{since}, of {status.last_day}" if status.last_day else since
    if "p95" in status.delivery_ages:
        age = show.span(status.delivery_ages["p95"])
        values["delivery age"] = f"{age} from the change in the shop to Mirakl (95th percentile, newest delivery)"
    values["rate budget"] = _budget(status)
    values["running now"] = counted(status.runs, "run") if status.runs else None
    values["not accepted"] = _open(status)
    values["failed days"] = day_ranges(status.failed_days)
    values["failed because"] = status.failure
    for name, why in status.red.items():
        values[f"red: {name}"] = why
    ticking = [*status.schedules, *status.sensors]
    values["on"] = "\n".join(_ticking(one) for one in ticking if one.on) or "no schedule and no sensor"
    values["off"] = ", ".join(one.name for one in ticking if not one.on)
    values["ledger"] = ledger
    show.line(console, (status.name, "bold"), "  ", _verdict(status))
    show.pairs(console, None, values)


def _budget(status: ChannelStatus) -> str:
    own = f" of credential {status.credential!r}" if status.credential else ""
    shared = f", shared with {counted(len(status.shares_with), 'other channel')}" if status.shares_with else ""
    return f"{status.requests_per_second:g} requests a second{own}{shared}"


def _verdict(status: ChannelStatus) -> tuple[str, str]:
    if status.needs_attention:
        return "needs attention", "red"
    return ("nothing was delivered yet", "yellow") if status.is_new else ("ok", "green")


def _open(status: ChannelStatus) -> str:
    from pipelines.cli.show import ago

    if not status.open:
        return ""
    kinds = [f"{orders:,} {outcome} ({code})" for (outcome, code), orders in status.open.most_common()]
    oldest = f"; the oldest for {ago(status.oldest_open)}" if status.oldest_open else ""
    return f"{status.open.total():,}: {', '.join(kinds)}{oldest}. mirakl-orders failures {status.name}"


def _ticking(one: Ticking) -> str:
    from pipelines.cli.show import until

    when = f"every {one.every_seconds} s" if one.every_seconds else f"next tick in {until(one.next_tick)}"
    return f"{one.name}, {when}"
