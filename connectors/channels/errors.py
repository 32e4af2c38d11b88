"""What can go wrong with a shop database, in words for the person who can mend it."""

from __future__ import annotations

from typing import Literal

from transforms.errors import UserError

# Stable; docs/codes.md explains each.
ShopCode = Literal[
    # The database.
    "unreachable",
    "not_encrypted",
    "access_denied",
    "no_database",
    "missing_table",
    "timeout",
    "clock",
    # The configuration.
    "bad_url",
    "no_driver",
    "bad_prefix",
    "unknown_platform",
    "bad_platform",
    "unsupported",
    "bad_query",
    # What queries yield.
    "bad_sql",
    "bad_feed",
    "bad_frame",
]


class ShopError(UserError):
    """A shop cannot be read at all. The message says what, where and what to do, never a password or personal data."""

    def __init__(self, code: ShopCode, message: str) -> None:
        super().__init__(message)
        self.code = code
