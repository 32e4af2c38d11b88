"""Arguments and options that several commands share: channels, days, JSON.

Whatever is wrong with the command line itself is reported from here, before a command loads anything slow.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from pipelines.config.channels_file import channel_names, channels_file, no_such_channel

if TYPE_CHECKING:
    from pipelines.config.settings import Channel, Settings

Command = Callable[..., Any]


class _Day(click.DateTime):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a day; expected for example 2026-01-31", param, ctx)


def _day_count(_: click.Context, option: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,4})d", value)
    if match is None or int(match[1]) == 0:
        raise click.BadParameter(f"{value!r} is not a number of days; expected for example 7d", param=option)
    return int(match[1])


def complete_channel(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a channel."""
    return [CompletionItem(name) for name in channel_names() if name.startswith(incomplete)]


DAY = _Day(["%Y-%m-%d"])


@dataclass(frozen=True, slots=True)
class Days:
    """The days that were asked for: from `first` to `last`, or the `newest` so many, today included."""

    first: dt.date | None = None
    last: dt.date | None = None
    newest: int = 1

    def of(self, channel: Channel) -> list[str]:
        """Return the days of a channel, in their order.

        Raises:
            SettingsError: the range reaches outside the channel's days.
        """
        from pipelines.operations.days import days_between

        if self.first is not None and self.last is not None:
            return days_between(channel, self.first, self.last)
        today = dt.datetime.now(channel.settings.zone).date()
        first = max(channel.settings.start_date, today - dt.timedelta(days=self.newest - 1))
        return days_between(channel, first, today)


def days(command: Command) -> Command:
    """Add `--from DAY --to DAY` (both included), `--today` and `--last 7d`, one of them required, as `days`."""

    @functools.wraps(command)
    def chosen(
        *arguments: Any,
        first: dt.datetime | None,
        last: dt.datetime | None,
        today: bool,
        newest: int | None,
        **options: Any,
    ) -> Any:
        return command(*arguments, days=_days(first, last, today, newest), **options)

    for option in (
        click.option(
            "--last", "newest", callback=_day_count, metavar="DAYS", help="Today and the days before: 7d is a week."
        ),
        click.option("--today", is_flag=True, help="The open day, in the channel's time zone."),
        click.option("--to", "last", type=DAY, metavar="DAY", help="Last day: 2026-01-31."),
        click.option("--from", "first", type=DAY, metavar="DAY", help="First day: 2026-01-01."),
    ):
        chosen = option(chosen)
    return chosen


def _days(first: dt.datetime | None, last: dt.datetime | None, today: bool, newest: int | None) -> Days:
    if [first is not None or last is not None, today, newest is not None].count(True) != 1:
        raise click.UsageError("name the days: --from DAY --to DAY, --today, or --last 7d")
    if newest is not None or today:
        return Days(newest=newest or 1)
    if first is None or last is None:
        raise click.UsageError("--from and --to go together")
    if first > last:
        raise click.UsageError(f"--from {first.date()} is after --to {last.date()}")
    return Days(first.date(), last.date())


def channels(command: Command) -> Command:
    """Add `CHANNEL...` and `--all`, one of them required, as `names`: empty for all."""

    @functools.wraps(command)
    def chosen(*arguments: Any, names: tuple[str, ...], every: bool, **options: Any) -> Any:
        if every == bool(names):
            known = ", ".join(channel_names()) or f"none in {channels_file()}"
            raise click.UsageError(f"name one or more channels, or --all (channels: {known})")
        return command(*arguments, names=known_names(names), **options)

    argument = click.argument("names", metavar="CHANNEL...", nargs=-1, shell_complete=complete_channel)
    return argument(click.option("--all", "every", is_flag=True, help="All channels of channels.toml.")(chosen))


def any_channels(command: Command) -> Command:
    """Add `[CHANNEL]...` as `names`, empty where none is named."""
    return click.argument("names", metavar="[CHANNEL]...", nargs=-1, shell_complete=complete_channel)(command)


def channel(command: Command) -> Command:
    """Add `CHANNEL`, as `name`."""

    @functools.wraps(command)
    def chosen(*arguments: Any, name: str, **options: Any) -> Any:
        [known] = known_names([name])
        return command(*arguments, name=known, **options)

    return click.argument("name", metavar="CHANNEL", shell_complete=complete_channel)(chosen)


def known_names(names: Iterable[str]) -> list[str]:
    """Return the names, each once. A misspelt one is found here; a file that cannot be read is explained later."""
    known = channel_names()
    asked = list(dict.fromkeys(names))
    for name in asked:
        if known and name not in known:
            raise click.ClickException(no_such_channel(channels_file(), name, known))
    return asked


def load(names: list[str]) -> tuple[Settings, list[Channel]]:
    """Load channels.toml and these channels of it, or all where none is named.

    Raises:
        SettingsError: the file or one of these channels cannot be used, or it describes none.
    """
    from pipelines.config.settings import SettingsError, load_settings

    settings = load_settings()
    found = [settings.channel(name) for name in names or [*settings.channels, *settings.broken]]
    if not found:
        raise SettingsError(f"{settings.path}: no channel is described; add a block [channels.my_shop]")
    return settings, found


as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print the result as CSV.")
quiet = click.option("--quiet", is_flag=True, help="Print no progress.")
