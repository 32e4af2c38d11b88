"""Tables on the shell, to be read whole at any width from 80 columns on.

A table that does not fit is printed as one block a row instead: nothing is cut, no word is broken. Texts are never
markup: an SQL cast `:x::type` would become an emoji.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from transforms.plain import one_line

# Where nobody's terminal says how wide it is: a pipe, a log.
_WIDTH = 140
# Sentences, which may go on in the next line of their cell where that much room is left.
_SENTENCES = frozenset({"reason", "detail", "change", "why", "meaning", "ids", "word", "target"})
_SENTENCE_WIDTH = 20
_GAP = 2
# Headings other than the names of the columns.
_HEADS = {"fate": "outcome"}
STYLES = {
    "rejected": "red",
    "refused": "red",
    "undelivered": "red",
    "failed": "red",
    "error": "red",
    "warning": "yellow",
    "ok": "green",
    "orders": "yellow",
    "not tried": "dim",
    "red": "red",
    "unmapped": "yellow",
}

Row = Mapping[str, Any]


def console(*, stderr: bool = False) -> Console:
    """Return where people read: as wide as the terminal or COLUMNS says, else wide enough for most tables."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDTH
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def line(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print one line of texts, some with a style; a long one goes on, unbroken where nobody's terminal folds it."""
    console.print(Text.assemble(*parts), soft_wrap=not console.is_terminal)


def json_text(value: Any) -> bytes:
    """Return a result as programs read it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def csv_rows(items: Iterable[dict[str, Any]]) -> None:
    """Print rows of one shape as CSV, as they come; nothing where there is none."""
    rows: Iterator[dict[str, Any]] = iter(items)
    first = next(rows, None)
    if first is not None:
        writer = csv.DictWriter(sys.stdout, list(first), lineterminator="\n")
        writer.writeheader()
        writer.writerows(chain([first], rows))


def rows(console: Console, title: str, items: Sequence[Row], *, numbers: Sequence[str] = ()) -> None:
    """Print rows of one shape, at least one: as a table where that fits, else one block a row.

    Empty columns are left out; `numbers` are set to the right.
    """
    console.print(Text(title, style="bold"))
    names = [name for name in items[0] if any(item[name] not in (None, "") for item in items)]
    cells = [[_text(item[name]) for name in names] for item in items]
    heads = [_head(name) for name in names]
    widths = [max(cell_len(row[index]) for row in [heads, *cells]) for index in range(len(names))]
    sentences = [name in _SENTENCES for name in names]
    least = sum(
        min(width, _SENTENCE_WIDTH) if sentence else width for width, sentence in zip(widths, sentences, strict=True)
    )
    if least + _GAP * len(names) <= console.width:
        _table(console, names, cells, sentences, numbers)
    else:
        _blocks(console, names, cells)


def pairs(console: Console, title: str | None, values: Row) -> None:
    """Print names and values, one a line, the values below each other; a long one goes on below its beginning."""
    if title is not None:
        console.print(Text(title, style="bold"))
    shown = {name: _text(value) for name, value in values.items() if value not in (None, "")}
    table = Table.grid(padding=(0, _GAP, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in shown.items():
        table.add_row(Text(name), _styled(value))
    console.print(table)
    console.print()


def paragraph(console: Console, title: str, text: str) -> None:
    """Print a title and a text under it."""
    console.print(Text(title, style="bold"))
    console.print(Text(text))
    console.print()


def ago(instant: str | None, now: dt.datetime | None = None) -> str:
    """Return how long ago an instant (ISO 8601, UTC) was, in its largest unit: `3 h`; nothing for none."""
    if not instant:
        return ""
    seconds = ((now or dt.datetime.now(dt.UTC)) - dt.datetime.fromisoformat(instant)).total_seconds()
    return span(seconds)


def until(instant: str | None, now: dt.datetime | None = None) -> str:
    """Return how far off an instant (ISO 8601, UTC) is, in its largest unit."""
    if not instant:
        return ""
    return span((dt.datetime.fromisoformat(instant) - (now or dt.datetime.now(dt.UTC))).total_seconds())


def span(seconds: float) -> str:
    """Return how long something lasts, in its largest unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _table(
    console: Console,
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    sentences: Sequence[bool],
    numbers: Sequence[str],
) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP, 0, 0))
    for name, sentence in zip(names, sentences, strict=True):
        table.add_column(
            _head(name), no_wrap=not sentence, overflow="fold", justify="right" if name in numbers else "left"
        )
    for row in cells:
        table.add_row(*map(_styled, row))
    console.print(table)
    console.print()


def _blocks(console: Console, names: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a block a row: the short cells on one line, as far as they fit in every row, each other one below it."""
    widths: list[int] = []
    for index, name in enumerate(names):
        width = max(cell_len(cell) for cell in [_head(name), *(row[index] for row in cells)])
        if name in _SENTENCES or sum(widths) + _GAP * len(widths) + width > console.width:
            break
        widths.append(width)
    widths = widths or [0]
    first = len(widths)
    heads = (Text(_head(name), style="dim") for name in names[:first])
    console.print(_aligned(heads, widths), overflow="fold")
    for row in cells:
        console.print(_aligned(map(_styled, row[:first]), widths), overflow="fold")
        for name, cell in zip(names[first:], row[first:], strict=True):
            if cell:
                # Further lines of a sentence are indented to its beginning.
                text = Text.assemble((f"{_head(name)}: ", "dim"), _styled(cell))
                console.print(Padding(text, (0, 0, 0, 4), expand=False), overflow="fold")
    console.print()


def _aligned(cells: Iterable[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line.append_text(cell).append(" " * (width + _GAP - cell.cell_len))
    line.rstrip()
    return line


def _head(name: str) -> str:
    return _HEADS.get(name) or name.removeprefix("channel_").replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else one_line(str(value))


def _styled(cell: str) -> Text:
    return Text(cell, style=STYLES.get(cell, ""))
