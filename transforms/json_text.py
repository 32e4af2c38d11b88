"""JSON by columns: texts quoted, fields joined, lists a group, byte for byte what `orjson` writes."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from transforms.groups import Exact, Groups, Ints
from transforms.money import from_minor

_ESCAPED = '["\\\\\x00-\x1f]'


def quoted(cells: pa.StringArray) -> pa.StringArray:
    """Write texts as JSON strings; absent ones stay absent. Only what needs it is escaped cell by cell."""
    rows = np.flatnonzero(pc.fill_null(pc.match_substring_regex(cells, _ESCAPED), False).to_numpy(zero_copy_only=False))
    if len(rows):
        escaped = [orjson.dumps(cell).decode()[1:-1] for cell in cells.take(pa.array(rows)).to_pylist()]
        chosen = np.zeros(len(cells), dtype=np.bool_)
        chosen[rows] = True
        cells = pc.replace_with_mask(cells, pa.array(chosen), pa.array(escaped, pa.string()))
    return pc.binary_join_element_wise('"', cells, '"', "")


def joined(*parts: pa.StringArray | str) -> pa.StringArray:
    """Join texts row by row; what is absent is nothing."""
    return pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")


def field(before: str, value: pa.StringArray, after: str = "") -> pa.StringArray:
    """Write an optional field: nothing at all where its value is absent."""
    return pc.binary_join_element_wise(before, value, after, "")


def without_first_comma(fields: pa.StringArray) -> pa.StringArray:
    """Take the comma off the first of some optional fields, each written with one before it."""
    return pc.binary_replace_slice(fields.cast(pa.binary()), 0, 1, b"").cast(pa.string())


def lists(values: pa.StringArray, groups: Groups) -> pa.StringArray:
    """Join the values of each group, with commas."""
    if not len(values):
        return pa.array([""] * groups.size, pa.string())
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(groups.bounds, pa.int32()), values), ",")


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


def _moments(counts: Ints, unit: str) -> pa.StringArray:
    text = pa.array(counts).cast(pa.timestamp(unit)).cast(pa.string())
    return pc.binary_join_element_wise(
        pc.binary_replace_slice(text.cast(pa.binary()), 10, 11, b"T").cast(pa.string()), "Z", ""
    )


def money(minor: Exact, digits: Ints, currency: pa.StringArray) -> pa.StringArray:
    """Write minor units as Mirakl's money; `digits` and `currency` are row by row."""
    return pc.binary_join_element_wise('{"amount":', _amounts(minor, digits), ',"currency":"', currency, '"}', "")


def _amounts(minor: Exact, digits: Ints) -> pa.StringArray:
    different = np.unique(digits)
    if minor.dtype == object or len(different) > 1 or int(different.max(initial=0)) > 3:
        # Exact: `records.Money` bounds amounts to what a double prints back digit for digit.
        texts = [
            orjson.dumps(float(from_minor(amount, own))).decode()
            for amount, own in zip(minor.tolist(), digits.tolist(), strict=True)
        ]
        return pa.array(texts, pa.string())
    scale = 10 ** int(different.max(initial=0))
    size = np.abs(minor)
    whole = pa.array(size // scale).cast(pa.string())
    parts = _fractions(scale).take(pa.array(size % scale))
    return pc.binary_join_element_wise(chosen(minor < 0, "-", ""), whole, parts, "")


def _fractions(scale: int) -> pa.StringArray:
    if scale == 1:
        return pa.array([".0"])
    width = len(str(scale)) - 1
    return pa.array(["." + (f"{part:0{width}}".rstrip("0") or "0") for part in range(scale)])
