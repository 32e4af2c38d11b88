"""Windows of a range side by side: what may overlap, what may not, and how the processes end."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from connectors.ledger import Ledger
from connectors.sandbox.server import Sandbox
from pipelines.config.environment import Environment
from pipelines.config.settings import load_settings
from pipelines.operations import progress, turns
from pipelines.runs import overlap
from pipelines.runs.instance import dagster_instance
from pipelines.runs.overlap import WindowLost, overlapped
from tests.own_shop import OwnShop
from tests.pipelines.shell import json_of
from tests.servers.forked import COMMAND, Forked

pytestmark = pytest.mark.slow

WINDOWS = [["1"], ["2", "3"], ["4"], ["5"]]
LONG = ("--from", "2026-03-01", "--to", "2026-03-10")
LONG_DAYS = [f"2026-03-{day:02}" for day in range(1, 11)]


def note(book: Path, word: str) -> None:
    with book.open("a") as file:
        file.write(f"{word}\n")


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def stages(days: list[str], book: Path) -> str:
    """Read, wait for the turn, send; the first window sends only once the second is read."""
    name = days[0]
    for day in days:
        note(book, f"{name} reads {day}")
        progress.report("reading", day, 0, total=1)
    with turns.my_turn():
        note(book, f"{name} sends")
        if name == "1":
            until(lambda: "2 reads 3" in book.read_text())
        note(book, f"{name} has sent")
    return name


def test_a_window_is_begun_on_the_last_day_of_the_one_before_it_and_sent_after_that(tmp_path: Path) -> None:
    book = tmp_path / "book"
    assert list(overlapped(WINDOWS, partial(stages, book=book))) == ["1", "2", "4", "5"]
    lines = book.read_text().splitlines()
    assert lines.index("1 reads 1") < lines.index("2 reads 2")
    assert lines.index("2 reads 3") < lines.index("4 reads 4") < lines.index("5 reads 5")
    assert [line for line in lines if "sen" in line] == [
        f"{name} {word}" for name in ("1", "2", "4", "5") for word in ("sends", "has sent")
    ]


def read_slowly(days: list[str], book: Path) -> str:
    """Read; the second window reads as long as the first, which lets a third begin for a second."""
    name = days[0]
    for day in days:
        note(book, f"{name} reads {day}")
        progress.report("reading", day, 0, total=1)
    if name == "1":
        until(lambda: "2 reads 3" in book.read_text())
        end = time.monotonic() + 1
        while time.monotonic() < end and "4 reads 4" not in book.read_text():
            time.sleep(0.01)
    if name == "2":
        until(lambda: "1 has read" in book.read_text())
    note(book, f"{name} has read")
    progress.report("reading", days[-1], 0, done=True)
    return name


def test_no_more_than_two_windows_are_read_at_a_time(tmp_path: Path) -> None:
    book = tmp_path / "book"
    assert list(overlapped(WINDOWS, partial(read_slowly, book=book))) == ["1", "2", "4", "5"]
    lines = book.read_text().splitlines()
    assert lines.index("2 reads 2") < lines.index("1 has read") < lines.index("4 reads 4")


def fail_in_the_second(days: list[str]) -> str:
    if days[0] == "2":
        raise ValueError("the second")
    return days[0]


def test_an_error_of_one_window_is_raised_here_and_no_process_is_left() -> None:
    with pytest.raises(ValueError, match="the second"):
        list(overlapped(WINDOWS, fail_in_the_second))
    assert overlap._PROCESSES.active_children() == []


def killed_in_the_second(days: list[str]) -> str:
    if days[0] == "2":
        os.kill(os.getpid(), signal.SIGKILL)
    return days[0]


def test_a_process_that_is_killed_loses_its_window_alone() -> None:
    first, lost, *others = overlapped(WINDOWS, killed_in_the_second)
    assert [first, *others] == ["1", "4", "5"]
    assert isinstance(lost, WindowLost)
    assert "2 to 3 was killed or ran out of memory" in str(lost)


def wait_for_a_signal(days: list[str], book: Path) -> None:
    try:
        note(book, f"{days[0]} waits")
        progress.report("reading", days[0], 0, total=1)
        signal.pause()
    finally:
        note(book, f"{days[0]} ends")


def test_windows_that_nobody_asks_for_any_more_are_stopped_and_may_finish(tmp_path: Path) -> None:
    book = tmp_path / "book"
    book.touch()

    def stop_the_first(stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        if day == "6":
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        progress.reported_to(stop_the_first),
        closing(overlapped([["5"], ["6"]], partial(wait_for_a_signal, book=book))) as windows,
    ):
        next(windows)
    assert sorted(book.read_text().split("\n")) == ["", "5 ends", "5 waits", "6 ends", "6 waits"]
    assert overlap._PROCESSES.active_children() == []


@pytest.fixture
def at_next_fork() -> Iterator[list[Callable[[], None]]]:
    """What is done while this process forks the next time, as libraries do; Python drops what it raises."""
    waiting: list[Callable[[], None]] = []
    os.register_at_fork(before=lambda: waiting.pop()() if waiting else None)
    yield waiting
    waiting.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_process_is_begun_stops_the_command(
    number: signal.Signals, at_next_fork: list[Callable[[], None]], tmp_path: Path
) -> None:
    at_next_fork.append(partial(signal.raise_signal, number))
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        list(overlapped(WINDOWS, partial(stages, book=tmp_path / "book")))
    assert overlap._PROCESSES.active_children() == []
    assert signal.getsignal(number) is before


def test_a_signal_while_the_last_result_is_taken_is_raised_at_the_end() -> None:
    windows = overlapped(WINDOWS[:1], str)
    assert next(windows) == "['1']"
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        next(windows)


def test_a_process_that_is_stopped_before_it_has_begun_reports_so_and_ends(tmp_path: Path) -> None:
    for _ in range(10):
        ours, its = overlap._PROCESSES.Pipe()
        ours.send("stop")
        work = partial(stages, book=tmp_path / "book")
        process = overlap._PROCESSES.Process(target=overlap._process, args=(its, work, ["3"]))
        process.start()
        its.close()
        messages = [ours.recv()]
        while messages[-1][0] not in {"result", "error"}:
            messages.append(ours.recv())
        process.join()
        kind, error = messages[-1]
        assert (kind, type(error), process.exitcode) == ("error", KeyboardInterrupt, 0)


def warn(days: list[str]) -> None:
    logging.getLogger("somebody").warning("window %s", days[0])
    logging.getLogger("somebody").info("not passed on")


def test_warnings_of_a_window_are_logged_by_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(record.getMessage())

    # On the command line nobody else handles what is logged.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging, "lastResort", Ear(logging.WARNING))
    list(overlapped(WINDOWS[:2], warn))
    assert logged == ["window 1", "window 2"]


def test_processes_that_share_nothing_do_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(overlap, "_PROCESSES", get_context("spawn"))
    windows = WINDOWS[:2]
    assert list(overlapped(windows, partial(stages, book=tmp_path / "book"))) == ["1", "2"]


def test_what_a_window_needs_can_go_to_another_process(orders: OwnShop) -> None:
    settings = load_settings()
    with dagster_instance() as instance:
        needed = (settings, settings.channel("own"), instance.get_ref())
        assert pickle.loads(pickle.dumps(needed)) == needed


@pytest.fixture
def long_range(orders: OwnShop) -> OwnShop:
    """Ten days, on each some orders beside those that are there."""
    for day in LONG_DAYS:
        for number in range(6):
            orders.order(f"{day}-{number}", f"{day} 12:00:00")
    return orders


def test_a_long_range_is_several_runs_and_every_day_is_delivered(long_range: OwnShop, sandbox: Sandbox) -> None:
    done = json_of("sync", "own", *LONG)
    assert [day["day"] for day in done["days"]] == LONG_DAYS
    assert done["delivered"] == len(sandbox.orders) == 64
    with dagster_instance() as instance:
        runs = [run.tags for run in reversed(instance.get_runs())]
    assert [tags.get("days", tags.get("dagster/partition")) for tags in runs] == [
        "2026-03-01",
        "2026-03-02 to 2026-03-03",
        "2026-03-04 to 2026-03-06",
        "2026-03-07 to 2026-03-09",
        "2026-03-10",
    ]
    assert json_of("sync", "own", *LONG)["unchanged"] == 64


def test_a_failing_day_of_a_long_range_fails_alone(long_range: OwnShop, sandbox: Sandbox) -> None:
    long_range.order("elsewhere", "2026-03-05 12:00:00", store="2")
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-1"}))
    done = json_of("sync", "own", *LONG, status=1)
    assert [day["day"] for day in done["days"] if day["failed"]] == ["2026-03-05"]
    assert (done["delivered"], done["undelivered"]) == (64, 1)


def test_where_the_shop_cannot_be_read_the_windows_after_that_are_not_worked_on(
    long_range: OwnShop, sandbox: Sandbox
) -> None:
    lines = long_range.folder / "lines.sql"
    lines.write_text(lines.read_text().replace("FROM item", "FROM nothing_of_that_name"))
    done = json_of("sync", "own", *LONG, status=1)
    assert all(day["failed"] and "nothing_of_that_name" in day["reason"] for day in done["days"])
    with dagster_instance() as instance:
        runs = instance.get_runs()
    # The second may have begun while the first read its only day.
    assert len(runs) <= 2
    assert all(run.is_finished for run in runs)
    assert sandbox.stats.requests == 0


def begin_long_sync(environment: dict[str, str], sandbox: Sandbox) -> Forked:
    """Start a sync of a long range, slow enough to be stopped; return once an order has arrived."""
    path = Path(environment["CHANNELS_FILE"])
    path.write_text("[mirakl]\norders_per_request = 2\nrequests_per_second = 10\n" + path.read_text())
    process = Forked(COMMAND, "sync", "own", *LONG, "--json")
    until(lambda: sandbox.orders or process.poll() is not None)
    assert process.poll() is None
    return process


def processes_of(process: Forked) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_sigterm_lets_all_windows_finish_what_is_in_flight(
    long_range: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    process = begin_long_sync(environment, sandbox)
    processes = processes_of(process)
    assert processes
    process.send_signal(signal.SIGTERM)
    status, _, err = process.communicate(120)
    assert (status, "Traceback" in err) == (1, False), err
    assert "stopped; run the same command again to complete the work" in err
    assert all(map(is_gone, processes))
    arrived = sandbox.stats.stored
    assert 0 < arrived < 64
    done = json_of("sync", "own", *LONG)
    assert (done["delivered"], done["unchanged"]) == (64 - arrived, arrived)


def test_windows_end_with_a_command_that_is_killed(
    long_range: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    process = begin_long_sync(environment, sandbox)
    processes = processes_of(process)
    process.send_signal(signal.SIGKILL)
    process.communicate(120)
    until(lambda: all(map(is_gone, processes)))
    assert 0 < sandbox.stats.stored < 64
    json_of("sync", "own", *LONG)
    assert len(sandbox.orders) == 64
    assert json_of("failures", "own") == []


def test_windows_that_wait_for_each_other_do_not_report_another_run(
    long_range: OwnShop, environment: dict[str, str]
) -> None:
    command = (COMMAND, "sync", "own", *LONG, "--json")
    status, out, err = Forked(*command).communicate(120)
    assert ("another run" in err, status) == (False, 0), out
    credential = Environment().mirakl(load_settings().mirakl).credential
    with Ledger(environment["LEDGER_URL"]).one_sender(lambda: None, credential=credential):
        waiting = Forked(*command)
        printed = next((line for line in waiting.stderr if "another run" in line), "nothing")
    status, out, err = waiting.communicate(120)
    assert printed == "another run is sending; this one waits until it is done\n"
    assert ("another run" in err, status) == (False, 0), out
