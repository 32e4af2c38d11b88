"""Commands that only look, as they are called: plan, order, coverage, reconcile, status, failures."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from connectors.sandbox.server import Sandbox
from tests.own_shop import OwnShop
from tests.pipelines.shell import DAY, NEXT, RANGE, call, json_of

pytestmark = pytest.mark.slow


def test_reconcile_names_what_was_never_accepted_differs_or_is_gone(orders: OwnShop) -> None:
    json_of("sync", "own", *RANGE)
    assert json_of("reconcile", "own", *RANGE)["matching"] == 4
    orders.order("new", f"{DAY} 13:00:00")
    orders.order(f"{DAY}/1", f"{DAY} 14:00:00", status="sent")
    orders.remove(f"{NEXT}/1")
    found = json_of("reconcile", "own", *RANGE, status=3)
    assert {row["channel_order_id"]: row["finding"] for row in found["findings"]} == {
        "new": "never accepted",
        f"{DAY}/1": "differs from what was accepted",
        f"{NEXT}/1": "no longer in the shop",
    }


def test_plan_shows_what_would_be_sent_and_the_fields_a_new_mapping_changes(
    orders: OwnShop, environment: dict[str, str], sandbox: Sandbox
) -> None:
    plan = json_of("plan", "own", *RANGE)
    assert (plan["new"], plan["requests"], len(plan["orders"])) == (4, 2, 4)
    json_of("sync", "own", *RANGE)
    orders.order("new", f"{DAY} 13:00:00")
    path = Path(environment["CHANNELS_FILE"])
    path.write_text(path.read_text() + '[channels.own.statuses]\npaid = "SHIPPED"\n')
    sent = sandbox.stats.requests
    plan = json_of("plan", "own", *RANGE)
    assert (plan["new"], plan["changed"], plan["unchanged"]) == (1, 4, 0)
    assert plan["fields"]["status: AWAITING_SHIPMENT -> SHIPPED"] == 4
    assert sandbox.stats.requests == sent


def test_the_exit_status_of_plan_depends_on_what_would_be_sent_or_cannot(orders: OwnShop, tmp_path: Path) -> None:
    assert json_of("plan", "own", *RANGE, "--detailed-exitcode", status=4)["new"] == 4
    json_of("sync", "own", *RANGE)
    assert json_of("plan", "own", *RANGE, "--detailed-exitcode")["unchanged"] == 4
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    rows = list(csv.DictReader(io.StringIO(call("plan", "own", *RANGE, "--csv").stdout)))
    assert [(row["channel_order_id"], row["fate"], row["field"]) for row in rows] == [("bad", "rejected", "currency")]
    assert call("plan", "own", *RANGE).returncode == 3


def test_plan_warns_of_stamps_older_than_their_changes(orders: OwnShop) -> None:
    assert json_of("plan", "own", *RANGE)["warnings"] == []
    path = orders.folder / "orders.sql"
    path.write_text(path.read_text().replace("changed AS updated_at", "placed AS updated_at"))
    [warning] = json_of("plan", "own", *RANGE)["warnings"]
    assert "updated_at of 4 of 4 orders is older than their change in changes.sql" in warning
    assert f"warning: {warning}" in " ".join(call("plan", "own", *RANGE).stdout.split())


def test_plan_writes_the_orders_it_would_send_to_a_private_file(orders: OwnShop, tmp_path: Path) -> None:
    out = tmp_path / "payloads.jsonl"
    assert "Zzname" not in call("plan", "own", *RANGE, "--out", str(out)).stdout
    assert [json.loads(line)["channel_order_id"] for line in out.read_text().splitlines()] == [
        f"{day}/{number}" for day in (DAY, NEXT) for number in (1, 2)
    ]
    assert out.stat().st_mode & 0o077 == 0


def test_order_looks_at_one_order_and_hides_who_ordered_it_unless_asked(orders: OwnShop) -> None:
    json_of("sync", "own", *RANGE)
    orders.order(f"{DAY}/1", f"{NEXT} 12:00:00", status="sent")
    shown = call("order", "own", f"{DAY}/1")
    assert shown.returncode == 0, shown.stderr
    for words in ("status: AWAITING_SHIPMENT -> SHIPPED", "the next sync of its day sends it", "***"):
        assert words in shown.stdout
    assert "Zzname" not in shown.stdout
    exact = json_of("order", "own", f"{DAY}/1", "--personal")
    assert exact["record"]["status"] == "SHIPPED"
    [tried] = exact["history"]
    assert (tried["outcome"], tried["at"]) == ("delivered", exact["mirakl"]["accepted_at"])
    assert "Zzname" in call("order", "own", f"{DAY}/1", "--personal").stdout
    done = call("order", "own", "nope")
    assert (done.returncode, "has an order 'nope'" in done.stderr) == (1, True)


def test_coverage_is_status_3_while_a_word_is_not_mapped(orders: OwnShop) -> None:
    json_of("coverage", "own", *RANGE)
    orders.order("odd", f"{DAY} 13:00:00", status="strange")
    words = json_of("coverage", "own", *RANGE, status=3)
    assert [word["word"] for word in words if word["fate"] == "unmapped"] == ["strange"]


def test_a_command_that_only_reads_makes_no_ledger_and_names_the_one_it_looked_for(
    orders: OwnShop, environment: dict[str, str]
) -> None:
    done = call("failures")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"there is no ledger at {environment['LEDGER_URL']}" in done.stderr
    assert json_of("plan", "own", *RANGE)["new"] == 4
    assert "(none there yet" in call("reconcile", "own", *RANGE).stdout
    assert not Path(environment["LEDGER_URL"].removeprefix("sqlite:///")).exists()


def test_status_and_channels_create_nothing(orders: OwnShop, environment: dict[str, str]) -> None:
    shutil.rmtree(environment["DAGSTER_HOME"])
    assert json_of("channels")[0]["channel"] == "own"
    assert json_of("status")["channels"][0]["ok"] is True
    assert not Path(environment["DAGSTER_HOME"]).exists()
    Path(environment["DAGSTER_HOME"]).mkdir()
    orders.order("bad", f"{NEXT} 12:00:00", currency="???")
    json_of("sync", "own", *RANGE, status=3)
    [own] = json_of("status", status=3)["channels"]
    assert own["open"] == [{"outcome": "rejected", "code": "unknown_currency", "orders": 1}]
    shown = call("status", "own").stdout
    for words in ("needs attention", "1 rejected (unknown_currency)", "last delivery"):
        assert words in shown
    Path(environment["DAGSTER_HOME"]).rename(Path(environment["DAGSTER_HOME"]).with_name("elsewhere"))
    # A long path is folded, wherever it has to be.
    shown = "".join(call("status", "own").stdout.split())
    assert f"unknown:{environment['DAGSTER_HOME']}(DAGSTER_HOME)holdsno" in shown
    Path(environment["CHANNELS_FILE"]).write_text(orders.block(timezone='"Europe/Pariss"'))
    assert "unknown time zone" in json_of("status", status=1)["channels"][0]["fault"]
    assert "unknown time zone" in json_of("channels", status=1)[0]["reason"]
