"""Import a function whose source a plan has found, and see that it is still that source."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from hashlib import sha256
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from xdomain.core.errors import ConfigError
from xdomain.core.functions import FOLDERS, FORM, Module, find_module, parts_of
from xdomain.core.registry import did_you_mean, load_attribute

EDITED = "The file was edited after the plan was made. Run the command again: it plans with the file as it is now."


def load_function(target: str, folder: str | None, digest: str, arguments: int) -> Callable[..., Any]:
    """Import the function whose module's source has `digest`.

    Args:
        target: as in `find_function`.
        folder: as in `find_function`. It is put at the end of `sys.path`, so that the module can import its neighbours.
        digest: what the plan found.
        arguments: number of positional arguments that it will be called with.

    Raises:
        ConfigError: the module fails when it is imported or was edited since, or names no function of that many
            arguments.
    """
    module_name, attribute = parts_of(target)
    if folder is not None and folder not in sys.path:
        sys.path.append(folder)
        FOLDERS.add(folder)
    module = find_module(target, module_name, folder)
    found: Any = _import_source(target, module_name, module, digest)
    for name in attribute.split("."):
        if not hasattr(found, name):
            hint = did_you_mean(name, vars(found) if hasattr(found, "__dict__") else ())
            raise ConfigError(f'"{target}": {module.file} defines no "{name}".{hint}', fix=FORM)
        found = getattr(found, name)
    _demand_callable(target, found, arguments)
    function: Callable[..., Any] = found
    return function


class _ReadLoader(SourceFileLoader):
    """Compiles the source itself, never a cached .pyc: one of the same second and size would hold the old text."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self.digest = ""

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path)
        self.digest = sha256(source).hexdigest()
        code: CodeType = self.source_to_code(source, self.path)
        return code


def _import_source(target: str, name: str, found: Module, digest: str) -> ModuleType:
    """Import the module from its source, unless it was imported from this very source before."""
    file = str(found.file)
    present = sys.modules.get(name)
    if present is not None and _was_read_from(present, file, digest):
        return present
    loader = _ReadLoader(name, file)
    below = list(found.folders) or None
    spec = importlib.util.spec_from_file_location(name, file, loader=loader, submodule_search_locations=below)
    try:
        _import_parent(name, file, is_package=below is not None)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # None only without a loader
        sys.modules[name] = module
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        what = f'"{target}" cannot be imported: {plain_error(error)}.'
        raise ConfigError(what, where=file, fix="Correct the module, or install what it imports.") from error
    if loader.digest != digest:
        sys.modules.pop(name, None)
        raise ConfigError(f'"{target}" is not what was planned.', where=file, fix=EDITED)
    return module


def _was_read_from(present: ModuleType, file: str, digest: str) -> bool:
    """Return whether a module is this file. One that somebody else imported is believed to be the file as it is now."""
    loader = getattr(present, "__loader__", None)
    if isinstance(loader, _ReadLoader):
        return (loader.path, loader.digest) == (file, digest)
    return getattr(present, "__file__", None) == file and sha256(Path(file).read_bytes()).hexdigest() == digest


def _import_parent(name: str, file: str, *, is_package: bool) -> None:
    """Import the package that a module lies in, for its relative imports.

    Raises:
        ImportError: a package of that name was imported from elsewhere.
    """
    parent = name.rpartition(".")[0]
    if not parent:
        return
    folders = list(load_attribute(f"{parent}:__path__"))
    if str(Path(file).parents[1 if is_package else 0]) not in folders:
        raise ImportError(f'another package named "{parent}" was imported before, from {", ".join(folders)}')


def _demand_callable(target: str, found: object, arguments: int) -> None:
    """Refuse what cannot be called with that many positional arguments."""
    if inspect.isclass(found):
        fix = f"Name an instance or a method of it: for instance add `score = {found.__name__}()` and name that."
        raise ConfigError(f'"{target}" is a class.', fix=fix)
    if not callable(found):
        raise ConfigError(f'"{target}" is no function but {type(found).__name__}.', fix=FORM)
    if inspect.iscoroutinefunction(found) or inspect.isgeneratorfunction(found):
        raise ConfigError(f'"{target}" is a coroutine or generator function.', fix="Let it return its result plainly.")
    try:
        inspect.signature(found).bind(*range(arguments))
    except TypeError as error:
        raise ConfigError(
            f'"{target}" cannot be called with {arguments} arguments: {error}.',
            fix="docs/how-to/extend.md has the signature.",
        ) from error
    except ValueError:  # a function in C that does not tell its signature
        return


def plain_error(error: BaseException, longest: int = 300) -> str:
    """Return an exception's type and message in one line that any file can hold."""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be written"
    words = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return f"{type(error).__name__}: {words}"[:longest].rstrip(": ")
