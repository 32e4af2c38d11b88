"""Mapping coverage: every word the shop used, how often, and where it went.

Belongs here: looking words up the way normalisation does. Does not belong here: the maps, and how coverage is shown.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

from transforms.addresses import alpha_3
from transforms.exclusion import reasons, without_excluded
from transforms.frames import OrderFrames
from transforms.mapping import ChannelMapping
from transforms.reasons import matched_keyword
from transforms.statuses import UNMAPPED, MappedStatus, map_status

Fate = Literal["mapped", "as is", "fallback", "unmapped", "rejected", "excluded"]


class Word(NamedTuple):
    """One word of the shop: a status, status hint, line status, refund reason, shipping method, tax code or country.

    `fate`: `mapped` by a map, sent `as is`, `fallback` (a free text without a keyword, a hint without a map: something
    else decides), `unmapped` (nobody mapped a word that needs it), `rejected` (its orders are held), `excluded` (its
    orders are left out). `target` is what Mirakl is told.
    """

    kind: str
    word: str
    fate: Fate
    target: str


def coverage(frames: OrderFrames, mapping: ChannelMapping) -> Counter[Word]:
    """Count the words of one chunk by what becomes of them: orders for statuses and methods, rows for the others."""
    found: Counter[Word] = Counter()
    for (column, value), count in reasons(frames.orders, mapping).items():
        found[Word(f"excluded by {column}", value, "excluded", "not sent")] += count
    frames = without_excluded(frames, mapping)
    orders = frames.orders
    told = (orders[column].tolist() for column in ("status", "status_hint", "status_proved"))
    for (word, hint, proved), count in Counter(zip(*told, strict=True)).items():
        found[_status("status", word, hint, proved, mapping)] += count
        if hint and hint.strip() and map_status(None, hint, mapping) is UNMAPPED:
            target = _target(map_status(word, None, mapping, proved))
            found[Word("status hint", hint, "fallback", f"{target}, as {word!r} says")] += count
    for word, count in _counted(frames.lines["status"].tolist()):
        found[_status("line status", word, None, None, mapping)] += count
    texts = Counter(
        zip(frames.adjustments["reason"].tolist(), frames.adjustments["default_reason"].tolist(), strict=True)
    )
    for (text, default), count in texts.items():
        if text and text.strip():
            found[_reason(text.strip(), default, mapping)] += count
    for method, count in _counted(orders["shipping_method"].tolist()):
        found[Word("shipping method", method, "as is", method)] += count
    for code, count in _counted(frames.taxes["code"].tolist()):
        found[Word("tax code", code, "as is", code)] += count
    for country, count in _counted(frames.addresses["country"].tolist()):
        known = alpha_3(country)
        found[Word("country", country, "mapped" if known else "unmapped", known or "")] += count
    return found


def _counted(words: list[str | None]) -> list[tuple[str, int]]:
    return list(Counter(word.strip() for word in words if word is not None and word.strip()).items())


def _status(kind: str, word: str | None, hint: str | None, proved: str | None, mapping: ChannelMapping) -> Word:
    mapped = map_status(word, hint, mapping, proved)
    shown = hint if hint is not None and hint in {**mapping.platform_statuses, **mapping.statuses} else word or ""
    target = _target(mapped)
    if not mapped.known:
        return Word(kind, shown, "rejected" if mapping.reject_unmapped else "unmapped", target)
    return Word(kind, shown, "mapped", target)


def _target(mapped: MappedStatus) -> str:
    return mapped.status if mapped.reason is None else f"{mapped.status}/{mapped.reason}"


def _reason(text: str, default: str | None, mapping: ChannelMapping) -> Word:
    match = matched_keyword(text, mapping.reasons)
    if match is None:
        return Word("refund reason", text, "fallback", default or "RETURN once shipped, else CHANNEL_SPECIFIC")
    keyword, reason = match
    return Word("refund reason", keyword, "mapped", reason)
