"""What the checks say of what was seen: counts over days and chunks, samples, descriptions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import dagster as dg
import pytest

from connectors.mirakl.report import DayReport, Failure
from pipelines import metadata
from pipelines.checks import Normalisation, delivery_results
from tests.outcomes import normalised
from transforms.coverage import Fate, Word
from transforms.outcomes import Notice, Record, Reject


def record(order_id: str, *notices: Notice) -> Record:
    return Record(order_id, "S-1", "u", "r", b"{}", "h", 1, 0, notices)


def mismatch(order_id: str) -> Record:
    return record(order_id, Notice("money_mismatch", "total", "told 1, charged 2"))


def word(text: str, fate: Fate = "unmapped", kind: str = "status") -> Word:
    return Word(kind, text, fate, "CHANNEL_SPECIFIC")


def rows(value: Any) -> list[dict[str, Any]]:
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(row.data) for row in value.records]


def shown(check: dg.AssetCheckResult, name: str) -> Any:
    return check.metadata[name].value


def test_what_chunks_and_days_showed_adds_up() -> None:
    first, second = Normalisation(), Normalisation()
    reject = Reject("3", "missing", "order_lines", "the order has no lines", "r")
    first.hear(normalised([record("1"), mismatch("2")], [reject]), Counter({word("odd"): 2}))
    first.hear(normalised([mismatch("4")], []), Counter({word("odd"): 1, word("paid", "mapped"): 5}))
    second.hear(normalised([mismatch("5")], [reject]), Counter({word("new"): 1}))
    first.add(second)
    told = first.metadata()
    names = ("orders_read", "orders_normalised", "rejected", "money_mismatch", "unmapped_status", "dropped_field")
    assert [told[name] for name in names] == [6, 4, 2, 3, 0, 0]
    assert told["dagster/row_count"] == 6
    assert (
        rows(told["rejects"])
        == [{"channel_order_id": "3", "code": "missing", "field": "order_lines", "reason": "the order has no lines"}]
        * 2
    )
    assert [row["channel_order_id"] for row in rows(told["money_mismatch_orders"])] == ["2", "4", "5"]
    assert rows(told["money_mismatch_orders"])[0] == {
        "channel_order_id": "2",
        "field": "total",
        "detail": "told 1, charged 2",
    }
    assert [(row["word"], row["times"]) for row in rows(told["coverage"])] == [("odd", 3), ("new", 1), ("paid", 5)]
    mapped, money = first.check_results("own")
    assert (mapped.passed, shown(mapped, "unmapped_words"), shown(mapped, "unmapped_times")) == (False, 2, 4)
    assert mapped.description == (
        "not mapped: status 'odd' (3), status 'new' (1); orders in such a status are sent as CHANNEL_SPECIFIC until it "
        "stands under [channels.own.statuses]"
    )
    assert (money.passed, shown(money, "money_mismatch")) == (False, 3)
    assert (money.description or "").startswith("3 sums told to Mirakl differ")


def test_of_many_rejects_and_notices_all_are_counted_and_fifty_are_shown() -> None:
    seen = Normalisation()
    for number in range(60):
        seen.hear(normalised([mismatch(str(number))], [Reject(str(number), "c", "f", "r", "t")]), Counter())
    other = Normalisation()
    other.add(seen)
    other.add(seen)
    assert (other.counts["rejected"], other.counts["money_mismatch"]) == (120, 120)
    assert [len(other.rejected), len(other.noticed["money_mismatch"])] == [50, 50]
    assert [row["channel_order_id"] for row in seen.rejected][-1] == "49"


def test_a_day_on_which_all_is_well_is_green_and_says_nothing() -> None:
    seen = Normalisation()
    seen.hear(normalised([record("1")], []), Counter({word("paid", "mapped"): 1}))
    checks = [*seen.check_results("own"), *delivery_results("own", [DayReport("2026-03-02")])]
    assert [(check.passed, check.description) for check in checks] == [(True, None)] * 5
    assert not {"rejects", "money_mismatch_orders"} & seen.metadata().keys()


def test_countries_without_a_code_have_another_remedy_and_four_words_are_summed_up() -> None:
    seen = Normalisation()
    words = Counter({word(name, kind="country"): 9 - number for number, name in enumerate(("A1", "A2", "A3", "A4"))})
    seen.hear(normalised([], []), words)
    assert seen.check_results("own")[0].description == (
        "not mapped: country 'A1' (9), country 'A2' (8), country 'A3' (7) and 1 more; orders delivered there are "
        "rejected until the shop says an ISO 3166-1 code"
    )


@pytest.mark.parametrize(("outcome", "words"), [("rejected", "1 orders rejected"), ("refused", "1 refused by Mirakl")])
def test_rejected_and_refused_orders_of_any_day_turn_the_check_red(outcome: str, words: str) -> None:
    good, bad = DayReport("2026-03-03"), DayReport("2026-03-02")
    bad.fail(Failure("1", outcome, "X", "lines[3].price", "why"))
    bad.note_shrunk("2")
    good.note_future_stamp("3")
    accepted, shrunk, sane = delivery_results("own", [good, bad])
    assert [accepted.passed, shrunk.passed, sane.passed] == [False, False, False]
    assert words in (accepted.description or "")
    assert "`mirakl-orders failures own --since 2026-03-02`" in (accepted.description or "")
    assert (shown(accepted, outcome), shown(shrunk, "shrunk"), shown(sane, "future_stamps")) == (1, 1, 1)
    assert rows(accepted.metadata["orders"]) == [{"kind": "X lines[*].price", "orders": 1}]
    assert rows(shrunk.metadata["orders"]) == [{"channel_order_id": "2"}]
    assert rows(sane.metadata["orders"]) == [{"channel_order_id": "3"}]


def test_an_order_without_an_answer_fails_its_day_and_not_this_check() -> None:
    report = DayReport("2026-03-02")
    report.fail(Failure("1", "undelivered", "NO_ANSWER", "order", "why"))
    assert [check.passed for check in delivery_results("own", [report])] == [True, True, True]


def test_a_days_delivery_is_told_in_numbers_kinds_and_single_failures() -> None:
    report = DayReport("2026-03-02")
    report.counts.update(delivered=250, requests=3)
    for number in range(60):
        report.fail(Failure(str(number), "refused", "X", "status", "é" * 200))
    report.note_shrunk("1")
    report.stopped = "s" * 200
    told = metadata.delivery_metadata("own", report)
    assert (told["delivered"], told["refused"], told["undelivered"], told["orders_per_request"]) == (250, 60, 0, 83.3)
    assert (told["failures_total"], told["shrunk"], told["future_stamps"]) == (60, 1, 0)
    assert told["stopped"] == "s" * 159 + "…"
    assert rows(told["failure_kinds"]) == [{"kind": "X status", "orders": 60}]
    first = rows(told["failures"])[0]
    assert first == {
        "channel_order_id": "0",
        "outcome": "refused",
        "code": "X",
        "field": "status",
        "reason": "é" * 159 + "…",
    }
    assert told["all_failures"] == "mirakl-orders failures own --since 2026-03-02"


def test_a_day_without_failures_or_requests_has_no_tables_and_no_division_by_zero() -> None:
    told = metadata.delivery_metadata("own", DayReport("2026-03-02"))
    assert told["orders_per_request"] == 0
    assert not {"stopped", "failures", "failure_kinds", "all_failures"} & told.keys()


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
    told = [(row["word"], row["times"]) for row in rows(metadata.coverage_table(words))]
    assert told == [("odd", 1), ("(no keyword)", 5), ("a", 7), ("b", 1)]
