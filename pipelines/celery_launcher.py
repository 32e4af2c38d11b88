"""The run launcher for Celery workers: dagster-celery's own, which also notices that a worker is gone.

Celery calls a task started until somebody says how it ended. When its worker is killed, or its machine goes down,
nobody does: the run would count as started until `max_runtime_seconds`.

Belongs here: telling whether a worker still executes a run's task. Does not belong here: what then happens; Dagster's
monitoring ends the run and starts it again.
"""

from __future__ import annotations

import time

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher as DagsterCeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

REPLY_SECONDS = 3.0
# A worker that is busy may miss one question; Dagster's monitoring asks every `poll_interval_seconds`.
MISSING_SECONDS = 15.0


class CeleryRunLauncher(DagsterCeleryRunLauncher):
    """Launches runs as Celery tasks; a run whose task no worker executes any more has failed."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Return what Celery knows of the run's task, unless no worker is at it."""
        found = super().check_run_worker_health(run)
        missing = self.__dict__.setdefault("_missing_since", {})
        if found.status != WorkerStatus.RUNNING or self._is_executed(run.tags[DAGSTER_CELERY_TASK_ID_TAG]):
            missing.pop(run.run_id, None)
            return found
        if time.monotonic() - missing.setdefault(run.run_id, time.monotonic()) < MISSING_SECONDS:
            return found
        del missing[run.run_id]
        return CheckRunHealthResult(WorkerStatus.FAILED, "the Celery worker that executed this run is gone")

    def _is_executed(self, task_id: str) -> bool:
        active = self.celery.control.inspect(timeout=REPLY_SECONDS).active() or {}
        return any(task["id"] == task_id for tasks in active.values() for task in tasks)
