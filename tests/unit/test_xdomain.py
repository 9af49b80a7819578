"""The names that `import xdomain` offers."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import xdomain

FUNCTIONS = [name for name in xdomain.__all__ if inspect.isfunction(getattr(xdomain, name))]


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    code = "import sys, xdomain; print([name for name in sys.modules if name.startswith('xdomain.')], xdomain.__all__)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("[] ['EvaluationOptions', ")


def test_every_name_is_what_editors_and_mypy_see() -> None:
    tree = ast.parse(Path(xdomain.__file__).read_text(encoding="utf-8"))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert sorted([*seen, "__version__"]) == sorted(xdomain.__all__) == dir(xdomain)
    for name, module in seen.items():
        assert getattr(xdomain, name) is getattr(sys.modules[str(module)], name)


def test_no_name_is_that_of_a_subpackage() -> None:
    """Importing the subpackage `evaluate` would put a module in the place of a function `evaluate`."""
    assert not {module.name for module in pkgutil.iter_modules(xdomain.__path__)} & set(xdomain.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'open_experiments'"):
        _ = xdomain.open_experiments


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_name_every_parameter_and_what_is_raised(name: str) -> None:
    function = getattr(xdomain, name)
    text = inspect.getdoc(function) or ""
    own = set(inspect.signature(function).parameters) - {"options"}
    assert not {parameter for parameter in own if f"\n    {parameter}: " not in text}
    assert "\nRaises:\n" in text
