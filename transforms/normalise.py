"""Order frames to Mirakl records and rejects: each order ends as exactly one of the two.

One bad order never stops another: whatever is wrong with an order becomes its reject, with the contract's path.
The payloads are plain JSON values judged by `transforms.records`; what passes is serialised once.

Belongs here: putting one order together. Does not belong here: how a single status, address or amount is decided.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
from pydantic import ValidationError

from transforms.cells import OrderError
from transforms.frames import COLUMNS, OrderFrames
from transforms.mapping import ChannelMapping
from transforms.order import ROW_TYPES, OrderRows, build_order
from transforms.outcomes import Notice, Record, Reject
from transforms.records import OrderRequest
from transforms.times import format_time


@dataclass(slots=True)
class Normalised:
    """What one chunk became: `len(orders) == len(records) + len(rejects)`."""

    records: list[Record] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def normalise(frames: OrderFrames, mapping: ChannelMapping) -> Normalised:
    """Turn whole orders into records and rejects, in the order of the orders frame. Never raises for a row."""
    read_at = format_time(frames.read_at)
    children = {name: _by_order(name, frame) for name, frame in frames.items() if name != "orders"}
    # Ids are sent without blanks around them: `7` and `7 ` would be one order to Mirakl.
    seen = Counter((order_id or "").strip() for order_id in frames.orders["channel_order_id"].tolist())
    owners = _line_owners(frames.lines)
    result = Normalised()
    for order in _rows("orders", frames.orders):
        order_id = order.channel_order_id or ""
        rows = OrderRows(order=order, **{name: groups.get(order_id, []) for name, groups in children.items()})
        try:
            if seen[order_id.strip()] > 1:
                raise OrderError(
                    "duplicate_order", "channel_order_id", "stands more than once in what the shop delivered"
                )
            _require_own_lines(rows, owners)
            payload, notices = build_order(rows, mapping)
            _judge(payload, notices, mapping)
            result.records.append(_record(payload, notices, mapping, order, read_at))
        except OrderError as error:
            result.rejects.append(Reject(order_id, error.code, error.field, error.reason, read_at))
    return result


def _rows(name: str, frame: pa.RecordBatch) -> Iterator[Any]:
    return map(ROW_TYPES[name]._make, zip(*(frame[column.name].tolist() for column in COLUMNS[name]), strict=True))


def _by_order(name: str, frame: pa.RecordBatch) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for row in _rows(name, frame):
        groups[row.channel_order_id or ""].append(row)
    return groups


def _line_owners(lines: pa.RecordBatch) -> Mapping[str | None, set[str | None]]:
    owners: dict[str | None, set[str | None]] = defaultdict(set)
    for line_id, order_id in zip(
        lines["channel_order_line_id"].tolist(), lines["channel_order_id"].tolist(), strict=True
    ):
        owners[line_id].add(order_id)
    return owners


def _require_own_lines(rows: OrderRows, owners: Mapping[str | None, set[str | None]]) -> None:
    for index, line in enumerate(rows.lines):
        if len(owners[line.channel_order_line_id]) > 1:
            raise OrderError(
                "duplicate_line",
                f"order_lines[{index}].channel_order_line_id",
                "belongs to another order as well; line ids are unique on the channel",
            )


def _judge(payload: dict[str, Any], notices: list[Notice], mapping: ChannelMapping) -> None:
    try:
        OrderRequest.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        blank = first.get("ctx", {}).get("pattern") == r"\S"
        reason = "is empty" if blank else first["msg"].removeprefix("Value error, ")
        raise OrderError("invalid", _path(first["loc"]), reason) from None
    held = {"unmapped_status": mapping.reject_unmapped, "money_mismatch": mapping.strict_money}
    for notice in notices:
        if held.get(notice.code):
            raise OrderError(notice.code, notice.field, notice.detail)


def _path(location: tuple[int | str, ...]) -> str:
    # The union tag of a custom attribute (STRING, ...) is pydantic's, not a part of the contract's path.
    parts = [part for part in location if part not in {"STRING", "NUMERIC", "BOOLEAN", "DATE", "LIST"}]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "order"


def _record(
    payload: dict[str, Any], notices: list[Notice], mapping: ChannelMapping, order: Any, read_at: str
) -> Record:
    store = _store(mapping, order.store)
    lines = payload["order_lines"]
    return Record(
        channel_order_id=payload["channel_order_id"],
        store=store,
        updated_at=payload["channel_updated_at"],
        read_at=read_at,
        payload=_json(payload),
        payload_hash=_hash(payload, store),
        order_lines=len(lines),
        adjustments=sum(len(line.get("adjustments", ())) for line in lines),
        notices=tuple(notices),
    )


def _store(mapping: ChannelMapping, key: str | None) -> str:
    store = mapping.stores.get(key) if key is not None and mapping.stores else mapping.store_id
    if store is None:
        problem = (
            "the shop names no store; set mirakl_store_id" if key is None else f"shop store {key!r} is not in `stores`"
        )
        raise OrderError("unknown_store", "origin.channel_store_id", problem)
    return store


def _hash(payload: dict[str, Any], store: str) -> str:
    unstamped = {name: value for name, value in payload.items() if name != "channel_updated_at"}
    unstamped["order_lines"] = [
        {name: value for name, value in line.items() if name != "updated_at"} for line in payload["order_lines"]
    ]
    return hashlib.sha256(store.encode() + b"\n" + _json(unstamped)).hexdigest()


def _json(value: Any) -> bytes:
    # Exact: `records.Money` bounds amounts to what a double prints back digit for digit.
    return orjson.dumps(value, default=float)
