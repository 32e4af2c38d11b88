"""Trying a configuration before anything runs: every part, and everything found is reported, not only the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from connectors.channels.check import check_shop
from connectors.channels.reader import ShopReader
from connectors.config.database_url import option_with_password
from connectors.frames.storage import FrameStorage
from connectors.ledger.trial import try_ledger
from connectors.mirakl.client import MiraklClient
from pipelines.config.environment import Environment
from pipelines.config.settings import Channel, Settings, SettingsError
from pipelines.operations.recent import try_recent
from pipelines.operations.shop import open_shop
from pipelines.operations.stores import try_stores
from transforms.errors import UserError

Verdict = Literal["ok", "warning", "error", "orders", "not tried"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one part; `message` is what is wrong and what to do.

    `orders` is about single orders that cannot be sent, while the configuration is right; `not tried` says what could
    not be found out, and why.
    """

    subject: str
    verdict: Verdict
    message: str


def check(
    settings: Settings, channels: list[Channel], dagster_home: Callable[[], Iterator[Finding]]
) -> Iterator[Finding]:
    """Try what all channels share, DAGSTER_HOME by the given function, then each of these channels."""
    yield from _tried(str(settings.path), lambda: _channels(settings))
    for message in settings.broken.values():
        yield Finding(str(settings.path), "error", message)
    for message in settings.shared_channels():
        yield Finding(str(settings.path), "warning", message)
    for credential in dict.fromkeys(channel.settings.credential for channel in channels) or [None]:
        yield from _mirakl(settings, credential, [one for one in channels if one.settings.credential == credential])
    yield from _tried("LEDGER_URL", _ledger)
    yield from _open_password("LEDGER_URL", "LEDGER_URL", Environment().ledger_url)
    yield from _tried("FRAMES_URL", _frames)
    yield from dagster_home()
    for channel in channels:
        yield from _channel(channel)


def _tried(subject: str, part: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield Finding(subject, "ok", part())
    except UserError as error:
        yield Finding(subject, "error", str(error))


def _channels(settings: Settings) -> str:
    if not settings.channels and not settings.broken:
        raise SettingsError(f"{settings.path}: no channel is described; add a block [channels.my_shop]")
    return f"channels that can be used: {', '.join(settings.channels) or 'none'}"


def _mirakl(settings: Settings, credential: str | None, channels: Sequence[Channel]) -> Iterator[Finding]:
    environment = Environment()
    subject = "Mirakl" if credential is None else f"Mirakl, credential {credential!r}"
    try:
        client = MiraklClient(environment.mirakl(settings.mirakl, credential))
    except UserError as error:
        yield Finding(subject, "error", str(error))
        yield Finding(subject, "not tried", "credentials, address and stores: correct the above first")
        return
    with closing(client):
        try:
            client.authenticate()
            client.reach()
        except UserError as error:
            yield Finding(subject, "error", str(error))
            yield Finding(
                subject, "not tried", "whether Mirakl takes the token and knows the stores: correct the above first"
            )
            return
        token_url = environment.mirakl_token_url.partition("?")[0]
        message = f"{token_url} gives a token; orders go to {environment.mirakl_base_url}"
        yield Finding(subject, "ok", message)
        for channel in channels:
            for verdict, message in try_stores(client, channel):
                yield Finding(f"channel {channel.name!r}", cast(Verdict, verdict), message)


def _ledger() -> str:
    ledger = try_ledger(Environment().ledger_url)
    if ledger.is_missing:
        return f"no ledger at {ledger.address} yet; one can be made there, which the first sync does"
    return f"the ledger at {ledger.address} can be used"


def _frames() -> str:
    frames = FrameStorage(Environment().frames_url)
    frames.probe()
    return f"frames can be written to {frames.root}"


def _channel(channel: Channel) -> Iterator[Finding]:
    subject = f"channel {channel.name!r}"
    today = dt.datetime.now(channel.settings.zone).date()
    if channel.settings.start_date > today:
        message = f"start_date {channel.settings.start_date} is in the future; there is no day yet that can be read"
        yield Finding(subject, "error", message)
    if _holds_password(channel.settings.database_url):
        message = 'database_url holds a password; keep it in the environment and write database_url = "env:NAME"'
        yield Finding(subject, "warning", message)
    try:
        source = channel.source()
        yield from _open_password(subject, "database_url", source.database_url)
        reader = ShopReader(source)
    except UserError as error:
        yield Finding(subject, "error", str(error))
        yield Finding(subject, "not tried", "the shop's database and its orders: correct the above first")
        return
    findings = check_shop(reader)
    reader.dispose()
    for finding in findings:
        yield Finding(subject, finding.verdict, finding.message)
    if any(finding.verdict == "error" for finding in findings):
        yield Finding(subject, "not tried", "the mapping of recent orders: correct the above first")
        return
    yield Finding(subject, "ok", f"the shop ({channel.settings.platform}) can be read")
    try:
        with open_shop(channel) as shop:
            for verdict, message in try_recent(channel, shop):
                yield Finding(subject, cast(Verdict, verdict), message)
    except UserError as error:
        yield Finding(subject, "error", str(error))


def _open_password(subject: str, setting: str, url: str) -> Iterator[Finding]:
    """Warn of a password among the options of an address, which are shown by whoever shows an address."""
    try:
        option = option_with_password(make_url(url))
    except (sa.exc.ArgumentError, ValueError):
        return
    if option is not None:
        message = (
            f"{setting} has a password among its options (?{option}=); write it before the host, user:password@host"
        )
        yield Finding(subject, "warning", message)


def _holds_password(url: str) -> bool:
    try:
        return not url.startswith("env:") and bool((parsed := make_url(url)).password or option_with_password(parsed))
    except sa.exc.ArgumentError:
        return False
