"""`mirakl-orders` as it is called: exit status, what is printed, and what is not."""

from __future__ import annotations

import csv
import io
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from connectors.ledger import Ledger
from connectors.mirakl.report import COUNTS
from connectors.sandbox.server import Sandbox
from pipelines.cli.commands import cli
from pipelines.config.environment import Environment
from pipelines.config.settings import load_settings
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, NEXT, RANGE, call, json_of
from tests.servers.forked import COMMAND, Forked

pytestmark = pytest.mark.slow


def test_every_command_and_option_has_a_help_text() -> None:
    for command in cli.commands.values():
        assert command.help, command.name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), (
                command.name,
                parameter.name,
            )
    assert {"sync", "check", "plan", "coverage", "failures", "replay", "reconcile", "sandbox"} <= cli.commands.keys()


def test_sync_delivers_and_the_second_time_sends_nothing(
    orders: OwnShop, sandbox: Sandbox, environment: dict[str, str]
) -> None:
    made = call("sync", "own", "--from", "2026-02-01", "--to", "2026-02-01")
    assert f"a new ledger was made: {environment['LEDGER_URL']}" in made.stderr
    first = json_of("sync", "own", *RANGE)
    assert "ledger" not in call("sync", "own", "--from", "2026-02-01", "--to", "2026-02-01").stderr
    assert set(COUNTS) <= first.keys()
    assert (first["orders_read"], first["delivered"], first["requests"]) == (4, 4, 2)
    assert [(day["day"], day["delivered"], day["failed"]) for day in first["days"]] == [
        (DAY, 2, False),
        (NEXT, 2, False),
    ]
    second = json_of("sync", "own", *RANGE)
    assert (second["unchanged"], second["delivered"], second["requests"]) == (4, 0, 0)
    assert sandbox.stats.stored == 4


def test_refused_orders_are_status_3_and_named_by_failures_until_they_are_accepted(
    orders: OwnShop, sandbox: Sandbox
) -> None:
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{DAY}/1"}))
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    done = json_of("sync", "own", *RANGE, status=3)
    assert (done["refused"], done["rejected"], done["delivered"]) == (1, 1, 3)

    listed = {row["channel_order_id"]: row for row in json_of("failures", "own")}
    assert {name: row["outcome"] for name, row in listed.items()} == {f"{DAY}/1": "refused", "bad": "rejected"}
    table = call("failures").stdout
    assert "bad" in table
    assert f"{DAY}/1" in table
    rows = list(csv.DictReader(io.StringIO(call("failures", "own", "--since", NEXT, "--csv").stdout)))
    assert [row["channel_order_id"] for row in rows] == ["bad"]
    assert json_of("failures", "own", "--code", listed["bad"]["code"])[0]["channel_order_id"] == "bad"

    sandbox.settings = replace(sandbox.settings, poisoned=frozenset())
    again = json_of("replay", "own", "--outcome", "refused")
    assert (again["orders_read"], again["delivered"]) == (1, 1)
    assert [row["channel_order_id"] for row in json_of("failures")] == ["bad"]


def test_a_day_without_an_answer_is_status_1_with_its_reason(orders: OwnShop, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-9"}))
    done = call("sync", "own", *RANGE)
    assert done.returncode == 1
    assert "store is unknown to Mirakl" in done.stdout
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    assert json_of("replay", "own", "--outcome", "undelivered")["delivered"] == 4


def test_replay_takes_orders_by_id_or_placement_and_records_those_gone(orders: OwnShop, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{DAY}/1"}))
    json_of("sync", "own", *RANGE, status=3)
    orders.order(f"{DAY}/2", f"{NEXT} 18:00:00", status="sent")
    assert json_of("replay", "own", "--order", f"{DAY}/2")["delivered"] == 1
    assert sandbox.orders["1234", f"{DAY}/2"]["status"] == "SHIPPED"
    placed = json_of("replay", "own", "--placed-from", "2026-01-05", "--placed-to", "2026-01-05", status=3)
    assert (placed["orders_read"], placed["delivered"], placed["refused"]) == (4, 3, 1)
    orders.remove(f"{DAY}/1")
    assert json_of("replay", "own")["orders_read"] == 0
    assert json_of("failures", "own") == []


def test_a_replay_can_be_tried_without_sending_and_limited(orders: OwnShop, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-9"}))
    assert call("sync", "own", *RANGE).returncode == 1
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    orders.order(f"{DAY}/1", f"{DAY} 12:00:00", currency="???")
    orders.remove(f"{DAY}/2")
    sent = sandbox.stats.requests
    tried = json_of("replay", "own", "--dry-run", status=3)
    assert tried["fates"] == {"rejected": 1, "gone": 1, "sent": 2}
    assert {order["channel_order_id"]: order["fate"] for order in tried["orders"]}[f"{NEXT}/1"] == "sent"
    assert len(json_of("replay", "own", "--dry-run", "--limit", "1", status=3)["orders"]) == 1
    placed = ("--placed-from", "2026-01-05", "--placed-to", "2026-01-05")
    assert json_of("replay", "own", "--dry-run", *placed, status=3)["fates"] == {"rejected": 1, "sent": 2}
    assert sandbox.stats.requests == sent
    assert json_of("replay", "own", "--outcome", "undelivered", "--limit", "3", status=3)["orders_read"] == 2
    assert json_of("replay", "own", *placed, "--limit", "2", status=3)["orders_read"] == 2


@pytest.mark.parametrize(("answer", "words"), [("n\n", "nothing was sent"), ("y\n", "Channel own")])
def test_a_replay_of_many_orders_asks_on_a_terminal(
    orders: OwnShop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, answer: str, words: str
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    json_of("sync", "own", *RANGE)
    monkeypatch.setattr("pipelines.cli.running.ASKED_BEYOND", 1)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    delivered = sandbox.stats.requests
    done = call("replay", "own", "--order", f"{DAY}/1", "--order", f"{DAY}/2")
    assert "send 2 orders of own again?" in done.stderr
    assert words in done.stdout + done.stderr
    assert (sandbox.stats.requests > delivered) == (answer == "y\n")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("LEDGER_URL", "sqlite:////proc/none/ledger.sqlite", "LEDGER_URL"),
        ("FRAMES_URL", "/proc/none", "FRAMES_URL"),
    ],
)
def test_sync_reports_what_is_wrong_with_its_state_before_any_day(
    orders: OwnShop, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = call("sync", "own", *RANGE, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"Error: {message}")


def test_an_unknown_channel_or_order_is_reported(orders: OwnShop) -> None:
    assert "did you mean 'own'?" in call("failures", "owm", "--json").stderr
    assert call("failures", "own").returncode == 1
    json_of("sync", "own", *RANGE)
    assert call("failures", "--code", "NOPE").stderr.startswith("no such order (ledger: sqlite:///")
    done = call("replay", "own", "--order", "nope", "--order", f"{DAY}/1")
    assert "not in the shop: nope\n" in done.stderr
    assert done.returncode == 3


def test_several_channels_are_worked_on_one_after_another(orders: OwnShop, environment: dict[str, str]) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(orders.block() + orders.block("other", mirakl_channel_id='"5678"'))
    assert [one["channel"] for one in json_of("sync", "own", "other", "--from", DAY, "--to", DAY)] == ["own", "other"]
    assert [one["matching"] for one in json_of("reconcile", "--all", "--from", DAY, "--to", DAY)] == [2, 2]


def test_red_checks_of_all_windows_of_a_range_are_shown_with_their_orders(orders: OwnShop) -> None:
    orders.order("early", "2026-02-01 12:00:00", total="99.00")
    orders.order("late", "2026-02-20 12:00:00", total="98.00")
    done = json_of("sync", "own", "--from", "2026-02-01", "--to", "2026-02-20")
    check = done["red_checks"]["money_adds_up"]
    assert check["numbers"]["money_mismatch"] == 2
    assert {row["channel_order_id"]: "99.00" in row["reason"] for row in check["orders"]} == {
        "early": True,
        "late": False,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "own", "--placed-from", "2026-03-02", "--placed-to", "2026-03-01"),
        ("sync", "own", "--from", "2026-02-30", "--to", "2026-03-01"),
        ("sync", "own", "--from", "2026-03-02", "--to", "2026-03-01"),
        ("sync", "own", "--from", "2026-03-02"),
        ("sync", "own", "--today", "--last", "7d"),
        ("plan", "own", "--last", "7"),
        ("reconcile", "--today"),
        ("reconcile", "own", "--all", "--today"),
        ("sandbox", "--port", "99999"),
        ("sandbox", "--throttle", "7"),
    ],
)
def test_a_wrong_command_line_is_status_2_and_one_error(orders: OwnShop, arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert done.stderr.count("Error: ") == 1
    assert "%" not in done.stderr


def begin_slow_sync(orders: OwnShop, environment: dict[str, str], sandbox: Sandbox) -> Forked:
    """Start a sync of 64 orders, two to a request and ten requests a second; return once some have arrived."""
    path = Path(environment["CHANNELS_FILE"])
    path.write_text("[mirakl]\norders_per_request = 2\nrequests_per_second = 10\n" + path.read_text())
    for number in range(60):
        orders.order(f"many/{number}", f"{DAY} 12:00:00")
    process = Forked(COMMAND, "sync", "own", *RANGE)
    end = time.monotonic() + 60
    while not sandbox.orders and time.monotonic() < end:
        time.sleep(0.05)
    assert process.poll() is None
    return process


def test_sigterm_finishes_what_is_in_flight_and_the_next_run_sends_the_rest(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    process = begin_slow_sync(orders, environment, sandbox)
    process.send_signal(signal.SIGTERM)
    status, out, err = process.communicate(60)
    assert status == 1, out + err
    assert "stopped; run the same command again to complete the work" in err
    assert "Traceback" not in err
    arrived = sandbox.stats.stored
    assert 0 < arrived < 64
    done = json_of("sync", "own", *RANGE)
    assert (done["delivered"], done["unchanged"]) == (64 - arrived, arrived)
    assert (sandbox.stats.stored, sandbox.stats.stale) == (64, 0)


def test_a_sync_that_waits_for_another_reports_it_and_ends_with_a_signal(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    credential = Environment().mirakl(load_settings().mirakl).credential
    with Ledger(environment["LEDGER_URL"]).one_sender(lambda: None, credential=credential):
        process = Forked(COMMAND, "sync", "own", *RANGE, "--json")
        printed = next((line for line in process.stderr if "another run is sending" in line), "nothing")
        process.send_signal(signal.SIGTERM)
        status, out, err = process.communicate(60)
    assert printed == "another run is sending; this one waits until it is done\n"
    assert (status, sandbox.stats.requests) == (1, 0), out
    assert "stopped; run the same command again" in err
    assert json_of("sync", "own", *RANGE)["delivered"] == 4


def test_after_kill_9_the_next_run_completes_the_work(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    process = begin_slow_sync(orders, environment, sandbox)
    process.send_signal(signal.SIGKILL)
    process.communicate(60)
    arrived = sandbox.stats.stored
    done = json_of("sync", "own", *RANGE)
    in_flight = done["delivered"] - (64 - arrived)
    assert 0 <= in_flight <= 8 * 2
    assert len(sandbox.orders) == 64
    assert json_of("failures", "own") == []


def test_the_sandbox_prints_the_variables_that_lead_to_it_and_stops_in_silence() -> None:
    process = Forked(COMMAND, "sandbox", "--port", "0")
    lines = [process.stdout.readline().strip() for _ in range(3)]
    try:
        base = lines[0].removeprefix("export MIRAKL_BASE_URL=").removesuffix("/api/channel-platform")
        with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
            assert client.get(f"{base}/_sandbox/stats").json()["orders"] == 0
    finally:
        process.send_signal(signal.SIGTERM)
        status, _, err = process.communicate(30)
    assert (status, err) == (0, "")
    assert lines[1:] == [
        f"export MIRAKL_TOKEN_URL={base}/oauth/token",
        "export MIRAKL_CLIENT_ID=sandbox MIRAKL_CLIENT_SECRET=sandbox",
    ]
