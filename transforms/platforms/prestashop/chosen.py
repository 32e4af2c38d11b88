"""What the buyer chose of a product, as custom attributes of the line: the combination, the customization, the pack.

Labels are those that the buyer saw. A combination is part of the name of its line, in brackets, as `Size: M - Colour:
Blue` (older versions: behind a dash), and stays there when the catalogue changes; the tables of the catalogue are asked
where the name lacks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from transforms.platforms.prestashop.chunk import Chunk
from transforms.platforms.prestashop.columns import own_objects, row_objects
from transforms.rowsets import Rowset, is_true
from transforms.visible_text import visible_options

# `(Size: M - Colour: Blue)` at the end of a name, or ` - Size : M, Colour : Blue`.
_BRACKETS = re.compile(r"\(([^()]*:.*)\)\s*$")
_DASH = re.compile(r"\s-\s([^:]{1,64}\s?:\s.*)$")
# A separator is one only before the next label, as a value may hold a dash or a comma itself.
_NEXT = re.compile(r"\s*[-,]\s+(?=[^-,:]{1,64}\s?:\s)")
_MACHINE = re.compile(r"\s*(?:[\[{].*[\]}]|a:\d+:\{.*)\s*", re.DOTALL)


def options(name: str | None) -> list[tuple[str, str]]:
    """Read the options of a combination from the name of its line: label and value, in the shop's order."""
    match = _BRACKETS.search(name or "") or _DASH.search(name or "")
    if match is None:
        return []
    pairs = [part.partition(":") for part in _NEXT.split(match[1])]
    return [(label.strip(), value.strip()) for label, _, value in pairs if label.strip() and value.strip()]


def chosen(
    line: Any, attributes: Sequence[Any], customizations: Sequence[Any], pack: Sequence[Any]
) -> Iterator[tuple[str, str]]:
    """Yield (id, value) of the line's attributes, as the buyer saw them."""
    labelled = options(line.product_name) if line.product_attribute_id else []
    if line.product_attribute_id and not labelled:
        labelled = [(row.label, row.value) for row in attributes if row.label and row.value]
    labelled += [
        ((row.label or "").strip() or f"customization-{row.field}", row.value.strip())
        for row in customizations
        if row.value.strip() and not _MACHINE.fullmatch(row.value)
    ]
    if pack:
        labelled.append(("pack-contents", ", ".join(_contents(pack))))
    yield from visible_options(labelled)


def product_ids(lines: Rowset) -> list[str]:
    """Name each line's product: its reference, or its ids where it has none or shares that of its sisters."""
    columns = ("product_reference", "shares_reference", "product_id", "product_attribute_id")
    return [
        str(reference) if reference and not shared else f"{product}-{variant}" if variant else f"{product}"
        for reference, shared, product, variant in zip(*(lines[column] for column in columns), strict=True)
    ]


def _contents(pack: Iterable[Any]) -> Iterator[str]:
    for row in pack:
        variant = f"-{row.id_product_attribute_item}" if row.id_product_attribute_item else ""
        yield f"{row.quantity} x {row.reference or row.name or f'{row.id_product_item}{variant}'}"


@lru_cache(maxsize=8192)
def _named(name: str | None) -> tuple[tuple[str, str], ...]:
    """Return the attributes in the name of a line: a shop sells the same combinations over and over."""
    return tuple(visible_options(options(name)))


def attributes(chunk: Chunk) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, value) of what the buyer chose."""
    lines = chunk.lines
    combinations, customizations, packs = map(chunk.of_lines, ("attributes", "customizations", "packs"))
    variants = is_true(lines["product_attribute_id"])
    odd = (customizations.groups.counts > 0) | (packs.groups.counts > 0)
    names = lines["product_name"]
    for line in np.flatnonzero(variants | odd).tolist():
        labelled: Iterable[tuple[str, str]] = () if odd[line] else _named(names[line])
        if not labelled:
            [row] = row_objects(lines, [line])
            labelled = chosen(
                row, own_objects(combinations, line), own_objects(customizations, line), own_objects(packs, line)
            )
        for name, value in labelled:
            yield line, name, value
