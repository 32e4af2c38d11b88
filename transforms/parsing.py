"""Text cells to typed columns: amounts, times, units, flags, words. What cannot be read is listed with its reason.

The semantics are those of `parse_amount`, `parse_time` and `FLAGS`: what a fast pattern does not know for certain is
read by them, cell by cell.

Amounts are whole numbers of 10^-scale, `scale` being what the chunk's longest decimals need: exact, and 64 bits wide
unless a chunk holds so many decimals or so large an amount that sums would not fit; then they are Python's integers.
Times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.codes import RejectCode
from transforms.groups import Bools, Exact, Ints
from transforms.money import AmountError, parse_amount
from transforms.times import TimeError, parse_time

# Of every currency the minor unit is a whole number of these.
LEAST_SCALE = 6
_AMOUNT = r"^-?[0-9]{1,12}(\.[0-9]{1,18})?$"
_MOMENT = (
    r"^(19[7-9][0-9]|2[01][0-9][0-9]|2200)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ T]"
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
)
_AWARE = _MOMENT + r"(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
_HOUR = 3_600_000_000
_EPOCH = dt.datetime(1970, 1, 1)
FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One column, read: values (0 where there is none), where a cell is present, and why cells are broken, by row."""

    values: Exact
    present: Bools
    code: RejectCode
    broken: Mapping[int, str] = field(default_factory=dict)


def strip(cells: pa.StringArray) -> pa.StringArray:
    """Take the blanks around each cell away, as `str.strip` does."""
    return pc.utf8_trim_whitespace(cells)


def or_blank(cells: pa.StringArray) -> pa.StringArray:
    """Let an absent cell be an empty one."""
    return pc.fill_null(cells, "")


def mask(flags: pa.BooleanArray) -> Bools:
    """Return flags for numpy; null is no."""
    found: Bools = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return found


def codes(cells: pa.StringArray) -> tuple[Ints, list[str | None]]:
    """Number the different words of a column; absent ones are a word of their own, the last."""
    encoded = cells.dictionary_encode()
    words = [*encoded.dictionary.to_pylist(), None]
    return encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False).astype(np.int64), words


def combinations(*columns: pa.StringArray) -> tuple[Ints, list[tuple[str | None, ...]]]:
    """Number the different rows of some columns."""
    number = np.zeros(len(columns[0]), dtype=np.int64)
    words = []
    for column in columns:
        own, known = codes(column)
        number = number * len(known) + own
        words.append(known)
    distinct, place = np.unique(number, return_inverse=True)
    rows = []
    for code in distinct.tolist():
        row: list[str | None] = []
        for known in reversed(words):
            code, index = divmod(code, len(known))
            row.append(known[index])
        rows.append(tuple(reversed(row)))
    return place.astype(np.int64), rows


def amounts(columns: Sequence[pa.StringArray]) -> tuple[list[Read], int]:
    """Read columns of amounts at one scale; an empty cell is zero. Returns them and the scale."""
    cells = pa.concat_arrays(columns)
    text = strip(or_blank(cells))
    plain = pc.match_substring_regex(text, _AMOUNT)
    odd = np.flatnonzero(~mask(pc.or_(plain, pc.equal(text, ""))))
    broken: dict[int, str] = {}
    exact: dict[int, Decimal] = {}
    for row, cell in zip(odd.tolist(), text.take(pa.array(odd)).to_pylist(), strict=True):
        try:
            exact[row] = parse_amount(cell)
        except AmountError as error:
            broken[row] = str(error)
    text = pc.if_else(plain, text, "0")
    point = pc.find_substring(text, ".")
    decimals = pc.max(pc.if_else(pc.less(point, 0), 0, pc.subtract(pc.binary_length(text), point))).as_py() or 1
    scale = max(LEAST_SCALE, decimals - 1, *(-_exponent(amount) for amount in exact.values()), 0)
    values = _scaled(text, scale)
    for row, amount in exact.items():
        whole = _whole(amount, scale)
        if values.dtype != object and abs(whole) * len(values) >= 2**62:
            values = values.astype(object)
        values[row] = whole
    present = mask(pc.is_valid(cells))
    reads, begin = [], 0
    for column in columns:
        end = begin + len(column)
        own = {row - begin: reason for row, reason in broken.items() if begin <= row < end}
        reads.append(Read(values[begin:end], present[begin:end], "invalid_amount", own))
        begin = end
    return reads, scale


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _whole(amount: Decimal, scale: int) -> int:
    # Not by `scaleb`, which keeps no more than 28 digits.
    sign, digits, _ = amount.as_tuple()
    size: int = int("".join(map(str, digits))) * 10 ** (_exponent(amount) + scale)
    return -size if sign else size


def _scaled(text: pa.StringArray, scale: int) -> Exact:
    """Read plain decimals as whole numbers of 10^-scale."""
    if scale > 18:
        return np.array([_whole(Decimal(cell), scale) for cell in text.to_pylist()], dtype=object)
    return whole_numbers(text.cast(pa.decimal128(12 + scale, scale)))


def whole_numbers(decimals: pa.Decimal128Array) -> Exact:
    """Read decimals as whole numbers of their last decimal."""
    words = np.frombuffer(decimals.buffers()[1], dtype=np.int64)[2 * decimals.offset :].reshape(-1, 2)[: len(decimals)]
    low, high = words[:, 0], words[:, 1]
    fits = bool((high == low >> 63).all())
    if fits and (not len(low) or max(int(low.max()), -int(low.min())) * len(low) < 2**62):
        return low.copy()
    whole: Exact = high.astype(object) * 2**64 + low.view(np.uint64).astype(object)
    return whole


def is_blank(cells: pa.StringArray) -> Bools:
    """Return where a cell is absent or nothing but blanks."""
    return mask(pc.equal(strip(or_blank(cells)), ""))


def times(cells: pa.StringArray, zone: str) -> Read:
    """Read a column of times, see `parse_time`; absent, empty and zero dates are not present."""
    values = np.zeros(len(cells), dtype=np.int64)
    if cells.null_count == len(cells):
        return Read(values, np.zeros(len(cells), dtype=np.bool_), "invalid_time")
    text = or_blank(cells)
    absent = mask(pc.or_(pc.equal(text, ""), pc.starts_with(text, "0000-00-00")))
    left = ~absent
    for pattern, kind in ((_MOMENT + "$", pa.timestamp("us")), (_AWARE, pa.timestamp("us", "UTC"))):
        rows = np.flatnonzero(left & mask(pc.match_substring_regex(text, pattern))) if left.any() else ()
        if not len(rows):
            continue
        try:
            moments = text.take(pa.array(rows)).cast(kind).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            continue  # a day that its month has not: the column is read cell by cell
        values[rows] = moments if kind.tz else moments - _offsets(moments, zone)
        left[rows] = False
    broken: dict[int, str] = {}
    rows = np.flatnonzero(left)
    for row, cell in zip(rows.tolist(), text.take(pa.array(rows)).to_pylist(), strict=True):
        try:
            moment = parse_time(cell, zone)
        except TimeError as error:
            broken[row] = str(error)
        else:
            values[row] = 0 if moment is None else microseconds(moment)
    present = ~absent
    return Read(values, present, "invalid_time", broken)


def microseconds(moment: dt.datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC."""
    return (moment.astimezone(dt.UTC).replace(tzinfo=None) - _EPOCH) // dt.timedelta(microseconds=1)


def moment(us: int) -> dt.datetime:
    """Return microseconds since 1970 as an aware time."""
    return (_EPOCH + dt.timedelta(microseconds=us)).replace(tzinfo=dt.UTC)


def _offsets(wall: Ints, zone: str) -> Ints:
    """Return how far wall times are ahead of UTC; within an hour of wall time that is nearly always the same."""
    if zone == "UTC":
        return np.zeros(len(wall), dtype=np.int64)
    hours, place = np.unique(wall // _HOUR, return_inverse=True)
    found = [_offset(hour, zone) for hour in hours.tolist()]
    offsets = np.array([0 if offset is None else offset for offset in found], dtype=np.int64)[place]
    changing = np.array([offset is None for offset in found])[place]
    for row in np.flatnonzero(changing).tolist():
        offsets[row] = _exact_offset(int(wall[row]), zone)
    return offsets


@lru_cache(maxsize=65536)
def _offset(hour: int, zone: str) -> int | None:
    first, last = _exact_offset(hour * _HOUR, zone), _exact_offset((hour + 1) * _HOUR - 1, zone)
    return first if first == last else None


def _exact_offset(wall: int, zone: str) -> int:
    parsed = parse_time((_EPOCH + dt.timedelta(microseconds=wall)).isoformat(), zone)
    return 0 if parsed is None else wall - microseconds(parsed)


def units(cells: pa.StringArray) -> Read:
    """Read a column of units, whole ones; an empty cell is zero."""
    return _by_word(cells, parse_units, "invalid_quantity")


def parse_units(cell: str | None, measure: Decimal | None = None) -> int:
    """Read units, whole ones: what is less than a unit has not happened to one. Absent or empty is zero.

    A line sold by `measure` (1.5 metres) is one unit; something has happened to it once it has happened to all of it.

    Raises:
        ValueError: it is no number.
    """
    try:
        number = parse_amount(cell)
    except AmountError:
        raise ValueError("is not a number") from None
    return int(number) if measure is None else int(abs(number) >= measure)


def measures(cells: pa.StringArray) -> dict[int, Decimal]:
    """Return, by row, the quantities that are no whole number of units."""
    place, words = codes(cells)
    found = {index: measure for index, word in enumerate(words) if (measure := _measure(word)) is not None}
    return {row: found[index] for row, index in enumerate(place.tolist()) if index in found} if found else {}


def _measure(cell: str | None) -> Decimal | None:
    try:
        number = parse_amount(cell)
    except AmountError:
        return None
    return number if number > 0 and number % 1 else None


def flags(cells: pa.StringArray) -> Read:
    """Read a column of yes and no; an empty cell is absent."""
    return _by_word(cells, parse_flag, "invalid_flag")


def parse_flag(cell: str | None) -> bool | None:
    """Read a cell as yes or no; absent and empty are None.

    Raises:
        ValueError: it is neither.
    """
    word = (cell or "").strip().lower()
    if not word:
        return None
    if word not in FLAGS:
        raise ValueError("is neither yes nor no")
    return FLAGS[word]


def _by_word(cells: pa.StringArray, read: Callable[[str], int | None], code: RejectCode) -> Read:
    size = len(cells)
    if cells.null_count == size:
        return Read(np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_), code)
    place, words = codes(cells)
    values, present, faults = np.zeros(len(words), np.int64), np.zeros(len(words), np.bool_), {}
    for index, word in enumerate(words):
        try:
            value = None if word is None else read(word)
        except ValueError as error:
            faults[index], present[index] = str(error), True
        else:
            values[index], present[index] = value or 0, value is not None
    broken = {row: faults[index] for row, index in enumerate(place.tolist()) if index in faults} if faults else {}
    return Read(values[place], present[place], code, broken)


def looked_up(place: Ints, words: Sequence[str | None]) -> pa.Array:
    """Return a text for each number of `codes` or `combinations`."""
    return pa.array(words, pa.string()).take(pa.array(place))
