"""Custom attributes: what the channel wants Mirakl to carry beyond the contract's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from transforms.cells import Cells, OrderError
from transforms.chunk import Child, Chunk, line_of
from transforms.faults import Faults, Rank, Stage
from transforms.groups import Bools, Groups, Ints
from transforms.json_text import field, joined, lists, text_field, without_first_comma
from transforms.mapping import ChannelMapping
from transforms.parsing import mask, or_blank, strip
from transforms.statuses import CHANNEL_SPECIFIC, Statuses
from transforms.times import format_time

CHANNEL_STATUS = "channel-status"
DELIVERY_ADDRESS = "delivery-address"
ORDERED_QUANTITY = "ordered-quantity"
_PATH = "custom_attributes.value"


def custom_attributes(
    chunk: Chunk, of_orders: Statuses, of_lines: Statuses, to_billing: Bools, mapping: ChannelMapping, faults: Faults
) -> tuple[pa.StringArray, pa.StringArray]:
    """Write the attributes of orders and of lines as fields, null where there are none.

    `CHANNEL_SPECIFIC` says nothing to a seller, so the shop's own word for the status goes along (contract 4B);
    `of_orders` and `of_lines` are the statuses by the words. `to_billing`: whoever packs such an order sees that its
    goods go to the billing address.
    """
    rows, lines = chunk.custom_attributes, chunk.lines
    given = mask(pc.is_valid(rows.cells["value"]))
    of_order = given & mask(pc.is_null(rows.cells["channel_order_line_id"]))
    line = line_of(rows, Child(lines.cells, lines.groups)) if given.any() else np.full(len(given), -1, dtype=np.int64)
    of_line = given & ~of_order & (line >= 0)
    json: list[str | None] = [None] * len(given)
    columns = [rows.cells[name].to_pylist() for name in ("id", "type", "value")] if given.any() else []
    cells = Cells("", False, mapping)
    for row in np.flatnonzero(of_order | of_line).tolist():
        name, kind, value = (column[row] for column in columns)
        try:
            json[row] = orjson.dumps(
                {"id": name, "type": kind, "value": _READERS.get(kind, _text)(cells, value)}, default=float
            ).decode()
        except OrderError as error:
            rank: Rank = (Stage.ATTRIBUTES, row)
            if of_line[row]:
                rank = (Stage.LINE_PAYLOADS, int(lines.groups.index[line[row]]), 6 + row)
            faults.add(int(rows.groups.owners[row]), rank, error.code, error.field, error.reason)
    has_status = mask(pc.equal(rows.cells["id"], CHANNEL_STATUS))
    text = pa.array([one or "" for one in json], pa.string())
    measures: list[str | None] = [None] * len(lines.cells)
    for row, measure in lines.measures.items():
        attribute = {"id": ORDERED_QUANTITY, "type": "NUMERIC", "value": float(measure)}
        measures[row] = orjson.dumps(attribute).decode()
    attribute = {"id": DELIVERY_ADDRESS, "type": "STRING", "value": "billing"}
    assumed = pc.if_else(pa.array(to_billing), orjson.dumps(attribute).decode(), pa.scalar(None, pa.string()))
    return (
        _field(text, of_order, rows.groups.owners, has_status, chunk.orders.cells["status"], of_orders, assumed),
        _field(text, of_line, line, has_status, lines.cells["status"], of_lines, pa.array(measures, pa.string())),
    )


def _field(
    json: pa.StringArray,
    rows: Bools,
    owners: Ints,
    has_status: Bools,
    words: pa.StringArray,
    statuses: Statuses,
    last: pa.StringArray,
) -> pa.StringArray:
    """Join the attributes of each owner: its own, the shop's own word for its status, and the last."""
    chosen = np.flatnonzero(rows)
    chosen = chosen[np.argsort(owners[chosen], kind="stable")]
    groups = Groups(owners[chosen], len(words))
    own = lists(json.take(pa.array(chosen)), groups)
    word = strip(or_blank(words))
    wanted = (statuses.status == CHANNEL_SPECIFIC) & mask(pc.not_equal(word, "")) & ~groups.any(has_status[chosen])
    if not wanted.any() and not len(chosen) and last.null_count == len(last):
        return last
    before, after = f'{{"id":"{CHANNEL_STATUS}","type":"STRING","value":', "}"
    channel_status = text_field(before, pc.if_else(pa.array(wanted), word, None), after)
    every = joined(field(",", pc.if_else(pc.equal(own, ""), None, own)), field(",", channel_status), field(",", last))
    return field(',"custom_attributes":[', without_first_comma(pc.if_else(pc.equal(every, ""), None, every)), "]")


def _list(_: Cells, text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise OrderError("invalid", _PATH, "is not a JSON array") from None


def _text(_: Cells, text: str) -> str:
    return text


_READERS: Mapping[str | None, Callable[[Cells, str], object]] = {
    "NUMERIC": lambda cells, text: cells.amount(text, _PATH),
    "BOOLEAN": lambda cells, text: cells.flag(text, _PATH) or False,
    "DATE": lambda cells, text: format_time(cells.required_time(text, _PATH)),
    "LIST": _list,
}
