"""The gate: no payload leaves that the contract's models do not allow as it will be sent, byte by byte.

Nearly all payloads have one form: the fields in the order in which `records` declares them, values written plainly. A
regular expression made from those declarations knows that form. What matches it has only the rules between its fields
left to keep; it is never read into objects, which would cost several times as much. Everything else is judged by the
models themselves, which also say what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Literal, NotRequired, Union, get_args, get_origin

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, ValidationError
from typing_extensions import get_type_hints, is_typeddict

from transforms import records
from transforms.faults import Faults, Stage
from transforms.groups import Bools
from transforms.money import MAX_AMOUNT, minor_digits
from transforms.parsing import codes, mask

_JUDGED_TOGETHER = 250_000  # bytes
# Compiling the form costs as much as judging about so many payloads by the models.
_WORTH_A_FORM = 150
# Bounds of lists and texts are beyond what fits into so many bytes, so the form need not count.
_MOST_BYTES = 9_000
_WINDOW = b'"delivery_date":{"earliest":"'
# A text as it is mostly written; other escapes, and blanks in front of what must not be blank, the models judge.
_REST = r'(?:[^"\\\x{0}-\x{1f}]|\\["\\bfnrt])*"'
_TEXT = rf'"{_REST}'
_NOT_BLANK = rf'"[^"\\\x{{0}}-\x{{20}}\x{{7f}}-\x{{a0}}\x{{1680}}\x{{2000}}-\x{{206f}}\x{{3000}}]{_REST}'
_WHOLE = "(?:0|[1-9][0-9]{0,8})"
_DECIMAL = rf"-?{_WHOLE}(?:\.[0-9]{{1,9}})?"
_PRINTED = r"!#-\[\]-~"
_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"
_ADJUSTMENTS = ',"adjustments":['
_ADJUSTED = b',"adjustments":[{'
# What rules between fields need of an adjustment of the form.
_ADJUSTMENT = re.compile(
    rb'"channel_adjustment_id":("(?:[^"\\]|\\.)*"),"type":"([A-Z]+)","created_at":"[^"]*","reason":"[A-Z_]+",'
    rb'"quantity":([0-9]+)'
)
# Moments of this century; other years are left to the models, as all that compiles here costs each chunk.
_DAY = (
    "20(?:[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    "|(?:[02468][048]|[13579][26])-02-29)"
)
_MOMENT = rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{3}})?Z"
# How the values of each type are mostly written.
_WRITTEN: Sequence[tuple[object, str]] = (
    (records.Text, _NOT_BLANK),
    (records.Moment, f'"{_MOMENT}"'),
    (records.Email, f'"{records.EMAIL_PATTERN.strip("^$")}"'),
    (records.Url, rf'"https?://(?:{_LABEL}\.)+[a-z]{{2,9}}(?:/{records.URI_CHARACTER}*)?"'),
    (records.CountryCode, '"[A-Z]{3}"'),
    (records.Quantity, "[1-9][0-9]{0,8}"),
    (records.Units, _WHOLE),
    (records.AttributeId, rf'"[{_PRINTED}]{{1,40}}"'),
    (records.AttributeText, _TEXT),
    (records.AttributeNumber, _DECIMAL),
    (records.AttributeTexts, rf"\[{_TEXT}(?:,{_TEXT}){{0,4}}\]"),
    (str, _TEXT),
    (float, _DECIMAL),
    (bool, "(?:true|false)"),
)


def judge(payloads: pa.StringArray, currencies: pa.StringArray, orders: Sequence[int], faults: Faults) -> None:
    """Judge payloads as they will be sent, each with its currency; note what is wrong with which of `orders`."""
    texts: list[bytes] = payloads.cast(pa.binary()).to_numpy(zero_copy_only=False).tolist()
    adjusted = [_ADJUSTED in text for text in texts]
    sound = _has_form(payloads, np.array(adjusted, dtype=np.bool_), currencies)
    left = [row for row, text in enumerate(texts) if not (sound[row] and _is_consistent(text, adjusted[row]))]
    begin = 0
    while begin < len(left):
        # What is judged becomes objects, some ten times as large as the bytes.
        size, end = 0, begin
        while end < len(left) and (end == begin or size + len(texts[left[end]]) <= _JUDGED_TOGETHER):
            size += len(texts[left[end]])
            end += 1
        rows = left[begin:end]
        try:
            records.ORDERS.validate_json(b"[" + b",".join([texts[row] for row in rows]) + b"]")
        except ValidationError as error:
            # The first fault of an order is the one that is reported.
            for number, found in enumerate(error.errors(include_url=False, include_input=False)):
                position, *location = found["loc"]
                blank = found.get("ctx", {}).get("pattern") == r"\S"
                reason = "is empty" if blank else found["msg"].removeprefix("Value error, ")
                order = orders[rows[int(position)]]
                faults.add(order, (Stage.GATE, number), "invalid", _path(location), reason)
        begin = end


def _path(location: Sequence[int | str]) -> str:
    # The union tag of a custom attribute (STRING, ...) is pydantic's, not a part of the contract's path.
    parts = [part for part in location if part not in {"STRING", "NUMERIC", "BOOLEAN", "DATE", "LIST"}]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "order"


def _has_form(payloads: pa.StringArray, adjusted: Bools, currencies: pa.StringArray) -> Bools:
    """Return which payloads, `adjusted` ones with adjustments, have the form with amounts of their one currency."""
    found = np.zeros(len(payloads), dtype=np.bool_)
    short = mask(pc.less_equal(pc.binary_length(payloads), _MOST_BYTES))
    place, words = codes(currencies)
    for number, currency in enumerate(words):
        rows = np.flatnonzero(short & (place == number))
        if currency is None or minor_digits(currency) is None or len(rows) < _WORTH_A_FORM:
            continue
        own = payloads if len(rows) == len(payloads) else payloads.take(pa.array(rows))
        found[rows] = mask(
            pc.match_substring_regex(_without_adjustments(own, adjusted[rows], currency), form(currency))
        )
    return found


def _without_adjustments(payloads: pa.StringArray, adjusted: Bools, currency: str) -> pa.StringArray:
    """Empty every list of adjustments that has the form of one: the form of an order has only empty ones.

    One form of everything would outgrow what RE2 keeps at hand. No quote inside a text is bare, so an empty list that
    stands where the form has one was a list of adjustments there. Few orders have any: compiling their form for each
    column, as Arrow does, would cost more than Python's own matching.
    """
    if not adjusted.any():
        return payloads
    known, chosen = adjustments_form(currency), pa.array(adjusted)
    emptied = [known.sub(f"{_ADJUSTMENTS}]", text) for text in payloads.filter(chosen).to_pylist()]
    return pc.replace_with_mask(payloads, chosen, pa.array(emptied, pa.string()))


def _is_consistent(payload: bytes, is_adjusted: bool) -> bool:
    """Return whether a payload of the form keeps the rules between its fields that the form cannot know.

    `is_adjusted`: it has adjustments.

    No quote inside a text is bare, so what is searched for stands where the form has it, and nowhere else.
    """
    head, *lines = payload.split(b'{"channel_order_line_id":"')
    _, _, stamps = head.partition(b',"created_at":"')
    created, _, rest = stamps.partition(b'Z","channel_updated_at":"')
    updated, _, _ = rest.partition(b'Z"')
    # Of an id with an escaped quote, what stands before that; lines that begin alike are judged by the models.
    if created > updated or len({line[: line.find(b'"')] for line in lines}) < len(lines):
        return False
    # What follows the last line stands behind it.
    if _WINDOW in lines[-1] and not _is_window_in_order(lines[-1]):
        return False
    return not is_adjusted or _are_consistent_adjustments(lines)


def _is_window_in_order(text: bytes) -> bool:
    earliest, _, rest = text.partition(_WINDOW)[2].partition(b'Z","latest":"')
    latest, _, _ = rest.partition(b'Z"')
    return earliest <= latest


def _are_consistent_adjustments(lines: Sequence[bytes]) -> bool:
    """Return whether no adjustment's id comes twice, and no line has more units cancelled than ordered."""
    ids: list[bytes] = []
    for line in lines:
        own, _, adjustments = line.partition(b'"adjustments":[{')
        cancelled = 0
        for adjustment_id, kind, quantity in _ADJUSTMENT.findall(adjustments):
            ids.append(adjustment_id)
            cancelled += int(quantity) if kind == b"CANCELATION" else 0
        if cancelled > int(own.partition(b'","quantity":')[2].partition(b",")[0]):
            return False
    return len(set(ids)) == len(ids)


@lru_cache(maxsize=64)
def form(currency: str) -> str:
    """Return the form of an order whose amounts have this currency, and whose lists of adjustments are empty (RE2)."""
    return f"^{_form(records.Order, _money(currency))}$"


@lru_cache(maxsize=64)
def adjustments_form(currency: str) -> re.Pattern[str]:
    """Return the form of the field of a line that lists adjustments, all of whose amounts have this currency."""
    adjustment = _form(records.Adjustment, _money(currency))
    return re.compile(for_python(rf"{re.escape(_ADJUSTMENTS)}{adjustment}(?:,{adjustment})*\]"))


def for_python(pattern: str) -> str:
    """Write a pattern of RE2's as Python's `re` takes it."""
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda match: f"\\u{int(match[1], 16):04x}", pattern)


def _money(currency: str) -> str:
    digits = minor_digits(currency)
    whole = len(str(MAX_AMOUNT)) - 1
    decimals = rf"[0-9]{{1,{digits}}}" if digits else "0"
    amount = rf"(?:0|[1-9][0-9]{{0,{whole - 1}}})\.{decimals}"
    return rf'\{{"amount":{amount},"currency":"{re.escape(currency)}"\}}'


def _form(kind: object, money: str) -> str | None:
    """Return how values of a type are written; None where only the models can judge them."""
    if kind is records.Money:
        return money
    for known, pattern in _WRITTEN:
        if kind == known:
            return pattern
    if is_typeddict(kind):
        entries = _entries(kind, money)
        return None if entries is None else rf"\{{{_sequence(entries)}\}}"
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        # Whether the window is in order is a rule between fields.
        judged = kind != records.DeliveryDate and any(isinstance(one, AfterValidator) for one in arguments[1:])
        return None if judged else _form(arguments[0], money)
    if origin is Literal:
        return _one_of([f'"{re.escape(word)}"' for word in arguments])
    if arguments == (records.Adjustment,):
        return r"\[\]"
    if origin is list:
        entry = _form(arguments[0], money)
        return None if entry is None else rf"\[{entry}(?:,{entry})*\]"
    if origin in {Union, UnionType}:
        objects = [entries for entries in (_entries(argument, money) for argument in arguments) if entries is not None]
        # They begin alike, and what they begin with compiles to more than all that follows.
        [(first, _)] = {entries[0] for entries in objects}
        return rf"\{{{first},{_one_of([_sequence(entries[1:]) for entries in objects])}\}}"
    return None


def _one_of(patterns: Sequence[str]) -> str:
    return f"(?:{'|'.join(patterns)})"


def _entries(kind: object, money: str) -> list[tuple[str, bool]] | None:
    """Return how each field of an object is written, as declared, and whether it is optional.

    An optional one that only the models can judge is not there; None where one that must be there is such.
    """
    entries: list[tuple[str, bool]] = []
    fields: Mapping[str, object] = get_type_hints(kind, include_extras=True)
    for name, own in fields.items():
        optional = get_origin(own) is NotRequired
        pattern = _form(get_args(own)[0] if optional else own, money)
        if pattern is None and not optional:
            return None
        if pattern is not None:
            entries.append((f'"{name}":{pattern}', optional))
    return entries


def _sequence(entries: Sequence[tuple[str, bool]]) -> str:
    """Write entries with commas between those that are there."""
    rest, begin = "", ""
    is_certain = False
    for entry, optional in reversed(entries):
        if not optional:
            begin, is_certain = f"{entry}{rest}", True
        elif is_certain:
            begin = f"(?:{entry},)?{begin}"
        else:
            begin = _one_of([f"{entry}{rest}", begin])
        rest = f"(?:,{entry})?{rest}" if optional else f",{entry}{rest}"
    return begin
