"""Every module of the package has a test: one of its name in the mirrored folder, or one that imports it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
FOLDERS = [folder for folder in TESTS.iterdir() if folder.is_dir() and folder.name != "support"]

THROUGH_ANOTHER = {
    "xdomain.analysis.result.findings": "unit/analysis/test_findings.py",
    "xdomain.analysis.result.predictions": "unit/analysis/test_predictions.py",
    "xdomain.analysis.result.published": "unit/analysis/test_reference.py",
    "xdomain.analysis.result.runs": "unit/analysis/test_trajectory.py",
    "xdomain.analysis.result.strategies": "unit/analysis/test_strategy_cost.py",
}
"""Modules that no test imports, and the test that runs them."""


def modules() -> list[str]:
    """Return the dotted name of every module that holds code of its own."""
    paths = (path for path in (ROOT / "xdomain").rglob("*.py") if not path.name.startswith("__"))
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)


@cache
def imported_by_tests() -> set[str]:
    """Return every dotted name that a test file imports, attributes of modules included."""
    found: set[str] = set()
    for path in (path for folder in FOLDERS for path in folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def mirrored(module: str) -> Path:
    """Return where the tests of a module belong."""
    *packages, name = module.split(".")[1:]
    return TESTS.joinpath("unit", *packages, f"test_{name}.py")


def test_every_module_has_one() -> None:
    untested = {name for name in modules() if name not in imported_by_tests() and not mirrored(name).is_file()}
    assert untested <= THROUGH_ANOTHER.keys()
    assert THROUGH_ANOTHER.keys() <= untested, "these have a test by now: take them off the list"


def test_tests_that_stand_for_others_exist() -> None:
    missing = [test for test in THROUGH_ANOTHER.values() if not (TESTS / test).exists()]
    assert missing == []
