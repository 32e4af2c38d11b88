"""The start of `mirakl-orders`: nothing slow is loaded before a command runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.ledger import Ledger
from pipelines.cli import main
from tests.own_shop import OwnShop

SLOW = ("dagster", "pandas", "pyarrow", "numpy", "sqlalchemy", "pydantic", "httpx", "starlette")
CALL = f"""
import sys
from pipelines.cli import main
sys.argv[0] = "mirakl-orders"
try:
    main()
finally:
    print("loaded:", *(name for name in {SLOW!r} if name in sys.modules), file=sys.stderr)
"""

INTERRUPTED = """
import sys
import sqlalchemy as sa
from pipelines.cli.commands import cli, run

def interrupted(*_):
    raise KeyboardInterrupt

@cli.command("interrupted")
def close():
    engine = sa.create_engine("sqlite://")
    engine.dialect.do_close = interrupted
    engine.raw_connection().invalidate()

sys.argv = ["mirakl-orders", "interrupted"]
run()
"""


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


def test_ctrl_c_while_a_connection_is_closed_is_one_message() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "stopped; run the same command again to complete the work"


def begun(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the command in a process of its own, with two channels; the last line of stderr says what was loaded."""
    (tmp_path / "channels.toml").write_text("[channels.boutique_fr]\n[channels.outlet]\n")
    return subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        env={**os.environ, "CHANNELS_FILE": str(tmp_path / "channels.toml"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["sync", "--help"], 0),
        (["nothing"], 2),
        (["sync", "boutique_fr", "--from", "2026-02-30", "--to", "2026-03-01"], 2),
        (["plan", "boutique_fr"], 2),
        (["reconcile", "outlett", "--today"], 1),
    ],
)
def test_help_and_mistakes_load_nothing_slow(tmp_path: Path, arguments: list[str], status: int) -> None:
    done = begun(tmp_path, *arguments)
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"


def test_completion_knows_the_channels_and_loads_nothing_slow(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "mirakl-orders sync o", "COMP_CWORD": "2", "_MIRAKL_ORDERS_COMPLETE": "bash_complete"}
    done = begun(tmp_path, **words)
    assert done.stdout == "plain,outlet\n", done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(("command", "loaded"), [("channels", "pydantic"), ("failures", "sqlalchemy pydantic")])
def test_what_only_reports_loads_neither_dagster_nor_arrays_nor_an_http_client(
    environment: dict[str, str], shop: OwnShop, command: str, loaded: str
) -> None:
    Ledger(environment["LEDGER_URL"]).dispose()
    done = subprocess.run(
        [sys.executable, "-c", CALL, command], env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == f"loaded: {loaded}"
