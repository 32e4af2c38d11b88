"""What can go wrong with a shop database, in words for the person who can mend it.

Belongs here: the one exception of this package. Does not belong here: faults of single orders (they become rejects).
"""

from __future__ import annotations


class ShopError(Exception):
    """A shop cannot be read at all. The message says what, where and what to do; never a password or an order's data.

    `code` is stable: unknown_platform, bad_url, unreachable, access_denied, missing_table, not_authoritative, bad_sql.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
