"""The sensor that starts a run of the open day as soon as the shop has changed.

A tick asks the shop's change feed once, for what changed since the tick before and shortly before that: a transaction
that commits late carries a stamp that had been asked about already. What a tick has seen is kept in the cursor by order
and stamp, so that the overlap starts no run twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines import names
from pipelines.automation import TODAY_TAGS
from pipelines.config.settings import Channel
from pipelines.operations.days import day_window
from pipelines.operations.shop import open_shop
from pipelines.resources import failures_explained
from pipelines.runs.heartbeat import unfinished_run

# How late a transaction may commit and still be noticed by the sensor; what is later is found by the next run.
OVERLAP = dt.timedelta(minutes=2)
# Seconds: Dagster ends a tick after sixty.
TIME_LIMIT = 20.0
MOST_CHANGES = 1000


class _Cursor(BaseModel):
    """Where the last tick left off: `since` when the next one asks, `seen` the changes in the overlap by digest."""

    model_config = ConfigDict(frozen=True)

    since: dt.datetime
    seen: frozenset[str] = frozenset()


def changes_sensor(channel: Channel) -> dg.SensorDefinition:
    """Build the sensor of a channel, off by default, that runs the open day when the change feed has anything new."""

    @dg.sensor(
        name=names.changes_sensor(channel.name),
        job_name=names.sync_job(channel.name),
        minimum_interval_seconds=names.CHANGES_SECONDS,
        description=(
            f"Every {names.CHANGES_SECONDS} seconds: asks the change feed of {channel.name}; runs the open day when "
            "an order changed. Costs one query a tick, and a run where something changed; skipped while one goes on."
        ),
    )
    def changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        today = dt.datetime.now(channel.settings.zone).date().isoformat()
        running = unfinished_run(context.instance, names.sync_job(channel.name), {PARTITION_NAME_TAG: today})
        if running is not None:
            return dg.SkipReason(f"run {running} of {today} is unfinished")
        known = _cursor(context.cursor)
        start, end = day_window(channel, today)
        with failures_explained(channel), open_shop(channel) as shop:
            found = shop.changes(max(start, known.since) if known else start, end, MOST_CHANGES, TIME_LIMIT)
            read_at = shop.read_at
        digests = frozenset(map(_digest, found))
        cursor = _Cursor(since=read_at - OVERLAP, seen=digests).model_dump_json()
        fresh = digests - known.seen if known else digests
        # Of a full page nobody knows what comes after it.
        if not fresh and len(found) < MOST_CHANGES:
            return dg.SensorResult(cursor=cursor, skip_reason="nothing changed since the last tick")
        return dg.SensorResult(cursor=cursor, run_requests=[dg.RunRequest(partition_key=today, tags=TODAY_TAGS)])

    return changes


def _cursor(text: str | None) -> _Cursor | None:
    try:
        return _Cursor.model_validate_json(text) if text else None
    except ValidationError:
        return None  # typed in by hand, or of another version: begin with the whole day


def _digest(change: Sequence[object]) -> str:
    return hashlib.sha256("@".join(map(str, change)).encode()).hexdigest()[:16]
