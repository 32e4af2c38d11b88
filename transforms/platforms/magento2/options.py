"""What the buyer chose of a product: its variant, customisable options, the parts of a bundle, what modules add.

All of it is packed into one cell, `product_options`: JSON since 2.2, serialised PHP before. What was asked for
(`info_buyRequest`) stands there by ids beside what the buyer saw; only the latter is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.frames import as_text
from transforms.packed import entries, structure

_FILE = "file"
# Of a gift card (Adobe Commerce): whom it is for, as the order's page shows it; e-mail addresses are not told.
_GIFT_CARD = {
    "giftcard_sender_name": "Gift Card Sender",
    "giftcard_recipient_name": "Gift Card Recipient",
    "giftcard_message": "Gift Card Message",
}
_GROUPS = ("attributes_info", "options", "additional_options")
_PARTS = "bundle_options"
_CHOSEN = frozenset({*_GROUPS, *_GIFT_CARD, _PARTS})

Options = Mapping[str, Any]


def options_of(row: Any) -> Options:
    """Unpack an item's `product_options`; damaged ones are empty."""
    options = structure(row.product_options)
    return options if isinstance(options, dict) else {}


def chosen(options: Options) -> Iterator[tuple[Any, Any]]:
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
    selection = structure(as_text(options.get("bundle_selection_attributes")))
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
