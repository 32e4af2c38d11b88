"""Signs of life of a run: its process leaves one every few seconds, and a run that has fallen silent is ended.

A process that is killed, or whose machine goes down, cannot say so, and the launchers of Dagster notice it only where
they can look: not on another machine, not in another PID namespace, and Celery's not at all. A tag of the run tells it
everywhere. Ending a run that in truth goes on does no harm: one sender at a time works with a ledger, and what was
delivered is not sent again.
"""

import datetime as dt
import json
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES, DagsterRunStatus

from transforms.plural import counted

BEAT_SECONDS = 15
SILENT = dt.timedelta(seconds=60)
# Clocks of several machines differ; what is asked here may be wrong without harm, but not for every run.
_CLOCKS_DIFFER = dt.timedelta(minutes=10)
# What waits in the queue counts too: a busy instance would pile up runs of the same day.
_UNFINISHED = [*IN_PROGRESS_RUN_STATUSES, DagsterRunStatus.QUEUED]
# A run of the shell has its first sign when it is recorded, before it is started.
_WATCHED = [*IN_PROGRESS_RUN_STATUSES, DagsterRunStatus.NOT_STARTED]
_WATCH_SECONDS = 30
_TAG = ".dagster/mirakl-orders/heartbeat"
_GONE = "the process of this run gave no sign of life for a minute: it was killed, or its machine went down"


@contextmanager
def heartbeat(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Leave signs of life of a run of this process while the block lasts."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            _leave_sign(instance, run_id)

    _leave_sign(instance, run_id)
    thread = Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def sign_of_life(run_id: str) -> dict[str, str]:
    """Return the tag of a run that is at work here and now."""
    # A run that is executed again inherits the tags of the first, hence the id.
    sign = {"run": run_id, "host": socket.gethostname(), "at": dt.datetime.now(dt.UTC).isoformat()}
    return {_TAG: json.dumps(sign)}


def _leave_sign(instance: dg.DagsterInstance, run_id: str) -> None:
    try:
        instance.add_run_tags(run_id, sign_of_life(run_id))
    except Exception as error:
        # Whatever Dagster's storage raises: the next sign is due soon, and a run is not ended by the lack of one.
        logging.getLogger(__name__).warning("no sign of life could be left: %s", type(error).__name__)


def unfinished_run(
    instance: dg.DagsterInstance, job_name: str | None = None, tags: Mapping[str, str] | None = None
) -> str | None:
    """Return the id of a run that waits or works, if there is one; one that has long been silent does neither."""
    now = dt.datetime.now(dt.UTC)
    for run in instance.get_runs(dg.RunsFilter(job_name=job_name, tags=tags, statuses=_UNFINISHED)):
        sign = _sign(run)
        if sign is None or now - dt.datetime.fromisoformat(sign["at"]) < SILENT + _CLOCKS_DIFFER:
            return run.run_id
    return None


def end_silent_runs_of_this_host(instance: dg.DagsterInstance) -> None:
    """End the runs whose process was killed on this machine, where no daemon need be there to notice."""
    now = dt.datetime.now(dt.UTC)
    for run in instance.get_runs(dg.RunsFilter(statuses=_WATCHED)):
        sign = _sign(run)
        # The time was taken from this machine's clock.
        if sign and sign["host"] == socket.gethostname() and now - dt.datetime.fromisoformat(sign["at"]) > SILENT:
            instance.report_run_failed(run, _GONE)


@dg.sensor(
    name="silent_runs",
    minimum_interval_seconds=_WATCH_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process was killed or whose machine went down, so that nothing waits for them.",
)
def silent_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Compare signs of life with those of the tick before, by this clock alone: clocks of machines may differ."""
    now = dt.datetime.now(dt.UTC)
    before: dict[str, tuple[str, str]] = json.loads(context.cursor or "{}")
    seen: dict[str, tuple[str, str]] = {}
    ended: list[str] = []
    for run in context.instance.get_runs(dg.RunsFilter(statuses=_WATCHED)):
        sign = _sign(run)
        if sign is None:
            continue
        last, since = before.get(run.run_id, ("", ""))
        if last != sign["at"]:
            seen[run.run_id] = (sign["at"], now.isoformat())
        elif now - dt.datetime.fromisoformat(since) < SILENT:
            seen[run.run_id] = (last, since)
        else:
            context.instance.report_run_failed(run, _GONE)
            ended.append(run.run_id)
    summary = f"ended: {', '.join(ended)}" if ended else f"{counted(len(seen), 'run')}, all alive"
    return dg.SensorResult(cursor=json.dumps(seen), skip_reason=summary)


def _sign(run: dg.DagsterRun) -> dict[str, str] | None:
    sign: dict[str, str] | None = json.loads(run.tags.get(_TAG, "null"))
    return sign if sign and sign["run"] == run.run_id else None
