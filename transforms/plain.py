"""Words of others as they may stand in a log, a ledger or a table: one line, bounded, nothing that reaches a person.

A status, a country or a shipping method is a word that somebody typed into a shop, at times into the wrong field. A
terminal obeys escape sequences, and a log keeps what it is told for ever.
"""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 80

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
# With a prefix (+49, 0170, (030)), or in groups; a bare number may be a key of the shop's, and a date is none.
_PHONE = re.compile(
    r"(?<![\w.])(?!\d{4}-\d\d-\d\d)"
    r"(?:(?:\+|\(?0)[\d ()./-]{6,}\d|\d{2,4}[ ./-]\d{2,4}(?:[ ./-]\d{2,})+)(?!\w)"
)


def plain(word: str, most: int = MOST_CHARACTERS) -> str:
    """Return a word on one line, without control and escape characters, e-mail addresses and telephone numbers.

    More than `most` characters are cut, with an ellipsis in place of the last.
    """
    # Nothing that matters stands so far behind; the patterns need not look there.
    text = one_line(word[: 4 * most])
    text = " ".join(_PHONE.sub("<phone>", _EMAIL.sub("<e-mail>", text)).split())
    return text if len(text) <= most and len(word) <= 4 * most else text[: most - 1] + "…"


def one_line(text: str) -> str:
    """Return a text whose digits may mean anything, an order's id or a sentence, without what a terminal obeys."""
    if text.isprintable():
        return text
    text = _ESCAPES.sub(" ", text)
    return "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text)
