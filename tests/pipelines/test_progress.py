"""How far the work is, as the shell shows it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipelines.cli.progress import Shown
from pipelines.operations import progress

DAYS = ("2026-03-02", "2026-03-03")


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, markup=False, emoji=False)


def test_chunks_are_told_as_they_are_done_and_then_their_day() -> None:
    heard: list[tuple[str, str, int, bool]] = []

    def hear(stage: str, day: str, orders: int, *, done: bool = False, total: int | None = None) -> None:
        heard.append((stage, day, orders, done))

    with progress.reported_to(hear):
        assert list(progress.tracked("reading", DAYS[0], ["ab", "c"], len)) == ["ab", "c"]
    progress.report("reading", DAYS[1], 9)
    assert heard == [
        ("reading", DAYS[0], 2, False),
        ("reading", DAYS[0], 1, False),
        ("reading", DAYS[0], 0, True),
    ]


def test_a_bar_says_the_part_that_is_done_of_the_days_and_of_the_day_at_work() -> None:
    screen = console(terminal=True)
    shown = Shown("own", 2, screen)
    with shown.running():
        progress.report("reading", DAYS[0], 40)
        progress.report("reading", DAYS[0], 0, done=True)
        assert "own reading" in shown.told("reading")
        assert "50%, 1 of 2 days, 40 orders" in shown.told("reading")
        progress.report("sending", DAYS[0], 10)
        assert "12%, 0 of 2 days, 10 orders" in shown.told("sending")


def test_of_a_day_that_is_read_the_part_is_told_by_what_the_feed_names() -> None:
    shown = Shown("own", 1, console(terminal=False))
    with shown.running():
        progress.report("reading", DAYS[0], 0, total=80)
        progress.report("reading", DAYS[0], 20)
        assert shown.told("reading") == "own reading: 25%, 20 orders"


def test_where_nobody_watches_a_line_is_written_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.cli.progress.SECONDS_BETWEEN_LINES", 0.0)
    with Shown("own", 1, console(terminal=False)).running():
        progress.report("comparing", DAYS[0], 7)
    assert capsys.readouterr().err.startswith("own comparing: 0%, 7 orders")
    with Shown("own", 1, None).running():
        progress.report("comparing", DAYS[0], 7)
    assert capsys.readouterr().err == ""
