"""What the buyer chose of a Medusa product: the options of its variant, and what a storefront keeps as metadata.

Metadata is free: storefronts keep personalisation there, and plugins their own notes. What begins with `_`, names ids
or prices, or holds anything but texts, numbers and yes or no, is not what a buyer saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from transforms.packed import json
from transforms.rowsets import Objects, Rowset, choose, is_true
from transforms.visible_text import visible_options

_TECHNICAL = re.compile(r"^_|(^|_)(ids?|prices?|amounts?)$|I[dD]s?$|[pP]rices?$|^(thumbnail|image|handle)$")
_DEFAULT = re.compile(r"default( variant| title| option value)?", re.IGNORECASE)


def choices(items: Rowset) -> list[tuple[int, str, str]]:
    """List (item, label, value): the options of the variant (its title where it has none), then the visible metadata.

    Few different variants are sold again and again: each is read once.
    """
    options, title, metadata = items["variant_option_values"], _variant_title(items), items["metadata"]
    known: dict[tuple[Any, Any, Any], list[tuple[str, str]]] = {}
    found = []
    for item in np.flatnonzero(is_true(options) | is_true(title) | is_true(metadata)).tolist():
        key = options[item], title[item], metadata[item]
        if key not in known:
            known[key] = list(visible_options(_chosen(*key)))
        found += [(item, label, value) for label, value in known[key]]
    return found


def _variant_title(items: Rowset) -> Objects:
    variant = items["variant_title"]
    return choose(variant != items["title"], variant, None)


def _chosen(
    options_cell: str | None, variant_title: str | None, metadata_cell: str | None
) -> Iterator[tuple[str, str]]:
    options, metadata = json(options_cell), json(metadata_cell)
    shown = list(options.items()) if isinstance(options, dict) else []
    if not shown and variant_title:
        shown = [("variant", variant_title)]
    if isinstance(metadata, dict):
        shown += [(label, value) for label, value in metadata.items() if not _TECHNICAL.search(label)]
    for label, value in shown:
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
