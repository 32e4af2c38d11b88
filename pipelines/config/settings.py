"""channels.toml as typed settings: one block a channel, each judged on its own.

A broken block is kept with its message under `broken`, so that it does not take the other channels down.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from connectors.channels.platform import load_platform
from connectors.channels.source import ShopSource
from connectors.config.toml_file import NotToml, faults, read_toml
from pipelines.config.blocks import (
    FROM_ENVIRONMENT,
    ChannelSettings,
    FramesRetention,
    LedgerRetention,
    MiraklLimits,
    RunsRetention,
)
from pipelines.config.channels_file import FILE_VARIABLE, channels_file, no_such_channel
from transforms.errors import UserError
from transforms.mapping import ChannelMapping, Exclusion, PartnerPredicate
from transforms.spelling import did_you_mean

_Shared = TypeVar("_Shared", bound=BaseModel)
_SECTIONS = {"mirakl", "frames", "runs", "ledger", "channels"}
# Names of Dagster's ops hold two underscores in a row, those of jobs must not: the two would be one name.
_NAME = re.compile(r"(?!.*__)[A-Za-z][A-Za-z0-9_]*")


class SettingsError(UserError):
    """The configuration is wrong. The message names file, key, what is wrong and what to do; never a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that can be worked with: its name and settings.

    `rivals` are channels of other shops whose orders go to the same Mirakl channel, where an id is one order. `fault`
    says what is wrong with the block of a stand-in, which only keeps a broken channel's place.
    """

    name: str
    settings: ChannelSettings
    rivals: tuple[str, ...] = ()
    fault: str | None = None

    def source(self) -> ShopSource:
        """Return where the shop is; its database's address is taken from the environment now.

        Raises:
            SettingsError: the environment variable is not set.
        """
        settings = self.settings
        return ShopSource(
            channel=self.name,
            platform=settings.platform,
            database_url=_from_environment(self.name, settings.database_url),
            timezone=settings.timezone,
            table_prefix=settings.table_prefix,
            store=settings.store,
            pause_seconds=settings.pause_ms / 1000,
            fee_columns=tuple((fee.column, fee.tax) for fee in settings.fee_columns),
        )

    def mapping(self) -> ChannelMapping:
        """Return what the transforms need to know of this channel.

        Raises:
            ShopError: the folder of a custom platform is not one.
        """
        settings, partner = self.settings, self.settings.fulfilled_by_partner
        platform = load_platform(self.name, settings.platform)
        return ChannelMapping(
            store_id=settings.mirakl_store_id,
            platform_statuses=platform.statuses,
            statuses=settings.statuses,
            # The channel's own keywords are looked for first.
            reasons={**settings.reasons, **platform.reasons, **settings.reasons},
            stores=settings.stores,
            fulfilled_by_partner=None
            if partner is None
            else PartnerPredicate(partner.column, partner.values, partner.code),
            exclude=tuple(Exclusion(where.column, where.values) for where in settings.exclude),
            reject_unmapped=settings.unmapped == "reject",
            strict_money=settings.money == "strict",
            rate_divisor=platform.rate_divisor,
            amounts_include_tax=platform.amounts_include_tax,
            naive_timezone=platform.naive_timezone(settings.timezone),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """All of channels.toml. `broken` holds, by channel, why its block cannot be used; `blocks` are all as written."""

    path: Path
    mirakl: MiraklLimits
    frames: FramesRetention
    channels: dict[str, Channel]
    broken: dict[str, str]
    blocks: dict[str, Any] = field(default_factory=dict)
    runs: RunsRetention = field(default_factory=RunsRetention)
    ledger: LedgerRetention = field(default_factory=LedgerRetention)

    def shared_channels(self) -> Iterator[str]:
        """Return a warning for each channel that shares its Mirakl channel with another shop."""
        for channel in self.channels.values():
            if channel.rivals:
                yield (
                    f"{self.path}: [channels.{channel.name}] has the mirakl_channel_id of {', '.join(channel.rivals)}: "
                    "Mirakl identifies a channel's orders by their id alone, so an order id that another of these "
                    "channels has delivered is rejected with code order_id_taken; give each shop a "
                    "mirakl_channel_id of its own (stores of one shop differ in nothing but `store`)"
                )

    def channel(self, name: str) -> Channel:
        """Return a channel by its name.

        Raises:
            SettingsError: there is none, or its block is broken.
        """
        if name in self.broken:
            raise SettingsError(self.broken[name])
        if name not in self.channels:
            raise SettingsError(no_such_channel(self.path, name, self.channels))
        return self.channels[name]


def load_settings(path: Path | None = None) -> Settings:
    """Read channels.toml.

    Raises:
        SettingsError: there is no such file, it is not TOML, or a part that all channels share is wrong.
    """
    path = path or channels_file()
    try:
        content = read_toml(path)
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); {FILE_VARIABLE} names the file that describes your channels"
        ) from None
    except NotToml as error:
        raise SettingsError(f"{path}: {error}") from None
    for name in content.keys() - _SECTIONS:
        if not isinstance(content[name], dict):
            raise SettingsError(f"{path}: the key {name!r} is in no section; write [channels.my_shop] above it")
        hint = (
            did_you_mean(name, _SECTIONS)
            or "; the sections are [mirakl], [frames], [runs], [ledger], [channels.my_shop]"
        )
        raise SettingsError(f"{path}: unknown section [{name}]{hint}")
    blocks = content.get("channels", {})
    mirakl = _shared(path, "mirakl", MiraklLimits, content)
    channels, broken = _channels(path, blocks, mirakl.credentials)
    return Settings(
        path=path,
        mirakl=mirakl,
        frames=_shared(path, "frames", FramesRetention, content),
        channels=channels,
        broken=broken,
        blocks=blocks,
        runs=_shared(path, "runs", RunsRetention, content),
        ledger=_shared(path, "ledger", LedgerRetention, content),
    )


def is_channel_name(name: str) -> bool:
    """Return whether a channel can be called so."""
    return _NAME.fullmatch(name) is not None


def _channels(path: Path, blocks: Any, credentials: Collection[str]) -> tuple[dict[str, Channel], dict[str, str]]:
    if not isinstance(blocks, dict):
        raise SettingsError(f"{path}: `channels` must be blocks of the form [channels.my_shop]")
    channels: dict[str, Channel] = {}
    broken: dict[str, str] = {}
    for name, block in blocks.items():
        where = f"{path}: [channels.{name}]"
        if not is_channel_name(name):
            broken[name] = (
                f"{where}: the name of a channel is of letters, digits and _, begins with a letter, and has no two _ "
                "in a row"
            )
        elif not isinstance(block, dict):
            broken[name] = f"{where}: must be a block of keys"
        else:
            try:
                settings = ChannelSettings.model_validate(block)
                if settings.credential is not None and settings.credential not in credentials:
                    broken[name] = f"{where} {_no_credential(settings.credential, credentials)}"
                    continue
                channels[name] = Channel(name, settings, tuple(_rivals(name, settings, blocks)))
            except ValidationError as error:
                broken[name] = f"{where} {faults(error, ChannelSettings)}"
    return channels, broken


def _no_credential(name: str, known: Collection[str]) -> str:
    hint = did_you_mean(name, known) or f"; there is {', '.join(sorted(known)) or 'none'}"
    return f"credential: there is no [mirakl.credentials.{name}]{hint}"


def _rivals(name: str, settings: ChannelSettings, blocks: dict[str, Any]) -> Iterator[str]:
    """Yield the other blocks, broken ones too, with this block's mirakl_channel_id that are no store of its shop."""
    for other, block in blocks.items():
        if other == name or not isinstance(block, dict):
            continue
        if str(block.get("mirakl_channel_id")) == settings.mirakl_channel_id and not _same_shop(settings, block):
            yield other


def _same_shop(settings: ChannelSettings, block: dict[str, Any]) -> bool:
    """Whether two blocks are different stores of one shop: then each order belongs to one of them."""
    stores = (settings.store, block.get("store"))
    return (
        None not in stores
        and stores[0] != str(stores[1])
        and (settings.platform, settings.table_prefix) == (block.get("platform"), block.get("table_prefix"))
        and _address(settings.database_url) == _address(str(block.get("database_url")))
    )


def _address(value: str) -> str:
    name = value.removeprefix(FROM_ENVIRONMENT).strip()
    return os.environ.get(name, "").strip() or value if value.startswith(FROM_ENVIRONMENT) else value


def _shared(path: Path, name: str, model: type[_Shared], content: dict[str, Any]) -> _Shared:
    try:
        return model.model_validate(content.get(name, {}))
    except ValidationError as error:
        raise SettingsError(f"{path}: [{name}] {faults(error, model)}") from None


def _from_environment(channel: str, value: str) -> str:
    if not value.startswith(FROM_ENVIRONMENT):
        return value
    name = value.removeprefix(FROM_ENVIRONMENT).strip()
    # A secret that is mounted from a file often ends with a line break.
    found = os.environ.get(name, "").strip()
    if not found:
        raise SettingsError(
            f"channel {channel!r}: the environment variable {name} is not set; it holds the address of the shop's "
            "database, for example mysql+pymysql://user:password@host/database"
        )
    return found
