"""What sync and failures print fits 80 columns, and says what many orders share once."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from connectors.mirakl.report import COUNTS
from pipelines.cli.failures import show_failures
from pipelines.cli.results import show_sync
from pipelines.runs.sync import DayResult, SyncResult

REASON = "HTTP 404: the channel or the store is unknown to Mirakl; check mirakl_channel_id and mirakl_store_id"


@pytest.mark.parametrize("width", [80, 120])
def test_every_count_of_a_day_is_whole_at_any_width(width: int) -> None:
    counts = {**dict.fromkeys(COUNTS, 0), "orders_read": 1_234_567, "undelivered": 1_234_000, "superseded": 567}
    days = [DayResult("2026-03-02", failed=True, counts=counts, reason=REASON)]
    output = io.StringIO()
    show_sync(Console(file=output, width=width), SyncResult("own", days))
    shown = output.getvalue()
    assert "…" not in shown
    for words in ("2026-03-02", "1,234,567", "1,234,000", "567", "undelivered", "superseded", REASON):
        assert words in shown


def test_days_without_an_order_are_left_out_of_a_long_range() -> None:
    counts = {**dict.fromkeys(COUNTS, 0), "orders_read": 3, "delivered": 3}
    days = [
        DayResult(f"2026-03-{day:02}", failed=False, counts=counts if day == 5 else dict.fromkeys(COUNTS, 0))
        for day in range(1, 11)
    ]
    output = io.StringIO()
    show_sync(Console(file=output, width=100), SyncResult("own", days))
    assert "2026-03-05" in output.getvalue()
    assert "2026-03-06" not in output.getvalue()
    assert "9 days without an order left out" in output.getvalue()


def test_a_cause_that_many_orders_share_is_printed_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    cause = {"channel": "own", "day": "2026-03-02", "unaccepted_since": "2026-03-02T00:00:00.000Z", "field": None}
    shared = {**cause, "outcome": "undelivered", "code": "STORE_STOPPED", "reason": REASON}
    alone = {**cause, "outcome": "rejected", "code": "missing", "reason": "is missing", "channel_order_id": "bad"}
    show_failures([*({**shared, "channel_order_id": f"A-{number}"} for number in range(30)), alone], with_channel=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count("HTTP 404") == 1
    assert "A-0, A-1" in shown
    assert "and 20 more" in shown
    assert " d rejected missing reason: is missing" in shown
    assert "ids: bad" in shown
    assert "31 orders in all; --csv and --json list each of them" in shown
