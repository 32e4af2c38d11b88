"""The metadata of a day: counts over chunks, samples, tables of a bounded size."""

from __future__ import annotations

from collections import Counter
from typing import Any

import dagster as dg

from connectors.mirakl.report import DayReport, Failure
from pipelines import metadata
from pipelines.checks import Normalisation
from tests.outcomes import normalised
from transforms.coverage import Fate, Word
from transforms.outcomes import Notice, Record, Reject


def record(order_id: str, *notices: Notice) -> Record:
    return Record(order_id, "S-1", "u", "r", b"{}", "h", 1, 0, notices)


def mismatch(order_id: str) -> Record:
    return record(order_id, Notice("money_mismatch", "total", "sent 1, charged 2"))


def word(text: str, fate: Fate = "unmapped", kind: str = "status") -> Word:
    return Word(kind, text, fate, "CHANNEL_SPECIFIC")


def rows(value: Any) -> list[dict[str, Any]]:
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(row.data) for row in value.records]


def test_what_chunks_showed_adds_up() -> None:
    seen = Normalisation()
    reject = Reject("3", "missing", "order_lines", "the order has no lines", "r")
    seen.add(normalised([record("1"), mismatch("2")], [reject]))
    seen.add(normalised([mismatch("4")], []))
    seen.add(normalised([mismatch("5")], [reject]))
    seen.words += Counter({word("odd"): 3, word("paid", "mapped"): 5, word("new"): 1})
    shown = seen.metadata()
    names = ("orders_read", "orders_normalised", "rejected", "money_mismatch", "unmapped_status", "dropped_field")
    assert [shown[name] for name in names] == [6, 4, 2, 3, 0, 0]
    assert shown["dagster/row_count"] == 6
    assert (
        rows(shown["rejects"])
        == [{"channel_order_id": "3", "code": "missing", "field": "order_lines", "reason": "the order has no lines"}]
        * 2
    )
    assert [row["channel_order_id"] for row in rows(shown["money_mismatch_orders"])] == ["2", "4", "5"]
    assert rows(shown["money_mismatch_orders"])[0] == {
        "channel_order_id": "2",
        "field": "total",
        "detail": "sent 1, charged 2",
    }
    assert [(row["word"], row["times"]) for row in rows(shown["coverage"])] == [("odd", 3), ("new", 1), ("paid", 5)]


def test_of_many_rejects_and_notices_all_are_counted_and_fifty_are_shown() -> None:
    seen = Normalisation()
    for number in range(60):
        seen.add(normalised([mismatch(str(number))], [Reject(str(number), "invalid", "f", "r", "t")]))
    assert (seen.counts["rejected"], seen.counts["money_mismatch"]) == (60, 60)
    assert [len(seen.rejected), len(seen.noticed["money_mismatch"])] == [50, 50]
    assert [row["channel_order_id"] for row in seen.rejected][-1] == "49"


def test_the_metadata_of_a_faultless_day_names_no_orders() -> None:
    seen = Normalisation()
    seen.add(normalised([record("1")], []))
    assert not {"rejects", "money_mismatch_orders"} & seen.metadata().keys()


def test_a_days_delivery_is_shown_in_numbers_kinds_and_single_failures() -> None:
    report = DayReport("2026-03-02")
    report.counts.update(delivered=250, requests=3)
    for number in range(60):
        report.fail(Failure(str(number), "refused", "X", "status", "é" * 200))
    report.note_shrunk("1")
    report.stopped = "s" * 400
    shown = metadata.delivery_metadata("own", report)
    assert (shown["delivered"], shown["refused"], shown["undelivered"], shown["orders_per_request"]) == (
        250,
        60,
        0,
        83.3,
    )
    assert (shown["failures_total"], shown["shrunk"], shown["future_stamps"]) == (60, 1, 0)
    assert shown["stopped"] == "s" * 299 + "…"
    assert rows(shown["failure_kinds"]) == [{"kind": "X status", "orders": 60}]
    first = rows(shown["failures"])[0]
    assert first == {
        "channel_order_id": "0",
        "outcome": "refused",
        "code": "X",
        "field": "status",
        "reason": "é" * 159 + "…",
    }
    assert shown["all_failures"] == "mirakl-orders failures own --since 2026-03-02"


def test_how_long_orders_took_is_shown_by_median_and_tail() -> None:
    report = DayReport("2026-03-02")
    assert not any("age" in name for name in metadata.delivery_metadata("own", report))
    report.ages.extend([*range(1, 101), 0])
    shown = metadata.delivery_metadata("own", report)
    assert [shown[f"delivery_age_{name}_seconds"] for name in ("p50", "p95", "max")] == [50.0, 95.0, 100.0]


def test_of_a_day_what_is_wrong_comes_first_and_what_is_zero_last() -> None:
    report = DayReport("2026-03-02")
    report.counts.update(orders_read=3, delivered=1, requests=2)
    report.fail(Failure("1", "undelivered", "NO_ANSWER", "order", "why"))
    report.fail(Failure("2", "refused", "X", "status", "why"))
    report.stopped = "no answer"
    shown = metadata.delivery_metadata("own", report)
    wrong = ["stopped", "failures_total", "failures", "failure_kinds", "all_failures", "undelivered", "refused"]
    usual = ["orders_read", "delivered", "requests", "orders_per_request"]
    assert list(shown)[: len(wrong + usual)] == wrong + usual
    assert {shown[name] for name in list(shown)[len(wrong + usual) :]} == {0}
    assert set(metadata.delivery_metadata("own", DayReport("2026-03-02"))) == set(shown) - {
        "stopped",
        "failures",
        "failure_kinds",
        "all_failures",
    }


def test_a_day_without_failures_or_requests_has_no_tables_and_no_division_by_zero() -> None:
    shown = metadata.delivery_metadata("own", DayReport("2026-03-02"))
    assert shown["orders_per_request"] == 0
    assert not {"stopped", "failures", "failure_kinds", "all_failures"} & shown.keys()


def test_a_table_shows_fifty_rows_or_as_many_as_fit() -> None:
    assert len(metadata.table([{"n": number} for number in range(80)]).records) == 50
    # {"n": "x…"} with 91 letters is 100 bytes, and Dagster writes 50 around it.
    assert len(metadata.table([{"n": "x" * 91}] * 10, 450).records) == 3
    assert len(metadata.table([{"n": "x" * 91}] * 10, 449).records) == 2


def test_free_texts_without_a_keyword_are_counted_together_and_never_shown() -> None:
    words = Counter(
        {
            word("Zzname", "fallback", "refund reason"): 2,
            word("Zzother", "fallback", "refund reason"): 3,
            word("b", "mapped"): 1,
            word("a", "mapped"): 7,
            word("odd"): 1,
        }
    )
    shown = [(row["word"], row["times"]) for row in rows(metadata.coverage_table(words))]
    assert shown == [("odd", 1), ("(no keyword)", 5), ("a", 7), ("b", 1)]
