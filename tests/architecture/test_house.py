"""Figures that keep the package easy to read; a change that breaks one moves code instead of raising the figure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "xdomain"

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
CLI_LINES = 2100
CLI_LOCAL_IMPORTS = 14
"""Imports inside functions of `cli/`, which keep heavy packages out of start-up."""

IMPORTS_BY_STRING = {"xdomain.core.registry"}
"""The one module that imports other modules by their name."""
GUESTS = "xdomain.domains.sandbox."
"""Modules that run where the package is not: they import the standard library by name."""
DOORS = {
    "xdomain.schedule.worker_door",
    "xdomain.api.domains",
    "xdomain.api.diagnosis",
    "xdomain.api.predictions",
}
"""Modules that name another of ours to `load_attribute`, because it loads torch and their own floor must not."""


@cache
def modules() -> dict[str, tuple[Path, ast.Module]]:
    """Return file and syntax tree of every module of the package, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path, ast.parse(path.read_text(encoding="utf-8"))
    return found


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def imports(name: str) -> set[str]:
    """Return the modules of the package that a module imports, inside functions too but not for type checkers alone."""
    _, tree = modules()[name]
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules().keys() or {node.module}
    return (found & modules().keys()) - {name}


def test_no_module_imports_itself_by_way_of_others() -> None:
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(imports(name)):
                visit(other, (*way, name))
            done.add(name)

    for name in modules():
        visit(name, ())


def test_files_are_short() -> None:
    assert {name: length(path) for name, (path, _) in modules().items() if length(path) > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = {
        f"{name}.{function.name}": lines
        for name, (_, tree) in modules().items()
        for function in functions(tree)
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_the_command_line_is_thin() -> None:
    own = {name: found for name, found in modules().items() if name.startswith("xdomain.cli")}
    assert sum(length(path) for path, _ in own.values()) < CLI_LINES
    local = {
        (name, node.lineno)
        for name, (_, tree) in own.items()
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert len(local) <= CLI_LOCAL_IMPORTS, sorted(local)


def calls(name: str, *functions: str) -> list[ast.Call]:
    """Return the calls that a module makes of functions with these names."""
    nodes = (node for node in ast.walk(modules()[name][1]) if isinstance(node, ast.Call))
    return [node for node in nodes if getattr(node.func, "attr", getattr(node.func, "id", "")) in functions]


def test_one_place_imports_by_name() -> None:
    found = {name for name in modules() if not name.startswith(GUESTS) and calls(name, "import_module", "__import__")}
    assert found <= IMPORTS_BY_STRING
    named = {
        name
        for name in modules()
        for call in calls(name, "load_attribute")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert named <= DOORS


@pytest.mark.parametrize("name", sorted(DOORS | IMPORTS_BY_STRING))
def test_exceptions_exist(name: str) -> None:
    assert name in modules()
