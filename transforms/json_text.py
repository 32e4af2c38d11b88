"""JSON by columns: texts escaped, fields joined, lists a group, byte for byte what `orjson` writes.

A part of a text is a column, or a constant that all rows share. Columns are joined as late as possible: each join
copies, and costs by the number of parts.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from transforms.groups import Bools, Exact, Groups, Ints
from transforms.money import from_minor

Part: TypeAlias = pa.StringArray | str
_NO_BYTES = pa.py_buffer(b"")
_IS_ESCAPED = np.zeros(256, dtype=np.bool_)
_IS_ESCAPED[[*range(0x20), ord('"'), ord("\\")]] = True


def escaped(cells: pa.StringArray) -> pa.StringArray:
    """Write texts as they stand between the quotes of JSON; absent ones stay absent. Few need it, cell by cell."""
    rows = _rows_to_escape(cells)
    if not len(rows):
        return cells
    texts = [None if cell is None else orjson.dumps(cell).decode()[1:-1] for cell in cells.take(rows).to_pylist()]
    chosen = np.zeros(len(cells), dtype=np.bool_)
    chosen[rows] = True
    return pc.replace_with_mask(cells, pa.array(chosen), pa.array(texts, pa.string()))


def _rows_to_escape(cells: pa.StringArray) -> Ints:
    _, offsets, data = cells.buffers()
    bounds = np.frombuffer(offsets or _NO_BYTES, dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]
    if not len(bounds):
        return np.zeros(0, dtype=np.int64)
    begin, end = int(bounds[0]), int(bounds[-1])
    found = np.flatnonzero(_IS_ESCAPED[np.frombuffer(data or _NO_BYTES, dtype=np.uint8)[begin:end]])
    return np.unique(np.searchsorted(bounds, found + begin, side="right") - 1)


def quoted(cells: pa.StringArray) -> pa.StringArray:
    """Write texts as JSON strings; absent ones stay absent."""
    return field('"', escaped(cells), '"')


def joined(*parts: Part) -> pa.StringArray:
    """Join texts row by row; what is absent is nothing. Not all parts may be constants."""
    columns = [part for part in parts if not isinstance(part, str)]
    # Where all are absent, one still says how many rows there are.
    counts = next((column for column in columns if not _is_absent(column)), columns[0])
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif isinstance(part, str) or part is counts or not _is_absent(part):
            merged.append(part)
    return pc.binary_join_element_wise(*merged, "", null_handling="replace", null_replacement="")


def _is_absent(column: pa.StringArray) -> bool:
    absent: bool = column.null_count == len(column)
    return absent


def field(before: str, value: pa.StringArray, after: str = "") -> pa.StringArray:
    """Write an optional field: nothing at all where its value is absent."""
    if _is_absent(value):
        return value
    return pc.binary_join_element_wise(before, value, after, "")


def text_field(before: str, cells: pa.StringArray, after: str = "") -> pa.StringArray:
    """Write an optional field that holds a text."""
    return field(f'{before}"', escaped(cells), f'"{after}')


def without_first_comma(fields: pa.StringArray) -> pa.StringArray:
    """Take the comma off the first of some optional fields, each written with one before it."""
    return pc.binary_replace_slice(fields.cast(pa.binary()), 0, 1, b"").cast(pa.string())


def lists(values: pa.StringArray, groups: Groups) -> pa.StringArray:
    """Join the values of each group, with commas."""
    if not len(values):
        return pa.array([""] * groups.size, pa.string())
    if len(values) == groups.size and (groups.counts == 1).all():
        return values
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(groups.bounds, pa.int32()), values), ",")


def constant(cells: pa.StringArray) -> str | None:
    """Return the text that all cells, at least one, hold; None where they differ or one is absent."""
    first = cells[0].as_py() if len(cells) else None
    if first is None or cells.null_count or not pc.all(pc.equal(cells, first)).as_py():
        return None
    return str(first)


def chosen(flags: Exact, yes: str, no: str | None) -> pa.StringArray:
    """Write one of two texts."""
    return pc.if_else(pa.array(flags), yes, pa.scalar(no, pa.string()))


def times(us: Ints) -> pa.StringArray:
    """Write times as Mirakl's examples do: UTC, `Z`, milliseconds only when there are some (contract 2.10)."""
    fraction = us % 1_000_000 != 0
    text = _moments(us // 1_000_000, "s")
    if fraction.any():
        text = pc.if_else(pa.array(fraction), _moments(us // 1_000, "ms"), text)
    return text


def times_of(given: Ints, present: Bools, of_owners: pa.StringArray, owners: Ints) -> pa.StringArray:
    """Write times of rows, those that are not present as their owners' are written."""
    text = of_owners.take(pa.array(owners))
    return pc.if_else(pa.array(present), times(given), text) if present.any() else text


def _moments(counts: Ints, unit: str) -> pa.StringArray:
    text = pa.array(counts).cast(pa.timestamp(unit)).cast(pa.string())
    return pc.binary_join_element_wise(
        pc.binary_replace_slice(text.cast(pa.binary()), 10, 11, b"T").cast(pa.string()), "Z", ""
    )


def money(minor: Exact, digits: Ints, currency: Part) -> tuple[Part, ...]:
    """Return the parts of minor units as Mirakl's money; `digits` are row by row."""
    return '{"amount":', *_amounts(minor, digits), ',"currency":"', currency, '"}'


def _amounts(minor: Exact, digits: Ints) -> tuple[Part, ...]:
    different = np.unique(digits)
    if minor.dtype == object or len(different) > 1 or int(different.max(initial=0)) > 3:
        # Exact: `records.Money` bounds amounts to what a double prints back digit for digit.
        texts = [
            orjson.dumps(float(from_minor(amount, own))).decode()
            for amount, own in zip(minor.tolist(), digits.tolist(), strict=True)
        ]
        return (pa.array(texts, pa.string()),)
    scale = 10 ** int(different.max(initial=0))
    size = np.abs(minor)
    whole = pa.array(size // scale).cast(pa.string())
    parts = _fractions(scale).take(pa.array(size % scale))
    return (chosen(minor < 0, "-", "") if (minor < 0).any() else "", whole, parts)


def _fractions(scale: int) -> pa.StringArray:
    if scale == 1:
        return pa.array([".0"])
    width = len(str(scale)) - 1
    return pa.array(["." + (f"{part:0{width}}".rstrip("0") or "0") for part in range(scale)])
