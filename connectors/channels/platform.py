"""A platform: a folder of `.sql` files with a `platform.toml` beside them, built in or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from connectors.channels.errors import ShopError
from connectors.config.toml_file import NotToml, faults, read_toml
from connectors.config.toml_values import Keyword, Reason, StatusTarget
from transforms.platforms import PLATFORMS, Shape

SETTINGS_FILE = "platform.toml"


def _zone(name: str) -> str:
    if name != "local":
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"{name!r} is not a time zone; use local (the channel's), UTC, or a name like Europe/Paris"
            ) from None
    return name


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OptionalColumn(_Settings):
    """A column that only some versions have: `{name}` in the SQL becomes `sql`, or `otherwise` where it is missing."""

    table: str
    column: str
    sql: str
    otherwise: str = "NULL"


class FeeColumns(_Settings):
    """Where a channel's `fee_columns` are: `{name}` in the SQL, behind the last column, becomes them.

    Of a table that is not `required` to have them, those that it lacks are NULL.
    """

    table: str
    alias: str
    required: bool = True


class Requirement(_Settings):
    """What a shop must have: a table, a column of it, or a `.sql` file (its name without ending) that yields a row."""

    message: str
    table: str | None = None
    column: str | None = None
    query: str | None = None


class Index(_Settings):
    """An index on `column` that the change feed needs to be fast."""

    table: str
    column: str


class PlatformSettings(_Settings):
    """`platform.toml`. Tables are written as in the SQL, `{prefix}` included.

    `anchor`: the table that is missing in a wrong database. `table_prefix`: what channels have that name none.
    `change_times`: what the feed's times are: UTC without offset, wall time of the channel's zone, or timestamptz.
    `times`: the zone of naive cells in the order frames, `local` being the channel's. `amounts`:
    whether prices and shipping include the listed taxes. `optional`: query -> tables that it needs, each as `table` or
    `table(column, column)`; without them it is left out. `optional_parts`: the same for the lines of a query between
    `-- begin NAME` and `-- end NAME`. `fee_columns`: where the columns are that a channel names so. `session`, `clock`:
    for databases other than MariaDB/MySQL, PostgreSQL and SQLite, the statements that begin a consistent snapshot, and
    the query of the time in UTC. `statuses`, `reasons`: as in channels.toml.
    """

    anchor: str
    table_prefix: str = ""
    change_times: Literal["utc", "local", "timestamptz"] = "utc"
    times: Annotated[str, AfterValidator(_zone)] = "UTC"
    amounts: Literal["net", "gross"] = "net"
    tax_rate_unit: Literal["percent", "fraction"] = "percent"
    session: list[str] = Field(default_factory=list)
    clock: str = ""
    optional: Mapping[str, list[str]] = Field(default_factory=dict)
    optional_columns: Mapping[str, OptionalColumn] = Field(default_factory=dict)
    optional_parts: Mapping[str, list[str]] = Field(default_factory=dict)
    fee_columns: Mapping[str, FeeColumns] = Field(default_factory=dict)
    require: list[Requirement] = Field(default_factory=list)
    indexes: list[Index] = Field(default_factory=list)
    statuses: Mapping[str, StatusTarget] = Field(default_factory=dict)
    reasons: Mapping[Keyword, Reason] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShopPlatform:
    """A platform's folder and settings; `shape` is None for a custom one, whose queries are the order frames."""

    folder: Path
    settings: PlatformSettings
    shape: Shape | None
    statuses: Mapping[str, str]

    @property
    def reasons(self) -> Mapping[str, str]:
        """Keyword -> adjustment reason."""
        return self.settings.reasons

    @property
    def rate_divisor(self) -> int:
        """What a tax rate is divided by to be a fraction."""
        return 100 if self.settings.tax_rate_unit == "percent" else 1

    @property
    def amounts_include_tax(self) -> bool:
        """Return whether prices and shipping in the order frames include their taxes."""
        return self.settings.amounts == "gross"

    def naive_timezone(self, timezone: str) -> str:
        """Return the zone of times without offset in the order frames, of a channel in `timezone`."""
        return timezone if self.settings.times == "local" else self.settings.times


def with_prefix(text: str, prefix: str) -> str:
    """Fill a channel's table prefix in."""
    return text.replace("{prefix}", prefix)


def load_platform(channel: str, platform: str) -> ShopPlatform:
    """Load a platform by its built-in name or by the path of a folder; no database is asked.

    Raises:
        ShopError: neither of the two, or the folder's settings are wrong.
    """
    built_in = PLATFORMS.get(platform)
    folder = Path(__file__).parent / platform if built_in else Path(platform)
    if not folder.is_dir():
        raise ShopError(
            "unknown_platform",
            f"channel {channel!r}: unknown platform {platform!r}; use {', '.join(PLATFORMS)}, or the path of a folder "
            "with your own SQL",
        )
    settings = _settings(channel, folder / SETTINGS_FILE)
    for name in (*settings.optional, *(need.query for need in settings.require if need.query)):
        if not (folder / f"{name}.sql").is_file():
            raise _bad(channel, folder / SETTINGS_FILE, f"names the query {name!r}, but there is no {name}.sql")
    if built_in is None:
        return ShopPlatform(folder, settings, None, settings.statuses)
    return ShopPlatform(folder, settings, built_in.shape, {**built_in.statuses, **settings.statuses})


def _settings(channel: str, path: Path) -> PlatformSettings:
    try:
        return PlatformSettings.model_validate(read_toml(path))
    except FileNotFoundError:
        problem = 'the file is missing; it must at least name the table of the orders: anchor = "orders"'
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except NotToml as error:
        problem = str(error)
    except ValidationError as error:
        problem = faults(error, PlatformSettings)
    raise _bad(channel, path, problem)


def _bad(channel: str, path: Path, problem: str) -> ShopError:
    return ShopError("bad_platform", f"channel {channel!r}: {path}: {problem}")
