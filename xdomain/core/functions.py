"""Find a function that an experiment file names as "package.module:function", without importing anything.

A plan needs the digest of a function's source, but must not run it. So it finds the module's file like an import would,
reads the names that the file defines, and computes the digest. The worker imports the source with this digest
(`function_import`).
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path

from xdomain.core.errors import ConfigError
from xdomain.core.registry import did_you_mean

FORM = 'Write it as "package.module:function", for example "rewards:score" for `def score` in rewards.py.'

FOLDERS: set[str] = set()
"""Folders that `function_import` appended to `sys.path`. Functions of other folders are not searched there, so that two
experiments in one process find the same functions as in separate processes."""


@dataclass(frozen=True)
class FunctionFile:
    """The file of a named function.

    Attributes:
        path: Path of the module's source.
        digest: sha256 of the file's content.
    """

    path: Path
    digest: str


def find_function(target: str, folder: str | None) -> FunctionFile:
    """Find the source of "module:attribute" without running it.

    Args:
        target: Function as "module:attribute". The attribute may be nested, "module:Class.method".
        folder: Folder to search after the installed packages; None searches only these.

    Raises:
        ConfigError: The module or the name was not found, has no Python source, or is a coroutine function.
    """
    module, attribute = parts_of(target)
    path = Path(str(find_module(target, module, folder).file))
    try:
        source = path.read_bytes()
        tree = ast.parse(source, str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigError(f'"{target}" cannot be read: {error}.', where=str(path), fix="Correct the file.") from error
    _demand_defined(target, attribute.split(".")[0], tree, path)
    return FunctionFile(path, sha256(source).hexdigest())


def parts_of(target: str) -> tuple[str, str]:
    module, colon, attribute = target.partition(":")
    names = [*module.split("."), *attribute.split(".")]
    if not colon or not all(name.isidentifier() for name in names):
        missing = " It has no colon." if not colon else ""
        raise ConfigError(f'"{target}" is not the name of a function.{missing}', fix=FORM)
    return module, attribute


@dataclass(frozen=True)
class Module:
    """The location of a module: its file (None for a folder without `__init__.py`), and its folders."""

    file: Path | None
    folders: tuple[str, ...]


def find_module(target: str, module: str, folder: str | None) -> Module:
    """Find a module's source. Unlike `importlib.util.find_spec`, this does not import parent packages."""
    first, *rest = module.split(".")
    found = _find_top(first, folder)
    missing = first
    for name in rest:
        if found is None:
            break
        missing = f"{missing}.{name}"
        found = _find_below(name, found.folders)
    if found is None:
        looked = f" or in {folder}" if folder else ""
        raise ConfigError(
            f'"{target}" cannot be found: there is no module "{missing}" among the installed packages{looked}.',
            fix="Install the package, put the file next to the experiment file, or correct the name. " + FORM,
        )
    if found.file is None or found.file.suffix != ".py":
        what = f'"{target}": the module "{module}" is not a Python source file, so it has no digest.'
        raise ConfigError(what, fix="Name a function in a .py file.")
    return found


def _find_top(name: str, folder: str | None) -> Module | None:
    importlib.invalidate_caches()
    search = [*(path for path in sys.path if path not in FOLDERS), *([folder] if folder else [])]
    for finder in sys.meta_path:
        spec = finder.find_spec(name, search if finder is PathFinder else None)
        if spec is not None:
            file = Path(spec.origin) if spec.has_location and spec.origin else None
            return Module(file, tuple(spec.submodule_search_locations or ()))
    return None


def _find_below(name: str, folders: tuple[str, ...]) -> Module | None:
    """Find a module in a package's folders in the order that an import uses: package, module, folder."""
    for folder in map(Path, folders):
        if (folder / name / "__init__.py").is_file():
            return Module(folder / name / "__init__.py", (str(folder / name),))
        if (folder / f"{name}.py").is_file():
            return Module(folder / f"{name}.py", ())
    plain = tuple(str(Path(folder) / name) for folder in folders if (Path(folder) / name).is_dir())
    return Module(None, plain) if plain else None


def _demand_defined(target: str, name: str, tree: ast.Module, path: Path) -> None:
    """Refuse a name that the module does not define. With a star import or `__getattr__`, every name is possible."""
    defined = dict(_definitions(tree.body))
    if isinstance(defined.get(name), ast.AsyncFunctionDef):
        raise ConfigError(f'"{target}" is a coroutine function.', where=str(path), fix="Write it without `async`.")
    if name not in defined and not {"*", "__getattr__"} & set(defined):
        functions = [each for each, node in defined.items() if isinstance(node, ast.FunctionDef)]
        known = f" It defines {', '.join(functions)}." if functions else " It defines no function."
        raise ConfigError(f'{path} defines no "{name}".{did_you_mean(name, defined)}{known}', fix=FORM)


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """Yield each name that a module's statements bind, with the statement, also inside `if`, `try` and `with`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((each.asname or each.name.split(".")[0], node) for each in node.names)
        else:
            for field in ("body", "orelse", "handlers", "finalbody"):
                for child in getattr(node, field, []):
                    yield from _definitions(child.body if isinstance(child, ast.ExceptHandler) else [child])
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id, node
