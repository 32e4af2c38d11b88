"""Runs in the shell's own process that Dagster knows as runs of the job, as if it had launched them.

Dagster's `execute_in_process` leaves out where the job was loaded from: the UI then shows the run under no job, and
cannot execute it again.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stderr
from typing import Any, TextIO, cast

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import make_new_run_id

from pipelines.runs.heartbeat import sign_of_life
from pipelines.runs.instance import STORAGE_ERRORS, unusable

# As workspace.yaml and `dagster dev -m` name it.
_LOCATION = "channel_to_mirakl"
_RECORD_LOST = "Exception while writing logger call to event log"


def execute(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tags: Mapping[str, str], run_config: Mapping[str, Any]
) -> dg.ExecuteInProcessResult:
    """Execute a job here and return what happened; a step that failed raises nothing.

    Raises:
        SettingsError: Dagster cannot keep its records of the run.
    """
    try:
        with redirect_stderr(cast(TextIO, _Stderr(sys.stderr))):
            return _executed(job, instance, tags, run_config)
    except STORAGE_ERRORS as error:
        raise unusable(error) from None


class _Stderr:
    """Standard error without what Dagster writes there of a record that it cannot keep: the error itself is raised."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if text.startswith(_RECORD_LOST) else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _executed(
    job: dg.JobDefinition, instance: dg.DagsterInstance, tags: Mapping[str, str], run_config: Mapping[str, Any]
) -> dg.ExecuteInProcessResult:
    run_id = make_new_run_id()
    try:
        run = instance.create_run_for_job(
            job,
            run_id=run_id,
            # Killed before its first heartbeat, the run is ended all the same.
            tags={**job.run_tags, **tags, **sign_of_life(run_id)},
            run_config=run_config,
            remote_job_origin=origin_of(job.name),
        )
        events = list(execute_run_iterator(InMemoryJob(job), run, instance))
    except KeyboardInterrupt:
        # Dagster ends what it has begun; a run only recorded would keep its days as materializing for ever.
        recorded = instance.get_run_by_id(run_id)
        if recorded and not recorded.is_finished:
            instance.report_run_canceled(recorded, "stopped before it began")
        raise
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    return dg.ExecuteInProcessResult(job_def=job, event_list=events, dagster_run=ended, output_capture=None)


def origin_of(job: str) -> RemoteJobOrigin:
    """Return where Dagster loads a job from: this code location, under the name that it has by default."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=_LOCATION)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name=_LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)
