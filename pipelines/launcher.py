"""The run launcher of `dagster.yaml`: Dagster's own, which also notices that the process of a run is gone.

Dagster's own learns that from the code server, which starts the processes. When the machine went down, or a process
that had started them all was killed, nobody is left to tell: the run counts as started, and holds the sender's slot,
for ever.

Belongs here: telling whether a run's process is alive. Does not belong here: what then happens; Dagster's monitoring
ends the run, frees its slots and starts it again, as `dagster.yaml` says.
"""

from __future__ import annotations

import json
import os

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

_HERE = (None, "localhost", "127.0.0.1", "::1")


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Launches runs on the machine of the code server; a run whose process on this machine is gone has failed."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Dagster's monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Say whether the process of a started run is alive; of one on another machine that cannot be known."""
        process = self._process(run)
        if process is None or process_is_alive(process):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {process} of this run is gone")

    def _process(self, run: dg.DagsterRun) -> int | None:
        server = json.loads(run.tags.get(GRPC_INFO_TAG, '{"host": "unknown"}'))
        if server.get("host") not in _HERE:
            return None
        for entry in self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            if event is not None and (process := event.engine_event_data.metadata.get("pid")) is not None:
                return int(str(process.value))
        return None


def process_is_alive(process: int) -> bool:
    """Return whether there is such a process on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, and there
    return True
