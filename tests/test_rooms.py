"""Imports run one way, pipelines -> connectors -> transforms, and each room keeps to its libraries."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "transforms": {
        "pipelines",
        "connectors",
        "examples",
        "tests",
        "dagster",
        "httpx",
        "sqlalchemy",
        "fsspec",
    },
    "connectors": {"pipelines", "examples", "tests", "dagster"},
    "pipelines": {"examples", "tests"},
}
MODULES = [path for room in FORBIDDEN for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert imported & FORBIDDEN[path.relative_to(ROOT).parts[0]] == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_documents_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter(_imports()).prepare()
    except CycleError as error:
        pytest.fail(f"import circle: {' -> '.join(error.args[1])}")


def test_operations_and_configuration_need_no_dagster() -> None:
    imports = _imports(also=("dagster",))
    for module in (name for name in imports if name.startswith(("pipelines.operations", "pipelines.config"))):
        assert "dagster" not in _reached(module, imports), module


def test_no_module_lies_loose_in_connectors() -> None:
    assert {path.name for path in (ROOT / "connectors").glob("*.py")} == {"__init__.py"}


def _imports(also: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Return what each module imports of the three packages, and of `also`, also inside functions."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    found = {}
    for name, path in names.items():
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= (whole & names.keys()) or {node.module}
        found[name] = ({one for one in wanted if one in names or one.partition(".")[0] in also}) - {name}
    return found


def _reached(module: str, imports: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    open_modules = [module]
    while open_modules:
        for one in imports.get(open_modules.pop(), set()) - reached:
            reached.add(one)
            open_modules.append(one)
    return reached


def test_the_tree_of_errors_is_drawn_where_its_root_is() -> None:
    drawn = ast.get_docstring(ast.parse((ROOT / "transforms" / "errors.py").read_text())) or ""
    children = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and "UserError" in map(ast.unparse, node.bases):
                children.add(node.name)
                assert f" {node.name} " in drawn, node.name
    assert len(children) == drawn.count("── ")


def test_no_two_errors_have_one_name() -> None:
    names = [
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    ]
    assert sorted(names) == sorted(set(names))
