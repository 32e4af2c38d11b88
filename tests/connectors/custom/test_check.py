"""What `check` says of each thing that can be wrong with a folder of SQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader
from tests.connectors.custom.conftest import FEED, FILES, LINES, ORDERS, Edit
from tests.golden.cases import Place
from tests.golden.platforms.custom import PLATFORM

# What is wrong -> (SQL on the shop, files, verdict, words of a finding of `check`).
TAXES = """
SELECT sale AS channel_order_id, id AS channel_order_line_id, 'price' AS applies_to, 'VAT' AS code, 20 AS rate,
    4.80 AS amount
FROM line WHERE sale IN :order_ids
"""
NO_LINE = TAXES.replace(", id AS channel", ", NULL AS channel")
ADJUSTMENTS = """
SELECT sale AS channel_order_id, 'R-1' AS channel_adjustment_id, 'R-1' AS refund_id, id AS channel_order_line_id,
    '2026-03-05 10:00:00' AS created_at, 'AGREEMENT' AS default_reason, 1 AS price
FROM line WHERE sale IN :order_ids
"""
MANY = "".join(
    f"INSERT INTO sale VALUES ('B{n}', '2026-03-05 09:00:00', {n}00); INSERT INTO event VALUES ('B{n}', '2026-03-05 10:00:00');"
    f"INSERT INTO line VALUES ('B{n}-1', 'B{n}', 1, {n}00, 'MUG', 'Mug');"
    for n in range(2, 6)
)
DISCOUNT = (
    LINES.replace("ORDER BY id", "").replace("FROM line", ", NULL AS kind FROM line")
    + "UNION ALL SELECT id, id || '-off', NULL, -2, NULL, NULL, 'discount' FROM sale WHERE id IN :order_ids"
)
ADDRESSES = """
SELECT id AS channel_order_id, 'shipping' AS address_type, {} AS last_name, 'Rue 1' AS street, 'Paris' AS city
FROM sale WHERE id IN :order_ids
"""
FOUND: dict[str, tuple[str, dict[str, str], str, str]] = {
    "a syntax error": (
        "",
        {"orders_sql": "SELEC id FROM sale WHERE id IN :order_ids"},
        "error",
        'orders.sql: near "SELEC": syntax error',
    ),
    "an empty file": ("", {"orders_sql": ""}, "error", "orders.sql yields no rows; it must be one SELECT"),
    "an unknown table": (
        "",
        {"lines_sql": LINES.replace("FROM line", "FROM lines")},
        "error",
        "lines.sql: no such table: lines",
    ),
    "an unknown column": (
        "",
        {"lines_sql": LINES.replace("price", "prize")},
        "error",
        "lines.sql: no such column: prize",
    ),
    "a missing frame": (
        "",
        {"lines_sql": "SELECT 1"},
        "error",
        "lines.sql lacks the required column 'channel_order_id'",
    ),
    "a missing column": (
        "",
        {"lines_sql": LINES.replace("price,", "")},
        "error",
        "lines.sql lacks the required column 'price': total of the line",
    ),
    "a misspelt column": (
        "",
        {"orders_sql": ORDERS.replace("total", "total AS totl")},
        "warning",
        "orders.sql yields 'totl', which is no column of this frame; did you mean 'total'?",
    ),
    "a file that is no frame": ("", {"line_sql": LINES}, "warning", "line.sql is no frame and is not used"),
    "a wrong amount": (
        "UPDATE line SET price = '24,00'",
        {},
        "error",
        "lines.sql column 'price', row 1 (order A): is not a decimal number",
    ),
    "a wrong quantity": (
        "UPDATE line SET quantity = 'two'",
        {},
        "error",
        "lines.sql column 'quantity', row 1 (order A): is not a decimal number",
    ),
    "a wrong time": (
        "UPDATE sale SET moment = 'yesterday'",
        {},
        "error",
        "orders.sql column 'created_at', row 1 (order A): is not a time",
    ),
    "a date out of range": (
        "UPDATE sale SET moment = '9999-12-31 00:00:00'",
        {},
        "error",
        "orders.sql column 'created_at', row 1 (order A): is out of range",
    ),
    "NaN": (
        "UPDATE line SET price = 'NaN'",
        {},
        "error",
        "lines.sql column 'price', row 1 (order A): is not a decimal number",
    ),
    "infinity": (
        "UPDATE sale SET total = 9e999",
        {},
        "error",
        "orders.sql column 'total', row 1 (order A): is not a decimal number",
    ),
    "an empty cell": (
        "UPDATE line SET sku = NULL",
        {},
        "error",
        "lines.sql column 'product_id', row 1 (order A): is empty",
    ),
    "a line without a price": (
        "UPDATE line SET price = NULL",
        {},
        "error",
        "lines.sql column 'price', row 1 (order A): is empty",
    ),
    "a word that the frame does not know": (
        "",
        {"lines_sql": LINES.replace("FROM line", ", 'Fee' AS kind FROM line")},
        "error",
        "lines.sql column 'kind', row 1 (order A): is not product or fee or discount",
    ),
    "a flag that is neither yes nor no": (
        "",
        {"orders_sql": ORDERS.replace("total", "total, 'maybe' AS has_incident")},
        "error",
        "orders.sql column 'has_incident', row 1 (order A): is neither yes nor no",
    ),
    "a product below zero": (
        "INSERT INTO line VALUES ('A-2', 'A', 1, -5, 'VOUCHER', 'Voucher')",
        {},
        "error",
        "lines.sql column 'price', row 2 (order A): is below zero; what takes money off is a row with kind = 'discount'",
    ),
    "a percentage that is a fraction": (
        "",
        {"taxes_sql": TAXES.replace("20 AS rate", "0.2 AS rate")},
        "error",
        "taxes.sql column 'rate', row 1 (order A): as percent it makes a tax of 0.05, as fraction 4.80, and the tax is 4.80",
    ),
    "a fraction that is a percentage, of prices with tax": (
        "",
        {
            "taxes_sql": TAXES.replace("4.80", "4"),
            "platform_toml": FILES["platform.toml"].replace("[", 'amounts = "gross"\ntax_rate_unit = "fraction"\n[', 1),
        },
        "error",
        'Say tax_rate_unit = "percent" in platform.toml',
    ),
    "a default reason that Mirakl has not": (
        "",
        {"adjustments_sql": ADJUSTMENTS.replace("'AGREEMENT'", "'AGREEMNT'")},
        "error",
        "adjustments.sql column 'default_reason', row 1 (order A): is not CUSTOMER_CANCELATION or",
    ),
    "a line twice": (
        "INSERT INTO line SELECT * FROM line",
        {},
        "error",
        "lines.sql column 'channel_order_line_id': A-1 occurs 2 times; a join multiplies rows",
    ),
    "line numbers that begin anew in each order": (
        """INSERT INTO sale SELECT 'B', moment, total FROM sale; INSERT INTO event VALUES ('B', '2026-03-05 11:00:00');
        INSERT INTO line VALUES ('A-1', 'B', 1, 5, 'MUG', 'Mug')""",
        {},
        "error",
        "A-1 occurs 2 times; each in another order (A, B, ...); ids are unique on the channel: put the order's id before",
    ),
    "amounts in cents": (MANY, {}, "warning", "all 10 amounts are whole numbers, the largest 500; are they cents?"),
    "yen that were divided like cents": (
        "UPDATE sale SET total = 22.5; UPDATE line SET price = 22.5",
        {"orders_sql": ORDERS.replace("'EUR'", "'JPY'")},
        "warning",
        "orders.sql column 'total', row 1 (order A): has decimals, and JPY has none; are its amounts divided by 100",
    ),
    "a price reduction that gives units back": (
        "",
        {"adjustments_sql": ADJUSTMENTS.replace("1 AS price", "1 AS price, 1 AS quantity")},
        "warning",
        "adjustments.sql column 'quantity', row 1 (order A): gives back 1 of the line for 1.00, though that many cost 12.00; 1 of 1 rows",
    ),
    "orders without a total": (
        "",
        {"orders_sql": ORDERS.replace(", total", "")},
        "warning",
        "orders.sql yields no 'total': nothing proves the prices, and a wrong one goes unnoticed",
    ),
    "refunds without a sum": (
        "",
        {"adjustments_sql": ADJUSTMENTS},
        "warning",
        "orders.sql yields no 'total_refunded': nothing proves the refunds, and a missing one goes unnoticed",
    ),
    "more units shipped than ordered": (
        "",
        {"lines_sql": LINES.replace("FROM line", ", 4 AS quantity_shipped FROM line")},
        "warning",
        "lines.sql column 'quantity_shipped', row 1 (order A): is 4 of 2 ordered (1 of 1 rows); does a join multiply rows?",
    ),
    "prices with tax of which no tax is listed": (
        "",
        {"platform_toml": FILES["platform.toml"].replace("[", 'amounts = "gross"\n[', 1)},
        "warning",
        "taxes.sql has no tax of the 1 orders whose prices include tax",
    ),
    "taxes of several rates without a line": (
        "",
        {"taxes_sql": f"{NO_LINE} UNION ALL {NO_LINE.replace('20 AS', '5 AS')}"},
        "warning",
        "taxes.sql row 1 (order A): taxes of 2 rates name no line, and each is spread over all products (1 of 1 orders)",
    ),
    "a tax of shipping that does not say so": (
        "",
        {
            "orders_sql": ORDERS.replace("total\n", "total, 5 AS shipping_price\n"),
            "taxes_sql": f"{TAXES} UNION ALL {NO_LINE}",
        },
        "warning",
        "taxes.sql row 2 (order A): is a tax on all products beside taxes of single lines; if it is that of shipping",
    ),
    "a discount above zero": (
        "",
        {"lines_sql": DISCOUNT.replace("-2", "2")},
        "error",
        "lines.sql column 'price', row 2 (order A): is above zero; a discount is what it takes off, below zero",
    ),
    "a discount that lowers no tax": (
        "",
        {"lines_sql": DISCOUNT, "taxes_sql": TAXES},
        "warning",
        "lines.sql row 2 (order A): is a discount that lowers no tax, and the taxes are those of the prices before it",
    ),
    "prices with tax that are said to be without": (
        "",
        {"taxes_sql": TAXES.replace("4.80", "4.00")},
        "warning",
        'so it is with most of the 1 taxes compared; they fit prices with tax: amounts = "gross"',
    ),
    "a rate in hundredths of a percent": (
        "",
        {"taxes_sql": TAXES.replace("20 AS", "2000 AS")},
        "warning",
        "by its rate the tax of the line's price is 480.00, and it is 4.80",
    ),
    "text encoded for HTML": (
        "UPDATE line SET title = 'Cup &amp; Saucer'",
        {},
        "warning",
        "lines.sql column 'product_title', row 1 (order A): holds HTML entities (as &amp;)",
    ),
    "UTF-8 that was read as Latin-1": (
        "",
        {"addresses_sql": ADDRESSES.format("'Lef\u00c3\u00a8vre'")},
        "warning",
        "addresses.sql column 'last_name', row 1 (order A): holds UTF-8 that was read as Latin-1",
    ),
    "text in Latin-1 that SQLite holds as it came": (
        "",
        {"addresses_sql": ADDRESSES.format("CAST(x'4c6566e8767265' AS TEXT)")},
        "warning",
        "addresses.sql column 'last_name', row 1 (order A): holds characters that could not be read as UTF-8",
    ),
    "text in bytes that are no UTF-8": (
        "",
        {"addresses_sql": ADDRESSES.format("x'4c6566e8767265'")},
        "warning",
        "addresses.sql column 'last_name', row 1 (order A): is bytes that are no UTF-8 and is sent as hexadecimal",
    ),
    "an epoch that nobody converted": (
        "UPDATE sale SET moment = '1772701200'",
        {},
        "error",
        "orders.sql column 'created_at', row 1 (order A): is not a time; an epoch is converted in SQL (FROM_UNIXTIME",
    ),
    "an epoch that nobody converted, in the feed": (
        "",
        {"changes_sql": FEED.replace("SELECT order_id, changed_at", "SELECT order_id, 1772701200 AS changed_at")},
        "error",
        "changes.sql yields a changed_at that is no time but a number (an epoch is converted: FROM_UNIXTIME",
    ),
    "an epoch of zero": (
        "",
        {"orders_sql": ORDERS.replace("total\n", "total, datetime(0, 'unixepoch') AS shipped_at\n")},
        "warning",
        "orders.sql column 'shipped_at', row 1 (order A): is 1970-01-01, an epoch of 0; where it means never, write NULLIF",
    ),
    "an orphan line": (
        "",
        {"lines_sql": LINES.replace("sale AS", "'B' AS")},
        "error",
        "lines.sql column 'channel_order_id', row 1: there is no B",
    ),
    "an order without lines": ("DELETE FROM line", {}, "error", "lines.sql has no line of order A; it is rejected"),
    "a changed order that is left out": (
        "INSERT INTO event VALUES ('B', '2026-03-05 11:00:00')",
        {},
        "warning",
        "orders.sql has no row for 1 of 2 orders of changes.sql",
    ),
    "a feed without paging": (
        "",
        {"changes_sql": FEED.replace("LIMIT :page_size", "")},
        "error",
        "changes.sql does not bind :page_size; without it orders are lost or repeated",
    ),
    "a feed that is not ordered": (
        "INSERT INTO event VALUES ('B', '2026-03-05 11:00:00')",
        {"changes_sql": FEED.replace("ORDER BY changed_at", "ORDER BY changed_at DESC")},
        "error",
        "changes.sql is not ordered by changed_at",
    ),
    "a feed with an order twice": (
        "",
        {"changes_sql": FEED.replace("MAX(moment)", "moment").replace("GROUP BY sale", "")},
        "error",
        "changes.sql has an order twice",
    ),
    "a feed of other columns": (
        "",
        {"changes_sql": FEED.replace("SELECT order_id,", "SELECT order_id AS id,")},
        "error",
        "changes.sql does not yield the two columns order_id and changed_at",
    ),
    "a time that is a number": (
        "UPDATE event SET moment = NULL",
        {
            "changes_sql": FEED.replace(
                "changed_at >= :start AND changed_at < :end\n    AND", ":start < :end AND 1 = 1 OR"
            )
        },
        "error",
        "changes.sql yields a changed_at that is no time",
    ),
    "an unknown parameter": (
        "",
        {"lines_sql": LINES.replace("ORDER BY", "AND sku <> :sku ORDER BY")},
        "error",
        "lines.sql binds :sku, which it cannot have",
    ),
    "two columns of one name": (
        "",
        {"orders_sql": ORDERS.replace("total\n", "total, 1 AS total\n")},
        "error",
        "orders.sql yields two columns named 'total'",
    ),
    "order numbers that are not ids": (
        "",
        {
            "orders_sql": ORDERS.replace("id AS", "'W-' || id AS"),
            "lines_sql": LINES.replace("sale AS", "'W-' || sale AS"),
        },
        "warning",
        "find.sql is missing, though channel_order_id is not the order_id of changes.sql",
    ),
    "a missing orders table": ("DROP TABLE sale", {}, "error", "no table sale; check database_url"),
    "an unknown setting": (
        "",
        {"platform_toml": 'anchor = "sale"\ntimezon = "UTC"'},
        "raised",
        "platform.toml: timezon: unknown key; did you mean 'times'?",
    ),
    "a wrong status": (
        "",
        {"platform_toml": 'anchor = "sale"\nstatuses = { paid = "PAID" }'},
        "raised",
        "platform.toml: statuses.paid: 'PAID' is not a Mirakl status",
    ),
    "a wrong zone": (
        "",
        {"platform_toml": 'anchor = "sale"\ntimes = "Paris"'},
        "raised",
        "platform.toml: times: 'Paris' is not a time zone",
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_check_names_file_column_and_row_of(case: str, shop: Edit) -> None:
    sql, files, verdict, words = FOUND[case]
    source = shop(sql, **files)
    if verdict == "raised":
        with pytest.raises(ShopError) as caught:
            ShopReader(source)
        assert words in str(caught.value)
    else:
        found = check_shop(ShopReader(source))
        assert (verdict, True) in [(finding.verdict, words in finding.message) for finding in found], found


def test_the_statement_for_a_missing_index_can_be_run_as_it_is(shop: Edit) -> None:
    index = FILES["platform.toml"] + '[[indexes]]\ntable = "stamp"\ncolumn = "updatedAt"\n'
    source = shop('CREATE TABLE stamp ("updatedAt" TEXT);', platform_toml=index)
    [finding] = check_shop(ShopReader(source))
    statement = 'CREATE INDEX stamp_updatedat ON stamp ("updatedAt")'
    assert finding.message.endswith(statement)
    with sqlite3.connect(source.database_url.removeprefix("sqlite:///")) as connection:
        connection.execute(statement)
    connection.close()
    assert check_shop(ShopReader(source)) == []


def test_check_reports_all_that_is_wrong_not_only_the_first(shop: Edit) -> None:
    source = shop(lines_sql=LINES.replace("FROM line", "FROM lines"), orders_sql=ORDERS.replace("total", "totl"))
    assert [finding.message.split(": ")[0] for finding in check_shop(ShopReader(source))] == [
        "channel 'shop', query lines.sql",
        "channel 'shop', query orders.sql",
    ]


def test_rates_that_make_the_taxes_and_discounts_without_a_product_are_right(shop: Edit) -> None:
    discount = (
        LINES.replace("ORDER BY id", "").replace("FROM line", ", NULL AS kind FROM line")
        + "UNION ALL SELECT id, id || '-off', NULL, -2, NULL, NULL, 'discount' FROM sale WHERE id IN :order_ids"
    )
    taxes = TAXES.replace("4.80", "4.40")  # of 22.00: the shop took the discount off before
    source = shop(taxes_sql=taxes, lines_sql=discount)
    assert check_shop(ShopReader(source)) == []


def test_a_tax_that_the_shop_keeps_unit_by_unit_is_compared_as_a_whole(shop: Edit) -> None:
    one = TAXES.replace("4.80", "2.40")
    assert check_shop(ShopReader(shop(taxes_sql=f"{one} UNION ALL {one}"))) == []


def test_nothing_is_wrong_with_the_folder_of_the_golden_cases(tmp_path: Path) -> None:
    [source] = PLATFORM.make("sqlite", PLATFORM.cases_of("sqlite"), Place(0, tmp_path))
    assert [finding.message for finding in check_shop(ShopReader(source)) if finding.verdict == "error"] == []
