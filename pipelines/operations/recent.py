"""Trying a channel's newest orders: what would become of them with the mapping as it is. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from pipelines.config.settings import Channel
from pipelines.operations.shop import Shop
from transforms.coverage import Word, coverage
from transforms.normalise import normalise
from transforms.outcomes import Notice, Reject
from transforms.plural import counted

SAMPLE_ORDERS = 200
SAMPLE_DAYS = 30
# Faults that an order cannot have by itself: the channel's block lacks something.
_OF_THE_CONFIGURATION = frozenset({"unknown_store"})
_NAMED = 5


def try_recent(channel: Channel, shop: Shop) -> Iterator[tuple[str, str]]:
    """Yield (verdict, message) about the newest orders; `orders` is the verdict on orders that cannot be sent.

    A shop in which nothing changed lately (a copy, a test) is judged by its first orders since the channel's start.

    Raises:
        ShopError: they cannot be read.
    """
    read, kind = 0, "recent order"
    rejects: list[Reject] = []
    noticed: dict[str, list[tuple[str, Notice]]] = {}
    unmapped: Counter[Word] = Counter()
    mapping = channel.mapping()
    chunks = shop.recent(SAMPLE_ORDERS, SAMPLE_DAYS)
    if (first := next(chunks, None)) is None:
        chunks, kind = shop.oldest(SAMPLE_ORDERS), "order"
        first = next(chunks, None)
    for frames in chain((first,) if first else (), chunks):
        read += len(frames.orders)
        normalised = normalise(frames, mapping)
        rejects += normalised.rejects
        for record in normalised.records:
            for notice in record.notices:
                noticed.setdefault(notice.code, []).append((record.channel_order_id, notice))
        unmapped.update({word: count for word, count in coverage(frames, mapping).items() if word.fate == "unmapped"})
    if not read:
        yield "not tried", f"the mapping: no order changed since {channel.settings.start_date} (start_date)"
        return
    if kind == "order":
        yield "warning", f"no order changed in the last {SAMPLE_DAYS} days; older ones are tried"
    # Words without a mapping are named by themselves.
    for code, found in noticed.items():
        if code != "unmapped_status":
            order_id, notice = found[0]
            orders = len({order_id for order_id, _ in found})
            yield (
                "warning",
                f"{orders:,} of {counted(read, kind)}: {code}, {notice.field} {notice.detail} (for example {order_id})",
            )
    for word, count in unmapped.most_common(_NAMED):
        times = f"{counted(count, 'time')} among {counted(read, kind)}"
        yield "warning", f"{word.kind} {word.word!r} has no mapping ({times})"
    kinds = Counter((reject.code, reject.field) for reject in rejects)
    for (code, field), count in kinds.most_common(_NAMED):
        reject = next(one for one in rejects if (one.code, one.field) == (code, field))
        message = f"{count:,} of {counted(read, kind)} cannot be sent: {code}, {field} {reject.reason}"
        all_alike = count == read > 1
        verdict = "error" if code in _OF_THE_CONFIGURATION or all_alike else "orders"
        yield (
            verdict,
            f"{message} (for example {reject.channel_order_id}; `mirakl-orders order {channel.name} ID` shows it)",
        )
    if not rejects:
        yield "ok", f"{counted(read, kind)} can be sent as they are"
