"""The tables in `docs/` that repeat what the code knows. `python -m tests.doc_tables` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from connectors.channels.platform import load_platform
from transforms.columns import COLUMNS
from transforms.platforms import PLATFORMS
from transforms.reasons import REASON_KEYWORDS
from transforms.vocabulary import AdjustmentReason, AdjustmentType, Status, StatusReason

DOCS = Path(__file__).parents[1] / "docs"


def tables() -> dict[str, str]:
    """Return marker name -> table."""
    return {
        "statuses": "\n\n".join(_statuses()),
        "reasons": _table("keyword", "reason", REASON_KEYWORDS),
        "words": _words(),
        "columns": "\n\n".join(_columns()),
    }


def _statuses() -> Iterator[str]:
    for name in PLATFORMS:
        yield f"**{name}**\n\n{_table('status word', 'Mirakl', load_platform(name, name).statuses)}"


def _words() -> str:
    words = {
        "status": Status,
        "status reason, after a slash: `CLOSED/CANCELED`": StatusReason,
        "reason of a refund or cancelation": AdjustmentReason,
        "type of an adjustment": AdjustmentType,
    }
    rows = [f"| {what} | {', '.join(f'`{word}`' for word in get_args(known))} |" for what, known in words.items()]
    return "\n".join(["| where | words |", "|---|---|", *rows])


def _columns() -> Iterator[str]:
    for frame, columns in COLUMNS.items():
        rows = [f"#### {frame}", "", "| column | kind | meaning | example | without it |", "|---|---|---|---|---|"]
        rows += [
            f"| `{c.name}` | {c.kind} | {c.meaning} | `{c.example}` | {'**required**' if c.required else c.absent} |"
            for c in columns
        ]
        yield "\n".join(rows)


def _table(left: str, right: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {left} | {right} |", "|---|---|", *(f"| `{word}` | `{target}` |" for word, target in rows.items())]
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """Return a document with the tables between its markers."""
    for name, table in tables().items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = marked.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    for document in DOCS.glob("*.md"):
        document.write_text(with_tables(document.read_text()))
