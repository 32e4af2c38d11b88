"""What the values in the TOML files that users write must be, beyond their types."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import Annotated, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator

from transforms.spelling import did_you_mean
from transforms.vocabulary import AdjustmentReason, parse_target

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _timezone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        city = {zone.rpartition("/")[2]: zone for zone in zones}.get(name)
        hint = f"; did you mean {city!r}?" if city else did_you_mean(name, zones, cutoff=0.8)
        raise ValueError(f"unknown time zone {name!r}{hint or '; expected for example ' + repr('Europe/Paris')}")
    return name


def _day(value: object) -> object:
    if isinstance(value, str):
        with suppress(ValueError):
            return dt.date.fromisoformat(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise ValueError('must be a day, for example "2026-01-01"')


def _id(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    if value != value.strip():
        raise ValueError("has blanks before or after it")
    return value


def _column(name: str) -> str:
    # It becomes part of the SQL as it stands.
    if not _COLUMN.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a column: letters, digits and _, beginning with no digit")
    return name


def _keyword(word: str) -> str:
    if not word.strip():
        raise ValueError("an empty keyword would be found in every text")
    return word


def _status(target: str) -> str:
    parse_target(target)
    return target


def _reason(reason: str) -> str:
    known = get_args(AdjustmentReason)
    if reason not in known:
        hint = did_you_mean(reason, known) or f"; use one of {', '.join(known)}"
        raise ValueError(f"{reason!r} is not an adjustment reason of Mirakl{hint}")
    return reason


ColumnName = Annotated[str, AfterValidator(_column)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Id = Annotated[str, AfterValidator(_id)]
Keyword = Annotated[str, AfterValidator(_keyword)]
StatusTarget = Annotated[str, AfterValidator(_status)]
Reason = Annotated[str, AfterValidator(_reason)]
