"""What is wrong now, by Dagster's records and channels.toml: broken blocks, red checks, late channels, failed runs.

A message holds the channel, what is wrong, the first orders by their ids, and the command that goes on from there.
Nothing about a person: order ids, codes and our own messages are all it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from pipelines import names
from pipelines.alerts.memory import Cause, Failing
from pipelines.config.settings import Channel, Settings
from pipelines.runs import skipped_days
from transforms.plural import day_ranges

_MOST_ORDERS = 5
_ORDER_ID = "channel_order_id"


def broken_blocks(settings: Settings) -> Iterator[Cause]:
    """Yield a cause for each block of channels.toml that cannot be used."""
    for name, message in settings.broken.items():
        title = f"channel {name}: its block"
        yield Cause(f"block {name}", title, message, _text(f"channel {name} is broken", message, "mirakl-orders check"))


def late_channels(channels: Sequence[Channel], instance: dg.DagsterInstance) -> Iterator[Cause]:
    """Yield a cause for each channel that has not delivered for longer than it should."""
    keys = {dg.AssetKey([channel.name, names.MIRAKL_DELIVERY]): channel for channel in channels}
    for key, record in instance.get_freshness_state_records(list(keys)).items():
        if record.freshness_state is FreshnessState.FAIL:
            name, hours = keys[key].name, keys[key].settings.late_after_hours
            message = f"nothing was delivered for more than {hours:g} hours; are its schedules on?"
            title = f"channel {name}: delivery in time"
            yield Cause(
                f"late {name}", title, "late", _text(f"channel {name} is late", message, f"mirakl-orders check {name}")
            )


def skipped(channels: Sequence[Channel], instance: dg.DagsterInstance) -> tuple[list[Cause], frozenset[str]]:
    """Return a cause for each channel with days between delivered ones that never were, and the undecided keys."""
    causes: list[Cause] = []
    undecided: set[str] = set()
    for channel in channels:
        key, days = f"skipped {channel.name}", skipped_days.skipped_days(skipped_days.day_statuses(instance, channel))
        if days and skipped_days.is_range_under_way(instance, channel):
            undecided.add(key)
        elif days:
            text = _text(
                f"channel {channel.name}: days were skipped",
                skipped_days.message(channel, days),
                skipped_days.command(channel, days),
            )
            causes.append(Cause(key, f"channel {channel.name}: skipped days", "skipped", text))
    return causes, frozenset(undecided)


def red_checks(keys: Sequence[dg.AssetCheckKey], instance: dg.DagsterInstance) -> tuple[list[Cause], frozenset[str]]:
    """Return a cause for each check that is red, and the keys of those that are being evaluated just now."""
    causes: list[Cause] = []
    undecided: set[str] = set()
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    for key, record in found.items():
        named = f"check {key.asset_key.to_user_string()} {key.name}"
        if record.status is AssetCheckExecutionRecordStatus.PLANNED:
            undecided.add(named)
        elif record.status is AssetCheckExecutionRecordStatus.FAILED and (evaluation := record.evaluation) is not None:
            channel = key.asset_key.path[0]
            rows = list(_rows(evaluation.metadata.values()))
            message = evaluation.description or "no description"
            codes = sorted({f"{row.data['code']} {row.data.get('field')}" for row in rows if row.data.get("code")})
            causes.append(
                Cause(
                    named,
                    f"channel {channel}: check {key.name}",
                    ", ".join(codes) or without_numbers(message),
                    _text(
                        f"channel {channel}: check {key.name} is red",
                        message,
                        _command(evaluation.metadata) or f"mirakl-orders failures {channel}",
                        [str(row.data[_ORDER_ID]) for row in rows if row.data.get(_ORDER_ID)],
                    ),
                )
            )
    return causes, frozenset(undecided)


def failed_runs(failing: Iterable[Failing]) -> Iterator[Cause]:
    """Yield a cause for each reason for which runs of a channel failed, as long as their days are not done."""
    for one in failing:
        days = sorted(one.days)
        if days:
            command = f"mirakl-orders sync {one.channel} --from {days[0]} --to {days[-1]}"
        else:
            command = f"mirakl-orders {'replay' if one.job == names.replay_job(one.channel) else 'check'} {one.channel}"
        yield Cause(
            failing_key(one),
            f"channel {one.channel}: {one.job}" + (f" of {day_ranges(days)}" if days else ""),
            without_numbers(one.reason),
            _text(f"channel {one.channel}: {one.job} failed", one.reason, command, one.order_ids),
        )


def failing_key(failing: Failing) -> str:
    """Return the key of the cause of these failures."""
    return f"run {failing.job} {without_numbers(failing.reason)}"


def without_numbers(message: str) -> str:
    """Return what stays the same of a message when counts, days and times change."""
    return re.sub(r"\d[\d,.:]*", "#", message)


def _command(metadata: Mapping[str, dg.MetadataValue[Any]]) -> str | None:
    value = metadata.get("go_on")
    return value.text if isinstance(value, dg.TextMetadataValue) else None


def _rows(metadata: Iterable[object]) -> Iterator[dg.TableRecord]:
    for value in metadata:
        if isinstance(value, dg.TableMetadataValue):
            yield from value.records


def _text(title: str, message: str, command: str, order_ids: Sequence[str] = ()) -> str:
    lines = [f"*{title}*", message]
    if order_ids:
        more = ", ..." if len(order_ids) > _MOST_ORDERS else ""
        lines.append(f"Orders: {', '.join(islice(order_ids, _MOST_ORDERS))}{more}")
    if command not in message:
        lines.append(f"Go on with: {command}")
    text = "\n".join(lines)
    # The three that Slack reads as markup.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
