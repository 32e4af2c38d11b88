"""What the buyer chose of a Medusa product: the options of its variant, and what a storefront keeps as metadata.

Metadata is free: storefronts keep personalisation there, and plugins their own notes. What begins with `_`, names ids
or prices, or holds anything but texts, numbers and yes or no, is not what a buyer saw.

Belongs here: labels and values. Does not belong here: versions and prices of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from transforms.packed import json

_TECHNICAL = re.compile(r"^_|(^|_)(ids?|prices?|amounts?)$|I[dD]s?$|[pP]rices?$|^(thumbnail|image|handle)$")
_DEFAULT = re.compile(r"default( variant| title| option value)?", re.IGNORECASE)


def chosen(item: Any) -> Iterator[tuple[str, str]]:
    """Yield (label, value): the options of the variant (its title where it has none), then the visible metadata."""
    options = json(item.variant_option_values)
    told = [(str(label), value) for label, value in options.items()] if isinstance(options, dict) else []
    if not told and item.variant_title and item.variant_title != item.title:
        told = [("variant", item.variant_title)]
    metadata = json(item.metadata)
    if isinstance(metadata, dict):
        told += [(label, value) for label, value in metadata.items() if not _TECHNICAL.search(label)]
    for label, value in told:
        text = _text(value)
        if text and not _DEFAULT.fullmatch(text):
            yield label, text


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list():
            return ", ".join(_text(one) for one in value if isinstance(one, str | int | float))
    return ""
