"""What a buyer saw of an option: labels and values without mark-up and without prices, bounded in number and length."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from transforms.money import minor_digits

MOST_OPTIONS = 30
LONGEST_LABEL = 100
LONGEST_TEXT = 1000

_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")
_LINK = re.compile(r"""href=["']([^"']+)""")
_SPACES = re.compile(r"\s+")
_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*\d[^()\[\]]*)[)\]]\s*:?\s*$")
_ADDED = re.compile(r"\s+[+\-\u2212]\s?([^\s\d]{0,4}\s?\d[\d.,'\s]*\s?[^\s\d]{0,4})$")
_NUMBER = re.compile(r"[\d.,'\s+\-\u2212]")
# What shops write for a currency that has neither a sign nor its code there.
_CURRENCIES = frozenset({"zł", "kr", "kč", "ft", "lei", "r$", "rs"})


def visible_text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Write one label or value as the buyer saw it: no mark-up, no entities, no price; empty where nothing is left.

    A link that shows no text is written as its address.
    """
    text = str(value)
    if "<" in text:
        link = _LINK.search(text)
        text = _TAG.sub(" ", text) if _TAG.sub("", text).strip() or link is None else link[1]
    text = _without_price(_SPACES.sub(" ", html.unescape(text)).strip().removesuffix(":").strip())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def visible_options(pairs: Iterable[tuple[object, object]]) -> Iterator[tuple[str, str]]:
    """Yield (attribute id, value) of a line's options, labels and values cleaned; a label that comes again is numbered.

    Pairs without a label or a value, and those beyond `MOST_OPTIONS`, are left out.
    """
    seen: Counter[str] = Counter()
    for label, value in pairs:
        name = visible_text(label or "", LONGEST_LABEL)
        text = visible_text("" if value is None else value)
        if name and text and seen.total() < MOST_OPTIONS:
            seen[name] += 1
            yield name if seen[name] == 1 else f"{name} {seen[name]}", text


def _without_price(text: str) -> str:
    """Leave out a price that stands behind a text; a text that is nothing but a number stays what was chosen."""
    for pattern in (_IN_BRACKETS, _ADDED):
        match = pattern.search(text)
        if match and match.start() and _is_price(match[1].strip()):
            return text[: match.start()].strip()
    return text


def _is_price(text: str) -> bool:
    """Return whether a text is an amount: a number with a currency. Without one it may be the power of a lens."""
    unit = _NUMBER.sub("", text)
    if any(unicodedata.category(character) == "Sc" for character in unit):
        return len(unit) <= 4
    return unit.casefold() in _CURRENCIES or minor_digits(unit.upper()) is not None
