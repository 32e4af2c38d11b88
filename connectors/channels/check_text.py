"""Text of a folder of SQL that would reach buyers' parcels damaged: encoded for HTML, or in another character set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from transforms.columns import COLUMNS
from transforms.frames import Frame, OrderFrames

_ENTITY = re.compile(r"&(#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[A-Za-z]{2,8}[0-9]{0,2});")
# UTF-8 that was read as Latin-1 or as Windows-1252: two or three characters for each that is not ASCII.
_MISREAD = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]|\u00e2\u20ac|\u00e2\u0080"
)
_REPLACED = "\ufffd"
_HINTS = {
    "entities": "holds HTML entities (as &amp;), which are sent as they are; undo them in SQL, as "
    "REPLACE(title, '&amp;', '&')",
    "misread": "holds UTF-8 that was read as Latin-1 (two characters for one letter with an accent); undo it in SQL, "
    "in MySQL by CONVERT(CAST(CONVERT(name USING latin1) AS BINARY) USING utf8mb4)",
    "replaced": "holds characters that could not be read as UTF-8; convert them in SQL, or in the shop",
    "bytes": "is bytes that are no UTF-8 and is sent as hexadecimal; convert it in SQL, in MySQL by "
    "CONVERT(CONVERT(name USING latin1) USING utf8mb4)",
}


def wrong_text(frames: OrderFrames, rows: Mapping[str, Frame]) -> Iterator[tuple[str, str]]:
    """Yield (file, message) about columns whose text is damaged, never the text; `rows` are as the driver gave them."""
    for name, frame in frames.items():
        owners = frame["channel_order_id"].to_pylist()
        for column in COLUMNS[name]:
            if column.kind != "text" or column.words:
                continue
            raw = list(rows[name][column.name]) if name in rows and column.name in rows[name].columns else []
            found: dict[str, list[int]] = {}
            for row, cell in enumerate(raw):
                if kind := _damage(cell):
                    found.setdefault(kind, []).append(row)
            for kind, places in found.items():
                place = f"column {column.name!r}, row {places[0] + 1} (order {owners[places[0]]})"
                more = f"; so do {len(places) - 1} more rows" if len(places) > 1 else ""
                yield name, f"{place}: {_HINTS[kind]}{more}"


def _damage(cell: object) -> str | None:
    if isinstance(cell, bytes | bytearray | memoryview):
        try:
            cell = bytes(cell).decode()
        except UnicodeDecodeError:
            return "bytes"
    if not isinstance(cell, str):
        return None
    if _REPLACED in cell:
        return "replaced"
    if _MISREAD.search(cell):
        return "misread"
    return "entities" if _ENTITY.search(cell) else None
