"""The registry of codes: every code that an order or a shop can end with is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from connectors.mirakl.report import COUNTS
from transforms.outcomes import Outcome

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "codes.md").read_text()
# Which argument of a call is a code.
PLACES = {
    "OrderError": 0,
    "ShopError": 0,
    "Notice": 0,
    "Reject": 1,
    "Stop": 0,
    "Unanswered": 0,
    "add": 2,
    "_fail": 2,
    "_fail_unanswered": 1,
    "Read": 2,
    "_by_word": 2,
}
CODE = re.compile(r"[a-z]+(_[a-z]+)*|[A-Z]+(_[A-Z]+)*")
ROOMS = ("transforms", "connectors/channels", "connectors/mirakl", "connectors/ledger", "pipelines")


def explained() -> set[str]:
    """Codes in the first column of the tables below the outcomes."""
    return set(re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Rejects")[2], re.MULTILINE))


def used() -> set[str]:
    found: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "sandbox" not in path.name:
                found |= set(_codes(ast.parse(path.read_text())))
    return found


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name) as called, args=args) if name in PLACES:
                # Sets have an `add`, too.
                other = name == "add" and ast.unparse(called) not in {"faults.add", "notices.add"}
                if not other and len(args) > PLACES[name]:
                    yield from _literals(args[PLACES[name]])
            # Codes that are named before they are used: those of errors.
            case (
                ast.Assign(targets=[ast.Name(id="code")], value=value)
                | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant() as value)
            ):
                yield from _literals(value)
            case ast.Assign(targets=[ast.Tuple() as names], value=ast.Tuple(elts=texts)) if "SHRUNK" in ast.dump(names):
                for text in texts:
                    yield from _literals(text)
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str() as text), *_])) if text.isupper():
                yield text
            case ast.Dict(keys=keys, values=values):
                named = [key.value for key in keys if isinstance(key, ast.Constant)]
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code" and "channel_order_id" in named:
                        yield from _literals(value)


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield node.value


def driver_codes() -> set[str]:
    """What the errors of database drivers are called."""
    text = (ROOT / "connectors" / "channels" / "driver_errors.py").read_text()
    return set(re.findall(r'"([a-z_]+)"(?:\)|,\n)', text.partition("_CODES")[2].partition("_NO_LOGIN")[0])) - {
        # Said in other words: `access_denied`.
        "login_refused"
    }


def test_every_code_that_is_used_is_explained() -> None:
    assert (used() | driver_codes()) - explained() == set()


def test_every_code_that_is_explained_is_used() -> None:
    assert explained() - (used() | driver_codes()) == set()


def test_every_outcome_of_an_order_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Outcomes")[2].partition("## ")[0], re.MULTILINE)
    assert explained == [outcome.value for outcome in Outcome]


def test_every_count_of_a_day_that_is_an_outcome_has_its_name() -> None:
    assert set(COUNTS) - {"orders_read", "requests", "requests_isolating", "retries"} < set(Outcome)
