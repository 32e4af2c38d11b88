"""Encrypted connections to the shop's database and to the ledger's, each server's certificate by an authority of its own.

PostgreSQL's side of TLS is PgBouncer's here: the package's PostgreSQL is built without.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.channels.database import open_engine
from connectors.channels.errors import ShopError
from connectors.channels.reader import ShopReader, ShopSource
from connectors.ledger import Ledger, LedgerError
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.mariadb import mariadb
from tests.servers.pgbouncer import pgbouncer


class Server(NamedTuple):
    """The address of a server that offers TLS, by IP and by a name that its certificate lacks, and of one without."""

    url: str
    other_name: str
    without: str
    cipher: str


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    with tempfile.TemporaryDirectory(prefix="certificates-") as folder:
        yield make_certificates(Path(folder))


@pytest.fixture(scope="module")
def mariadb_tls(certificates: Certificates, mariadb_port: int) -> Iterator[Server]:
    options = [f"--ssl-cert={certificates.certificate}", f"--ssl-key={certificates.key}"]
    with tempfile.TemporaryDirectory(prefix="mariadb-") as folder, mariadb(Path(folder), *options) as port:
        urls = [f"mysql://root@{place}/mysql" for place in (f"127.0.0.1:{port}", f"localhost:{port}")]
        without = f"mysql://root@127.0.0.1:{mariadb_port}/mysql"
        yield Server(
            urls[0],
            urls[1],
            without,
            "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'",
        )


@pytest.fixture(scope="module")
def postgresql_tls(certificates: Certificates, postgresql_port: int) -> Iterator[Server]:
    with (
        tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder,
        pgbouncer(Path(folder), postgresql_port, "session", certificates) as port,
    ):
        urls = [f"postgresql://postgres@{place}/postgres" for place in (f"127.0.0.1:{port}", f"localhost:{port}")]
        yield Server(urls[0], urls[1], f"postgresql://postgres@127.0.0.1:{postgresql_port}/postgres", "")


@pytest.fixture(params=["mariadb_tls", "postgresql_tls"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def fault(url: str) -> ShopError:
    with pytest.raises(ShopError) as caught, ShopReader(ShopSource("shop", "woocommerce", url)).snapshot():
        pass
    return caught.value


def cipher(server: Server, options: str) -> str | None:
    """What the connection is encrypted with, None where it is not."""
    with open_engine("shop", f"{server.url}{options}").connect() as connection:
        if server.cipher:
            return connection.exec_driver_sql(server.cipher).scalar_one() or None
        driver = connection.connection.driver_connection
        assert driver is not None
        return "TLS" if driver.pgconn.ssl_in_use else None


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_a_mode_that_asks_for_encryption_gets_it(server: Server, certificates: Certificates, mode: str) -> None:
    assert cipher(server, f"?sslmode={mode}&sslrootcert={certificates.authority}")
    assert cipher(server, "?sslmode=disable") is None


def test_required_encryption_needs_no_authority(server: Server) -> None:
    assert cipher(server, "?sslmode=require")


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_refused_where_it_is_required(
    server: Server, certificates: Certificates, mode: str
) -> None:
    found = fault(f"{server.without}?sslmode={mode}&sslrootcert={certificates.authority}")
    assert found.code == "not_encrypted"
    assert "offer TLS" in str(found)


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_certificate_of_another_authority_is_refused(server: Server, certificates: Certificates, mode: str) -> None:
    found = fault(f"{server.url}?sslmode={mode}&sslrootcert={certificates.stranger}")
    assert found.code == "not_encrypted"
    assert "certificate" in str(found)


def test_a_certificate_for_another_host_is_refused_by_verify_full_alone(
    server: Server, certificates: Certificates
) -> None:
    authority = f"sslrootcert={certificates.authority}"
    assert fault(f"{server.other_name}?sslmode=verify-full&{authority}").code == "not_encrypted"
    assert fault(f"{server.other_name}?sslmode=verify-ca&{authority}").code == "missing_table"


def test_the_machine_s_own_authorities_do_not_know_this_one(mariadb_tls: Server) -> None:
    assert fault(f"{mariadb_tls.url}?sslmode=verify-full&sslrootcert=system").code == "not_encrypted"
    assert fault(f"{mariadb_tls.url}?sslmode=verify-full").code == "not_encrypted"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("sslmode=on", "sslmode is 'on'; it can be disable"),
        ("sslmode=verify-full&sslrootcert=/nowhere.pem", "sslrootcert: /nowhere.pem is not a readable PEM file"),
        ("sslmode=require&sslcert=/nowhere.pem", "sslcert: /nowhere.pem is not a readable PEM file"),
    ],
)
def test_impossible_options_are_reported_before_anything_is_sent(options: str, words: str) -> None:
    with pytest.raises(ShopError, match=words) as caught:
        open_engine("shop", f"mysql://me:hush@127.0.0.1:1/shop?{options}")
    assert caught.value.code == "bad_url"
    assert "hush" not in str(caught.value)


def test_the_ledger_takes_the_same_options(postgresql_tls: Server, certificates: Certificates) -> None:
    url = postgresql_tls.url
    Ledger(f"{url}?sslmode=verify-full&sslrootcert={certificates.authority}", create=False).dispose()
    for address, authority in (
        (url, certificates.stranger),
        (postgresql_tls.other_name, certificates.authority),
        (postgresql_tls.without, certificates.authority),
    ):
        with pytest.raises(LedgerError, match=r"SSL|certificate"):
            Ledger(f"{address}?sslmode=verify-full&sslrootcert={authority}")
