"""Records that Mirakl holds as they are, found in columns: what is decided here is what would be decided one by one."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.ledger import Destination, Ledger, LedgerEntry
from connectors.mirakl.decisions import Decision, decide
from connectors.mirakl.unchanged import Unchanged
from tests.connectors.mirakl.conftest import make_record
from tests.outcomes import normalised
from transforms.outcomes import Notice, Record, Reject
from transforms.times import format_time

DAY, EARLIER, LATER = "2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00.001Z"
_channels = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Ledger]:
    on_sqlite = request.param == "sqlite"
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger" if on_sqlite else request.getfixturevalue("postgresql_database"))
    yield ledger
    ledger.dispose()


def row_of(record: Record, **cells: Any) -> LedgerEntry:
    """The row of an order that was delivered as it is."""
    row = LedgerEntry(
        channel_order_id=record.channel_order_id,
        outcome="delivered",
        read_at=record.read_at,
        run_id="before",
        day=DAY,
        store=record.store,
        delivered_hash=record.payload_hash,
        attempted_hash=record.payload_hash,
        stamp=record.updated_at,
        order_lines=record.order_lines,
        adjustments=record.adjustments,
        attempts=1,
    )
    return row._replace(**cells)


def others(ledger: Ledger, records: list[Record], rejects: Sequence[Reject] = (), **options: Any) -> list[str]:
    """The ids that are left to be decided about."""
    table = pa.Table.from_batches([normalised(records, rejects).table])
    unchanged = Unchanged(ledger, **{"channel": "boutique", "day": DAY, "run_id": "run", **options})
    chosen: list[str] = table.filter(unchanged.others(table))["channel_order_id"].to_pylist()
    assert unchanged.count == len(table) - len(chosen)
    return chosen


PROOF = make_record("proof")


@pytest.mark.parametrize(
    ("cells", "is_other"),
    [
        ({}, False),
        ({"read_at": "2026-03-01T00:00:00Z"}, False),
        ({"read_at": LATER}, True),
        ({"delivered_hash": "other"}, True),
        ({"delivered_hash": None}, True),
        ({"store": "S-2"}, True),
        ({"outcome": "undelivered"}, True),
        ({"outcome": "rejected", "unaccepted_since": EARLIER}, True),
        ({"order_lines": 2}, True),
        ({"adjustments": 1}, True),
        ({"order_lines": None, "adjustments": None}, False),
        ({"day": "2026-03-01"}, False),
    ],
)
def test_unchanged_is_what_the_ledger_has_as_delivered(ledger: Ledger, cells: dict[str, Any], is_other: bool) -> None:
    record = make_record("1")
    ledger.write("boutique", [row_of(PROOF), row_of(record, **cells)])
    assert others(ledger, [PROOF, record]) == ["proof"] + ["1"] * is_other


def test_one_order_that_mirakl_holds_is_left_to_serve_as_a_proof(ledger: Ledger) -> None:
    records = [make_record(number) for number in range(5)]
    ledger.write("boutique", [row_of(record) for record in records])
    assert others(ledger, records) == ["0"]


def test_an_order_new_twice_noticed_or_rejected_is_decided_about(ledger: Ledger) -> None:
    tomorrow = format_time(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    noticed = make_record("noticed")._replace(notices=(Notice("dropped_field", "city", "detail"),))
    known = [PROOF, noticed, make_record("stood noticed"), make_record("future", updated_at=tomorrow)]
    known += [make_record("twice"), make_record("plain")]
    ledger.write("boutique", list(map(row_of, known)))
    with ledger.claims("boutique") as transaction:
        transaction.notice({"stood noticed": [Notice("shrunk", "order_lines", "detail")]})
    records = [*known, make_record("twice", title="other"), make_record("new")]
    rejects = [Reject("rejected", "missing", "city", "is required", EARLIER)]
    expected = ["proof", "noticed", "stood noticed", "future", "twice", "twice", "new", "rejected"]
    assert others(ledger, records, rejects) == expected


def test_an_order_that_a_rival_sent_as_well_is_decided_about(ledger: Ledger) -> None:
    records = [PROOF, make_record("both"), make_record("ours")]
    mirakl = Destination("https://mirakl.example/api", "1234")
    ledger.deliver_to("outlet", mirakl)
    ledger.write("outlet", [row_of(make_record("both")), row_of(make_record("theirs"))])
    ledger.deliver_to("boutique", mirakl, ["outlet"])
    ledger.write("boutique", list(map(row_of, records)))
    assert others(ledger, records) == ["proof", "both"]


def test_an_order_that_the_channel_leaves_out_is_neither_unchanged_nor_delivered(ledger: Ledger) -> None:
    table = pa.Table.from_pylist(
        [{"channel_order_id": "left out", "rejected": None, "notices": []}], normalised().table.schema
    )
    unchanged = Unchanged(ledger, "boutique", DAY, "run")
    assert unchanged.others(table).to_pylist() == [False]
    assert unchanged.count == 0


def test_the_rows_stand_for_the_newer_reading_and_the_same_reading_writes_nothing(ledger: Ledger) -> None:
    records = [make_record(number, read_at=LATER) for number in range(3)]
    ledger.write("boutique", [row_of(record, read_at=EARLIER) for record in records])
    others(ledger, records)
    rows = ledger.known("boutique", ["1", "2"])
    assert rows == {row.channel_order_id: row for row in (row_of(one, run_id="run") for one in records[1:])}
    others(ledger, records, run_id="another")
    assert ledger.known("boutique", ["1", "2"]) == rows
    others(ledger, records, run_id="next day", day="2026-03-03")
    assert {(row.run_id, row.day) for row in ledger.known("boutique", ["1", "2"]).values()} == {
        ("next day", "2026-03-03")
    }


def test_what_was_read_last_is_known_of_the_channel_also_where_nothing_changed(ledger: Ledger) -> None:
    records = [make_record(number, read_at="2026-03-02T00:00:05Z") for number in range(2)]
    ledger.write("boutique", [row_of(record, read_at=EARLIER) for record in records])
    others(ledger, records)
    assert ledger.read_after("boutique", "2026-03-02T00:00:04Z")[0] == 1


@pytest.mark.slow
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["delivered", "undelivered", "refused", "rejected"]),
            st.sampled_from("AB"),
            st.sampled_from(["S-1", "S-2"]),
            st.sampled_from([EARLIER, LATER]),
        ),
        max_size=12,
    ),
    titles=st.lists(st.sampled_from("AB"), min_size=12, max_size=12),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_found_unchanged_would_be_decided_so(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str]], titles: list[str]
) -> None:
    channel = f"channel {next(_channels)}"
    ledger = Ledger(f"sqlite:///{tmp_path_factory.getbasetemp()}/unchanged")
    records = [make_record(number, title=title) for number, title in enumerate(titles)]
    known = {
        str(number): row_of(make_record(number, title=title, store=store, read_at=read_at), outcome=outcome)
        for number, (outcome, title, store, read_at) in enumerate(rows)
    }
    ledger.write(channel, list(known.values()))
    left = others(ledger, records, channel=channel)
    ledger.dispose()
    unchanged = {record.channel_order_id for record in records} - set(left)
    assert all(
        decide(known[record.channel_order_id], record) is Decision.UNCHANGED
        for record in records
        if record.channel_order_id in unchanged
    )
    delivered = [
        record.channel_order_id
        for record in records
        if (row := known.get(record.channel_order_id)) is not None
        and row.outcome == "delivered"
        and decide(row, record) is Decision.UNCHANGED
    ]
    # All but the proof.
    assert sorted(unchanged) == sorted(delivered[1:])
