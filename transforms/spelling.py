"""Finding the word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return `; did you mean 'x'?` for the nearest of the known words in any case, or nothing."""
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(word.lower(), by_lower, 1, cutoff)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
