"""What the buyer chose: attributes of variations, add-on texts, personalisation, whatever item meta the shop shows.

WooCommerce shows meta whose key does not begin with `_`; add-on plugins pack theirs into one hidden meta as well.
Values of attributes are slugs, keys are names of taxonomies: the buyer saw the term and the label. Prices in labels and
values are left out, as the line's own price holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from transforms.packed import entries, structure
from transforms.platforms.woocommerce.item_meta import ItemMeta
from transforms.visible_text import LONGEST_LABEL, MOST_OPTIONS, visible_text

_PACKED = frozenset({"_tmcartepo_data", "_ywapo_meta_data", "_WCPA_order_meta_data", "_wapf_meta"})
# Plugins' own notes that lack the underscore.
_TECHNICAL = frozenset(
    {"method_id", "cost", "wooco_parent_id", "wooco_ids", "woosb_parent_id", "woosb_ids", "vendor_id", "seller_id"}
    | {"multivendorx_store_id", "store_order_item_id", "is_vat_exempt", "reduced_stock"}
)
_LABELS = ("display_label", "name", "label", "title")
_VALUES = ("display_value", "value")


def chosen(rows: Iterable[ItemMeta], labels: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the texts by label, both as the buyer saw them, in the order of the rows; bounded in number and length.

    `labels` names attributes: of the shop by their taxonomy (`pa_color`), of the product by their key.
    """
    found: dict[str, list[str]] = {}
    for row in rows:
        key = row.meta_key or ""
        named = labels.get(key.removeprefix("attribute_"))
        for label, text in _options(key, row.meta_value or "", row.term_name, named):
            texts = found.setdefault(label, []) if label in found or len(found) < MOST_OPTIONS else None
            # A line has one value of an attribute: of two the first counts. Of check boxes each is a meta.
            once = bool(texts) and is_attribute(key)
            if texts is not None and text not in texts and len(texts) < MOST_OPTIONS and not once:
                texts.append(text)
    return found


def is_attribute(key: str) -> bool:
    """Return whether a meta key is an attribute of the shop's, whose value is a slug."""
    return key.startswith(("pa_", "attribute_pa_"))


@lru_cache(maxsize=8192)
def _options(key: str, value: str, term_name: str | None, named: str | None) -> tuple[tuple[str, str], ...]:
    """Return labels and texts of one meta; the values of most attributes come again and again."""
    if key in _PACKED:
        return tuple(_unpacked(value))
    if key.startswith("_") or key in _TECHNICAL:
        return ()
    name = key.removeprefix("attribute_")
    label = visible_text(named or name.removeprefix("pa_"), LONGEST_LABEL)
    value = term_name or (unquote(value) if is_attribute(key) else value)
    return tuple((label, text) for text in _texts(value) if label)


def _unpacked(value: str) -> Iterable[tuple[str, str]]:
    for entry in _fields(structure(value)):
        label = next((entry[name] for name in _LABELS if isinstance(entry.get(name), str) and entry[name].strip()), "")
        text = next((entry[name] for name in _VALUES if entry.get(name) not in (None, "", [], {})), None)
        values = text if isinstance(text, list) else list(text.values()) if isinstance(text, dict) else [text]
        for one in values:
            one = one.get("label") or one.get("value") if isinstance(one, dict) else one
            shown = visible_text(one) if isinstance(one, str | int | float) else ""
            if shown and (name := visible_text(label, LONGEST_LABEL)):
                yield name, shown


def _fields(packed: Any) -> Iterable[dict[Any, Any]]:
    """List the fields of a packed meta; some plugins group them in sections."""
    for entry in entries(packed):
        if any(name in entry for name in _VALUES):
            yield entry
        else:
            yield from _fields(entry)


def _texts(value: str) -> Iterable[str]:
    if value[:1] in {"a", "O", "[", "{"}:
        data = structure(value)
        if isinstance(data, list):
            yield from (text for one in data if isinstance(one, str) and (text := visible_text(one)))
            return
        # WooCommerce shows no structures.
        if isinstance(data, dict):
            return
    if text := visible_text(value):
        yield text
