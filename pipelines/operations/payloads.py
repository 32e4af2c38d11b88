"""Looking at a payload: as lines for people, without personal data, and against another one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

MASK = "***"
# Texts that are words of the contract, ids, codes or times; any other text may be somebody's name.
_PLAIN = frozenset(
    {
        "channel_order_id",
        "channel_order_line_id",
        "channel_adjustment_id",
        "sub_channel_code",
        "status",
        "status_reason",
        "type",
        "reason",
        "code",
        "currency",
        "created_at",
        "updated_at",
        "channel_updated_at",
        "shipping_deadline",
        "earliest",
        "latest",
        "country_iso_code",
        "carrier",
        "method",
    }
)
_POSITION = re.compile(r"\[[0-9]+\]")
# Stamps move with every change and do not describe it.
_STAMPS = frozenset({"channel_updated_at", "updated_at"})
_PLAIN_PATHS = ("product.id", "custom_attributes.id")


def masked(value: Any, path: str = "") -> Any:
    """Return a payload with every text that may be personal replaced; numbers, words of the contract and ids stay."""
    if isinstance(value, dict):
        return {name: masked(item, f"{path}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item, path) for item in value]
    return MASK if isinstance(value, str) and not _is_plain(path) else value


def lines(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, value) of every leaf of a payload, in its order: `order_lines[0].price.amount`, `19.9`."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from lines(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from lines(item, f"{path}[{index}]")
    else:
        yield path, text(value)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, old value, new value) of every leaf that differs, stamps aside; None is a leaf that is absent."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from differences(before, after, f"{path}[{index}]")
    elif old != new and path.rpartition(".")[2] not in _STAMPS:
        yield path, old, new


def change(path: str, old: Any, new: Any, *, personal: bool = False) -> str:
    """Describe one difference, without personal data unless that is asked for."""
    before, after = (value if personal else masked(value, path) for value in (old, new))
    return path if before == after else f"{path}: {text(before)} -> {text(after)}"


def text(value: Any) -> str:
    """Write a leaf, or a whole part that is new or gone, as it is written in a message."""
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    return f"{len(value)} values" if isinstance(value, dict | list) else str(value)


def _is_plain(path: str) -> bool:
    place = _POSITION.sub("", path)
    return place.rpartition(".")[2] in _PLAIN or place.endswith(_PLAIN_PATHS)
