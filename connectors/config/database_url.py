"""The address of a database as a user wrote it, of a shop and of the ledger alike."""

from __future__ import annotations

import re

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PERCENT_ENCODED = "special characters of the password are percent-encoded: %40 for @, %3A for :, %2F for /"

# Drivers take them there, and what stands behind the ? is shown by whoever shows an address.
_SECRET = re.compile("pass(?!file)|pwd|secret|token", re.IGNORECASE)


def read_url(text: str) -> URL:
    """Read a SQLAlchemy URL.

    Raises:
        ArgumentError, ValueError: it is none, or a password in it is not percent-encoded. The words hold no part of it.
    """
    url = make_url(text)
    # Of `user:p@ss@host` SQLAlchemy makes the host `ss@host`: every message that names the host would tell the rest.
    if "@" in (url.host or "") or (url.host and "@" in (url.database or "")):
        raise ArgumentError("the password is not percent-encoded")
    return url.set(drivername="postgresql") if url.drivername == "postgres" else url


def shown_url(url: URL) -> str:
    """Return an address as it may be printed: neither its password nor one among its options."""
    secret = [name for name in url.query if _SECRET.search(name)]
    return url.update_query_dict(dict.fromkeys(secret, "***")).render_as_string(hide_password=True)


def option_with_password(url: URL) -> str | None:
    """Return the name of an option of the address that holds a password, None where there is none."""
    return next((name for name in url.query if _SECRET.search(name)), None)
