"""Addresses of shop databases as users write them: passwords of any kind work, and no message tells one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

import pymysql
import pytest
from sqlalchemy.engine import make_url

from connectors.channels import database
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from connectors.config.database_url import option_with_password, shown_url
from connectors.ledger import Ledger, LedgerError

PASSWORD = "p@ss/w:rd#%25!é€"


@pytest.fixture(scope="module")
def port(mariadb_port: int) -> Iterator[int]:
    with (
        pymysql.connect(host="127.0.0.1", port=mariadb_port, user="root", autocommit=True) as server,
        server.cursor() as cursor,
    ):
        cursor.execute("CREATE DATABASE addresses")
        cursor.execute(f"CREATE USER addresses@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
        cursor.execute("GRANT SELECT ON addresses.* TO addresses@'127.0.0.1'")
        yield mariadb_port
        cursor.execute("DROP USER addresses@'127.0.0.1'")
        cursor.execute("DROP DATABASE addresses")


def fault(url: str) -> ShopError:
    """What is said of a shop at this address."""
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", "woocommerce", url)).snapshot():
        pass
    return caught.value


def test_a_password_of_special_characters_opens_the_door(port: int) -> None:
    found = fault(f"mysql://addresses:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/addresses")
    assert found.code == "missing_table"


def test_a_wrong_password_is_distinguished_from_a_missing_grant(port: int) -> None:
    found = fault(f"mysql://addresses:hunter2%E2%82%AC@127.0.0.1:{port}/addresses")
    assert found.code == "access_denied"
    assert "check user and password in database_url" in str(found)
    assert "hunter2" not in str(found)
    other = fault(f"mysql://addresses:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/mysql")
    assert other.code == "access_denied"
    assert "the user needs SELECT" in str(other)


@pytest.mark.parametrize("written", ["p@ss", "p@ss/w:rd", "secret@"])
def test_a_password_that_is_not_encoded_is_refused_and_no_part_of_it_is_shown(written: str) -> None:
    with pytest.raises(ShopError) as caught:
        ShopReader(ShopSource("shop", "woocommerce", f"mysql://me:{written}@127.0.0.1:1/shop"))
    assert caught.value.code == "bad_url"
    assert "%40 for @" in str(caught.value)
    with pytest.raises(LedgerError, match="percent-encoded") as raised:
        Ledger(f"postgresql://me:{written}@127.0.0.1:1/ledger")
    for message in (str(caught.value), str(raised.value)):
        assert "ss@" not in message
        assert "secret" not in message


def test_an_address_without_a_database_is_refused() -> None:
    with pytest.raises(ShopError, match="names no database"):
        ShopReader(ShopSource("shop", "woocommerce", "mysql://me:hunter2@127.0.0.1"))


def test_a_database_that_is_not_there_is_not_waited_for(port: int, postgresql_port: int) -> None:
    assert fault(f"mysql://root@127.0.0.1:{port}/nowhere").code == "no_database"
    assert fault(f"postgresql://postgres@127.0.0.1:{postgresql_port}/nowhere").code == "no_database"


def test_an_option_that_the_driver_does_not_know_is_named(port: int) -> None:
    found = fault(f"mysql://root@127.0.0.1:{port}/addresses?ssl_mode=require")
    assert found.code == "bad_url"
    assert "ssl_mode" in str(found)


def test_postgres_is_another_word_for_postgresql(postgresql_port: int) -> None:
    assert fault(f"postgres://postgres@127.0.0.1:{postgresql_port}/postgres").code == "missing_table"


@pytest.mark.slow
def test_a_server_that_does_not_greet_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        found = fault(f"mysql://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/shop")
    assert found.code == "unreachable"
    assert time.monotonic() - begun < 10


def test_a_query_may_take_longer_than_the_greeting(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_SECONDS", 1)
    engine = database.open_engine("shop", f"mysql://root@127.0.0.1:{port}/addresses")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT SLEEP(1.5)").scalar_one() == 0


@pytest.mark.parametrize("option", ["password", "passwd", "sslpassword", "Pwd", "secret"])
def test_a_password_among_the_options_is_found_and_not_shown(option: str) -> None:
    url = make_url(f"postgresql://me:hush@db/shop?sslmode=require&{option}=hush2")
    assert option_with_password(url) == option
    assert "hush" not in shown_url(url)
    assert "sslmode=require" in shown_url(url)
    assert option_with_password(make_url("postgresql://me@db/shop?passfile=/etc/pgpass")) is None
