"""The SQL files of a platform: what each is for, which parameters it may bind, and what becomes of its text.

`changes.sql` and `placed.sql` are feeds: they name orders by time. `changes.sql` also says the newest change of orders
whose ids are known: its lines between `-- begin window` and `-- end window` are of the feed only, those between
`-- begin ids` and `-- end ids` of the latter only; a file without them is asked for all changes, of which those of the
ids are taken.
`find.sql` translates order ids. A file that a requirement names is a probe. Of the others, those that bind
`:order_ids` are read per chunk, the rest once a snapshot. SQL that several files need is `shared/NAME.sql`; they have
`{NAME}` in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.channels.errors import ShopError
from connectors.channels.fee_columns import fee_faults, fee_fills
from connectors.channels.platform import ShopPlatform, with_prefix
from connectors.channels.schema import Schema


class Use(Enum):
    """What a query is for."""

    FEED = "feed"
    BY_ID = "changes by id"
    FIND = "find"
    PROBE = "probe"
    PER_CHUNK = "per chunk"
    ONCE = "once"


# What a query of each use must bind; every query may bind `OF_EVERY_QUERY` too.
PARAMETERS: Mapping[Use, frozenset[str]] = {
    Use.FEED: frozenset({"start", "end", "after_time", "after_id", "page_size"}),
    Use.BY_ID: frozenset({"order_ids"}),
    Use.FIND: frozenset({"channel_order_ids"}),
    Use.PROBE: frozenset(),
    Use.PER_CHUNK: frozenset({"order_ids"}),
    Use.ONCE: frozenset(),
}
OF_EVERY_QUERY = frozenset({"store", "timezone"})
LISTS = ("order_ids", "channel_order_ids")
# Strings and quoted names are kept whole: what looks like a comment in them is none. Neither are optimizer hints.
_COMMENT = re.compile(r"('(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`)|--[^\n]*|/\*(?![+!]).*?\*/", re.DOTALL)
# The key of `changes.sql` asked by ids, see above.
CHANGES_BY_ID = "changes by id"
_PART = re.compile(r"^[ \t]*-- begin (\w+)[ \t]*$(.*?)^[ \t]*-- end \1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """One query, ready to run. `file` is for messages."""

    name: str
    use: Use
    statement: sa.TextClause
    parameters: frozenset[str]

    @property
    def file(self) -> str:
        """Return the name of the query's file."""
        return f"{self.name}.sql"


def load_queries(
    channel: str,
    platform: ShopPlatform,
    prefix: str,
    schema: Schema,
    fee_columns: Sequence[tuple[str, str | None]] = (),
) -> tuple[dict[str, Query], list[ShopError]]:
    """Read the platform's queries as this shop's schema needs them: prefix, optional columns and parts filled in.

    A query whose optional table the shop does not have is left out. The faults beside the queries: files that cannot
    be read, bind what they must not, or do not bind what they must.
    """
    queries: dict[str, Query] = {}
    faults = list(fee_faults(channel, platform, prefix, schema, fee_columns))
    probes = {requirement.query for requirement in platform.settings.require}
    fills = {
        "prefix": prefix,
        **dict(_optional_columns(platform, prefix, schema)),
        **dict(fee_fills(platform, prefix, schema, fee_columns)),
    }

    shared: dict[str, str] = {}

    def filled(text: str) -> str:
        return _filled(_optional_parts(text, platform, prefix, schema), {**shared, **fills})

    for path in sorted(platform.folder.glob("shared/*.sql")):
        try:
            # In one line, so that a database's "at line 12" is line 12 of the file that it becomes part of.
            shared[path.stem] = " ".join(filled(_read(channel, path)).splitlines())
        except ShopError as fault:
            faults.append(fault)
    for path in sorted(platform.folder.glob("*.sql")):
        needed = platform.settings.optional.get(path.stem, ())
        if _has(schema, needed, prefix):
            try:
                text = _read(channel, path)
                of_feed = _parts_of(text, keep="window", drop="ids") if path.stem == "changes" else text
                queries[path.stem] = _query(channel, path, filled(of_feed), Use.PROBE if path.stem in probes else None)
                if path.stem == "changes":
                    of_ids = _by_id(filled(_parts_of(text, keep="ids", drop="window")))
                    queries[CHANGES_BY_ID] = _query(channel, path, of_ids, Use.BY_ID)
            except ShopError as fault:
                faults.append(fault)
    required = ("changes",) if platform.shape is not None else ("changes", "orders", "lines")
    faults += [
        ShopError("bad_query", f"channel {channel!r}: {platform.folder} has no {name}.sql")
        for name in required
        if not (platform.folder / f"{name}.sql").is_file()
    ]
    return queries, faults


def _read(channel: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ShopError("bad_query", f"channel {channel!r}: {path} is not UTF-8 text; save it as UTF-8") from None


def _has(schema: Schema, needed: Iterable[str], prefix: str) -> bool:
    """Return whether the shop has all tables that are needed, each written `table` or `table(column, column)`."""
    for need in needed:
        table, _, columns = with_prefix(need, prefix).rstrip(")").partition("(")
        if not schema.has_table(table):
            return False
        if columns and not all(schema.has_column(table, column.strip()) for column in columns.split(",")):
            return False
    return True


def _optional_columns(platform: ShopPlatform, prefix: str, schema: Schema) -> Iterator[tuple[str, str]]:
    for name, column in platform.settings.optional_columns.items():
        there = schema.has_column(with_prefix(column.table, prefix), column.column)
        yield name, column.sql if there else column.otherwise


def _optional_parts(text: str, platform: ShopPlatform, prefix: str, schema: Schema) -> str:
    def part(match: re.Match[str]) -> str:
        needed = platform.settings.optional_parts.get(match[1], ())
        there = _has(schema, needed, prefix)
        # Lines stay lines, so that a database's "at line 12" is line 12 of the file.
        return match[0] if there else "\n" * match[0].count("\n")

    return _PART.sub(part, text)


def _parts_of(text: str, keep: str, drop: str) -> str:
    def part(match: re.Match[str]) -> str:
        if match[1] == keep:
            return match[2]
        return "\n" * match[0].count("\n") if match[1] == drop else match[0]

    return _PART.sub(part, text)


def _filled(text: str, fills: Mapping[str, str]) -> str:
    # Comments go first: one may name a parameter, and the driver would be asked to bind it.
    bare = _COMMENT.sub(lambda match: match[1] or "\n" * match[0].count("\n"), text)
    for name, fill in fills.items():
        bare = bare.replace(f"{{{name}}}", fill)
    return bare.rstrip().rstrip(";")


def _by_id(changes: str) -> str:
    if ":order_ids" in changes:
        return changes
    return f"SELECT order_id, changed_at FROM (\n{changes}\n) AS feed WHERE order_id IN :order_ids"  # noqa: S608


def _query(channel: str, path: Path, text: str, use: Use | None) -> Query:
    statement = sa.text(text)
    bound = frozenset(statement.compile().params)
    use = use or _use(path.stem, bound)
    place = f"channel {channel!r}: {path.name}"
    allowed = PARAMETERS[use] | OF_EVERY_QUERY | (PARAMETERS[Use.FEED] if use is Use.BY_ID else frozenset())
    if unknown := sorted(bound - allowed):
        known = ", ".join(f":{name}" for name in sorted(allowed))
        raise ShopError(
            "bad_query",
            f"{place} binds :{unknown[0]}, which it cannot have; it can have {known} (write CAST(:x AS type) for "
            r":x::type, and \: for a colon of your own)",
        )
    if missing := sorted(PARAMETERS[use] - bound):
        raise ShopError("bad_query", f"{place} does not bind :{missing[0]}; without it orders are lost or repeated")
    typed: list[sa.BindParameter[Any]] = [sa.bindparam(name, expanding=True) for name in LISTS if name in bound]
    if "store" in bound:
        # PostgreSQL cannot guess the type in `:store IS NULL`; the other parameters take that of what they are beside.
        typed.append(sa.bindparam("store", type_=sa.String))
    return Query(path.stem, use, statement.bindparams(*typed), bound)


def _use(name: str, bound: frozenset[str]) -> Use:
    if name in {"changes", "placed"}:
        return Use.FEED
    if name == "find":
        return Use.FIND
    return Use.PER_CHUNK if "order_ids" in bound else Use.ONCE
