"""docs/custom-channel.md and the template folder: what they show is executed, and the table of columns cannot rot."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from connectors.channels.template import write_template
from transforms.mapping import ChannelMapping
from transforms.normalise import normalise

DOC = (Path(__file__).parents[2] / "docs" / "custom-channel.md").read_text(encoding="utf-8")
DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    assert found is not None, kind
    return found[1]


@pytest.fixture
def source(tmp_path: Path) -> ShopSource:
    write_template(tmp_path / "my-shop")
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.executescript(block("sql schema") + block("sql rows"))
    connection.close()
    return ShopSource("my_shop", str(tmp_path / "my-shop"), f"sqlite:///{tmp_path / 'shop.sqlite'}")


def read_payload(source: ShopSource) -> Any:
    reader = ShopReader(source)
    platform = reader.platform
    mapping = ChannelMapping(
        "S-1", platform_statuses=platform.statuses, amounts_include_tax=platform.amounts_include_tax
    )
    with reader.snapshot() as snapshot:
        (rows,) = snapshot.chunks(DAY, DAY + dt.timedelta(days=1))
        (record,) = normalise(reader.frames(rows, snapshot.read_at), mapping).records
    assert record.notices == ()
    return json.loads(record.payload, parse_float=Decimal)


def test_the_example_of_the_doc_becomes_the_record_of_the_doc(source: ShopSource) -> None:
    payload = read_payload(source)
    documented = json.loads(block("json record"))
    assert {name: payload[name] for name in documented} == documented
    (line,) = payload["order_lines"]
    assert (line["quantity"], line["price"]["amount"], line["total_shipping_price"]["amount"]) == (2, 40, 5)
    assert [(tax["amount"]["amount"], tax["rate"]) for tax in line["taxes"]] == [(8, Decimal("0.2"))]
    (adjustment,) = line["adjustments"]
    assert (adjustment["channel_adjustment_id"], adjustment["reason"]) == ("701", "DEFECT")
    assert (adjustment["price"]["amount"], adjustment["taxes"][0]["amount"]["amount"]) == (20, 4)
    assert payload["shipping_info"]["address"]["country_iso_code"] == "FRA"


def test_a_shop_whose_amounts_include_tax_becomes_the_same_record(source: ShopSource, tmp_path: Path) -> None:
    net = read_payload(source)
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.executescript(
            "UPDATE order_lines SET net = net + tax; UPDATE refunds SET net = net + tax;"
            "UPDATE orders SET shipping_net = shipping_net + shipping_tax"
        )
    connection.close()
    settings = tmp_path / "my-shop" / "platform.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('amounts = "net"', 'amounts = "gross"'))
    assert read_payload(source) == net


def test_an_order_is_found_by_its_number_and_by_the_day_it_was_placed(source: ShopSource) -> None:
    reader = ShopReader(source)
    with reader.snapshot() as snapshot:
        found = [*snapshot.orders(["W-1007"]), *snapshot.placed(DAY - dt.timedelta(days=1), DAY)]
    assert [list(rows["orders"]["channel_order_id"]) for rows in found] == [["W-1007"], ["W-1007"]]


def test_check_finds_nothing_in_the_example_and_the_index_when_it_is_gone(source: ShopSource, tmp_path: Path) -> None:
    assert check_shop(ShopReader(source)) == []
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("DROP INDEX order_events_happened_at")
    connection.close()
    (finding,) = check_shop(ShopReader(source))
    assert finding.verdict == "warning"
    assert "CREATE INDEX order_events_happened_at ON order_events (happened_at)" in finding.message


def test_with_the_indexes_that_it_names_no_query_goes_through_a_whole_table(source: ShopSource) -> None:
    reader = ShopReader(source)
    sent: list[tuple[str, Any]] = []
    with reader.snapshot() as snapshot:
        connection = snapshot._connection
        sa.event.listen(connection, "before_cursor_execute", lambda *given: sent.append((given[2], given[3])))
        found = [*snapshot.placed(DAY - dt.timedelta(days=1), DAY), *snapshot.chunks(DAY, DAY + dt.timedelta(days=1))]
        assert len([*found, *snapshot.orders(["W-1007"])]) == 3
        steps = [
            step[3]
            for statement, parameters in list(sent)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert any(step.startswith("SEARCH") for step in steps)
    # `changed` is what the feed itself has worked out.
    assert [step for step in steps if step.startswith("SCAN") and step != "SCAN changed"] == []


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("SELECT 1")
    with pytest.raises(ShopError, match="is not empty"):
        write_template(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.sql"]
