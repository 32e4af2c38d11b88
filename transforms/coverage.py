"""Mapping coverage: every word the shop used, how often, and where it went."""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

from transforms.addresses import alpha_3
from transforms.exclusion import reasons, without_excluded
from transforms.frames import OrderFrames
from transforms.mapping import ChannelMapping
from transforms.plain import plain
from transforms.reasons import matched_keyword
from transforms.statuses import UNMAPPED, map_status
from transforms.vocabulary import MappedStatus

Fate = Literal["mapped", "as is", "fallback", "unmapped", "rejected", "excluded"]


class Word(NamedTuple):
    """One word of the shop: a status, status hint, line status, refund reason, shipping method, tax code or country.

    `fate`: `mapped` by a map, sent `as is`, `fallback` (a free text without a keyword, a hint without a map: something
    else decides), `unmapped` (nobody mapped a word that needs it), `rejected` (its orders are held), `excluded` (its
    orders are left out). `target` is what is sent to Mirakl.
    """

    kind: str
    word: str
    fate: Fate
    target: str


def coverage(frames: OrderFrames, mapping: ChannelMapping) -> Counter[Word]:
    """Count the words of one chunk by what becomes of them: orders for statuses and methods, rows for the others."""
    found: Counter[Word] = Counter()
    for (column, value), count in reasons(frames.orders, mapping).items():
        found[_word(f"excluded by {column}", value, "excluded", "not sent")] += count
    frames = without_excluded(frames, mapping)
    orders = frames.orders
    words = (orders[column].tolist() for column in ("status", "status_hint", "status_proved"))
    for (word, hint, proved), count in Counter(zip(*words, strict=True)).items():
        found[_status("status", word, hint, proved, mapping)] += count
        if hint and hint.strip() and map_status(None, hint, mapping) is UNMAPPED:
            target = _target(map_status(word, None, mapping, proved))
            found[_word("status hint", hint, "fallback", f"{target}, as {plain(word or '')!r} says")] += count
    for word, count in _counted(frames.lines["status"].tolist()):
        found[_status("line status", word, None, None, mapping)] += count
    texts = Counter(
        zip(frames.adjustments["reason"].tolist(), frames.adjustments["default_reason"].tolist(), strict=True)
    )
    for (text, default), count in texts.items():
        if text and text.strip():
            found[_reason(text.strip(), default, mapping)] += count
    for method, count in _counted(orders["shipping_method"].tolist()):
        found[_word("shipping method", method, "as is", method)] += count
    for code, count in _counted(frames.taxes["code"].tolist()):
        found[_word("tax code", code, "as is", code)] += count
    for country, count in _counted(frames.addresses["country"].tolist()):
        known = alpha_3(country)
        found[_word("country", country, "mapped" if known else "unmapped", known or "")] += count
    return found


def _word(kind: str, word: str, fate: Fate, target: str) -> Word:
    return Word(kind, plain(word), fate, plain(target))


def _counted(words: list[str | None]) -> list[tuple[str, int]]:
    return list(Counter(word.strip() for word in words if word is not None and word.strip()).items())


def _status(kind: str, word: str | None, hint: str | None, proved: str | None, mapping: ChannelMapping) -> Word:
    mapped = map_status(word, hint, mapping, proved)
    shown = hint if hint is not None and hint in {**mapping.platform_statuses, **mapping.statuses} else word or ""
    target = _target(mapped)
    if not mapped.known:
        return _word(kind, shown, "rejected" if mapping.reject_unmapped else "unmapped", target)
    return _word(kind, shown, "mapped", target)


def _target(mapped: MappedStatus) -> str:
    return mapped.status if mapped.reason is None else f"{mapped.status}/{mapped.reason}"


def _reason(text: str, default: str | None, mapping: ChannelMapping) -> Word:
    match = matched_keyword(text, mapping.reasons)
    if match is None:
        return _word(
            "refund reason",
            text,
            "fallback",
            default or "AGREEMENT without units, RETURN once shipped, else CHANNEL_SPECIFIC",
        )
    keyword, reason = match
    return _word("refund reason", keyword, "mapped", reason)
