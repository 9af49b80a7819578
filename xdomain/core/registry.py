"""Lazy registries: a name maps to a "module:attribute" string, loaded on first use.

Other packages add names through entry points, so nothing is imported merely to be listed. A name in the group
"xdomain.verifiers" is a verifier; the same name in "xdomain.verifiers.parameters" is the model of its parameters.
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
    """' Did you mean "x"?' for the first known name that begins with `name`, else for the nearest one, or ''."""
    names = list(known)
    longer = [each for each in names if len(name) > 2 and each.startswith(name)]
    close = longer or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f' Did you mean "{close[0]}"?' if close else ""


MOST_LISTED = 20
"""Names that are listed beside the nearest one; without a near one all are."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """' Did you mean "x"? Known: x, y.', without a long list where there is a near name."""
    names = list(known)
    near = did_you_mean(name, names)
    listed = names and not (near and len(names) > MOST_LISTED)
    return near + (f" Known: {', '.join(names)}." if listed else "")


def load_attribute(target: str) -> Any:
    """Import "module:attribute"; the attribute may be nested, "module:Class.method".

    Raises:
        PluginError: the module cannot be imported, or has no such attribute.
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
        target: "module:attribute".
        package: distribution and version, "xdomain-roman 0.1.0".
    """

    name: str
    target: str
    package: str


@cache
def _installed(path: tuple[str, ...]) -> Mapping[str, tuple[Plugin, ...]]:
    """Plugins by entry point group: a look through every installed package, so once for each `sys.path`."""
    found: dict[str, dict[str, Plugin]] = {}
    seen: set[str] = set()
    for distribution in distributions():
        for group, plugin in _registered(distribution, seen):
            found.setdefault(group, {}).setdefault(plugin.name, plugin)  # what comes first on the path wins
    return {group: tuple(plugins.values()) for group, plugins in found.items()}


def _registered(distribution: Distribution, seen: set[str]) -> list[tuple[str, Plugin]]:
    """Return what one package registers with xdomain; nothing if its metadata is unreadable or it was `seen`."""
    try:
        name = str(distribution.metadata["Name"])
        if name in seen:
            return []
        seen.add(name)
        package = f"{name} {distribution.version}"
        points = [point for point in distribution.entry_points if point.group.startswith("xdomain.")]
        return [(point.group, Plugin(point.name, point.value, package)) for point in points]
    except Exception:  # another package's broken files must not stop ours
        return []


class Registry:
    """Names of one kind of thing (domains, strategies, ...), built in or from entry points.

    Args:
        kind: the singular noun for messages.
        builtin: name to "module:attribute".
        group: the entry point group through which other packages add names.
    """

    def __init__(self, kind: str, builtin: Mapping[str, str], group: str) -> None:
        self.kind = kind
        self.group = group
        self.builtin = dict(builtin)

    def plugins(self) -> dict[str, Plugin]:
        """Return what other packages add, by name; a built-in name cannot be replaced by a plugin."""
        found = _installed(tuple(sys.path)).get(self.group, ())
        return {plugin.name: plugin for plugin in found if plugin.name not in self.builtin}

    def targets(self) -> dict[str, str]:
        """Return every name with its "module:attribute"."""
        return {name: plugin.target for name, plugin in self.plugins().items()} | self.builtin

    def names(self) -> list[str]:
        return sorted(self.targets())

    def check(self, name: str, *, where: str | None = None) -> None:
        """Raise PluginError with a suggestion unless `name` is known."""
        if name in self.builtin:  # without a look through the installed packages
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
            PluginError: the name is unknown, or its module cannot be imported.
        """
        self.check(name, where=where)
        if name in self.builtin:
            return load_attribute(self.builtin[name])
        with self._blaming(name, "cannot be loaded", where):
            return load_attribute(self.plugins()[name].target)

    def load_parameters(self, name: str) -> Any:
        """Return the model of a plugin's parameters, None if its package declares none.

        Raises:
            PluginError: its module cannot be imported.
        """
        for plugin in _installed(tuple(sys.path)).get(f"{self.group}.parameters", ()):
            if plugin.name == name:
                with self._blaming(name, "has parameters that cannot be loaded", None):
                    return load_attribute(plugin.target)
        return None

    def make(self, name: str, *arguments: Any, where: str | None = None) -> Any:
        """Call what is registered under `name` with `arguments`; what cannot be called is returned as it is.

        Raises:
            PluginError: the name is unknown, or a plugin fails.
        """
        target = self.load(name, where=where)
        if not callable(target):
            return target
        if name in self.builtin:
            return target(*arguments)
        with self._blaming(name, "cannot be made", where):
            return target(*arguments)

    def build(self, name: str, *arguments: Any, gives: type[Made], where: str | None = None) -> Made:
        """As `make`, and see that the result is what it should be.

        Args:
            gives: the class that the result should be an instance of.

        Raises:
            PluginError: the name is unknown, or a plugin fails or makes something else.
        """
        made: Made = self.make(name, *arguments, where=where)
        self.demand(name, made, gives, where=where)
        return made

    def demand(self, name: str, made: object, gives: type | tuple[type, ...], *, where: str | None = None) -> None:
        """Raise PluginError unless what `name` made is an instance of `gives`."""
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
        """Turn what another package's code raises into an error that names the package."""
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
