"""One reader for all shops: a window selects changed orders, then whole orders are read, chunk by chunk.

A window selects orders, never rows: Mirakl replaces an order as a whole, so half of one would destroy the rest.
Queries are the `.sql` files of the platform's folder: `changes.sql` names the orders, every other file that binds
`:order_ids` reads their rows, and the remaining ones are read once per snapshot.

Belongs here: windows, paging, running queries. Does not belong here: what a platform's rows mean.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connectors.channels.database import open_engine, read_only_snapshot, shop_error
from connectors.channels.errors import ShopError
from transforms.frames import table

PAGE_SIZE = 10_000

# Queries whose table an installation may lack: the feature is switched off, or the plugin is not there.
OPTIONAL_TABLES = {
    "fulfillments": "wc_order_fulfillments",
    "order_notes": "comments",
    "skus": "wc_product_meta_lookup",
    "tax_rates": "woocommerce_tax_rates",
}
# A comment may name a parameter; left in, the driver would be asked to bind it.
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_PREFIX = re.compile(r"[A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ShopSource:
    """Where a channel's orders are: `table_prefix` as the shop has it, `chunk_size` in orders."""

    channel: str
    platform: str
    database_url: str
    table_prefix: str = "wp_"
    timezone: str = "UTC"
    chunk_size: int = 500


class ShopReader:
    """Reads whole orders of one shop.

    Raises:
        ShopError: the platform is unknown, the prefix is not one, or the URL is not a database's.
    """

    def __init__(self, source: ShopSource) -> None:
        folder = Path(__file__).parent / source.platform
        if not (folder / "changes.sql").is_file():
            raise ShopError("unknown_platform", f"channel {source.channel!r}: unknown platform {source.platform!r}")
        if not _PREFIX.fullmatch(source.table_prefix):
            raise ShopError(
                "bad_prefix",
                f"channel {source.channel!r}: table_prefix {source.table_prefix!r} may hold only letters, digits and _",
            )
        self.source = source
        self._queries = {
            path.stem: _COMMENT.sub("", path.read_text()).replace("{prefix}", source.table_prefix)
            for path in folder.glob("*.sql")
        }
        self._engine = open_engine(source.channel, source.database_url)

    def dispose(self) -> None:
        """Close what is still open."""
        self._engine.dispose()

    def check(self) -> None:
        """Try every query without reading an order.

        Raises:
            ShopError: unreachable, access denied, a missing table or column, or orders kept elsewhere.
        """
        with self.snapshot() as snapshot:
            snapshot.rows([])

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open one consistent read-only snapshot of the shop, after making sure that it is the right shop.

        Raises:
            ShopError: as `check`.
        """
        prefix = self.source.table_prefix
        self._require_tables()
        with read_only_snapshot(self.source.channel, self._engine, f"{prefix}wc_orders") as (connection, read_at):
            yield Snapshot(self.source, connection, read_at, self._available(connection))

    def _require_tables(self) -> None:
        try:
            tables = set(sa.inspect(self._engine).get_table_names())
        except DBAPIError as error:
            raise shop_error(self.source.channel, error) from None
        prefix, channel = self.source.table_prefix, self.source.channel
        if f"{prefix}wc_orders" not in tables:
            seen = sorted(name.removesuffix("wc_orders") for name in tables if name.endswith("wc_orders"))
            hint = f"prefixes seen: {', '.join(map(repr, seen))}" if seen else "no WooCommerce order tables are there"
            raise ShopError(
                "missing_table", f"channel {channel!r}: no table {prefix}wc_orders; {hint}; set table_prefix"
            )
        self._tables = tables

    def _available(self, connection: sa.Connection) -> dict[str, str]:
        prefix, channel = self.source.table_prefix, self.source.channel
        statement = sa.text(self._queries["site"])
        try:
            options = {name: value for name, value in connection.execute(statement)}  # noqa: C416
        except DBAPIError as error:
            raise shop_error(channel, error, ", query site.sql") from None
        if options.get("woocommerce_custom_orders_table_enabled") != "yes":
            raise ShopError(
                "not_authoritative",
                f"channel {channel!r}: WooCommerce does not keep its orders in {prefix}wc_orders (option "
                "woocommerce_custom_orders_table_enabled is not 'yes'); switch on High-Performance Order Storage",
            )
        return {
            name: query
            for name, query in self._queries.items()
            if name not in OPTIONAL_TABLES or f"{prefix}{OPTIONAL_TABLES[name]}" in self._tables
        }


class Snapshot:
    """One consistent view of a shop. `read_at` is its instant in UTC, by the shop database's own clock."""

    def __init__(
        self, source: ShopSource, connection: sa.Connection, read_at: dt.datetime, queries: dict[str, str]
    ) -> None:
        self.read_at = read_at
        self._source, self._connection = source, connection
        self._changes = sa.text(queries["changes"])
        self._by_order: dict[str, sa.TextClause] = {}
        self._once: dict[str, pd.DataFrame] = {}
        for name, query in queries.items():
            if ":order_ids" in query:
                self._by_order[name] = sa.text(query).bindparams(sa.bindparam("order_ids", expanding=True))
            elif name != "changes":
                self._once[name] = self._frame(name, sa.text(query), {})

    def chunks(self, start: dt.datetime, end: dt.datetime) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the rows of whole orders whose newest change lies in [start, end), chunk by chunk.

        Each chunk holds one frame per query, cells as the driver gave them.
        """
        bounds = {"start": _utc_text(start), "end": _utc_text(end), "page_size": PAGE_SIZE}
        after: tuple[Any, Any] = ("0001-01-01 00:00:00", 0)
        while True:
            page = self._run("changes", self._changes, {**bounds, "after_time": after[0], "after_id": after[1]})
            rows: list[tuple[Any, ...]] = [tuple(row) for row in page]
            for begin in range(0, len(rows), self._source.chunk_size):
                yield self.rows([row[0] for row in rows[begin : begin + self._source.chunk_size]])
            if len(rows) < PAGE_SIZE:
                return
            after = (rows[-1][1], rows[-1][0])

    def orders(self, ids: Sequence[str]) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the rows of these orders, whatever their day, chunk by chunk."""
        for begin in range(0, len(ids), self._source.chunk_size):
            yield self.rows(ids[begin : begin + self._source.chunk_size])

    def rows(self, order_ids: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Read all rows of these orders: one frame per query."""
        parameters = {"order_ids": list(order_ids)}
        read = {name: self._frame(name, query, parameters) for name, query in self._by_order.items()}
        return {**self._once, **read}

    def _frame(self, name: str, query: sa.TextClause, parameters: dict[str, Any]) -> pd.DataFrame:
        result = self._run(name, query, parameters)
        return table(list(result.keys()), result.fetchall())

    def _run(self, name: str, query: sa.TextClause, parameters: dict[str, Any]) -> sa.CursorResult[Any]:
        try:
            return self._connection.execute(query, parameters)
        except DBAPIError as error:
            raise shop_error(self._source.channel, error, f", query {name}.sql") from None


def _utc_text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
