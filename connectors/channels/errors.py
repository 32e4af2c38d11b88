"""What can go wrong with a shop database, in words for the person who can mend it."""

from __future__ import annotations

from transforms.errors import UserError


class ShopError(UserError):
    """A shop cannot be read at all. The message says what, where and what to do; never a password or an order's data.

    `code` is stable:
    configuration: unknown_platform, bad_platform, bad_query, bad_prefix, bad_url, no_driver;
    the database: unreachable, no_database, access_denied, timeout, missing_table, unsupported, bad_sql;
    what queries yield: bad_feed, bad_frame.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
