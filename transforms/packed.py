"""Values packed into one cell: serialised PHP, JSON, or plain text."""

from __future__ import annotations

from typing import Any

import orjson
import phpserialize

from transforms.frames import as_text


def php(text: str | None) -> Any:
    """Unserialise PHP: arrays and objects as dicts. Lengths count bytes, so bytes are read (a UTF-8 label counts)."""
    if not text:
        return None
    if (entry := _one_entry(text)) is not None:
        return {0: entry}
    try:
        return phpserialize.loads(text.encode(), decode_strings=True, object_hook=_members)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _one_entry(text: str) -> dict[Any, Any] | None:
    """Read a list of one array of texts, None where it is anything else.

    Plugins that list things have mostly written one, as a parcel. Exact: the texts must make the very cell again.
    """
    texts = text.split('"')[1::2]
    lengths = "".join([f's:{len(one)}:"{one}";' for one in texts])
    if text != f"a:1:{{i:0;a:{len(texts) // 2}:{{{lengths}}}}}" or len(texts) % 2 or not text.isascii():
        return None
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _members(_: str, members: dict[str, Any]) -> dict[str, Any]:
    # Private and protected members carry their class before a NUL.
    return {str(name).rpartition("\0")[2]: value for name, value in members.items()}


def json(value: Any) -> Any:
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


def entries(value: Any) -> list[dict[Any, Any]]:
    """List the arrays and objects of a list, decoded or not; PHP lists are dicts of numbered entries."""
    value = structure(value) if isinstance(value, str) else value
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [entry for entry in values if isinstance(entry, dict)]
