"""Trying a channel's newest orders: what would become of them with the mapping as it is. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipelines.config.settings import Channel
from pipelines.operations.shop import Shop
from transforms.coverage import Word, coverage
from transforms.normalise import normalise
from transforms.outcomes import Reject
from transforms.plural import counted

SAMPLE_ORDERS = 200
SAMPLE_DAYS = 30
# Faults that an order cannot have by itself: the channel's block lacks something.
_OF_THE_CONFIGURATION = frozenset({"unknown_store"})
_NAMED = 5


def try_recent(channel: Channel, shop: Shop) -> Iterator[tuple[str, str]]:
    """Yield (verdict, words) about the newest orders; `orders` is the verdict on orders that cannot be sent.

    Raises:
        ShopError: they cannot be read.
    """
    read = 0
    rejects: list[Reject] = []
    unmapped: Counter[Word] = Counter()
    mapping = channel.mapping()
    for frames in shop.recent(SAMPLE_ORDERS, SAMPLE_DAYS):
        read += len(frames.orders)
        rejects += normalise(frames, mapping).rejects
        unmapped.update({word: count for word, count in coverage(frames, mapping).items() if word.fate == "unmapped"})
    if not read:
        yield "not tried", f"the mapping: no order changed in the last {SAMPLE_DAYS} days"
        return
    for word, count in unmapped.most_common(_NAMED):
        times = f"{counted(count, 'time')} among {counted(read, 'recent order')}"
        yield "warning", f"{word.kind} {word.word!r} has no mapping ({times})"
    kinds = Counter((reject.code, reject.field) for reject in rejects)
    for (code, field), count in kinds.most_common(_NAMED):
        reject = next(one for one in rejects if (one.code, one.field) == (code, field))
        words = f"{count:,} of {counted(read, 'recent order')} cannot be sent: {code}, {field} {reject.reason}"
        all_alike = count == read > 1
        verdict = "error" if code in _OF_THE_CONFIGURATION or all_alike else "orders"
        yield (
            verdict,
            f"{words} (for example {reject.channel_order_id}; `mirakl-orders order {channel.name} ID` shows it)",
        )
    if not rejects:
        yield "ok", f"{counted(read, 'recent order')} can be sent as they are"
