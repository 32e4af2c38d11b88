"""The start of `mirakl-orders`, before a command is read."""

from __future__ import annotations

import sys

import pytest

from pipelines.cli import main


class Interrupted:
    """Ctrl-C while the command line is being loaded."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pipelines.cli.commands":
            raise KeyboardInterrupt


def test_ctrl_c_while_loading_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pipelines.cli.commands", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit, match="stopped before anything was begun"):
        main()
