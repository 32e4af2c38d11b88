"""Custom channels on real databases, and what is said of each thing that can be wrong with one."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from transforms.mapping import ChannelMapping
from transforms.normalise import Normalised, normalise

DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
FEED = """
SELECT order_id, changed_at
FROM (SELECT sale AS order_id, MAX(moment) AS changed_at FROM event GROUP BY sale) AS changed
WHERE changed_at >= :start AND changed_at < :end
    AND (changed_at > :after_time OR (changed_at = :after_time AND order_id > :after_id))
ORDER BY changed_at, order_id LIMIT :page_size
"""
ORDERS = """
SELECT id AS channel_order_id, moment AS created_at, moment AS updated_at, 'paid' AS status, 'EUR' AS currency, total
FROM sale WHERE id IN :order_ids
"""
LINES = """
SELECT sale AS channel_order_id, id AS channel_order_line_id, quantity, price, sku AS product_id, title AS product_title
FROM line WHERE sale IN :order_ids ORDER BY id
"""
FILES = {
    "platform.toml": 'anchor = "sale"\n[statuses]\npaid = "AWAITING_SHIPMENT"\n',
    "changes.sql": FEED,
    "orders.sql": ORDERS,
    "lines.sql": LINES,
}
SCHEMA = """
CREATE TABLE sale (id TEXT PRIMARY KEY, moment TEXT, total);
CREATE TABLE line (id TEXT, sale TEXT, quantity, price, sku TEXT, title);
CREATE TABLE event (sale TEXT, moment TEXT);
INSERT INTO sale VALUES ('A', '2026-03-05 09:00:00', 24);
INSERT INTO line VALUES ('A-1', 'A', 2, 24, 'MUG', 'Mug');
INSERT INTO event VALUES ('A', '2026-03-04 09:00:00'), ('A', '2026-03-05 10:00:00');
"""
Edit = Callable[..., ShopSource]


@pytest.fixture
def shop(tmp_path: Path) -> Edit:
    """Make the shop above in SQLite, with some SQL run on it and some files replaced."""

    def make(sql: str = "", **files: str) -> ShopSource:
        for name, text in {**FILES, **{f.replace("_", "."): t for f, t in files.items()}}.items():
            (tmp_path / name).write_text(text)
        with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
            connection.executescript(SCHEMA + sql)
        connection.close()
        return ShopSource("shop", str(tmp_path), f"sqlite:///{tmp_path / 'shop.sqlite'}")

    return make


def read(source: ShopSource, day: dt.datetime = DAY) -> Normalised:
    reader = ShopReader(source)
    platform = reader.platform
    mapping = ChannelMapping("S-1", platform_statuses=platform.statuses, rate_divisor=platform.rate_divisor)
    result = Normalised()
    with reader.snapshot() as snapshot:
        for rows in snapshot.chunks(day, day + dt.timedelta(days=1)):
            chunk = normalise(reader.frames(rows, snapshot.read_at), mapping)
            result.records += chunk.records
            result.rejects += chunk.rejects
    return result


def test_an_event_table_is_a_change_feed_without_a_modified_column(shop: Edit) -> None:
    source = shop()
    assert [record.channel_order_id for record in read(source).records] == ["A"]
    assert read(source, DAY - dt.timedelta(days=1)).records == []
    assert ShopReader(source).check() == []


# What is wrong -> (SQL on the shop, files, verdict, words of a finding of `check`).
FOUND: dict[str, tuple[str, dict[str, str], str, str]] = {
    "a syntax error": (
        "",
        {"orders_sql": "SELEC id FROM sale WHERE id IN :order_ids"},
        "error",
        'orders.sql: near "SELEC": syntax error',
    ),
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
        "orders.sql yields 'totl', which is no column of this frame; is 'total' meant?",
    ),
    "a file that is no frame": ("", {"line_sql": LINES}, "warning", "line.sql is no frame and is not used"),
    "a wrong amount": (
        "UPDATE line SET price = '24,00'",
        {},
        "error",
        "lines.sql column 'price', row 1 (order A): is not a decimal number",
    ),
    "a wrong quantity": (
        "UPDATE line SET quantity = 1.5",
        {},
        "error",
        "lines.sql column 'quantity', row 1 (order A): is not a whole number of units",
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
    "a line twice": (
        "INSERT INTO line SELECT * FROM line",
        {},
        "error",
        "lines.sql column 'channel_order_line_id': A-1 stands 2 times; a join multiplies rows",
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
        "platform.toml: key 'timezon': is not known; known are anchor,",
    ),
    "a wrong status": (
        "",
        {"platform_toml": 'anchor = "sale"\nstatuses = { paid = "PAID" }'},
        "raised",
        "platform.toml: key 'statuses.paid': 'PAID' is not a Mirakl status",
    ),
    "a wrong zone": (
        "",
        {"platform_toml": 'anchor = "sale"\ntimes = "Paris"'},
        "raised",
        "platform.toml: key 'times': 'Paris' is not a time zone",
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
        found = ShopReader(source).check()
        assert (verdict, True) in [(finding.verdict, words in finding.words) for finding in found], found


def test_check_says_all_that_is_wrong_not_only_the_first(shop: Edit) -> None:
    source = shop(lines_sql=LINES.replace("FROM line", "FROM lines"), orders_sql=ORDERS.replace("total", "totl"))
    assert [finding.words.split(": ")[0] for finding in ShopReader(source).check()] == [
        "channel 'shop', query lines.sql",
        "channel 'shop', query orders.sql",
    ]


def test_one_bad_row_costs_its_own_order_only(shop: Edit) -> None:
    rows = "".join(
        f"INSERT INTO sale VALUES ('{name}', '2026-03-05 09:00:00', 24);"
        f"INSERT INTO line VALUES ('{name}-1', '{name}', 2, {price}, 'MUG', 'Mug');"
        f"INSERT INTO event VALUES ('{name}', '2026-03-05 10:00:00');"
        for name, price in [("B", "'NaN'"), ("C", "9e999"), ("D", "24")]
    )
    result = read(shop(rows))
    assert [record.channel_order_id for record in result.records] == ["A", "D"]
    assert [(reject.channel_order_id, reject.field) for reject in result.rejects] == [
        ("B", "order_lines[0].price.amount"),
        ("C", "order_lines[0].price.amount"),
    ]


def test_nul_and_broken_encodings_do_not_stop_an_order(shop: Edit) -> None:
    result = read(shop("UPDATE line SET title = CAST(x'4dfc0067' AS TEXT)"))
    (record,) = result.records
    assert json.loads(record.payload)["order_lines"][0]["product"]["title"] == "M\ufffdg"


def test_an_order_of_ten_thousand_lines_is_read_whole(shop: Edit) -> None:
    many = """
        DELETE FROM line;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO line SELECT 'A-' || i, 'A', 1, '0.01', 'MUG', 'Mug' FROM n;
        UPDATE sale SET total = 100;
    """
    (record,) = read(shop(many)).records
    assert (record.order_lines, record.notices) == (10_000, ())


def test_postgresql_with_json_columns_and_binary_ids(postgresql_database: str, tmp_path: Path) -> None:
    key = uuid.UUID("00000000-0000-4000-8000-0000000000ff")
    with psycopg.connect(postgresql_database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE sale (id bytea PRIMARY KEY, moment timestamptz, items jsonb, gift jsonb)")
        connection.execute("CREATE TABLE event (sale bytea, moment timestamptz)")
        items = '[{"sku": "MUG", "title": "Mug", "quantity": 2, "net": 24.10}]'
        gift = '["12345678901234567890.5"]'
        connection.execute("INSERT INTO sale VALUES (%s, '2026-03-05 09:00:00+01', %s, %s)", (key.bytes, items, gift))
        connection.execute("INSERT INTO sale VALUES ('\\x01', 'infinity', %s, NULL)", (items,))
        connection.execute(
            "INSERT INTO event VALUES (%s, '2026-03-05 10:00:00Z'), ('\\x01', '2026-03-05 11:00:00Z')", (key.bytes,)
        )
    files = {
        **FILES,
        "platform.toml": FILES["platform.toml"].replace("\n", '\nchange_times = "timestamptz"\n', 1),
        "find.sql": """
            SELECT id AS order_id FROM sale
            WHERE CASE WHEN length(id) = 16 THEN CAST(CAST(encode(id, 'hex') AS uuid) AS text) ELSE encode(id, 'hex') END
                IN :channel_order_ids
        """,
        "orders.sql": ORDERS.replace(", total", ""),
        "lines.sql": """
            SELECT s.id AS channel_order_id, encode(s.id, 'hex') || '-' || i.nr AS channel_order_line_id,
                i.item ->> 'quantity' AS quantity, i.item ->> 'net' AS price,
                i.item ->> 'sku' AS product_id, i.item ->> 'title' AS product_title
            FROM sale AS s CROSS JOIN LATERAL jsonb_array_elements(s.items) WITH ORDINALITY AS i(item, nr)
            WHERE s.id IN :order_ids
        """,
        "custom_attributes.sql": """
            SELECT s.id AS channel_order_id, 'gift' AS id, 'LIST' AS type, s.gift AS value
            FROM sale AS s WHERE s.id IN :order_ids AND s.gift IS NOT NULL
        """,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    source = ShopSource("shop", str(tmp_path), postgresql_database)
    result = read(source)
    (record,) = result.records
    payload = json.loads(record.payload, parse_float=Decimal)
    assert payload["channel_order_id"] == str(key)
    assert payload["created_at"] == "2026-03-05T08:00:00Z"
    assert payload["order_lines"][0]["price"]["amount"] == Decimal("24.1")
    assert payload["custom_attributes"] == [{"id": "gift", "type": "LIST", "value": ["12345678901234567890.5"]}]
    assert [(reject.channel_order_id, reject.field) for reject in result.rejects] == [("01", "created_at")]
    with ShopReader(source).snapshot() as snapshot:
        assert [len(rows["orders"]) for rows in snapshot.orders([str(key), "01"])] == [2]
    words = "orders.sql column 'created_at', row 2 (order 01): is not a time"
    assert any(words in finding.words for finding in ShopReader(source).check())


def test_mariadb_with_uuids_in_sixteen_bytes_and_no_privilege_on_a_table(mariadb_port: int, tmp_path: Path) -> None:
    key = uuid.UUID("61626364-6162-4162-8162-616263646566")
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server, server.cursor() as cursor:
        for statement in (
            "CREATE OR REPLACE DATABASE custom",
            "USE custom",
            "CREATE TABLE sale (id BINARY(16) PRIMARY KEY, moment DATETIME(6), total DECIMAL(20, 6))",
            "CREATE TABLE line (id INT, sale BINARY(16), quantity INT, price DECIMAL(20, 6), sku TEXT, title TEXT)",
            "CREATE TABLE event (sale BINARY(16), moment DATETIME(6))",
            f"INSERT INTO sale VALUES (x'{key.hex}', '2026-03-05 09:00:00', 24)",
            f"INSERT INTO line VALUES (1, x'{key.hex}', 2, 24, 'MUG', 'Mug')",
            f"INSERT INTO event VALUES (x'{key.hex}', '2026-03-05 23:59:59.999999')",
            "CREATE OR REPLACE USER custom@'127.0.0.1' IDENTIFIED BY 'right'",
            "GRANT SELECT ON custom.sale TO custom@'127.0.0.1'",
            "GRANT SELECT ON custom.event TO custom@'127.0.0.1'",
        ):
            cursor.execute(statement)
        for name, text in FILES.items():
            (tmp_path / name).write_text(text)
        source = ShopSource("shop", str(tmp_path), f"mysql://custom:right@127.0.0.1:{mariadb_port}/custom")
        assert any("lines.sql: the database refuses access" in f.words for f in ShopReader(source).check())
        cursor.execute("GRANT SELECT ON custom.line TO custom@'127.0.0.1'")
    (record,) = read(source).records
    assert record.channel_order_id == str(key)


def test_another_database_is_read_by_its_dialect_and_clock(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    engine = sa.create_engine(f"duckdb:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in (
            SCHEMA.replace("total)", "total DECIMAL)")
            .replace("quantity, price,", "quantity INT, price DECIMAL,")
            .replace("title)", "title TEXT)")
            .split(";\n")
        ):
            if statement.strip():
                connection.execute(sa.text(statement))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    source = ShopSource("shop", str(tmp_path), f"duckdb:///{path}")
    (finding,) = ShopReader(source).check()
    assert "must give `clock`, the query of the time in UTC, for a database of kind duckdb" in finding.words
    (tmp_path / "platform.toml").write_text('clock = "SELECT now()"\n' + FILES["platform.toml"])
    assert [record.channel_order_id for record in read(source).records] == ["A"]


def test_a_shop_in_local_time_is_asked_in_local_time(shop: Edit) -> None:
    source = shop(platform_toml='change_times = "local"\ntimes = "local"\n' + FILES["platform.toml"])
    paris = ShopSource("shop", source.platform, source.database_url, timezone="Europe/Paris")
    reader = ShopReader(paris)
    assert reader.platform.naive_timezone("Europe/Paris") == "Europe/Paris"
    hour = dt.timedelta(hours=1)
    with reader.snapshot() as snapshot:
        # The event stands at 10:00 in the shop, which is 09:00 UTC in winter.
        assert [len(rows["orders"]) for rows in snapshot.chunks(DAY + 9 * hour, DAY + 10 * hour)] == [1]
        assert list(snapshot.chunks(DAY + 10 * hour, DAY + 11 * hour)) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://u:hunter2@127.0.0.1/shop", "no driver for oracle"),
        ("nosuch://u:hunter2@127.0.0.1/shop", "no driver for nosuch"),
        ("postgres//u:hunter2@127.0.0.1/shop", "is not a database address"),
        ("postgresql://u:hunter2@127.0.0.1:1/shop", "the database cannot be reached"),
        ("mysql://u:hunter2@127.0.0.1:1/shop", "the database cannot be reached"),
        ("sqlite:////nowhere/shop.sqlite", "there is no SQLite file at /nowhere/shop.sqlite"),
    ],
)
def test_an_address_that_cannot_be_read_is_one_message_without_the_password(shop: Edit, url: str, words: str) -> None:
    source = shop()
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", source.platform, url)).snapshot():
        pass
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)
