"""Custom attributes: what the channel wants Mirakl to carry beyond the contract's fields.

Belongs here: reading the custom_attributes frame, and the shop's own status word where Mirakl has none for it.
Does not belong here: which attributes a platform sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from transforms.cells import Cells, OrderError
from transforms.statuses import MappedStatus
from transforms.times import format_time

CHANNEL_STATUS = "channel-status"
ORDERED_QUANTITY = "ordered-quantity"


def custom_attributes(
    cells: Cells, rows: Iterable[Any], line_id: str | None, word: str | None, status: MappedStatus
) -> list[dict[str, Any]]:
    """Write the attributes of a line, or of the order where `line_id` is None.

    `CHANNEL_SPECIFIC` says nothing to a seller, so the shop's own word for the status goes along (contract 4B).
    """
    readers: Mapping[str, Callable[[str], Any]] = {
        "NUMERIC": lambda text: cells.amount(text, "custom_attributes.value"),
        "BOOLEAN": lambda text: cells.flag(text, "custom_attributes.value") or False,
        "DATE": lambda text: format_time(cells.required_time(text, "custom_attributes.value")),
        "LIST": _json_list,
    }
    attributes = [
        {"id": row.id, "type": row.type, "value": readers.get(row.type, str)(row.value)}
        for row in rows
        if row.channel_order_line_id == line_id and row.value is not None
    ]
    own = {attribute["id"] for attribute in attributes}
    if status.status == "CHANNEL_SPECIFIC" and word and word.strip() and CHANNEL_STATUS not in own:
        attributes.append({"id": CHANNEL_STATUS, "type": "STRING", "value": word.strip()})
    return attributes


def _json_list(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise OrderError("invalid", "custom_attributes.value", "is not a JSON array") from None
