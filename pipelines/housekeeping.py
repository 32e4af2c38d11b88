"""The job that removes what has grown old: frames, records of runs that were superseded, and rows of the ledger.

Dagster keeps runs for ever. A tick every quarter of an hour makes 35,000 a year and channel, of which the catalogue
needs one a day: the run in which a day was last materialised, or tried. Those stay, with their numbers; of the others
the records go.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import sqlalchemy as sa
from dagster._core.remote_origin import RemoteJobOrigin
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from pipelines.config.settings import Settings
from pipelines.resources import State, user_errors_explained
from pipelines.runs.shell_runs import origin_of

NAME = "housekeeping"
_AT_ONCE = 500


def housekeeping_job(settings: Settings) -> dg.JobDefinition:
    """Build the job."""

    @dg.op(description="Removes frames that were written too long ago, of whatever channel.")
    def remove_old_frames(context: dg.OpExecutionContext, state: dg.ResourceParam[State]) -> None:
        with user_errors_explained():
            removed = state.frames().remove_old(settings.frames.retention_days)
        context.log.info(f"{removed:,} files of frames removed")

    @dg.op(description="Removes the records of runs that ended long ago and were superseded.")
    def remove_old_runs(context: dg.OpExecutionContext) -> None:
        # `dagster job execute` records none.
        origin = context.run.remote_job_origin or origin_of(NAME)
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=settings.runs.retention_days)
        removed = remove_superseded_runs(context.instance, origin, before)
        context.log.info(f"{removed:,} runs removed")

    @dg.op(description="Removes settled rows of the ledger after the retention_days of [ledger], where set.")
    def remove_old_ledger_rows(context: dg.OpExecutionContext, state: dg.ResourceParam[State]) -> None:
        if (days := settings.ledger.retention_days) is None:
            context.log.info("all rows are kept: [ledger] has no retention_days")
            return
        before = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).date()
        # Where shops share a Mirakl channel, a row is also the record of which shop an order's id belongs to.
        sharing = {channel.name for channel in settings.channels.values() if channel.rivals} | settings.broken.keys()
        with user_errors_explained(), state.ledger() as ledger:
            removed = ledger.remove_settled(before, keep=sharing)
            shorter = "; the file was written anew without them" if ledger.vacuum() else ""
        context.log.info(f"{removed:,} rows of orders settled before {before} removed{shorter}")

    @dg.job(
        name=NAME,
        description=(
            f"Removes frames older than {settings.frames.retention_days} days, and runs older than "
            f"{settings.runs.retention_days} days that a newer run of the same day supersedes; and settled rows of the "
            "ledger after the retention_days of [ledger], where set."
        ),
    )
    def job() -> None:
        remove_old_frames()
        remove_old_runs()
        remove_old_ledger_rows()

    return job


def housekeeping_schedule() -> dg.ScheduleDefinition:
    """Build the schedule of the job; it is on by itself."""
    return dg.ScheduleDefinition(
        name=f"{NAME}_daily",
        job_name=NAME,
        cron_schedule="45 3 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night: frames, records of runs and, where asked for, rows of the ledger that are old go.",
    )


def remove_superseded_runs(instance: dg.DagsterInstance, origin: RemoteJobOrigin, before: dt.datetime) -> int:
    """Remove the runs of this code location that ended before that and hold nothing that counts; return how many."""
    needed = set(_needed_runs(instance))
    filters = dg.RunsFilter(
        statuses=FINISHED_STATUSES,
        tags={REPOSITORY_LABEL_TAG: origin.repository_origin.get_label()},
        updated_before=before,
    )
    removed, last = 0, None
    while runs := instance.get_runs(filters, cursor=last, limit=_AT_ONCE):
        kept = [run.run_id for run in runs if run.run_id in needed]
        for run in runs:
            if run.run_id not in needed:
                _remove_check_records(instance, run.run_id)
                instance.delete_run(run.run_id)
                removed += 1
        # The cursor must be a run that is still there; a page without one begins where the last page did.
        last = kept[-1] if kept else last
    return removed


def _needed_runs(instance: dg.DagsterInstance) -> Iterator[str]:
    """Yield the runs that hold, of a day or check, what the catalogue shows."""
    storage = instance.event_log_storage
    for key in instance.get_asset_keys():
        newest = storage.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
        ids = sorted(newest.values())
        for begin in range(0, len(ids), _AT_ONCE):
            filters = dg.AssetRecordsFilter(asset_key=key, storage_ids=ids[begin : begin + _AT_ONCE])
            yield from (record.run_id for record in instance.fetch_materializations(filters, limit=_AT_ONCE).records)
        # A day that failed and was not done since: its numbers and its reason.
        failed = storage.get_latest_asset_partition_materialization_attempts_without_materializations(key)
        yield from (run_id for run_id, _ in failed.values())
    if isinstance(storage, SqlEventLogStorage):
        checks = AssetCheckExecutionsTable.c
        latest = sa.select(sa.func.max(checks.id)).group_by(checks.asset_key, checks.check_name)
        with storage.index_connection() as connection:
            yield from connection.execute(sa.select(checks.run_id).where(checks.id.in_(latest))).scalars().all()


def _remove_check_records(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove the evaluations of checks, which Dagster leaves there when it deletes a run."""
    if isinstance(storage := instance.event_log_storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(sa.delete(AssetCheckExecutionsTable).where(AssetCheckExecutionsTable.c.run_id == run_id))
