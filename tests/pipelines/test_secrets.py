"""No personal value and no secret is anywhere but in frames and in the shop, however a run ends.

What is searched: all output and logs, everything below DAGSTER_HOME, the ledger, the metrics. Each value is marked so that
it is found whatever stands around it.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from connectors.sandbox.server import Sandbox, SandboxSettings
from pipelines.runs.metrics import ChannelCollector
from tests.own_shop import PERSONAL, OwnShop
from tests.pipelines.shell import DAY, NEXT, RANGE, call

pytestmark = pytest.mark.slow

# A client secret, passwords of a shop's database in its address and among its options, a webhook's path, values of orders
# that are no amount and no currency: whoever typed them into the shop may have typed anything.
SECRETS = ("Zzclientsecret", "Zzdbpassword", "Zzoption", "Zzwebhook")
MARKED = (*PERSONAL, *SECRETS, "Zzprice", "Zzcurrency")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(requests_per_second=10_000, client_secret=SECRETS[0])
    with Sandbox(settings) as running:
        yield running


@pytest.fixture
def installation(
    environment: dict[str, str], shop: OwnShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[dict[str, str]]:
    """Everything under a umask that gives everybody everything, and a log of all that anybody logs."""
    monkeypatch.setenv("MIRAKL_CLIENT_SECRET", SECRETS[0])
    monkeypatch.setenv("AWAY_URL", f"mysql://reader:{SECRETS[1]}@127.0.0.1:1/shop?ssl_key_password={SECRETS[2]}")
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:1/{SECRETS[3]}")
    path = Path(environment["CHANNELS_FILE"])
    away = shop.block("away", database_url='"env:AWAY_URL"', mirakl_channel_id='"5678"')
    path.write_text(shop.block() + away)
    Path(environment["DAGSTER_HOME"]).mkdir()
    before = os.umask(0)
    caplog.set_level(logging.DEBUG)
    for day in (DAY, NEXT):
        for number in (1, 2, 3):
            shop.order(f"{day}/{number}", f"{day} 12:00:0{number}")
    yield environment
    os.umask(before)


def quoting(monkeypatch: pytest.MonkeyPatch, order_id: str) -> None:
    """Let Mirakl refuse an order and quote what it holds, in its message and as if it were a field."""

    def findings(order: Any, _: str) -> Iterator[tuple[str, str]]:
        if isinstance(order, dict) and order.get("channel_order_id") == order_id:
            yield "order.shipping_info.address.last_name", f"{PERSONAL[1]} <{PERSONAL[0]}> is not allowed"
            yield f"order.{PERSONAL[2]}", f"{PERSONAL[2]} is unknown"

    monkeypatch.setattr("connectors.sandbox.server.findings", findings)


@contextmanager
def searched(environment: dict[str, str], caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Search what was written and printed in the block; the texts of commands are put into what is yielded."""
    output: list[str] = []
    yield output
    registry = CollectorRegistry()
    registry.register(ChannelCollector())
    output += [caplog.text, generate_latest(registry).decode()]
    found = [line for text in output for line in text.splitlines() if any(word in line for word in MARKED)]
    assert found == []
    places = [Path(environment["DAGSTER_HOME"]), *Path(environment["DAGSTER_HOME"]).parent.glob("ledger.sqlite*")]
    files = [file for place in places for file in (place.rglob("*") if place.is_dir() else [place]) if file.is_file()]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes()
        if content.startswith(b"SQLite format 3"):
            # A text that is long lies in pieces in the file.
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
                content += "\n".join(database.iterdump()).encode()
        assert [word for word in MARKED if word.encode() in content] == [], file


def spoken(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_runs_that_deliver_reject_and_refuse(
    installation: dict[str, str], shop: OwnShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quoting(monkeypatch, f"{DAY}/1")
    shop.order("amount", f"{DAY} 13:00:00", price="Zzprice")
    shop.order("currency", f"{DAY} 13:00:00", currency="Zzcurrency zzname@example.org")
    shop.order("word", f"{DAY} 13:00:00", status="zzname@example.org")
    with searched(installation, caplog) as output:
        done = call("sync", "own", *RANGE)
        assert done.returncode == 3
        assert "rejected" in spoken(done)
        assert "refused" in spoken(done)
        output.append(spoken(done))
        for command in (
            ("status", "--json"),
            ("failures", "own"),
            ("failures", "own", "--json"),
            ("coverage", "own", *RANGE),
            ("plan", "own", *RANGE),
            ("plan", "own", *RANGE, "--json"),
            ("plan", "own", *RANGE, "--show", f"{DAY}/2"),
            ("order", "own", f"{DAY}/1"),
            ("reconcile", "own", *RANGE),
            ("replay", "own"),
            ("check", "own"),
            ("channels", "--json"),
        ):
            output.append(spoken(call(*command)))
    # Of one order it is asked for, the command shows what the shop says, but not who ordered it.
    shown = spoken(call("order", "own", "amount", "--json"))
    assert "Zzprice" in shown
    assert [word for word in PERSONAL if word in shown] == []


def test_runs_that_fail_at_mirakl_and_at_the_shop(
    installation: dict[str, str], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pipelines.resources.FIRST_WAIT_SECONDS", 0.0)
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-0"}))
    with searched(installation, caplog) as output:
        for command in (("sync", "own", *RANGE), ("check", "away"), ("sync", "away", *RANGE), ("status",)):
            done = call(*command)
            assert done.returncode in {1, 3}, command
            output.append(spoken(done))
        sandbox.settings = replace(sandbox.settings, client_secret="another")
        output.append(spoken(call("sync", "own", *RANGE)))
    assert "the credential" in output[-3]


def test_a_run_that_is_killed(installation: dict[str, str], sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox.settings = replace(sandbox.settings, latency=30)
    with searched(installation, caplog) as output:
        command = [sys.executable, "-m", "pipelines.cli", "sync", "own", *RANGE]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 120
        while not sandbox.stats.tokens:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # What every user of the machine can see of every process.
        shown = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert any(b"pipelines.cli" in line for line in shown)
        assert [line for line in shown if any(secret.encode() in line for secret in SECRETS)] == []
        process.send_signal(signal.SIGKILL)
        output.append(process.communicate()[0])
        sandbox.settings = replace(sandbox.settings, latency=0)


def test_what_is_written_is_private_under_any_umask(installation: dict[str, str], tmp_path: Path) -> None:
    assert call("sync", "own", *RANGE).returncode == 0
    assert call("plan", "own", *RANGE, "--out", str(tmp_path / "payloads.jsonl")).returncode == 0
    private = [tmp_path / "payloads.jsonl", *tmp_path.glob("ledger.sqlite*"), *(tmp_path / "frames").rglob("*")]
    assert len(private) > 8
    assert [path for path in private if path.stat().st_mode & 0o077] == []
