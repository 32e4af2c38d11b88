"""Lists of ids as the databases get them: of any length, of any text, beside other parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource

_ORDERS = """
SELECT id AS channel_order_id, '50 %(share)s' AS label, '\\:order_ids' AS word
FROM sale WHERE (:store IS NULL OR store = :store) AND id IN :order_ids
"""
_FILES = {
    "platform.toml": 'anchor = "sale"\n',
    "changes.sql": """
        SELECT id AS order_id, '2026-03-05' AS changed_at FROM sale
        WHERE :start < :end AND (:after_time < :end OR id > :after_id) LIMIT :page_size
    """,
    "orders.sql": _ORDERS,
    "lines.sql": "SELECT * FROM sale WHERE id IN :order_ids",
    "parcels.sql": """
        SELECT id, '50 %(share)s' AS label FROM parcel WHERE (:store IS NULL OR store = :store) AND id IN :order_ids
    """,
    "find.sql": "SELECT id AS order_id FROM sale WHERE id IN :channel_order_ids",
    "broken.sql": "SELECT CAST(id AS decimal) / no_such_column AS x FROM sale WHERE id IN :order_ids",
}
IDS = ["it's", '"quoted"', "100%", "%s", ":name", "\\", *(f"order {number}" for number in range(700))]


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> ShopSource:
    """Make a shop of 706 orders in two stores."""
    url = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    if request.param == "mariadb":
        server = f"mysql+pymysql://root@127.0.0.1:{request.getfixturevalue('mariadb_port')}"
        with sa.create_engine(server).begin() as connection:
            connection.execute(sa.text("CREATE OR REPLACE DATABASE lists CHARACTER SET utf8mb4"))
        url = f"{server}/lists"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_database")
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE TABLE sale (id VARCHAR(50) PRIMARY KEY, store VARCHAR(5))"))
        rows = [{"id": order_id, "store": "ab"[number % 2]} for number, order_id in enumerate(IDS)]
        connection.execute(sa.text("INSERT INTO sale VALUES (:id, :store)"), rows)
        connection.execute(sa.text("CREATE TABLE parcel (id BIGINT PRIMARY KEY, store VARCHAR(5))"))
        numbered = [{**row, "id": number} for number, row in enumerate(rows)]
        connection.execute(sa.text("INSERT INTO parcel VALUES (:id, :store)"), numbered)
    for name, text in _FILES.items():
        (tmp_path / name).write_text(text)
    return ShopSource("shop", str(tmp_path), url)


@pytest.mark.parametrize("length", [0, 1, 6, 50, 51, 100, 706])
def test_of_a_list_of_any_length_each_order_is_read_once(shop: ShopSource, length: int) -> None:
    with ShopReader(shop).snapshot() as snapshot:
        assert sorted(map(str, snapshot.query("orders", IDS[:length])["channel_order_id"])) == sorted(IDS[:length])
        assert sorted(snapshot.find(IDS[:length])) == sorted(IDS[:length])


@pytest.mark.parametrize("length", [1, 51, 706])
def test_of_a_list_of_numbers_each_is_read_once_beside_other_parameters(shop: ShopSource, length: int) -> None:
    of_store = ShopSource("shop", shop.platform, shop.database_url, store="b")
    with ShopReader(shop).snapshot() as everything, ShopReader(of_store).snapshot() as snapshot:
        assert set(everything.query("parcels", range(length))["id"]) == set(range(length))
        parcels = snapshot.query("parcels", range(length))
    assert sorted(parcels["id"], key=str) == sorted(range(1, length, 2), key=str)
    assert set(parcels["label"]) <= {"50 %(share)s"}


def test_percent_signs_and_colons_of_a_query_are_its_own(shop: ShopSource) -> None:
    with ShopReader(shop).snapshot() as snapshot:
        rows = snapshot.query("orders", IDS[:1])
    assert (rows["label"][0], rows["word"][0]) == ("50 %(share)s", ":order_ids")


def test_other_parameters_are_bound_beside_the_list(shop: ShopSource) -> None:
    of_store = ShopSource("shop", shop.platform, shop.database_url, store="b")
    with ShopReader(of_store).snapshot() as snapshot:
        assert sorted(map(str, snapshot.query("orders", IDS)["channel_order_id"])) == sorted(IDS[1::2])


def test_a_query_of_a_list_that_fails_is_named(shop: ShopSource) -> None:
    with (
        ShopReader(shop).snapshot() as snapshot,
        pytest.raises(ShopError, match=r"query broken\.sql: .*no_such_column"),
    ):
        snapshot.query("broken", IDS)
