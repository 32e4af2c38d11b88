"""Encrypted connections to MariaDB and MySQL, asked for as libpq does it, so that one spelling serves all databases.

Behind the ? of an address stand `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`), `sslrootcert`
(a file, or `system` for the machine's own authorities), and for a client's certificate `sslcert` and `sslkey`.
PostgreSQL's driver takes them as they are.
"""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy.engine import URL

_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
_OPTIONS = ("sslmode", "sslrootcert", "sslcert", "sslkey")


class TlsError(Exception):
    """The options ask for something that cannot be. The message says which option and why."""


def pymysql_tls(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return the address without these options, and PyMySQL's arguments in their place.

    Without any, PyMySQL encrypts where the server offers it and verifies nothing, as `prefer` does.

    Raises:
        TlsError: an unknown mode, or a file that is none.
    """
    given = {name: value for name in _OPTIONS if isinstance(value := url.query.get(name), str)}
    mode, authority = given.get("sslmode"), given.get("sslrootcert")
    if mode is not None and mode not in _MODES:
        raise TlsError(f"sslmode is {mode!r}; it can be {', '.join(_MODES)}")
    if mode is None and given:
        mode = "verify-full" if authority else "require"
    url = url.difference_update_query(_OPTIONS)
    match mode:
        case None | "prefer":
            return url, {}
        case "disable":
            return url, {"ssl_disabled": True}
        case _:
            return url, {"ssl": _context(mode, authority, given.get("sslcert"), given.get("sslkey"))}


def _context(mode: str, authority: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Certificates that MySQL makes for itself lack what Python 3.13 would insist on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.check_hostname = mode == "verify-full"
    # As with libpq, a file of authorities is also used by `require`.
    if mode == "require" and authority is None:
        context.verify_mode = ssl.CERT_NONE
    for option, path in (("sslrootcert", authority), ("sslcert", certificate)):
        try:
            if path and option == "sslcert":
                context.load_cert_chain(path, key)
            elif path and path != "system":
                context.load_verify_locations(path)
        except OSError as error:
            raise TlsError(f"{option}: {path} is not a readable PEM file ({error.strerror or error})") from None
    return context
