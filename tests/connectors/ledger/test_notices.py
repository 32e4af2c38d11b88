"""What orders stand noticed for, on both engines: replaced by the newest reading, and not written while it is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.ledger import Ledger
from tests.connectors.ledger.conftest import CHANNEL, entry
from transforms.outcomes import Notice

WORD = Notice("unmapped_status", "status", "status 'strange' is not mapped")
LINE = Notice("unmapped_status", "order_lines[0].status", "line status 'odd' is not mapped")
SUM = Notice("money_mismatch", "order_lines", "Mirakl gets 10.00 EUR, the shop charged 12.00 EUR")


def keep(ledger: Ledger, found: dict[str, list[Notice]], channel: str = CHANNEL) -> None:
    with ledger.claims(channel) as transaction:
        transaction.write([entry(order_id, day=f"2026-03-{index + 1:02}") for index, order_id in enumerate(found)])
        transaction.notice(found)


def orders(ledger: Ledger, code: str) -> list[str]:
    return [found.channel_order_id for found in ledger.noticed(CHANNEL, code, 50).listed]


def test_an_order_stands_noticed_for_what_its_newest_reading_showed_and_nothing_else(ledger: Ledger) -> None:
    keep(ledger, {"1": [WORD, LINE, SUM], "2": [WORD]})
    assert (orders(ledger, "unmapped_status"), orders(ledger, "money_mismatch")) == (["1", "1", "2"], ["1"])
    keep(ledger, {"1": [replace(SUM, detail="other sums")], "2": []})
    assert (orders(ledger, "unmapped_status"), orders(ledger, "money_mismatch")) == ([], ["1"])
    assert ledger.noticed(CHANNEL, "money_mismatch", 50).listed[0].notice.detail == "other sums"


def test_orders_are_counted_with_their_days_and_what_most_were_noticed_for(ledger: Ledger) -> None:
    keep(ledger, {"1": [WORD, LINE], "2": [WORD], "3": [SUM]})
    keep(ledger, {"4": [WORD]}, channel="other")
    found = ledger.noticed(CHANNEL, "unmapped_status", 50)
    assert (found.orders, found.first_day, found.last_day) == (2, "2026-03-01", "2026-03-02")
    assert found.details == [(WORD.detail, 2), (LINE.detail, 1)]
    assert [notice.notice for notice in found.listed] == [LINE, WORD, WORD]
    assert len(ledger.noticed(CHANNEL, "unmapped_status", 1).listed) == 1
    assert ledger.noticed(CHANNEL, "shrunk", 50).orders == 0


def test_the_same_notices_again_are_one_query_and_no_write(ledger: Ledger) -> None:
    found = {str(number): [WORD, SUM] for number in range(500)}
    keep(ledger, found)
    statements: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(ledger._engine, "before_cursor_execute", count)
    with ledger.claims(CHANNEL) as transaction:
        transaction.notice(found)
    about = [statement for statement in statements if "ledger_notices" in statement]
    assert len(about) == 1
    assert about[0].startswith("SELECT")


@pytest.mark.parametrize("size", [19, 20, 25])
def test_at_most_twenty_notices_of_an_order_are_kept(ledger: Ledger, size: int) -> None:
    keep(ledger, {"1": [Notice("unmapped_status", f"order_lines[{n}].status", "x") for n in range(size)]})
    assert len(orders(ledger, "unmapped_status")) == min(size, 20)


def test_orders_read_later_than_an_instant_are_found_and_counted_back(ledger: Ledger) -> None:
    ledger.write(CHANNEL, [entry("1"), entry("2", read_at="2126-01-01T00:00:00Z")])
    count, rows = ledger.read_after(CHANNEL, "2026-12-01T00:00:00Z")
    assert (count, [row.channel_order_id for row in rows]) == (1, ["2"])
    assert ledger.rewind(CHANNEL, "2026-11-01T00:00:00Z") == ["2"]
    assert ledger.known(CHANNEL, ["2"])["2"].read_at == "2026-11-01T00:00:00Z"
    assert ledger.read_after(CHANNEL, "2026-12-01T00:00:00Z") == (0, [])
    assert ledger.read_after("nobody", "2026-12-01T00:00:00Z") == (0, [])
