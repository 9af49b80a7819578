"""Import a function whose source a plan has found, and check that the source is unchanged."""

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

EDITED = "The file was edited after the plan was made. Run the command again, which plans with the current file."


def load_function(target: str, folder: str | None, digest: str, arguments: int) -> Callable[..., Any]:
    """Import the function whose module's source has `digest`.

    Args:
        target: Function as "module:attribute", see `find_function`.
        folder: Folder of the module, see `find_function`. It is appended to `sys.path`, so that the module can import
            other modules in it.
        digest: Digest of the source in the plan.
        arguments: Number of positional arguments of later calls.

    Raises:
        ConfigError: The import fails, the module was edited since, or it has no function with that many arguments.
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
    """A loader that always compiles the source. A cached .pyc could be stale after an edit in the same second."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self.digest = ""

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path)
        self.digest = sha256(source).hexdigest()
        code: CodeType = self.source_to_code(source, self.path)
        return code


def _import_source(target: str, name: str, found: Module, digest: str) -> ModuleType:
    """Import the module from its source, unless it was imported from the same source before."""
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
    """Return whether a module was read from this file and digest. One that other code imported counts as current."""
    loader = getattr(present, "__loader__", None)
    if isinstance(loader, _ReadLoader):
        return (loader.path, loader.digest) == (file, digest)
    return getattr(present, "__file__", None) == file and sha256(Path(file).read_bytes()).hexdigest() == digest


def _import_parent(name: str, file: str, *, is_package: bool) -> None:
    """Import the package that contains a module, for the module's relative imports.

    Raises:
        ImportError: A package of that name was imported from another folder.
    """
    parent = name.rpartition(".")[0]
    if not parent:
        return
    folders = list(load_attribute(f"{parent}:__path__"))
    if str(Path(file).parents[1 if is_package else 0]) not in folders:
        raise ImportError(f'another package named "{parent}" was imported before, from {", ".join(folders)}')


def _demand_callable(target: str, found: object, arguments: int) -> None:
    """Refuse an object that cannot be called with `arguments` positional arguments."""
    if inspect.isclass(found):
        fix = f"Name an instance or a method of it: for instance add `score = {found.__name__}()` and name that."
        raise ConfigError(f'"{target}" is a class.', fix=fix)
    if not callable(found):
        raise ConfigError(f'"{target}" is of type {type(found).__name__}, not a function.', fix=FORM)
    if inspect.iscoroutinefunction(found) or inspect.isgeneratorfunction(found):
        raise ConfigError(f'"{target}" is a coroutine or generator function.', fix="Write an ordinary function.")
    try:
        inspect.signature(found).bind(*range(arguments))
    except TypeError as error:
        raise ConfigError(
            f'"{target}" cannot be called with {arguments} arguments: {error}.',
            fix="See docs/how-to/extend.md for the signature.",
        ) from error
    except ValueError:  # a C function without a signature
        return


def plain_error(error: BaseException, longest: int = 300) -> str:
    """Return an exception's type and message on one line that any file can hold."""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be written"
    words = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return f"{type(error).__name__}: {words}"[:longest].rstrip(": ")
