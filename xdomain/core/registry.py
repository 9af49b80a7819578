"""Lazy registries: a name maps to a "module:attribute" string, loaded on first use.

Other packages add names through entry points, so names can be listed without importing their packages. A name in the
group "xdomain.verifiers" is a verifier. The same name in "xdomain.verifiers.parameters" is the model of its parameters.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import Any, TypeVar

from xdomain.core.errors import PluginError, XDomainError

Made = TypeVar("Made")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean "x"?', or "" if no known name is similar.

    "x" is the first known name that begins with `name`, or else the most similar one.
    """
    names = list(known)
    longer = [each for each in names if len(name) > 2 and each.startswith(name)]
    close = longer or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f' Did you mean "{close[0]}"?' if close else ""


MOST_LISTED = 20
"""Largest number of names that are listed together with the most similar one. Without a similar one, all are listed."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean "x"? Known: x, y.'. If there is a similar name, a long list of known names is left out."""
    names = list(known)
    near = did_you_mean(name, names)
    listed = names and not (near and len(names) > MOST_LISTED)
    return near + (f" Known: {', '.join(names)}." if listed else "")


def load_attribute(target: str) -> Any:
    """Import "module:attribute". The attribute may be nested, "module:Class.method".

    Raises:
        PluginError: The module cannot be imported, or has no such attribute.
    """
    module_name, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f'"{target}" cannot be loaded: {type(error).__name__}: {error}.',
            fix="Install the package that provides it, or correct its entry point.",
        ) from error
    return found


@dataclass(frozen=True)
class Plugin:
    """A name that an installed package registers.

    Attributes:
        target: Object as "module:attribute".
        package: Distribution and version, such as "xdomain-roman 0.1.0".
    """

    name: str
    target: str
    package: str


@cache
def _installed(path: tuple[str, ...]) -> Mapping[str, tuple[Plugin, ...]]:
    """Return plugins by entry point group. This searches every installed package, so it is done once per `sys.path`."""
    found: dict[str, dict[str, Plugin]] = {}
    seen: set[str] = set()
    for distribution in distributions():
        for group, plugin in _registered(distribution, seen):
            found.setdefault(group, {}).setdefault(plugin.name, plugin)  # the first one on the path is used
    return {group: tuple(plugins.values()) for group, plugins in found.items()}


def _registered(distribution: Distribution, seen: set[str]) -> list[tuple[str, Plugin]]:
    """Return the names that one package registers; [] if its metadata is unreadable or it is in `seen`."""
    try:
        name = str(distribution.metadata["Name"])
        if name in seen:
            return []
        seen.add(name)
        package = f"{name} {distribution.version}"
        points = [point for point in distribution.entry_points if point.group.startswith("xdomain.")]
        return [(point.group, Plugin(point.name, point.value, package)) for point in points]
    except Exception:  # broken files of another package must not stop xdomain
        return []


class Registry:
    """The names of one kind of object (domains, strategies, ...), built in or from entry points.

    Args:
        kind: Singular noun for messages.
        builtin: Objects as "module:attribute", by name.
        group: Entry point group in which other packages add names.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], group: str) -> None:
        self.kind = kind
        self.group = group
        self.builtin = dict(builtin)

    def plugins(self) -> dict[str, Plugin]:
        """Return the plugins of other packages, by name. A plugin cannot replace a built-in name."""
        found = _installed(tuple(sys.path)).get(self.group, ())
        return {plugin.name: plugin for plugin in found if plugin.name not in self.builtin}

    def targets(self) -> dict[str, str]:
        """Return every name with its "module:attribute"."""
        return {name: plugin.target for name, plugin in self.plugins().items()} | self.builtin

    def names(self) -> list[str]:
        return sorted(self.targets())

    def check(self, name: str, *, where: str | None = None) -> None:
        """Raise PluginError with a suggestion unless `name` is known."""
        if name in self.builtin:  # avoids a search through the installed packages
            return
        known = self.names()
        if name not in known:
            added = sorted(self.plugins())
            of_others = f" Of these, installed packages bring {', '.join(added)}." if added else ""
            raise PluginError(
                f'unknown {self.kind} "{name}".{did_you_mean(name, known)}',
                where=where,
                fix=f"Known: {', '.join(known)}.{of_others}",
            )

    def load(self, name: str, *, where: str | None = None) -> Any:
        """Return the object registered under `name`.

        Raises:
            PluginError: The name is unknown, or its module cannot be imported.
        """
        self.check(name, where=where)
        if name in self.builtin:
            return load_attribute(self.builtin[name])
        with self._blaming(name, "cannot be loaded", where):
            return load_attribute(self.plugins()[name].target)

    def load_parameters(self, name: str) -> Any:
        """Return the model of a plugin's parameters; None if its package declares none.

        Raises:
            PluginError: The module of the model cannot be imported.
        """
        for plugin in _installed(tuple(sys.path)).get(f"{self.group}.parameters", ()):
            if plugin.name == name:
                with self._blaming(name, "has parameters that cannot be loaded", None):
                    return load_attribute(plugin.target)
        return None

    def make(self, name: str, *arguments: Any, where: str | None = None) -> Any:
        """Call the object that is registered under `name` with `arguments`, and return the result.

        An object that cannot be called is returned unchanged.

        Raises:
            PluginError: The name is unknown, or a plugin fails.
        """
        target = self.load(name, where=where)
        if not callable(target):
            return target
        if name in self.builtin:
            return target(*arguments)
        with self._blaming(name, "cannot be made", where):
            return target(*arguments)

    def build(self, name: str, *arguments: Any, gives: type[Made], where: str | None = None) -> Made:
        """Call `make`, and check the type of the result.

        Args:
            name: Registered name.
            *arguments: Arguments of the call.
            gives: Class that the result must be an instance of.
            where: Location for the error.

        Raises:
            PluginError: The name is unknown, a plugin fails, or the result has another type.
        """
        made: Made = self.make(name, *arguments, where=where)
        self.demand(name, made, gives, where=where)
        return made

    def demand(self, name: str, made: object, gives: type | tuple[type, ...], *, where: str | None = None) -> None:
        """Raise PluginError unless the object `made` by `name` is an instance of `gives`."""
        if not isinstance(made, gives):
            wanted = " or ".join(each.__name__ for each in (gives if isinstance(gives, tuple) else (gives,)))
            raise PluginError(
                f"the {self.kind} {self.described(name)} should give a {wanted}. Found {type(made).__name__}.",
                where=where,
                fix=f"Correct that package (entry points {self.group}).",
            )

    def described(self, name: str) -> str:
        """Return the name with the package that registers it: '"fuzzy" (of xdomain-roman 0.1.0)'."""
        plugin = self.plugins().get(name)
        return f'"{name}" (of {plugin.package})' if plugin is not None else f'"{name}"'

    @contextmanager
    def _blaming(self, name: str, failed: str, where: str | None) -> Iterator[None]:
        """Turn an error from another package's code into one that names the package."""
        fix = "Correct or update that package, or name something else."
        try:
            yield
        except PluginError as error:
            what = f"the {self.kind} {self.described(name)} {failed}: {error.what}"
            raise PluginError(what, where=where or error.where, fix=fix) from error
        except XDomainError:
            raise
        except (Exception, SystemExit) as error:
            what = f"the {self.kind} {self.described(name)} {failed}: {type(error).__name__}: {error}."
            raise PluginError(what, where=where, fix=fix) from error
