"""What a reader needs to know of a channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShopSource:
    """Where a channel's orders are.

    `fee_columns`: columns of the shop's orders that hold a fee, each with that of its tax or None.
    `platform`: a built-in name, or the path of a folder. `table_prefix`: as the shop has it, the platform's usual one
    when None. `timezone`: zone of shop-local times. `chunk_size`: orders read
    together at most. `store`: one of several stores. `pause_seconds`: how long the shop's database is left to the shop
    between two chunks.
    Queries may bind `:store` and `:timezone`.
    """

    channel: str
    platform: str
    database_url: str
    table_prefix: str | None = None
    timezone: str = "UTC"
    chunk_size: int = 1_000
    store: str | None = None
    pause_seconds: float = 0
    fee_columns: tuple[tuple[str, str | None], ...] = ()
