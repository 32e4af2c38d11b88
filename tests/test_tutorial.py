"""The tutorial: every command is run, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tutorial import blocks, commands, run, steady

pytestmark = pytest.mark.slow


def test_every_command_of_the_tutorial_prints_what_the_page_shows(tmp_path: Path) -> None:
    shown = [one for block in blocks() for one in commands(block)]
    assert len(shown) > 20
    printed = run([command for command, _ in shown], tmp_path)
    assert len(printed) == len(shown)
    for (command, expected), output in zip(shown, printed, strict=True):
        assert steady(output) == steady(expected), f"{command}write it anew: python -m tests.tutorial"
