"""Numbers and tables as Dagster shows them: the same keys on every materialisation, small whatever happened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from connectors.mirakl.report import DayReport
from transforms.coverage import Word
from transforms.frames import COLUMNS
from transforms.outcomes import UNACCEPTED, Outcome
from transforms.plain import one_line
from transforms.plural import counted

# The event log keeps metadata for ever and the UI loads it whole. The rest of it takes another 4 kB.
MOST_BYTES = 12_000
# What Dagster writes around a row's cells.
_ROW_BYTES = 50
MOST_ROWS = 50
MOST_SIGNATURES = 20
FAILURE_COLUMNS = ("channel_order_id", "outcome", "code", "field", "reason")
_ALARMING = (*(outcome.value for outcome in UNACCEPTED), "shrunk", "future_stamps")
_MOST_CHARACTERS = 160
# The names of counts where they count one.
_ONE = {
    "orders_read": "order_read",
    "requests": "request",
    "requests_isolating": "request_isolating",
    "retries": "retry",
}
# Of a day that is stopped, which says what to do.
_MOST_OF_A_REASON = 300

Metadata = dict[str, Any]


def delivery_metadata(channel: str, report: DayReport) -> Metadata:
    """Describe one day's delivery: what is wrong first, then the counts, those that are zero last.

    The keys of the counts are the same on every day, so that Dagster can plot them.
    """
    wrong: Metadata = {}
    if report.stopped:
        wrong["stopped"] = _short(report.stopped, _MOST_OF_A_REASON)
    if report.failures_total:
        wrong["failures_total"] = report.failures_total
        rows = [{name: getattr(failure, name) for name in FAILURE_COLUMNS} for failure in report.failures]
        wrong["failures"] = table(rows)
        kinds = report.signatures.most_common(MOST_SIGNATURES)
        wrong["failure_kinds"] = table([{"kind": kind, "orders": count} for kind, count in kinds])
        wrong["all_failures"] = f"mirakl-orders failures {channel} --since {report.day}"
    counts: Metadata = dict(report.counts)
    counts["orders_per_request"] = _ratio(report.counts[Outcome.DELIVERED], report.counts["requests"])
    counts["failures_total"] = report.failures_total
    counts["shrunk"] = report.shrunk_total
    counts["future_stamps"] = report.future_stamps_total
    if report.statuses:
        counts["requests_by_status"] = dg.MetadataValue.json(dict(sorted(report.statuses.items())))
    counts |= _delivery_ages(report)
    alarming = {name: counts[name] for name in _ALARMING if counts[name]}
    usual = {name: count for name, count in counts.items() if count}
    return {**wrong, **alarming, **usual, **{name: count for name, count in counts.items() if not count}}


def _delivery_ages(report: DayReport) -> Metadata:
    """Return how long orders took from their newest change in the shop to Mirakl's acceptance, in seconds."""
    ages = sorted(report.ages)
    if not ages:
        return {}
    ranks = {"p50": ages[(len(ages) - 1) // 2], "p95": ages[(len(ages) - 1) * 95 // 100], "max": ages[-1]}
    return {f"delivery_age_{name}_seconds": round(age, 1) for name, age in ranks.items()}


def summary(report: DayReport) -> str:
    """Summarise a day's delivery in one line, zeros left out."""
    counts = (counted(count, _ONE.get(name, name), name) for name, count in report.counts.items() if count)
    return ", ".join(counts).replace("_", " ") or "no orders"


def table(rows: Sequence[Mapping[str, Any]], most_bytes: int = MOST_BYTES // 2) -> dg.TableMetadataValue:
    """Show rows as a table, at least one; as many as fit into the space."""
    shown: list[dg.TableRecord] = []
    for row in rows[:MOST_ROWS]:
        cells = {name: _short(value) if isinstance(value, str) else int(value) for name, value in row.items()}
        # As Dagster stores it: letters outside ASCII are escaped.
        most_bytes -= len(json.dumps(cells)) + _ROW_BYTES
        if most_bytes < 0:
            break
        shown.append(dg.TableRecord(cells))
    return dg.MetadataValue.table(shown)


def coverage_table(words: Counter[Word]) -> dg.TableMetadataValue:
    """Show where every word went, what needs a map first.

    Free texts without a keyword are counted but not shown: they may name a person.
    """
    counts: Counter[Word] = Counter()
    for word, count in words.items():
        free = word.kind == "refund reason" and word.fate == "fallback"
        counts[word._replace(word="(no keyword)") if free else word] += count
    order = sorted(counts.items(), key=lambda item: (item[0].fate != "unmapped", item[0].kind, -item[1]))
    return table([{**word._asdict(), "times": count} for word, count in order], MOST_BYTES // 3)


def raw_schema() -> dg.TableSchema:
    """Describe a raw order: the columns of the orders frame, and its other frames as lists."""
    columns = [
        dg.TableColumn(column.name, "text", f"{column.meaning}; for example {column.example}")
        for column in COLUMNS["orders"]
    ]
    for name, parts in COLUMNS.items():
        if name != "orders":
            names = ", ".join(part.name for part in parts if part.name != "channel_order_id")
            columns.append(dg.TableColumn(name, "list", f"the order's {name.replace('_', ' ')}: {names}"))
    columns.append(dg.TableColumn("read_at", "timestamp", "instant of the snapshot, by the shop database's clock"))
    return dg.TableSchema(columns)


def mirakl_schema() -> dg.TableSchema:
    """Describe a normalised order."""
    meanings: Iterable[tuple[str, str, str]] = (
        ("channel_order_id", "text", "order id on the channel"),
        ("rejected", "boolean", "whether the order cannot be sent; `code`, `field` and `reason` then say why"),
        ("read_at", "text", "instant at which the shop was read, UTC"),
        ("store", "text", "Mirakl store the order goes to"),
        ("updated_at", "text", "newest source stamp, UTC"),
        ("payload", "binary", "the order as Mirakl receives it, JSON"),
        ("payload_hash", "text", "SHA-256 of the payload without its modification stamps"),
        ("order_lines", "integer", "number of order lines"),
        ("adjustments", "integer", "number of adjustments"),
        ("notices", "list", "what an operator must know about an order that is sent all the same"),
        ("code", "text", "stable code of a reject"),
        ("field", "text", "the contract's path of a reject"),
        ("reason", "text", "why the order was rejected"),
    )
    return dg.TableSchema([dg.TableColumn(*meaning) for meaning in meanings])


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 1) if whole else 0.0


def _short(text: str, most: int = _MOST_CHARACTERS) -> str:
    text = one_line(text)
    return text if len(text) <= most else text[: most - 1] + "…"
