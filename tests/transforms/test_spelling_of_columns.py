"""No column is misspelt: what is read is yielded or declared, and what is declared is read.

Rows of a platform are not typed, so a misspelt cell would show only where its line is run. This checks the text instead:
a name that is read off something is a column of the platform's SQL, or is defined somewhere.
"""

from __future__ import annotations

import ast
import builtins
import datetime as dt
import re
import sys
from collections import Counter, namedtuple
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from mypy import api

from transforms.columns import COLUMNS
from transforms.platforms import PLATFORMS

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "transforms").glob("*.py"))
TYPES = (
    *(kind for kind in vars(builtins).values() if isinstance(kind, type)),
    dt.datetime,
    namedtuple("Row", []),
    Decimal,
    Counter,
    re.Pattern,
    np.ndarray,
    pa.StringArray,
    pa.StringScalar,
)
DECLARED = {column.name for columns in COLUMNS.values() for column in columns}


def code(platform: str) -> list[Path]:
    return sorted((ROOT / "transforms/platforms" / platform).rglob("*.py"))


def queries(platform: str) -> str:
    files = list((ROOT / "connectors/channels" / platform).glob("*.sql"))
    texts = [path.read_text() for path in files] + [path.stem for path in files]
    texts += [path.read_text() for path in (ROOT / "connectors/channels" / platform).glob("*.toml")]
    return "\n".join(texts)


def read(tree: ast.AST) -> Iterator[str]:
    """Yield the names that are read off anything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr


def asked(tree: ast.AST) -> Iterator[str]:
    """Yield the names by which cells or columns are asked for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            match node.slice:
                case ast.Constant(value=str(name)) if name.isidentifier():
                    yield name


@cache
def known(platform: str) -> set[str]:
    """Return the names that something may have: columns, what modules define, and what Python's own types have."""
    names = set(re.findall(r"\w+", queries(platform)))
    for kind in TYPES:
        names |= set(dir(kind))
    for path in (ROOT / "transforms").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    module = sys.modules.get(alias.name) or sys.modules.get(getattr(node, "module", None) or "")
                    names |= set(dir(module)) if module is not None else set()
    return names


def misspelt(platform: str, text: str) -> set[str]:
    tree = ast.parse(text)
    return (set(read(tree)) - known(platform)) | (set(asked(tree)) - known(platform) - DECLARED)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_cell_that_a_platform_reads_is_a_column_of_its_sql(platform: str) -> None:
    assert {path.name: found for path in code(platform) if (found := misspelt(platform, path.read_text()))} == {}


# Their rows are for the reader, not for the platform; columns of fees are named by the channel.
FEEDS = {"changes", "placed", "find"}
FEES = {"order_fees", "memo_fees"}


def selected(sql: str) -> set[str]:
    """Return the names of the columns that a query yields."""
    depth, flat = 0, ""
    for character in re.sub(r"--[^\n]*", "", sql):
        depth += {"(": 1, ")": -1}.get(character, 0)
        flat += character if depth == 0 else ""
    columns = re.search(r"\bSELECT\b(.*?)\bFROM\b", flat, re.DOTALL)
    assert columns is not None
    return {re.findall(r"\w+", column)[-1] for column in columns[1].split(",")}


def unread(platform: str, texts: dict[str, str]) -> dict[str, set[str]]:
    """Return the columns of queries that no module of a platform, nor the core, mentions."""
    mentioned = set(re.findall(r"\w+", "\n".join(path.read_text() for path in (*code(platform), *CORE))))
    found = {name: selected(text) - mentioned - FEES for name, text in texts.items() if name not in FEEDS}
    return {name: columns for name, columns in found.items() if columns}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_column_that_a_platforms_sql_yields_is_read(platform: str) -> None:
    files = (ROOT / "connectors/channels" / platform).glob("*.sql")
    assert unread(platform, {path.stem: path.read_text() for path in files}) == {}


def test_a_column_that_nobody_reads_is_found() -> None:
    sql = "SELECT o.id AS order_id, (SELECT MAX(x.a) FROM y AS x) AS status, o.stauts FROM orders AS o -- , o.b"
    assert unread("medusa", {"orders": sql}) == {"orders": {"stauts"}}


def test_a_misspelt_cell_of_a_row_is_found() -> None:
    text = (ROOT / "transforms/platforms/woocommerce/refunds.py").read_text()
    assert "item.line_total" in text
    assert misspelt("woocommerce", text.replace("item.line_total", "item.line_totl", 1)) == {"line_totl"}


def test_a_misspelt_column_of_a_query_is_found() -> None:
    text = (ROOT / "transforms/platforms/medusa/lines.py").read_text()
    assert 'items["unit_price"]' in text
    assert misspelt("medusa", text.replace('items["unit_price"]', 'items["unit_prize"]', 1)) == {"unit_prize"}


def subscripts(text: str) -> set[str]:
    """Return the names by which the core asks a frame's cells."""
    return {
        node.slice.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and ast.unparse(node.value).endswith(("cells", "frames.orders", "frames.lines", "frame"))
    }


def test_every_column_that_the_core_reads_is_declared() -> None:
    assert {path.name: found for path in CORE if (found := subscripts(path.read_text()) - DECLARED)} == {}
    assert subscripts('cells["quantity_deliverd"]') - DECLARED == {"quantity_deliverd"}


def test_every_declared_column_is_read() -> None:
    # The models have fields of the same names, and read no column.
    texts = [path.read_text() for path in CORE if path.name not in {"columns.py", "records.py"}]
    mentioned = set(re.findall(r"\w+", "\n".join(texts)))
    # The one is for whoever reads again, the other for `fulfilled_by_partner`, which may name any column.
    assert DECLARED - mentioned == {"internal_id", "shipping_method_code"}


@pytest.mark.slow
def test_a_misspelt_column_of_a_chunk_is_found_by_mypy(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "from transforms.chunk import Lines\n\n\ndef units(lines: Lines) -> object:\n    return lines.quantity_deliverd\n"
    )
    output, _, status = api.run(["--config-file", str(ROOT / "pyproject.toml"), str(planted)])
    assert status == 1
    assert 'has no attribute "quantity_deliverd"; maybe "quantity_delivered"?' in output
