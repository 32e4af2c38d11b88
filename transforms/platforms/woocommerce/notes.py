"""When and why an order was cancelled: WooCommerce keeps neither, but writes notes, in the language of the site."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transforms.platforms.woocommerce.chunk import Cell, Chunk, rows_as
from transforms.platforms.woocommerce.serialised import moment
from transforms.rows import Rows

# English, German, French, Spanish, Italian, Portuguese, Dutch, Polish.
_OUT_OF_TIME = re.compile(
    r"time limit|zeitlimit|temps limite|limite de temps|l.mite de tiempo|tiempo l.mite|tempo limite|limite de tempo"
    r"|tijdslimiet|limit czasu",
    re.IGNORECASE,
)
_CANCELLED = re.compile(r"cancel|storn|abgebrochen|annul|anulad|anulow", re.IGNORECASE)
# What WooCommerce writes of its own accord (stock put back, a payment voided) is nobody's reason.
_ITSELF = "WooCommerce"
_AROUND = dt.timedelta(hours=24)


class Note(NamedTuple):
    """A note of an order."""

    order_id: Cell
    content: Cell
    author: Cell
    written_at: Cell


@dataclass(frozen=True, slots=True)
class Cancelation:
    """What the notes of a cancelled order contain; `reason` is what people wrote around the time of the cancelation."""

    at: dt.datetime | None = None
    reason: str | None = None
    out_of_time: bool = False


def cancelations(chunk: Chunk, rows: Rows) -> dict[int, Cancelation]:
    """Read the notes of the cancelled orders, by the order's row."""
    notes: dict[int, list[Note]] = defaultdict(list)
    for note in rows_as(Note, rows, "order_notes"):
        if (order := chunk.orders.numbers.get(note.order_id or "")) is not None:
            notes[order].append(note)
    return {order: cancelation(written) for order, written in notes.items()}


def cancelation(notes: Sequence[Note]) -> Cancelation:
    """Read the notes of a cancelled order, in the order in which they were written."""
    times = [_time(note) for note in notes]
    about = [time for note, time in zip(notes, times, strict=True) if time and _CANCELLED.search(note.content or "")]
    at = about[-1] if about else None
    written = [
        (note.content or "").strip()
        for note, time in zip(notes, times, strict=True)
        if (note.content or "").strip()
        and note.author != _ITSELF
        and (at is None or time is None or abs(time - at) <= _AROUND)
    ]
    out_of_time = any(_OUT_OF_TIME.search(note.content or "") for note in notes)
    return Cancelation(at, "\n".join(written) or None, out_of_time)


def _time(note: Note) -> dt.datetime | None:
    # A note that an import wrote may have no time of its own.
    time = moment(note.written_at, "UTC")
    return time if time is not None and time.year > 1970 else None
