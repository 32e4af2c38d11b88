"""`mirakl-orders` as it is called: exit status, what is printed, and what is not."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from connectors.ledger import Ledger
from connectors.mirakl.report import COUNTS
from connectors.mirakl.sandbox import Sandbox
from pipelines import instance
from pipelines.cli import main
from pipelines.cli.commands import cli
from tests.own_shop import OwnShop

pytestmark = pytest.mark.slow

DAY, NEXT = "2026-03-02", "2026-03-03"
RANGE = ("--from", DAY, "--to", NEXT)
COMMAND = [sys.executable, "-m", "pipelines.cli"]


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, as its own process would; anything but an exit is a traceback."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(out), redirect_stderr(err), patch("sys.argv", ["mirakl-orders", *arguments]):
            main()
    except SystemExit as ended:
        texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(arguments, int(ended.code or 0), *texts)
    finally:
        signal.signal(signal.SIGTERM, handler)


def told(*arguments: str, status: int = 0) -> Any:
    done = call(*arguments, "--json")
    assert done.returncode == status, done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.fixture
def orders(environment: dict[str, str], shop: OwnShop) -> OwnShop:
    """A shop with two orders on each of two days."""
    home = Path(environment["DAGSTER_HOME"])
    home.mkdir()
    shutil.copy(Path(instance.__file__).parent / "dagster.yaml", home)
    for day in (DAY, NEXT):
        for number in (1, 2):
            shop.order(f"{day}/{number}", f"{day} 12:00:00")
    return shop


def test_every_command_and_option_says_what_it_is_for() -> None:
    for command in cli.commands.values():
        assert command.help, command.name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or getattr(parameter, "help", None), (
                command.name,
                parameter.name,
            )
    assert {"sync", "check", "plan", "coverage", "failures", "replay", "reconcile", "sandbox"} <= cli.commands.keys()


def test_sync_delivers_and_the_second_time_sends_nothing(orders: OwnShop, sandbox: Sandbox) -> None:
    first = told("sync", "own", *RANGE)
    assert set(COUNTS) <= first.keys()
    assert (first["orders_read"], first["delivered"], first["requests"]) == (4, 4, 2)
    assert [(day["day"], day["delivered"], day["failed"]) for day in first["days"]] == [
        (DAY, 2, False),
        (NEXT, 2, False),
    ]
    second = told("sync", "own", *RANGE)
    assert (second["unchanged"], second["delivered"], second["requests"]) == (4, 0, 0)
    assert sandbox.stats.stored == 4


def test_refused_orders_are_status_3_and_named_by_failures_until_they_are_accepted(
    orders: OwnShop, sandbox: Sandbox
) -> None:
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{DAY}/1"}))
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    done = told("sync", "own", *RANGE, status=3)
    assert (done["refused"], done["rejected"], done["delivered"]) == (1, 1, 3)

    listed = {row["channel_order_id"]: row for row in told("failures", "own")}
    assert {name: row["outcome"] for name, row in listed.items()} == {f"{DAY}/1": "refused", "bad": "rejected"}
    table = call("failures").stdout
    assert "bad" in table
    assert f"{DAY}/1" in table
    rows = list(csv.DictReader(io.StringIO(call("failures", "own", "--since", NEXT, "--csv").stdout)))
    assert [row["channel_order_id"] for row in rows] == ["bad"]
    assert told("failures", "own", "--code", listed["bad"]["code"])[0]["channel_order_id"] == "bad"

    sandbox.settings = replace(sandbox.settings, poisoned=frozenset())
    again = told("replay", "own", "--outcome", "refused")
    assert (again["orders_read"], again["delivered"]) == (1, 1)
    assert [row["channel_order_id"] for row in told("failures")] == ["bad"]


def test_a_day_without_an_answer_is_status_1_and_says_why(orders: OwnShop, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-9"}))
    done = call("sync", "own", *RANGE)
    assert done.returncode == 1
    assert "store is unknown to Mirakl" in done.stdout
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    assert told("replay", "own", "--outcome", "undelivered")["delivered"] == 4


def test_replay_takes_orders_by_id_or_placement_and_writes_down_the_ones_that_are_gone(
    orders: OwnShop, sandbox: Sandbox
) -> None:
    sandbox.settings = replace(sandbox.settings, poisoned=frozenset({f"{DAY}/1"}))
    told("sync", "own", *RANGE, status=3)
    orders.order(f"{DAY}/2", f"{NEXT} 18:00:00", status="sent")
    assert told("replay", "own", "--order", f"{DAY}/2")["delivered"] == 1
    assert sandbox.orders["1234", f"{DAY}/2"]["status"] == "SHIPPED"
    placed = told("replay", "own", "--placed-from", "2026-01-05", "--placed-to", "2026-01-05", status=3)
    assert (placed["orders_read"], placed["delivered"], placed["refused"]) == (4, 3, 1)
    orders.remove(f"{DAY}/1")
    assert told("replay", "own")["orders_read"] == 0
    assert told("failures", "own") == []


def test_a_replay_can_be_tried_without_sending_and_limited(orders: OwnShop, sandbox: Sandbox) -> None:
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset({"S-9"}))
    assert call("sync", "own", *RANGE).returncode == 1
    sandbox.settings = replace(sandbox.settings, known_stores=frozenset())
    orders.order(f"{DAY}/1", f"{DAY} 12:00:00", currency="???")
    orders.remove(f"{DAY}/2")
    sent = sandbox.stats.requests
    tried = told("replay", "own", "--dry-run", status=3)
    assert tried["fates"] == {"rejected": 1, "gone": 1, "sent": 2}
    assert {order["channel_order_id"]: order["fate"] for order in tried["orders"]}[f"{NEXT}/1"] == "sent"
    assert len(told("replay", "own", "--dry-run", "--limit", "1", status=3)["orders"]) == 1
    placed = ("--placed-from", "2026-01-05", "--placed-to", "2026-01-05")
    assert told("replay", "own", "--dry-run", *placed, status=3)["fates"] == {"rejected": 1, "sent": 2}
    assert sandbox.stats.requests == sent
    assert told("replay", "own", "--outcome", "undelivered", "--limit", "3", status=3)["orders_read"] == 2
    assert told("replay", "own", *placed, "--limit", "2", status=3)["orders_read"] == 2


@pytest.mark.parametrize(("answer", "words"), [("n\n", "nothing was sent"), ("y\n", "Channel own")])
def test_a_replay_of_many_orders_asks_on_a_terminal(
    orders: OwnShop, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, answer: str, words: str
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    told("sync", "own", *RANGE)
    monkeypatch.setattr("pipelines.cli.running.ASKED_BEYOND", 1)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    delivered = sandbox.stats.requests
    done = call("replay", "own", "--order", f"{DAY}/1", "--order", f"{DAY}/2")
    assert "send 2 orders of own again?" in done.stderr
    assert words in done.stdout + done.stderr
    assert (sandbox.stats.requests > delivered) == (answer == "y\n")


def test_reconcile_names_what_was_never_accepted_differs_or_is_gone(orders: OwnShop) -> None:
    told("sync", "own", *RANGE)
    assert told("reconcile", "own", *RANGE)["matching"] == 4
    orders.order("new", f"{DAY} 13:00:00")
    orders.order(f"{DAY}/1", f"{DAY} 14:00:00", status="sent")
    orders.remove(f"{NEXT}/1")
    found = told("reconcile", "own", *RANGE, status=3)
    assert {row["channel_order_id"]: row["finding"] for row in found["findings"]} == {
        "new": "never accepted",
        f"{DAY}/1": "differs from what was accepted",
        f"{NEXT}/1": "no longer in the shop",
    }


def test_plan_says_what_a_sync_would_send_and_which_fields_a_new_mapping_changes(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    plan = told("plan", "own", *RANGE)
    assert (plan["new"], plan["requests"], len(plan["orders"])) == (4, 2, 4)
    told("sync", "own", *RANGE)
    orders.order("new", f"{DAY} 13:00:00")
    path = Path(environment["CHANNELS_FILE"])
    path.write_text(path.read_text() + '[channels.own.statuses]\npaid = "SHIPPED"\n')
    sent = sandbox.stats.requests
    plan = told("plan", "own", *RANGE)
    assert (plan["new"], plan["changed"], plan["unchanged"]) == (1, 4, 0)
    assert plan["fields"]["status: AWAITING_SHIPMENT -> SHIPPED"] == 4
    assert sandbox.stats.requests == sent


def test_plan_says_by_its_exit_status_whether_something_would_be_sent_or_cannot_be(
    orders: OwnShop, tmp_path: Path
) -> None:
    assert told("plan", "own", *RANGE, "--detailed-exitcode", status=4)["new"] == 4
    told("sync", "own", *RANGE)
    assert told("plan", "own", *RANGE, "--detailed-exitcode")["unchanged"] == 4
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    rows = list(csv.DictReader(io.StringIO(call("plan", "own", *RANGE, "--csv").stdout)))
    assert [(row["channel_order_id"], row["fate"], row["field"]) for row in rows] == [("bad", "rejected", "currency")]
    assert call("plan", "own", *RANGE).returncode == 3


def test_plan_writes_the_orders_it_would_send_for_nobody_else_to_read(orders: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "payloads.jsonl"
    assert "Zzname" not in call("plan", "own", *RANGE, "--out", str(out)).stdout
    assert [json.loads(line)["channel_order_id"] for line in out.read_text().splitlines()] == [
        f"{day}/{number}" for day in (DAY, NEXT) for number in (1, 2)
    ]
    assert out.stat().st_mode & 0o077 == 0


def test_order_looks_at_one_order_and_hides_who_ordered_it_unless_asked(orders: OwnShop) -> None:
    told("sync", "own", *RANGE)
    orders.order(f"{DAY}/1", f"{NEXT} 12:00:00", status="sent")
    shown = call("order", "own", f"{DAY}/1")
    assert shown.returncode == 0, shown.stderr
    for words in ("status: AWAITING_SHIPMENT -> SHIPPED", "the next sync of its day sends it", "***"):
        assert words in shown.stdout
    assert "Zzname" not in shown.stdout
    exact = told("order", "own", f"{DAY}/1", "--personal")
    assert exact["record"]["status"] == "SHIPPED"
    [tried] = exact["history"]
    assert (tried["outcome"], tried["at"]) == ("delivered", exact["mirakl"]["accepted_at"])
    assert "Zzname" in call("order", "own", f"{DAY}/1", "--personal").stdout
    done = call("order", "own", "nope")
    assert (done.returncode, "has an order 'nope'" in done.stderr) == (1, True)


def test_coverage_is_status_3_while_a_word_is_not_mapped(orders: OwnShop) -> None:
    told("coverage", "own", *RANGE)
    orders.order("odd", f"{DAY} 13:00:00", status="strange")
    words = told("coverage", "own", *RANGE, status=3)
    assert [word["word"] for word in words if word["fate"] == "unmapped"] == ["strange"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MIRAKL_CLIENT_SECRET", "hunter2", "MIRAKL_CLIENT_SECRET"),
        ("MIRAKL_CLIENT_ID", "", "MIRAKL_CLIENT_ID"),
        ("MIRAKL_BASE_URL", "http://mirakl.example", "MIRAKL_BASE_URL"),
        ("MIRAKL_BASE_URL", "https://me:hunter2@127.0.0.1:1", "MIRAKL_BASE_URL holds a user"),
        ("MIRAKL_BASE_URL", "http://127.0.0.1:1/api/v1/orders/", "MIRAKL_BASE_URL ends with /v1/orders"),
        ("MIRAKL_BASE_URL", "http://127.0.0.1:1/api", "nobody answers at MIRAKL_BASE_URL"),
        ("MIRAKL_TOKEN_URL", "http://127.0.0.1:1/token", "check MIRAKL_TOKEN_URL"),
        ("MIRAKL_TOKEN_URL", "nowhere", "MIRAKL_TOKEN_URL"),
        ("LEDGER_URL", "mysql://me:hunter2@host/db", "LEDGER_URL"),
        ("LEDGER_URL", "sqlite:////proc/none/ledger.sqlite", "LEDGER_URL"),
        ("LEDGER_URL", "sqlite://", "LEDGER_URL"),
        ("LEDGER_URL", "postgresql://me:hunter2@ter2@host/db", "percent-encoded"),
        ("FRAMES_URL", "/proc/none", "FRAMES_URL"),
        ("FRAMES_URL", "ftp://me:hunter2@127.0.0.1:1/frames", "FRAMES_URL"),
        ("DAGSTER_HOME", "var/dagster", "must be an absolute path"),
        ("FRAMES_URL", "nothing://none", "FRAMES_URL"),
    ],
)
def test_check_names_a_wrong_variable_in_one_line(
    orders: OwnShop, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = call("check")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "error" in line.split()[:1]]
    assert message in line
    assert line.count(variable) < 3
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("database_url", '"env:NOT_SET"', "the environment variable NOT_SET is not set"),
        ("database_url", '"sqlite:////nowhere.sqlite"', "no SQLite file"),
        ("database_url", '"mysql://me:hunter2@127.0.0.1:1/db"', "cannot be reached"),
        ("database_url", '"oracle://me:hunter2@host/db"', "no driver for oracle"),
        ("database_url", '"nonsense"', "not a database address"),
        ("platform", '"woocommerce"', "no table"),
        ("timezone", '"Europe/Pariss"', "unknown time zone"),
        ("start_date", '"2999-01-01"', "start_date 2999-01-01 is in the future"),
        ("store", '"2"', "no query of"),
    ],
)
def test_check_names_what_is_wrong_with_a_block_in_one_line(
    orders: OwnShop, environment: dict[str, str], key: str, value: str, message: str
) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(orders.block(**{key: value}))
    done = call("check")
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if "error" in line.split()[:1]]
    assert message in line
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("LEDGER_URL", "sqlite:////proc/none/ledger.sqlite", "LEDGER_URL"),
        ("FRAMES_URL", "/proc/none", "FRAMES_URL"),
    ],
)
def test_sync_says_what_is_wrong_with_its_state_before_a_day_is_begun(
    orders: OwnShop, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = call("sync", "own", *RANGE, "--json")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"Error: {message}")


def test_check_warns_of_a_password_among_the_options_of_an_address_and_does_not_show_it(
    environment: dict[str, str], shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{shop.database}?password=hush")
    Path(environment["CHANNELS_FILE"]).write_text(shop.block(database_url='"env:SHOP_URL"'))
    done = call("check", "own")
    assert "database_url has a password among its options (?password=)" in done.stdout
    assert "hush" not in done.stdout + done.stderr


def test_check_warns_of_two_shops_with_one_mirakl_channel(
    environment: dict[str, str], shop: OwnShop, tmp_path: Path
) -> None:
    Path(environment["DAGSTER_HOME"]).mkdir()
    other = OwnShop(tmp_path / "other")
    Path(environment["CHANNELS_FILE"]).write_text(shop.block() + other.block("other"))
    done = call("check")
    assert done.returncode == 0, done.stdout
    assert "[channels.own] has the mirakl_channel_id of other" in done.stdout


def test_check_finds_a_file_without_a_channel(environment: dict[str, str]) -> None:
    Path(environment["CHANNELS_FILE"]).write_text("")
    done = call("check")
    assert done.returncode == 1
    assert "no channel is described; add a block [channels.my_shop]" in done.stdout


def test_a_channel_or_an_order_that_is_not_there_is_said_to_be_so(orders: OwnShop) -> None:
    assert "did you mean 'own'?" in call("failures", "owm", "--json").stderr
    assert call("failures", "own").returncode == 1
    told("sync", "own", *RANGE)
    assert call("failures", "--code", "NOPE").stderr.startswith("no such order (ledger: sqlite:///")
    done = call("replay", "own", "--order", "nope", "--order", f"{DAY}/1")
    assert "1 of the orders asked for are not in the shop" in done.stderr
    assert done.returncode == 3


def test_a_command_that_only_reads_makes_no_ledger_and_names_the_one_it_looked_for(
    orders: OwnShop, environment: dict[str, str]
) -> None:
    done = call("failures")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"there is no ledger at {environment['LEDGER_URL']}" in done.stderr
    assert told("plan", "own", *RANGE)["new"] == 4
    assert "(none there yet)" in call("reconcile", "own", *RANGE).stdout
    assert not Path(environment["LEDGER_URL"].removeprefix("sqlite:///")).exists()


def test_status_and_channels_make_nothing_and_say_where_everything_stands(
    orders: OwnShop, environment: dict[str, str]
) -> None:
    shutil.rmtree(environment["DAGSTER_HOME"])
    assert told("channels")[0]["channel"] == "own"
    assert told("status")["channels"][0]["ok"] is True
    assert not Path(environment["DAGSTER_HOME"]).exists()
    Path(environment["DAGSTER_HOME"]).mkdir()
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    told("sync", "own", *RANGE, status=3)
    [own] = told("status", status=3)["channels"]
    assert own["open"] == [{"outcome": "rejected", "code": "unknown_currency", "orders": 1}]
    shown = call("status", "own").stdout
    for words in ("needs somebody", "1 rejected (unknown_currency)", "last delivery"):
        assert words in shown
    Path(environment["CHANNELS_FILE"]).write_text(orders.block(timezone='"Europe/Pariss"'))
    assert "unknown time zone" in told("status", status=1)["channels"][0]["fault"]
    assert "unknown time zone" in told("channels", status=1)[0]["reason"]


def test_several_channels_are_worked_on_one_after_another(orders: OwnShop, environment: dict[str, str]) -> None:
    Path(environment["CHANNELS_FILE"]).write_text(orders.block() + orders.block("other", mirakl_channel_id='"5678"'))
    assert [one["channel"] for one in told("sync", "own", "other", "--from", DAY, "--to", DAY)] == ["own", "other"]
    assert [one["matching"] for one in told("reconcile", "--all", "--from", DAY, "--to", DAY)] == [2, 2]


def test_red_checks_of_all_windows_of_a_range_are_told_with_their_orders(orders: OwnShop) -> None:
    orders.order("early", "2026-02-01 12:00:00", total="99.00")
    orders.order("late", "2026-02-20 12:00:00", total="98.00")
    done = told("sync", "own", "--from", "2026-02-01", "--to", "2026-02-20")
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


def test_check_is_content_with_a_right_configuration(orders: OwnShop, sandbox: Sandbox) -> None:
    done = call("check")
    assert done.returncode == 0, done.stdout
    # Mirakl is asked with requests that hold no order, and refuses them.
    assert (sandbox.stats.stored, set(sandbox.stats.answers)) == (0, {"400"})
    assert "every order is accepted" not in call("failures").stderr


def begin_slow_sync(orders: OwnShop, environment: dict[str, str], sandbox: Sandbox) -> subprocess.Popen[str]:
    """Start a sync of 64 orders, two to a request and ten requests a second; return once some have arrived."""
    path = Path(environment["CHANNELS_FILE"])
    path.write_text("[mirakl]\norders_per_request = 2\nrequests_per_second = 10\n" + path.read_text())
    for number in range(60):
        orders.order(f"many/{number}", f"{DAY} 12:00:00")
    process = subprocess.Popen(
        [*COMMAND, "sync", "own", *RANGE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
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
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, out + err
    assert "stopped; run the same command again to complete the work" in err
    assert "Traceback" not in err
    arrived = sandbox.stats.stored
    assert 0 < arrived < 64
    done = told("sync", "own", *RANGE)
    assert (done["delivered"], done["unchanged"]) == (64 - arrived, arrived)
    assert (sandbox.stats.stored, sandbox.stats.stale) == (64, 0)


def test_a_sync_that_waits_for_another_says_so_and_ends_with_a_signal(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    with Ledger(environment["LEDGER_URL"]).one_sender(lambda: None):
        command = [*COMMAND, "sync", "own", *RANGE, "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        assert process.stderr is not None
        said = next((line for line in process.stderr if "another run is sending" in line), "nothing")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert said == "another run is sending; this one waits until it is done\n"
    assert (process.returncode, sandbox.stats.requests) == (1, 0), out
    assert "stopped; run the same command again" in err
    assert told("sync", "own", *RANGE)["delivered"] == 4


def test_after_kill_9_the_next_run_completes_the_work(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    process = begin_slow_sync(orders, environment, sandbox)
    process.kill()
    process.communicate(timeout=60)
    arrived = sandbox.stats.stored
    done = told("sync", "own", *RANGE)
    in_flight = done["delivered"] - (64 - arrived)
    assert 0 <= in_flight <= 8 * 2
    assert len(sandbox.orders) == 64
    assert told("failures", "own") == []


def test_the_sandbox_prints_the_variables_that_lead_to_it_and_stops_in_silence() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, "sandbox", "--port", "0"], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        try:
            base = lines[0].removeprefix("export MIRAKL_BASE_URL=").removesuffix("/api/channel-platform")
            with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
                assert client.get(f"{base}/_sandbox/stats").json()["orders"] == 0
        finally:
            process.terminate()
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert lines[1:] == [
        f"export MIRAKL_TOKEN_URL={base}/oauth/token",
        "export MIRAKL_CLIENT_ID=sandbox MIRAKL_CLIENT_SECRET=sandbox",
    ]
