"""What the buyer chose of a product: its variant, customisable options, the parts of a bundle, what modules add.

All of it is packed into one cell, `product_options`: JSON since 2.2, serialised PHP before. What was asked for
(`info_buyRequest`) is there by ids beside what the buyer saw; only the latter is sent. Most cells hold nothing that
is needed, and are not unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.database_values import as_text
from transforms.groups import Bools
from transforms.packed import entries, structure
from transforms.parsing import mask
from transforms.rowsets import Objects

_FILE = "file"
# Of a gift card (Adobe Commerce): whom it is for, as the order's page shows it; e-mail addresses are not sent.
_GIFT_CARD = {
    "giftcard_sender_name": "Gift Card Sender",
    "giftcard_recipient_name": "Gift Card Recipient",
    "giftcard_message": "Gift Card Message",
}
_GROUPS = ("attributes_info", "options", "additional_options")
_PARTS = "bundle_options"
_CHOSEN = frozenset({*_GROUPS, *_GIFT_CARD, _PARTS})
_OF_A_PART = "bundle_selection_attributes"
# A name that is needed is in its cell as it is, unless JSON has escaped a letter of it.
_NEEDED = "|".join((*sorted(f'"{name}"' for name in (*_CHOSEN, _OF_A_PART)), r"\\u00"))

Options = Mapping[str, Any]
_NONE: Options = {}


class PackedOptions:
    """The options of a chunk's item rows, unpacked where somebody asks for them."""

    def __init__(self, cells: Objects) -> None:
        self._cells = cells
        self._unpacked: dict[int, Options] = {}

    def of(self, row: int) -> Options:
        """Unpack the options of an item row; damaged ones are empty."""
        if row not in self._unpacked:
            options = structure(self._cells[row])
            self._unpacked[row] = options if isinstance(options, dict) else _NONE
        return self._unpacked[row]

    def hold_choices(self) -> Bools:
        """Return which item rows have options that a buyer saw."""
        return mask(pc.match_substring_regex(pa.array(self._cells, pa.string()), _NEEDED))


def choices(options: Options, container: tuple[Any, Options] | None) -> Iterator[tuple[Any, Any]]:
    """Yield (label, value) of what the buyer chose: of the product itself, and of the bundle it is a part of.

    `container`: the bundle's name, and its options.
    """
    yield from _chosen(options)
    if container is not None:
        name, of_bundle = container
        if option := bundle_option(options):
            yield from (("bundle", name), ("bundle-option", option))
        yield from _chosen({name: value for name, value in of_bundle.items() if name != _PARTS})


def _chosen(options: Options) -> Iterator[tuple[Any, Any]]:
    """Yield (label, value) as the buyer saw them: the variant, then what was written or picked, then the parts."""
    if _CHOSEN.isdisjoint(options):
        return
    for group in _GROUPS:
        for option in entries(options.get(group)):
            yield option.get("label"), _value(option)
    yield from ((label, options[name]) for name, label in _GIFT_CARD.items() if options.get(name))
    for option in entries(options.get(_PARTS)):
        parts = [f"{_quantity(part.get('qty'))} x {part.get('title')}" for part in entries(option.get("value"))]
        yield option.get("label"), ", ".join(parts)


def bundle_option(options: Options) -> str | None:
    """Return the option of a bundle that a part of it was chosen for."""
    selection = structure(as_text(options.get(_OF_A_PART)))
    label = selection.get("option_label") if isinstance(selection, dict) else None
    return label if isinstance(label, str) and label else None


def _value(option: Mapping[Any, Any]) -> Any:
    if option.get("option_type") == _FILE:
        # The value is a link that opens the file to whoever has it.
        files = (structure(as_text(option.get(name))) for name in ("option_value", "value"))
        titles = (file.get("title") for file in files if isinstance(file, dict))
        return next(titles, None) or option.get("print_value") or option.get("value")
    value = option.get("print_value") or option.get("value")
    if isinstance(value, dict | list):
        values = value.values() if isinstance(value, dict) else value
        return ", ".join(str(one) for one in values if isinstance(one, str | int | float))
    return value


def _quantity(value: Any) -> str:
    text = str(1 if value is None else value)
    return text.rstrip("0").rstrip(".") if "." in text else text
