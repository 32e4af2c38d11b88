"""Signs of life: a run that has fallen silent is ended wherever it ran; one that gives signs is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from pipelines.runs.heartbeat import end_silent_runs_of_this_host, heartbeat, silent_runs, unfinished_run


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


class Clock:
    """The time, as the sensor and the runs see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
        clock = self

        class Now(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return clock.time

        monkeypatch.setattr("pipelines.runs.heartbeat.dt.datetime", Now)

    def wait(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def started(instance: dg.DagsterInstance, **options: Any) -> str:
    """A run that has begun, and gave one sign of life."""
    run = instance.create_run(
        job_name="sync_own",
        run_id=make_new_run_id(),
        status=dg.DagsterRunStatus.STARTED,
        run_config=None,
        step_keys_to_execute=None,
        execution_plan_snapshot=None,
        job_snapshot=None,
        parent_job_snapshot=None,
        asset_selection=None,
        asset_check_selection=None,
        resolved_op_selection=None,
        op_selection=None,
        root_run_id=None,
        parent_run_id=None,
        remote_job_origin=None,
        job_code_origin=None,
        asset_graph=dg.Definitions().resolve_asset_graph(),
        tags=options.get("tags", {}),
    )
    if options.get("alive", True):
        sign(instance, run.run_id)
    return run.run_id


def sign(instance: dg.DagsterInstance, run_id: str) -> None:
    with heartbeat(instance, run_id):
        pass


def status(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status.value


class Watch:
    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.cursor = instance, ""

    def tick(self) -> None:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor or None)
        self.cursor = silent_runs.evaluate_tick(context).cursor or ""


def test_a_run_that_falls_silent_is_ended_within_a_minute_and_a_half(
    instance: dg.DagsterInstance, clock: Clock
) -> None:
    silent, alive = started(instance), started(instance)
    watch = Watch(instance)
    for _ in range(2):
        watch.tick()
        assert status(instance, silent) == "STARTED"
        clock.wait(30)
        sign(instance, alive)
    watch.tick()
    assert (status(instance, silent), status(instance, alive)) == ("FAILURE", "STARTED")


def test_a_clock_that_differs_ends_no_run(instance: dg.DagsterInstance, clock: Clock) -> None:
    clock.wait(-3600)
    run = started(instance)
    clock.wait(3600)
    watch = Watch(instance)
    watch.tick()
    watch.tick()
    assert status(instance, run) == "STARTED"


def test_a_run_of_somebody_else_that_gives_no_signs_is_left_alone(instance: dg.DagsterInstance, clock: Clock) -> None:
    run = started(instance, alive=False)
    watch = Watch(instance)
    for _ in range(5):
        watch.tick()
        clock.wait(30)
    end_silent_runs_of_this_host(instance)
    assert status(instance, run) == "STARTED"


def test_the_shell_ends_silent_runs_of_its_own_machine_alone(
    instance: dg.DagsterInstance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = started(instance)
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    other = started(instance)
    monkeypatch.undo()
    clock = Clock(monkeypatch)
    clock.wait(59)
    end_silent_runs_of_this_host(instance)
    assert status(instance, mine) == "STARTED"
    clock.wait(2)
    end_silent_runs_of_this_host(instance)
    assert (status(instance, mine), status(instance, other)) == ("FAILURE", "STARTED")


def test_the_sign_of_the_first_run_is_none_of_the_run_that_takes_its_place(
    instance: dg.DagsterInstance, clock: Clock
) -> None:
    first = instance.get_run_by_id(started(instance))
    assert first is not None
    clock.wait(3600)
    again = started(instance, tags=first.tags, alive=False)
    end_silent_runs_of_this_host(instance)
    assert status(instance, again) == "STARTED"


def test_a_run_that_has_been_silent_for_long_is_not_waited_for(instance: dg.DagsterInstance, clock: Clock) -> None:
    run = started(instance)
    assert unfinished_run(instance, "sync_own") == run
    clock.wait(659)
    assert unfinished_run(instance, "sync_own") == run
    clock.wait(1)
    assert unfinished_run(instance, "sync_own") is None


def test_a_storage_that_cannot_be_written_to_does_not_end_the_run(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = started(instance, alive=False)

    def locked(*_: object) -> None:
        raise RuntimeError("database is locked")

    monkeypatch.setattr(instance, "add_run_tags", locked)
    with heartbeat(instance, run):
        pass
    assert "no sign of life could be left: RuntimeError" in caplog.text
