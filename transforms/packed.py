"""Values packed into one cell: serialised PHP, JSON, or plain text.

`Any` is meant here: what PHP or JSON holds has whatever shape a plugin gave it, and each reader looks for its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import phpserialize
import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text
from transforms.groups import Bools
from transforms.parsing import mask

_OPENING = re.compile(r's:(\d{1,9}):"|i:(-?\d{1,18});|a:(\d{1,9}):\{', re.ASCII)


def php(text: str | None) -> Any:
    """Unserialise PHP: arrays and objects as dicts. Lengths count bytes, so bytes are read (a UTF-8 label counts)."""
    if not text:
        return None
    try:
        # Lengths count bytes.
        if text.isascii():
            return _value(text, 0)[0]
    except (_Unusual, RecursionError):
        pass
    try:
        return phpserialize.loads(text.encode(), decode_strings=True, object_hook=_members)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


class _Unusual(Exception):
    """What only the parser knows, damage included."""


def _value(text: str, at: int) -> tuple[Any, int]:
    """Read arrays, texts and whole numbers; return the value, and where it ends."""
    opening = _OPENING.match(text, at)
    if opening is None:
        raise _Unusual
    size, number, count = opening.groups()
    at = opening.end()
    if size is not None:
        end = at + int(size)
        if text[end : end + 2] != '";':
            raise _Unusual
        return text[at:end], end + 2
    if number is not None:
        return int(number), at
    entries: dict[Any, Any] = {}
    for _ in range(int(count)):
        key, at = _value(text, at)
        if isinstance(key, dict):
            raise _Unusual
        entries[key], at = _value(text, at)
    if text[at : at + 1] != "}":
        raise _Unusual
    return entries, at + 1


def one_entries(cells: pa.StringArray, names: Sequence[str]) -> tuple[Bools, dict[str, pa.StringArray]]:
    """Read a column of lists of one array of texts; return which cells are such, and the texts of some names.

    A cell that is none, or has one of the names twice, is left to `php`.
    """
    parts = pc.split_pattern(pc.fill_null(cells, ""), '"')
    flat, ends = parts.flatten(), np.cumsum(pc.list_value_length(parts).to_numpy())
    counts = np.diff(ends, prepend=0)
    at, owner = np.arange(len(flat)), np.repeat(np.arange(len(cells)), counts)
    place = at - np.repeat(ends - counts, counts)
    texts = np.flatnonzero(place % 2 == 1)
    is_first = pa.array(place[texts] == 1)
    pairs = pa.array((counts // 4)[owner[texts]]).cast(pa.string())
    begin = pc.if_else(is_first, pc.binary_join_element_wise("a:1:{i:0;a:", pairs, ":{", ""), ";")
    sizes = pc.binary_length(flat.take(pa.array(texts))).cast(pa.string())
    wanted = pc.binary_join_element_wise(begin, "s:", sizes, ":", "")
    is_so = mask(pc.equal(wanted, flat.take(pa.array(texts - 1))))
    plain: Bools = (counts % 4 == 1) & (counts > 1) & mask(pc.string_is_ascii(cells))
    plain &= mask(pc.equal(flat.take(pa.array(ends - 1)), ";}}"))
    plain &= np.bincount(owner[texts[~is_so]], minlength=len(cells)) == 0
    found = {}
    for name in names:
        named = np.flatnonzero(mask(pc.equal(flat, name)) & (place % 4 == 1) & plain[owner])
        plain &= np.bincount(owner[named], minlength=len(cells)) < 2
        value = np.full(len(cells), -1)
        value[owner[named]] = named + 2
        found[name] = flat.take(pa.array(value, mask=value < 0))
    return plain, found


def _members(_: str, members: dict[str, Any]) -> dict[str, Any]:
    # Private and protected members carry their class before a NUL.
    return {str(name).rpartition("\0")[2]: value for name, value in members.items()}


def json(value: object) -> Any:
    """Read JSON, or return the text itself where it is none (some versions write plain text)."""
    text = as_text(value)
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def structure(text: str | None) -> Any:
    """Read serialised PHP or JSON, whichever a plugin wrote; plain text stays text."""
    if text and text[0] in "{[":
        return json(text)
    return json(text) if (decoded := php(text)) is None else decoded


def entries(value: object) -> list[dict[Any, Any]]:
    """List the arrays and objects of a list, decoded or not; PHP lists are dicts of numbered entries."""
    value = structure(value) if isinstance(value, str) else value
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [entry for entry in values if isinstance(entry, dict)]
