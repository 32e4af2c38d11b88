"""The keys of channels.toml, block by block, with their types, their defaults, and the message for a wrong value."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.config.toml_values import ColumnName, Day, Id, Keyword, Reason, StatusTarget, Timezone
from connectors.mirakl.limiter import CEILING
from transforms.columns import COLUMNS
from transforms.platforms import PLATFORMS
from transforms.spelling import did_you_mean

FROM_ENVIRONMENT = "env:"
# Dagster counts days from a time that it can hold; no shop is older.
_FIRST_DAY, _LAST_DAY = dt.date(1970, 1, 1), dt.date(2999, 12, 31)
# What Dagster takes: another owner would keep it from loading any channel.
_OWNER = re.compile(r"team:[\w-]+|[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


class MiraklCredential(_Block):
    """`[mirakl.credentials.<name>]`: one more credential; each value is `env:NAME`."""

    client_id: str
    client_secret: str

    @field_validator("client_id", "client_secret")
    @classmethod
    def _in_the_environment(cls, value: str) -> str:
        if not value.removeprefix(FROM_ENVIRONMENT).strip() or not value.startswith(FROM_ENVIRONMENT):
            raise ValueError('must be "env:NAME"; credentials stay in the environment')
        return value


class MiraklLimits(_Block):
    """`[mirakl]`: how fast and how much at a time. Mirakl recommends 20 requests a second and allows 30.

    Each credential has these limits to itself, see `ChannelSettings.credential`.
    """

    model_config = ConfigDict(strict=True)

    requests_per_second: float = Field(default=20, gt=0, le=CEILING)
    orders_per_request: int = Field(default=100, ge=1, le=100)
    max_request_bytes: int = Field(default=5_000_000, ge=10_000)
    credentials: dict[str, MiraklCredential] = Field(default_factory=dict)


class FramesRetention(_Block):
    """`[frames]`: for how many days frames, which hold personal data, are kept after they were written."""

    model_config = ConfigDict(strict=True)

    retention_days: int = Field(default=30, ge=1)


class RunsRetention(_Block):
    """`[runs]`: for how many days Dagster's records of runs are kept after they were superseded."""

    model_config = ConfigDict(strict=True)

    retention_days: int = Field(default=14, ge=1)


class LedgerRetention(_Block):
    """`[ledger]`: after how many days the rows of settled orders are removed; None, the default, keeps them all.

    They are the only proof of delivery, so nothing is removed unasked. Not below 90 days: frames as old are gone.
    """

    model_config = ConfigDict(strict=True)

    retention_days: int | None = Field(default=None, ge=90)


class OrdersWhere(_Block):
    """Orders whose `column` of the orders frame is one of `values`."""

    column: str
    values: frozenset[str] = Field(min_length=1)

    @field_validator("column")
    @classmethod
    def _known(cls, column: str) -> str:
        names = [known.name for known in COLUMNS["orders"]]
        if column not in names:
            hint = did_you_mean(column, names) or f"; use one of {', '.join(names)}"
            raise ValueError(f"{column!r} is not a column of the orders frame{hint}")
        return column


class FulfilledByPartner(OrdersWhere):
    """Orders whose `column` of the orders frame is one of `values` are fulfilled by the partner `code`."""

    code: str | None = None


class FeeColumn(_Block):
    """A column of the shop's orders that holds a fee, and that of the fee's tax, if there is one."""

    column: ColumnName
    tax: ColumnName | None = None


class ChannelSettings(_Block):
    """`[channels.<name>]`: one shop, or one store of a shop, and the Mirakl store its orders go to."""

    platform: str
    database_url: str
    mirakl_channel_id: Id
    mirakl_store_id: Id | None = None
    credential: str | None = None
    timezone: Timezone
    start_date: Day
    table_prefix: str | None = None
    store: str | None = None
    stores: dict[str, Id] = Field(default_factory=dict)
    statuses: dict[str, StatusTarget] = Field(default_factory=dict)
    reasons: dict[Keyword, Reason] = Field(default_factory=dict)
    fulfilled_by_partner: FulfilledByPartner | None = None
    exclude: list[OrdersWhere] = Field(default_factory=list)
    fee_columns: list[FeeColumn] = Field(default_factory=list)
    unmapped: Literal["send", "reject"] = "send"
    money: Literal["report", "strict"] = "report"
    owners: list[str] = Field(default_factory=list)
    late_after_hours: float = Field(default=26, ge=0.1, strict=True)
    pause_ms: int = Field(default=0, ge=0, le=60_000, strict=True)

    @field_validator("exclude", mode="before")
    @classmethod
    def _one_or_several(cls, exclude: object) -> object:
        return [exclude] if isinstance(exclude, dict) else exclude

    @field_validator("platform")
    @classmethod
    def _known_platform(cls, platform: str) -> str:
        if platform in PLATFORMS or (Path(platform) / "changes.sql").is_file():
            return platform
        known = ", ".join(sorted(PLATFORMS))
        hint = did_you_mean(platform, PLATFORMS) or f" (looked for in {Path(platform).absolute()})"
        raise ValueError(
            f"{platform!r} is neither a platform ({known}) nor a folder that holds your own changes.sql{hint}"
        )

    @field_validator("fee_columns", mode="before")
    @classmethod
    def _columns(cls, columns: Any) -> Any:
        if not isinstance(columns, list):
            return columns
        return [{"column": column} if isinstance(column, str) else column for column in columns]

    @field_validator("fee_columns")
    @classmethod
    def _once(cls, fees: list[FeeColumn]) -> list[FeeColumn]:
        names = [fee.column for fee in fees]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"names {twice!r} twice; its fee would be charged twice")
        return fees

    @field_validator("start_date")
    @classmethod
    def _possible(cls, day: dt.date) -> dt.date:
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise ValueError(f"must lie between {_FIRST_DAY} and {_LAST_DAY}")
        return day

    @field_validator("owners")
    @classmethod
    def _owner(cls, owners: list[str]) -> list[str]:
        for owner in owners:
            if not _OWNER.fullmatch(owner):
                raise ValueError(f"{owner!r} is neither an e-mail address nor of the form 'team:name'")
        return owners

    @field_validator("database_url")
    @classmethod
    def _named(cls, url: str) -> str:
        if url.startswith(FROM_ENVIRONMENT) and not url.removeprefix(FROM_ENVIRONMENT).strip():
            raise ValueError('names no variable; expected "env:NAME"')
        return url

    @model_validator(mode="after")
    def _some_store(self) -> ChannelSettings:
        if self.mirakl_store_id is None and not self.stores:
            raise ValueError("mirakl_store_id is missing (or `stores`, a map from the shop's stores to Mirakl's)")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The channel's zone: its days, and shop-local times."""
        return ZoneInfo(self.timezone)
