"""What a database driver's error means, in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from sqlalchemy.exc import DBAPIError

from connectors.channels.errors import ShopCode, ShopError
from connectors.config.database_url import PERCENT_ENCODED

_Cause = ShopCode | Literal["login_refused"]
# MySQL and MariaDB give a number, PostgreSQL an SQLSTATE, SQLite only words.
_CODES: Mapping[int | str | None, _Cause] = {
    **dict.fromkeys([1045, "28000", "28P01"], "login_refused"),
    **dict.fromkeys([1044, 1142, 1143, "42501"], "access_denied"),
    **dict.fromkeys([1049, 1102, "3D000"], "no_database"),
    **dict.fromkeys([2002, 2003, 2005, 2006, 2013], "unreachable"),
    **dict.fromkeys([1146, 1054, "42P01", "42703"], "missing_table"),
    **dict.fromkeys([1969, 3024, "57014"], "timeout"),
    2026: "not_encrypted",
}
_WORDS: Mapping[str, _Cause] = {
    "unable to open": "unreachable",
    "not a database": "no_database",
    "no such table": "missing_table",
    "no such column": "missing_table",
    "interrupted": "timeout",
}
_NO_LOGIN = re.compile(r'authentication failed|role ".*" does not exist|no password supplied|no pg_hba.conf entry')
_NO_TLS = re.compile(r"\bSSL\b|certificate")
_NO_DATABASE = re.compile(r'database ".*" does not exist')
# PostgreSQL and MySQL quote the offending value after these; it may be personal.
_VALUE = re.compile(
    r"(invalid input syntax[^:]*|out of range[^:]*|Incorrect \w+ value|Truncated incorrect \w+ value): .*"
)


@contextmanager
def driver_errors(
    channel: str, where: str = "", driver_error: type[BaseException] | tuple[type[BaseException], ...] = ()
) -> Iterator[None]:
    """Turn what a driver raises inside the block into a ShopError. Only for blocks that ask the shop's database.

    `driver_error`: the driver's own class, for blocks that ask it without SQLAlchemy between.
    """
    try:
        yield
    except DBAPIError as error:
        raise _shop_error(channel, error.orig, where) from None
    except driver_error as error:
        raise _shop_error(channel, error, where) from None
    except UnicodeDecodeError:
        raise ShopError(
            "bad_sql",
            f"channel {channel!r}{where}: yields text that is not in the character set it claims; select "
            "HEX() of the column to find it, or CONVERT it in the SQL",
        ) from None


def is_denied(error: DBAPIError) -> bool:
    """Return whether the user lacks a right: MySQL and MariaDB say so of tables that do not exist, too."""
    return _code(error.orig) == "access_denied"


def _shop_error(channel: str, cause: BaseException | None, where: str) -> ShopError:
    """Describe a driver's error in one message: the driver's own words, without SQL, parameters or password."""
    code, words = _code(cause), _words(cause)
    place = f"channel {channel!r}{where}"
    match code:
        case "access_denied":
            return ShopError(code, f"{place}: the database refuses access ({words}); the user needs SELECT there")
        case "login_refused":
            return ShopError(
                "access_denied",
                f"{place}: the database does not let the user in ({words}); check user and password in database_url, "
                f"and that the user may come from this machine; {PERCENT_ENCODED}",
            )
        case "no_database":
            return ShopError(code, f"{place}: there is no such database ({words}); check database_url")
        case "not_encrypted":
            return ShopError(
                code,
                f"{place}: there is no encrypted connection as database_url asks for it ({words}); the server must "
                "offer TLS, with a certificate that sslmode and sslrootcert in database_url accept",
            )
        case "unreachable":
            return ShopError(code, f"{place}: the database cannot be reached ({words}); check database_url")
        case "missing_table":
            return ShopError(
                code, f"{place}: {words}; check table_prefix, the SQL, and that the shop's version is supported"
            )
        case "timeout":
            return ShopError(code, f"{place}: the database took too long ({words}); see `check` for missing indexes")
        case _:
            return ShopError(code, f"{place}: {words}")


def _code(cause: BaseException | None) -> _Cause:
    number = cause.args[0] if cause is not None and cause.args and isinstance(cause.args[0], int) else None
    state = getattr(cause, "sqlstate", None)
    words = _words(cause)
    if known := _CODES.get(number) or _CODES.get(state):
        return "not_encrypted" if known == "unreachable" and _NO_TLS.search(words) else known
    if (
        state is None
        and type(cause).__module__.startswith("psycopg")
        and type(cause).__name__.endswith(("OperationalError", "ConnectionTimeout"))
    ):
        # Before a connection is made there is no SQLSTATE.
        if _NO_LOGIN.search(words):
            return "login_refused"
        if _NO_TLS.search(words):
            return "not_encrypted"
        return "no_database" if _NO_DATABASE.search(words) else "unreachable"
    if isinstance(state, str) and state.startswith(("08", "57P")):
        return "unreachable"
    return next((code for part, code in _WORDS.items() if part in words), "bad_sql")


def _words(cause: BaseException | None) -> str:
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    words = primary or (str(cause.args[-1]) if cause is not None and cause.args else type(cause).__name__)
    return _VALUE.sub(r"\1", " ".join(words.split()))
