"""Fees that modules keep in columns of their own: read only when a channel names them as `fee_columns`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.channels.errors import ShopError
from connectors.channels.platform import ShopPlatform, with_prefix
from connectors.channels.schema import Schema
from transforms.spelling import did_you_mean


def fee_fills(
    platform: ShopPlatform, prefix: str, schema: Schema, fee_columns: Sequence[tuple[str, str | None]]
) -> Iterator[tuple[str, str]]:
    """Yield (placeholder, SQL): each fee as `fee__<column>`, its tax, if named, as `fee_tax__<column>`."""
    for name, place in platform.settings.fee_columns.items():
        table = with_prefix(place.table, prefix)
        named = [(f"fee__{column}", column) for column, _ in fee_columns]
        named += [(f"fee_tax__{column}", tax) for column, tax in fee_columns if tax is not None]
        there = (
            (alias, f"{place.alias}.{column}" if schema.has_column(table, column) else "NULL")
            for alias, column in named
        )
        yield name, "".join(f", {column} AS {alias}" for alias, column in there)


def fee_faults(
    channel: str,
    platform: ShopPlatform,
    prefix: str,
    schema: Schema,
    fee_columns: Sequence[tuple[str, str | None]],
) -> Iterator[ShopError]:
    """Yield what is wrong with a channel's `fee_columns`."""
    if fee_columns and not platform.settings.fee_columns:
        yield ShopError("unsupported", f"channel {channel!r}: `fee_columns` is for Magento only; leave it out")
    for place in platform.settings.fee_columns.values():
        table = with_prefix(place.table, prefix)
        for column in (column for pair in fee_columns for column in pair if column is not None):
            if place.required and not schema.has_column(table, column):
                fees = [known for known in schema.columns(table) if "fee" in known or "surcharge" in known]
                hint = did_you_mean(column, schema.columns(table)) or (
                    f"; it has {', '.join(sorted(fees))}" if fees else ""
                )
                yield ShopError(
                    "missing_table",
                    f"channel {channel!r}: `fee_columns` names {column!r}, but {table} has no such column{hint}",
                )
