"""How far the work is, as the shell shows it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines.cli.progress import Shown
from pipelines.operations import progress

DAYS = ("2026-03-02", "2026-03-03")


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, markup=False, emoji=False)


def test_chunks_are_reported_as_they_are_done_and_then_their_day() -> None:
    collected: list[tuple[str, str, int, bool]] = []

    def collect(stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        collected.append((stage, day, orders, done))

    with progress.reported_to(collect):
        assert list(progress.tracked("reading", DAYS[0], ["ab", "c"], len)) == ["ab", "c"]
    progress.report("reading", DAYS[1], 9)
    assert collected == [
        ("reading", DAYS[0], 2, False),
        ("reading", DAYS[0], 1, False),
        ("reading", DAYS[0], 0, True),
    ]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock to so many seconds."""
    now = [0.0]
    monkeypatch.setattr("pipelines.cli.progress.time.monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def test_the_work_is_as_far_as_its_stages_are_on_average(at: Callable[[float], None]) -> None:
    shown = Shown("own", 2, console(terminal=False), ("reading", "sending"))
    with shown.running():
        progress.report("reading", DAYS[0], 40)
        progress.report("reading", DAYS[0], 0, done=True)
        assert shown.line() == "own: 25%, 0 of 2 days; 40 orders read"
        at(10)
        progress.report("sending", DAYS[0], 20)
        assert shown.line() == "own: 38%, 0 of 2 days, 17 s left; 40 orders read, 20 sent, 2/s"


def test_stages_side_by_side_are_timed_by_the_clock_and_not_by_their_shares(at: Callable[[float], None]) -> None:
    shown = Shown("own", 2, console(terminal=False), ("reading", "sending"))
    with shown.running():
        for second in range(10):
            at(second)
            progress.report("reading", DAYS[0], 10)
            progress.report("sending", DAYS[0], 10)
        at(10)
        assert "100 orders read, 100 sent, 10/s" in shown.line()


def test_of_a_day_that_is_read_the_part_is_known_by_what_the_feed_names() -> None:
    shown = Shown("own", 1, console(terminal=False), ["reading"])
    with shown.running():
        progress.report("reading", DAYS[0], 0, total=80)
        progress.report("reading", DAYS[0], 20)
        assert shown.line() == "own: 25%, 20 orders read"


def test_where_somebody_watches_there_is_one_bar_that_leaves_nothing_behind() -> None:
    screen = console(terminal=True)
    with Shown("own", 1, screen, ["comparing"]).running():
        progress.report("comparing", DAYS[0], 7, total=14)
    written = screen.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert "own" in written
    assert " 50%" in written
    assert "7 orders compared" in written
    assert written.endswith("\x1b[2K")


def test_where_nobody_watches_a_line_is_written_now_and_then(
    capsys: pytest.CaptureFixture[str], at: Callable[[float], None]
) -> None:
    with Shown("own", 1, console(terminal=False), ["comparing"]).running():
        for second in range(65):
            at(second)
            progress.report("comparing", DAYS[0], 1, total=130)
    assert capsys.readouterr().err.splitlines() == [
        "own: 24%, 1 min left; 31 orders compared, 1/s",
        "own: 47%, 1 min left; 61 orders compared, 1/s",
    ]
    with Shown("own", 1, None, ["comparing"]).running():
        progress.report("comparing", DAYS[0], 7)
    assert capsys.readouterr().err == ""
