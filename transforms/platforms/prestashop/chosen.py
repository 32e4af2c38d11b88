"""What the buyer chose of a product, as custom attributes of the line: the combination, the customization, the pack.

Labels are those that the buyer saw. A combination stands in the name of its line, in brackets, as `Size: M - Colour:
Blue` (older versions: behind a dash), and stays there when the catalogue changes; the tables of the catalogue are asked
where the name does not tell.

Belongs here: which product a line is. Does not belong here: its money and its state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

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
    told = options(line.product_name) if line.product_attribute_id else []
    if line.product_attribute_id and not told:
        told = [(row.label, row.value) for row in attributes if row.label and row.value]
    told += [
        ((row.label or "").strip() or f"customization-{row.field}", row.value.strip())
        for row in customizations
        if row.value.strip() and not _MACHINE.fullmatch(row.value)
    ]
    if pack:
        told.append(("pack-contents", ", ".join(_contents(pack))))
    yield from visible_options(told)


def product_id(line: Any) -> str:
    """Name a line's product: its reference, or its ids where it has none or shares its product's with its sisters."""
    if line.product_reference and not line.shares_reference:
        return str(line.product_reference)
    variant = f"-{line.product_attribute_id}" if line.product_attribute_id else ""
    return f"{line.product_id}{variant}"


def _contents(pack: Iterable[Any]) -> Iterator[str]:
    for row in pack:
        variant = f"-{row.id_product_attribute_item}" if row.id_product_attribute_item else ""
        yield f"{row.quantity} x {row.reference or row.name or f'{row.id_product_item}{variant}'}"
