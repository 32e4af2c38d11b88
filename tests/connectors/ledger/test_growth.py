"""What is asked of a ledger costs its database the same, however many rows of former days there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.ledger import Ledger
from connectors.ledger.claims import Acceptance, Claim, ClaimedTogether
from tests.connectors.ledger.conftest import CHANNEL, entry
from transforms.outcomes import Notice

A_DAY = 100
FIRST_DAY = dt.date(2020, 1, 1)
SMALL, LARGE = 20 * A_DAY, 200 * A_DAY
IDS = [f"{number:08}" for number in range(A_DAY, 2 * A_DAY)]
DAY = str(FIRST_DAY + dt.timedelta(days=1))
READ_AT, SENT_AT, RUN = "2026-03-02T00:00:00Z", "2026-03-02T00:00:01Z", "a run"
# How many steps of SQLite's machine are counted at a time.
STEPS = 10
NUMBERS = {
    "sqlite": "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows}) INSERT INTO ledger_orders",
    "postgresql": "INSERT INTO ledger_orders WITH n AS (SELECT generate_series(1, {rows}) AS n)",
}
CELLS = {
    "sqlite": {"channel_order_id": "printf('%08d', n)", "day": f"date('{FIRST_DAY}', (n / {A_DAY}) || ' days')"},
    "postgresql": {
        "channel_order_id": "lpad(CAST(n AS text), 8, '0')",
        "day": f"CAST(date '{FIRST_DAY}' + n / {A_DAY} AS text)",
    },
}


def filled(url: str, rows: int) -> Ledger:
    """Make a ledger of so many delivered orders, and ten of the first day that are noticed or not accepted."""
    ledger = Ledger(url)
    ledger.write(CHANNEL, [entry("template", attempts=1, stamp=READ_AT, last_sent_at=SENT_AT)])
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        names = [column["name"] for column in sa.inspect(connection).get_columns("ledger_orders")]
        cells = ", ".join(CELLS[engine.dialect.name].get(name, name) for name in names)
        into = NUMBERS[engine.dialect.name].format(rows=rows)
        of_template = "WHERE channel_order_id = 'template'"
        connection.exec_driver_sql(f"{into} SELECT {cells} FROM n, ledger_orders {of_template}")
        connection.exec_driver_sql(f"DELETE FROM ledger_orders {of_template}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "postgresql" else "SELECT 1")
    engine.dispose()
    ledger.write(CHANNEL, [entry(f"{n:08}", "rejected", day=str(FIRST_DAY), error_field="x") for n in range(1, 6)])
    with ledger.claims(CHANNEL) as transaction:
        noticed = [Notice("money_mismatch", "status", "detail"), Notice("unmapped_status", "status", "detail")]
        transaction.notice({f"{n:08}": noticed for n in range(6, 11)})
    return ledger


def claim_and_accept(ledger: Ledger) -> None:
    claims = [Claim(order_id, "S-1", "hash", READ_AT, None, READ_AT, None, None) for order_id in IDS]
    with ledger.claims(CHANNEL) as transaction:
        assert len(transaction.known(IDS)) == A_DAY
        transaction.claim(claims, ClaimedTogether(RUN, DAY, SENT_AT))
    ledger.accept(CHANNEL, RUN, [Acceptance(IDS, READ_AT, 2, SENT_AT, 1, 0, "[]")])
    assert {row.attempts for row in ledger.known(CHANNEL, IDS).values()} == {2}


def find_unchanged(ledger: Ledger) -> None:
    with ledger.claims(CHANNEL) as transaction:
        assert len(transaction.held(IDS)) == A_DAY
        transaction.read_again(IDS, READ_AT, RUN, DAY)


def list_what_is_wrong(ledger: Ledger) -> None:
    assert len(list(ledger.unaccepted(CHANNEL))) == len(list(ledger.unaccepted(CHANNEL, since=str(FIRST_DAY)))) == 5
    assert ledger.count_unaccepted(CHANNEL)["rejected"][0] == 5
    assert ledger.rejected_for(CHANNEL, "x", 10)[0] == 5
    assert ledger.noticed(CHANNEL, "money_mismatch", 10).orders == 5
    assert ledger.noticed(CHANNEL, "future_stamp", 10, stamped_after=READ_AT).orders == 0
    assert ledger.read_after(CHANNEL, SENT_AT, 10) == (0, [])
    assert not ledger.is_empty()


def list_a_day(ledger: Ledger) -> None:
    assert sum(len(page) for page in ledger.order_ids(CHANNEL, DAY, DAY)) == A_DAY


def remove_what_is_old(ledger: Ledger) -> None:
    assert ledger.remove_settled(FIRST_DAY) == 0


def looked_at(ledger: Ledger, work: Callable[[Ledger], None]) -> int:
    """Return how much a database looked at: steps of SQLite's machine, or rows that PostgreSQL scanned."""
    steps = 0
    sent: list[tuple[str, Any]] = []

    def count() -> None:
        nonlocal steps
        steps += STEPS

    def begin(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))
        if connection.dialect.name == "sqlite":
            connection.connection.driver_connection.set_progress_handler(count, STEPS)

    sa.event.listen(ledger._engine, "before_cursor_execute", begin)
    with ledger._engine.connect() as connection:
        # Before the work changes what the statements are about: they are sent again, and taken back.
        work(ledger)
        if connection.dialect.name == "sqlite":
            return steps
        questions = [(text, given) for text, given in sent if text.lstrip().startswith(("SELECT", "UPDATE", "INSERT"))]
        cursor = connection.connection.cursor()
        plans = [
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", given).fetchone() for text, given in questions
        ]
        connection.rollback()
    return sum(_scanned(plan["Plan"]) for ((plan,),) in plans)


def _scanned(node: dict[str, Any]) -> int:
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) if "Relation Name" in node else 0
    return int(rows * node["Actual Loops"]) + sum(map(_scanned, node.get("Plans", ())))


@pytest.mark.parametrize("work", [claim_and_accept, find_unchanged, list_what_is_wrong, list_a_day, remove_what_is_old])
def test_a_question_costs_the_same_in_a_ledger_ten_times_as_large(url: str, work: Callable[[Ledger], None]) -> None:
    costs = []
    for rows in (SMALL, LARGE):
        ledger = filled(url, rows)
        costs.append(looked_at(ledger, work))
        with ledger._engine.begin() as connection:
            for table in ("orders", "notices", "destinations"):
                connection.exec_driver_sql(f"DELETE FROM ledger_{table}")
        ledger.dispose()
    assert costs[1] <= 1.2 * costs[0] + 20, costs
