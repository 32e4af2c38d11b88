"""Custom channels on each kind of database, and what is said when one cannot be opened."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import Decimal
from pathlib import Path

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from connectors.channels.check import check_shop
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from tests.connectors.custom.conftest import FILES, ORDERS, SCHEMA, Edit, read


@pytest.fixture
def postgresql_url(postgresql_database: str) -> str:
    return postgresql_database


@pytest.fixture
def mariadb_url(mariadb_port: int) -> str:
    server = pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True)
    with server, server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE DATABASE epochs")
    return f"mysql+pymysql://root@127.0.0.1:{mariadb_port}/epochs"


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
    assert any(words in finding.message for finding in check_shop(ShopReader(source)))


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
        assert any("lines.sql: the database refuses access" in f.message for f in check_shop(ShopReader(source)))
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
    (finding,) = check_shop(ShopReader(source))
    assert "must give `clock`, the query of the time in UTC, for a database of kind duckdb" in finding.message
    (tmp_path / "platform.toml").write_text('clock = "SELECT now()"\n' + FILES["platform.toml"])
    assert [record.channel_order_id for record in read(source).records] == ["A"]


EPOCHS = {
    "mariadb": ("utc", "FROM_UNIXTIME({})", "UNIX_TIMESTAMP({})"),
    "postgresql": ("timestamptz", "to_timestamp({})", "extract(epoch FROM CAST({} AS timestamptz))"),
    "sqlite": ("utc", "datetime({}, 'unixepoch')", "CAST(strftime('%s', {}) AS INTEGER)"),
}


@pytest.mark.parametrize("database", EPOCHS)
def test_a_feed_of_epochs_is_read_page_by_page_as_documented(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_times, moment, epoch = EPOCHS[database]
    text = (Path(__file__).parents[3] / "docs/custom-channel.md").read_text()
    assert all(form.format(word) in text for form, word in ((moment, "changed"), (epoch, ":start")))
    [feed] = re.findall(r"```text\n(SELECT id AS order_id, FROM_UNIXTIME.*?)```", text, re.DOTALL)
    feed = re.sub(r"FROM_UNIXTIME\((\w+)\)", lambda found: moment.format(found[1]), feed)
    feed = re.sub(r"UNIX_TIMESTAMP\((:\w+)\)", lambda found: epoch.format(found[1]), feed)
    url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    if database != "sqlite":
        url = request.getfixturevalue(f"{database}_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INT PRIMARY KEY, changed BIGINT)"))
        rows = ", ".join(f"({n}, {1772701200 + n // 3})" for n in range(9))  # 2026-03-05 09:00:00 UTC, three a second
        connection.execute(sa.text(f"INSERT INTO orders VALUES {rows}, (100, 1772755200)"))  # the next day begins
    engine.dispose()
    ids = "SELECT id AS channel_order_id FROM orders WHERE id IN :order_ids"
    settings = f'anchor = "orders"\nchange_times = "{change_times}"\n'
    files = {"platform.toml": settings, "changes.sql": feed, "orders.sql": ids, "lines.sql": ids}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr("connectors.channels.snapshot.PAGE_SIZE", 2)
    day = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
    with ShopReader(ShopSource("shop", str(tmp_path), url)).snapshot() as snapshot:
        pages = list(snapshot.changes(day, day + dt.timedelta(days=1)))
    assert [order_id for page in pages for order_id, _ in page] == list(range(9))
    assert [str(page[0][1])[:19] for page in pages if page][:2] == ["2026-03-05 09:00:00"] * 2


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
